namespace DaxEmu.Core.Dax.Waiting;

/// <summary>How often the threads of this process waited for entries, and what that was good for, since it began.</summary>
/// <remarks>Counted only where a thread waits or is waited for: a lock that nobody contends counts nothing and costs nothing.</remarks>
/// <param name="Waits">Times that a thread met a locked entry and waited, spinning or asleep.</param>
/// <param name="WaitedNs">How long they waited in all, in nanoseconds.</param>
/// <param name="Sleeps">Of the waits, those in which the thread slept and was woken; in the others the entry was unlocked before it came to that.</param>
/// <param name="WaitsForSmaller">Of the waits, those of a 2 MiB request for a 4 KiB entry: only some answers of 2019 do that.</param>
/// <param name="NeedlessWaits">Of those, the ones of a request that was refused in the end: it could have been refused at once.</param>
/// <param name="WrongWakeUps">Wake-ups for another entry than the sleeper's, whose key is the same.</param>
/// <param name="FutileWakeUps">Wake-ups after which the sleeper went to sleep again, for whatever reason.</param>
/// <param name="PassedOn">Wake-ups that a woken thread passed on to another, having no use for them.</param>
/// <param name="Conflicts">2 MiB requests that were refused because of a 4 KiB entry.</param>
/// <param name="WakeCalls">Times that an owner went to a queue, as somebody slept in the mapping.</param>
/// <param name="EmptyWakeCalls">Of those, the times that nobody slept under the key.</param>
public readonly record struct WaitCounts(
    long Waits,
    long WaitedNs,
    long Sleeps,
    long WaitsForSmaller,
    long NeedlessWaits,
    long WrongWakeUps,
    long FutileWakeUps,
    long PassedOn,
    long Conflicts,
    long WakeCalls,
    long EmptyWakeCalls)
{
    /// <summary>The counts up to now. Exact when nobody is at it; else each count is one that it had a moment ago.</summary>
    public static WaitCounts Now => WaitTally.Sum();

    /// <summary>What was counted between two moments.</summary>
    public static WaitCounts operator -(WaitCounts later, WaitCounts earlier) => Subtract(later, earlier);

    /// <summary>What was counted in both times.</summary>
    public static WaitCounts operator +(WaitCounts one, WaitCounts other) => Add(one, other);

    /// <summary>What was counted between two moments.</summary>
    public static WaitCounts Subtract(WaitCounts later, WaitCounts earlier) => new(
        later.Waits - earlier.Waits,
        later.WaitedNs - earlier.WaitedNs,
        later.Sleeps - earlier.Sleeps,
        later.WaitsForSmaller - earlier.WaitsForSmaller,
        later.NeedlessWaits - earlier.NeedlessWaits,
        later.WrongWakeUps - earlier.WrongWakeUps,
        later.FutileWakeUps - earlier.FutileWakeUps,
        later.PassedOn - earlier.PassedOn,
        later.Conflicts - earlier.Conflicts,
        later.WakeCalls - earlier.WakeCalls,
        later.EmptyWakeCalls - earlier.EmptyWakeCalls);

    /// <summary>What was counted in both times.</summary>
    public static WaitCounts Add(WaitCounts one, WaitCounts other) => one - (new WaitCounts() - other);
}
