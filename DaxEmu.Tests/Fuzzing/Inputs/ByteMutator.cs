namespace DaxEmu.Tests.Fuzzing.Inputs;

/// <summary>Changes bytes without knowing what they mean.</summary>
internal static class ByteMutator
{
    /// <summary>Changes a few places.</summary>
    public static byte[] Mutate(byte[] content, FuzzRandom random)
    {
        var bytes = new List<byte>(content);
        for (int i = random.Geometric(1, 16); i > 0; i--)
        {
            MutateOnce(bytes, random);
        }

        return [.. bytes];
    }

    private static void MutateOnce(List<byte> bytes, FuzzRandom random)
    {
        if (bytes.Count == 0)
        {
            bytes.Add(random.Byte());
            return;
        }

        int at = random.Below(bytes.Count);
        int length = Math.Min(random.Geometric(1, 4096), bytes.Count - at);
        switch (random.Below(7))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Below(8));
                break;
            case 1:
                bytes[at] = random.Byte();
                break;
            case 2:
                bytes.RemoveRange(at, length);
                break;
            case 3:
                bytes.RemoveRange(at, bytes.Count - at); // cut
                break;
            case 4:
                bytes.InsertRange(random.Below(bytes.Count + 1), bytes.GetRange(at, length));
                break;
            case 5:
                bytes.InsertRange(at, Latin1.Bytes(random.Pick(Boundary.OddText)));
                break;
            default:
                bytes.InsertRange(at, Enumerable.Range(0, random.Geometric(1, 64)).Select(_ => random.Byte()).ToArray());
                break;
        }
    }
}
