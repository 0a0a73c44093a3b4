using System.Globalization;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Dax.Waiting;

/// <summary>What a wait graph concludes about a sleeper.</summary>
internal enum SleeperVerdict
{
    /// <summary>The entry is held, and its owner will wake the key that is slept on.</summary>
    WaitsForOwner,

    /// <summary>The entry is held, but its owner will wake another key than the one that is slept on.</summary>
    OwnerWillWakeAnotherKey,

    /// <summary>The entry was let go of and another key was woken: nobody will wake this sleeper.</summary>
    AnotherKeyWasWoken,

    /// <summary>The entry is free and its key was woken, but the wake-up chose somebody else, who must lock or pass it on.</summary>
    WakeUpWentToAnother,

    /// <summary>The entry is free, and no wake-up is known: one is on its way, or is missing.</summary>
    NoWakeUpKnown,

    /// <summary>Nothing is known of the entry.</summary>
    Unknown,
}

/// <summary>A sleeper as a wait graph saw it.</summary>
/// <param name="ManagedThreadId">The thread.</param>
/// <param name="ThreadName">Its name, if it is known.</param>
/// <param name="SinceTimestamp">When it went to sleep, in ticks of <see cref="System.Diagnostics.Stopwatch"/>.</param>
/// <param name="IsExclusive">Whether a wake-next stops at it.</param>
/// <param name="Reason">What it looked for, and the entry that it found locked.</param>
/// <param name="Key">The key that it sleeps on.</param>
/// <param name="OwnerKey">The key that the entry's owner wakes.</param>
/// <param name="LastWake">The last wake-up of that key, if the queue still knows it.</param>
/// <param name="State">What has become of the entry.</param>
/// <param name="Holder">Who holds the entry, if that is known.</param>
internal sealed record WaitGraphWaiter(
    int ManagedThreadId,
    string? ThreadName,
    long SinceTimestamp,
    bool IsExclusive,
    SleepReason Reason,
    WaitKey Key,
    WaitKey OwnerKey,
    LastWake? LastWake,
    SleptForState State,
    string? Holder)
{
    /// <summary>The conclusion.</summary>
    public SleeperVerdict Verdict => State switch
    {
        SleptForState.Unknown => SleeperVerdict.Unknown,
        SleptForState.Locked => Key == OwnerKey ? SleeperVerdict.WaitsForOwner : SleeperVerdict.OwnerWillWakeAnotherKey,
        _ when !WasWokenSince => SleeperVerdict.NoWakeUpKnown,
        _ => Key == OwnerKey ? SleeperVerdict.WakeUpWentToAnother : SleeperVerdict.AnotherKeyWasWoken,
    };

    /// <summary>Whether no step of anybody who works by the rules will wake this sleeper.</summary>
    public bool IsLost => Verdict is SleeperVerdict.OwnerWillWakeAnotherKey or SleeperVerdict.AnotherKeyWasWoken;

    private bool WasWokenSince => LastWake is { } wake && wake.Timestamp >= SinceTimestamp;

    /// <summary>The conclusion as a sentence.</summary>
    public string Explain()
    {
        string entry = State == SleptForState.Gone ? "the entry is gone" : "the entry was unlocked";
        return Verdict switch
        {
            SleeperVerdict.WaitsForOwner => $"the entry is locked; its owner will wake key {OwnerKey.Start}, on which this thread sleeps",
            SleeperVerdict.OwnerWillWakeAnotherKey =>
                $"the entry is locked; its owner will wake key {OwnerKey.Start}, but this thread sleeps on key {Key.Start}: it will never be woken",
            SleeperVerdict.AnotherKeyWasWoken =>
                $"{entry} and key {OwnerKey.Start} was woken, but this thread sleeps on key {Key.Start}: it will never be woken",
            SleeperVerdict.WakeUpWentToAnother =>
                $"{entry} and key {OwnerKey.Start} was woken, but another sleeper was chosen, who must lock the entry or pass the wake-up on",
            SleeperVerdict.NoWakeUpKnown =>
                $"{entry}, and no wake-up of key {OwnerKey.Start} is known since: it is on its way, or was never sent",
            _ => "nothing is known of the entry",
        };
    }

    /// <summary>The thread's name or number, and what it looks for.</summary>
    public string Describe(long nowTimestamp)
    {
        string thread = ThreadName is null ? $"thread {ManagedThreadId}" : $"thread {ManagedThreadId} '{ThreadName}'";
        double ms = System.Diagnostics.Stopwatch.GetElapsedTime(SinceTimestamp, nowTimestamp).TotalMilliseconds;
        string order = Reason.SearchedOrder == PageOrder.Pmd ? "2 MiB" : "4 KiB";
        string kind = IsExclusive ? "exclusive" : "not exclusive";
        return string.Create(CultureInfo.InvariantCulture, $"{thread} looks for page {Reason.SearchedIndex}, {order}, {kind}, since {ms:F0} ms");
    }
}
