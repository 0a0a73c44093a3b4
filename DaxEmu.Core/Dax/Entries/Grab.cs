using DaxEmu.Core.Units;

namespace DaxEmu.Core.Dax.Entries;

/// <summary>What a <see cref="Grab"/> came to.</summary>
internal enum GrabOutcome
{
    /// <summary>The entry is locked, and the caller's.</summary>
    Locked,

    /// <summary>A 2 MiB request met a 4 KiB entry: nothing is locked, the caller falls back.</summary>
    Conflict,

    /// <summary>
    /// A 4 KiB request met a 2 MiB zero or empty entry. That is locked, and the caller's: he unmaps it and calls
    /// <see cref="EntryLocker.FinishDowngrade"/>.
    /// </summary>
    NeedsDowngrade,

    /// <summary>There is no such entry, and none was to be made.</summary>
    Missing,
}

/// <summary>An entry whose lock the caller holds.</summary>
/// <param name="Start">The first page that it covers.</param>
/// <param name="Entry">The entry as it was found, without the lock bit.</param>
internal readonly record struct HeldEntry(PageIndex Start, DaxEntry Entry)
{
    /// <summary>The pages that it covers.</summary>
    public PageRange Range => new(Start, Entry.Order.PageCount());
}

/// <summary>The answer of <see cref="EntryLocker.Grab"/>: three cases, never a coded pointer.</summary>
/// <param name="Outcome">Which case.</param>
/// <param name="Held">The entry, where one is locked.</param>
internal readonly record struct Grab(GrabOutcome Outcome, HeldEntry Held)
{
    public static Grab Conflict => new(GrabOutcome.Conflict, default);

    public static Grab Missing => new(GrabOutcome.Missing, default);
}
