using DaxEmu.Core.Dax.Waiting;
namespace DaxEmu.Core;

/// <summary>Entry-wait statistics of this process since start-up.</summary>
/// <remarks>Counted only where a thread waits or is waited for: an uncontended lock counts nothing and costs nothing.</remarks>
/// <param name="Waits">Times that a thread met a locked entry and waited, spinning or asleep.</param>
/// <param name="WaitedNs">Their total duration, in nanoseconds.</param>
/// <param name="Sleeps">Of the waits, those in which the thread slept and was woken; in the others the entry was unlocked before.</param>
/// <param name="WaitsForSmaller">Of the waits, those of a 2 MiB request for a 4 KiB entry: only some policies of 2019 do that.</param>
/// <param name="NeedlessWaits">Of those, the waits of a request that was refused in the end: it could have been refused at once.</param>
/// <param name="SpuriousWakeUps">Spurious wake-ups: sent for another entry than the waiter's, under the same key.</param>
/// <param name="RepeatedSleeps">Wake-ups after which the waiter slept again, for whatever reason.</param>
/// <param name="PassedOn">Wake-ups that a woken thread passed on to another waiter.</param>
/// <param name="Conflicts">2 MiB requests that were refused because of a 4 KiB entry.</param>
/// <param name="WakeCalls">Times that an owner went to a queue, since a thread slept in the mapping.</param>
/// <param name="EmptyWakeCalls">Of those, the times that no thread slept under the key.</param>
public readonly record struct WaitCounts(
    long Waits,
    long WaitedNs,
    long Sleeps,
    long WaitsForSmaller,
    long NeedlessWaits,
    long SpuriousWakeUps,
    long RepeatedSleeps,
    long PassedOn,
    long Conflicts,
    long WakeCalls,
    long EmptyWakeCalls)
{
    /// <summary>The counts up to now. Exact while no thread waits; else each count may be a moment old.</summary>
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
        later.SpuriousWakeUps - earlier.SpuriousWakeUps,
        later.RepeatedSleeps - earlier.RepeatedSleeps,
        later.PassedOn - earlier.PassedOn,
        later.Conflicts - earlier.Conflicts,
        later.WakeCalls - earlier.WakeCalls,
        later.EmptyWakeCalls - earlier.EmptyWakeCalls);

    /// <summary>What was counted in both times.</summary>
    public static WaitCounts Add(WaitCounts one, WaitCounts other) => one - (new WaitCounts() - other);
}
