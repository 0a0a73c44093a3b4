namespace DaxEmu.Tests.Fuzzing.Inputs;

/// <summary>Changes the lines of a text as a whole: their order and number, and what stands between them.</summary>
internal static class LineMutator
{
    // Many lines are meant to cost time that grows faster than their number; more of them would only cost the fuzzer's.
    private const int MostBytes = 2 << 20;

    /// <summary>Makes one change.</summary>
    public static void Mutate(List<string> lines, IReadOnlyList<string> other, FuzzRandom random)
    {
        if (lines.Count == 0)
        {
            lines.Add(random.Pick(other));
            return;
        }

        int at = random.Below(lines.Count);
        switch (random.Below(11))
        {
            case 0:
                lines.RemoveAt(at);
                break;
            case 1:
                lines.Insert(random.Below(lines.Count + 1), lines[at]);
                break;
            case 2:
                int with = random.Below(lines.Count);
                (lines[at], lines[with]) = (lines[with], lines[at]);
                break;
            case 3:
                int times = Math.Min(random.Geometric(4, 4096), MostBytes / (lines[at].Length + 1));
                lines.InsertRange(at, Enumerable.Repeat(lines[at], times));
                break;
            case 4: // splice: the head of one, the tail of the other
                lines.RemoveRange(at, lines.Count - at);
                lines.AddRange(other.Skip(random.Below(other.Count)));
                break;
            case 5:
                lines.Insert(at, random.Pick(other));
                break;
            case 6:
                lines.InsertRange(at, Enumerable.Repeat(random.Pick((string[])["", " ", "\t", "#", "null", "[]", "{}"]), random.Geometric(1, 256)));
                break;
            case 7:
                lines[0] = "\u00ef\u00bb\u00bf" + lines[0];
                break;
            case 8:
                for (int i = 0; i < lines.Count; i++)
                {
                    lines[i] += "\r";
                }

                break;
            case 9:
                lines[at] = InsertOdd(lines[at], random);
                break;
            default:
                lines[at] = lines[at][..random.Below(lines[at].Length + 1)];
                break;
        }
    }

    /// <summary>Puts odd or long text anywhere.</summary>
    public static string InsertOdd(string line, FuzzRandom random) =>
        line.Insert(random.Below(line.Length + 1), random.OneIn(12) ? Boundary.Long(random) : random.Pick(Boundary.OddText));
}
