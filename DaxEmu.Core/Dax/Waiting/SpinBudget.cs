using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Dax.Waiting;

/// <summary>How long a thread spins on a locked entry before it sleeps.</summary>
internal static class SpinBudget
{
    // A lock is held for nanoseconds, a hand-over between spinners takes about 60 ns, a sleep and a wake-up across cores about 22 µs in a
    // virtual machine. 64 rounds of pauses are a few µs: cheap beside a sleep, wasted only if the owner does not run.
    private const int Rounds = 64;
    private const ulong LockBit = 1;

    private static readonly int Budget = Environment.ProcessorCount > 1 ? Rounds : 0;

    /// <summary>Spins for a few µs on the word of a locked entry.</summary>
    /// <returns>True if the lock bit was cleared meanwhile.</returns>
    public static bool TrySpin(ref ulong word)
    {
        if (Atomic.Current is not null)
        {
            return false; // under a scheduler a spin only adds schedules
        }

        for (int i = 0; i < Budget; i++)
        {
            Thread.SpinWait(8);
            if ((Atomic.Load(ref word, Site.RecheckEntry) & LockBit) == 0)
            {
                return true;
            }
        }

        return false;
    }
}
