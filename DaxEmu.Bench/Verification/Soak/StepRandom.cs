namespace DaxEmu.Bench.Verification.Soak;

/// <summary>
/// The choices of one step of one thread: a function of the seed, the thread and the step's number alone. So a step can be named, and is
/// the same in each run, whatever the steps before it came to.
/// </summary>
internal struct StepRandom
{
    private const ulong Golden = 0x9E37_79B9_7F4A_7C15;
    private ulong state;

    public StepRandom(int seed, int job, long step) =>
        state = Mix(Mix(((ulong)(uint)seed << 32) + (uint)job) + ((ulong)step * Golden));

    /// <summary>A number from 0 up to, not including, a limit.</summary>
    public long Next(long limit) => (long)Math.BigMul(Draw(), (ulong)limit, out _);

    /// <inheritdoc cref="Next(long)"/>
    public int Next(int limit) => (int)Next((long)limit);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => Next(times) == 0;

    // SplitMix64: one addition and one mixing a number, and any number is a good start.
    private ulong Draw() => Mix(state += Golden);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }
}
