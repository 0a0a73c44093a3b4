namespace DaxEmu.Bench.Replay;

/// <summary>The 32-bit FNV-1a checksum.</summary>
internal static class Fnv1a
{
    private const uint Basis = 2166136261;
    private const uint Prime = 16777619;

    public static uint Hash(ReadOnlySpan<byte> bytes)
    {
        uint hash = Basis;
        foreach (byte value in bytes)
        {
            hash = unchecked((hash ^ value) * Prime);
        }

        return hash;
    }
}
