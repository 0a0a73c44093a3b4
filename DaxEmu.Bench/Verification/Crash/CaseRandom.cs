using System.IO.Hashing;
using System.Text;

namespace DaxEmu.Bench.Verification.Crash;

/// <summary>The data of a case: a function of the seed and the case's name.</summary>
internal sealed class CaseRandom(ulong seed, string name)
{
    private ulong count;
    private readonly ulong start = XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(name), (long)seed);

    /// <summary>Random bytes, none of them zero: a byte that did not arrive differs.</summary>
    public byte[] Bytes(int length)
    {
        byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++)
        {
            bytes[i] = (byte)(1 + (Next() % 255));
        }

        return bytes;
    }

    /// <summary>A random number.</summary>
    public ulong Next()
    {
        Span<byte> state = stackalloc byte[sizeof(ulong)];
        BitConverter.TryWriteBytes(state, ++count);
        return XxHash3.HashToUInt64(state, (long)start);
    }
}
