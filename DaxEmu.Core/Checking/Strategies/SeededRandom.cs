namespace DaxEmu.Core.Checking.Strategies;

/// <summary>Random numbers of a seed, the same in each version of the runtime (SplitMix64).</summary>
internal struct SeededRandom(ulong seed)
{
    private ulong state = seed;

    public ulong Next()
    {
        state += 0x9E3779B97F4A7C15UL;
        ulong value = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9UL;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBUL;
        return value ^ (value >> 31);
    }

    /// <summary>A value below <paramref name="bound"/>.</summary>
    public ulong Below(ulong bound) => Math.BigMul(Next(), bound, out _);

    /// <summary>A value below <paramref name="bound"/>.</summary>
    public int Below(int bound) => (int)Below((ulong)bound);
}
