namespace DaxEmu.Bench.Verification.Replay;

/// <summary>The 32-bit FNV-1a checksum.</summary>
internal static class Fnv1a
{
    /// <summary>The checksum of no byte.</summary>
    public const uint Basis = 2166136261;

    private const uint Prime = 16777619;

    public static uint Hash(ReadOnlySpan<byte> bytes) => Hash(Basis, bytes);

    /// <summary>The checksum of further bytes.</summary>
    public static uint Hash(uint hash, ReadOnlySpan<byte> bytes)
    {
        foreach (byte value in bytes)
        {
            hash = unchecked((hash ^ value) * Prime);
        }

        return hash;
    }

    /// <summary>The checksum of further zeroes: each multiplies, so many are a power.</summary>
    public static uint HashZeroes(uint hash, long count)
    {
        uint power = Prime;
        for (; count > 0; count >>= 1)
        {
            hash = unchecked((count & 1) != 0 ? hash * power : hash);
            power = unchecked(power * power);
        }

        return hash;
    }
}
