using System.Diagnostics;
using System.Globalization;

namespace DaxEmu.Core.Dax.Waiting;

/// <summary>A waiter for an entry, as a wait graph saw it.</summary>
/// <param name="ManagedThreadId">The thread.</param>
/// <param name="ThreadName">Its name, if it is known.</param>
/// <param name="SinceTimestamp">When it went to sleep, in ticks of <see cref="Stopwatch"/>.</param>
/// <param name="IsExclusive">Whether a wake-next stops at it.</param>
/// <param name="Reason">What it looked for, and the entry that it found locked.</param>
/// <param name="Key">The key that it sleeps on.</param>
/// <param name="OwnerKey">The key that the entry's owner wakes.</param>
/// <param name="LastWake">The last wake-up of that key, if the queue still knows it.</param>
/// <param name="State">The entry's state now.</param>
/// <param name="Holder">The entry's holder, if it is known.</param>
internal sealed record WaitGraphWaiter(
    int ManagedThreadId,
    string? ThreadName,
    long SinceTimestamp,
    bool IsExclusive,
    WaitReason Reason,
    WaitKey Key,
    WaitKey OwnerKey,
    LastWake? LastWake,
    AwaitedState State,
    string? Holder)
{
    /// <summary>The conclusion.</summary>
    public WaiterVerdict Verdict => State switch
    {
        AwaitedState.Unknown => WaiterVerdict.Unknown,
        AwaitedState.Locked => Key == OwnerKey ? WaiterVerdict.WaitsForOwner : WaiterVerdict.OwnerWillWakeAnotherKey,
        _ when !WasWokenSince => WaiterVerdict.NoWakeUpKnown,
        _ => Key == OwnerKey ? WaiterVerdict.WakeUpWentToAnother : WaiterVerdict.AnotherKeyWasWoken,
    };

    /// <summary>Whether no thread that follows the protocol will wake this waiter.</summary>
    public bool IsLost => Verdict is WaiterVerdict.OwnerWillWakeAnotherKey or WaiterVerdict.AnotherKeyWasWoken;

    private bool WasWokenSince => LastWake is { } wake && wake.Timestamp >= SinceTimestamp;

    /// <summary>A thread for people: its number, and its name if it is known.</summary>
    public static string DescribeThread(int managedThreadId, string? name) => name is null ? $"thread {managedThreadId}" : $"thread {managedThreadId} '{name}'";

    /// <summary>The conclusion as a sentence.</summary>
    public string Explain()
    {
        string entry = State == AwaitedState.Gone ? "the entry is gone" : "the entry was unlocked";
        return Verdict switch
        {
            WaiterVerdict.WaitsForOwner => $"the entry is locked; its owner will wake key {OwnerKey.Start}, on which this thread sleeps",
            WaiterVerdict.OwnerWillWakeAnotherKey =>
                $"the entry is locked; its owner will wake key {OwnerKey.Start}, but this thread sleeps on key {Key.Start}: it will never be woken",
            WaiterVerdict.AnotherKeyWasWoken =>
                $"{entry} and key {OwnerKey.Start} was woken, but this thread sleeps on key {Key.Start}: it will never be woken",
            WaiterVerdict.WakeUpWentToAnother =>
                $"{entry} and key {OwnerKey.Start} was woken, but another waiter was chosen, which must lock the entry or pass the wake-up on",
            WaiterVerdict.NoWakeUpKnown =>
                $"{entry}, and no wake-up of key {OwnerKey.Start} is known since: it is on its way, or was never sent",
            _ => "nothing is known of the entry",
        };
    }

    /// <summary>The thread, what it looks for, and since when it sleeps.</summary>
    public string Describe(long nowTimestamp)
    {
        double ms = Stopwatch.GetElapsedTime(SinceTimestamp, nowTimestamp).TotalMilliseconds;
        string order = Reason.SearchedOrder == PageOrder.Pmd ? "2 MiB" : "4 KiB";
        string kind = IsExclusive ? "exclusive" : "not exclusive";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{DescribeThread(ManagedThreadId, ThreadName)} looks for page {Reason.SearchedIndex}, {order}, {kind}, since {ms:F0} ms");
    }
}
