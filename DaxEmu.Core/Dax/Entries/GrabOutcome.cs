namespace DaxEmu.Core.Dax.Entries;

/// <summary>The outcome of a <see cref="Grab"/>.</summary>
internal enum GrabOutcome
{
    /// <summary>The entry is locked, and the caller's.</summary>
    Locked,

    /// <summary>A 2 MiB request met a 4 KiB entry: nothing is locked, the caller falls back.</summary>
    Conflict,

    /// <summary>
    /// A 4 KiB request met a 2 MiB zero or empty entry. That is locked, and the caller's, which unmaps it and calls
    /// <see cref="EntryLocker.FinishDowngrade"/>.
    /// </summary>
    NeedsDowngrade,

    /// <summary>There is no such entry, and none was to be made.</summary>
    Missing,
}
