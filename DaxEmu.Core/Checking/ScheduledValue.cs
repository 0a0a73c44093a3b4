using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>Values that the body of a scenario's thread may depend on: the strategy chooses them, and the schedule string has them.</summary>
public static class ScheduledValue
{
    /// <summary>A value below <paramref name="bound"/>.</summary>
    /// <exception cref="InvalidOperationException">The calling thread is not under the scheduler.</exception>
    public static ulong Next(ulong bound)
    {
        ArgumentOutOfRangeException.ThrowIfZero(bound);
        return Atomic.Current is ScheduledThread thread
            ? thread.NextValue(bound)
            : throw new InvalidOperationException("only the threads of a scenario can ask for a scheduled value.");
    }
}
