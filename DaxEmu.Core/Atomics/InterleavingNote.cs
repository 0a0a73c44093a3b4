using DaxEmu.Core.Units;

namespace DaxEmu.Core.Atomics;

/// <summary>What a <see cref="InterleavingNote"/> tells.</summary>
internal enum NoteKind
{
    /// <summary>A locked placeholder went into an empty slot.</summary>
    Inserted,

    /// <summary>An entry that was there was locked.</summary>
    Locked,

    /// <summary>An entry was unlocked.</summary>
    Unlocked,

    /// <summary>An entry was taken out.</summary>
    Removed,

    /// <summary>The thread goes to sleep; <see cref="InterleavingNote.Key"/> is the key it sleeps on.</summary>
    Sleeps,

    /// <summary>The thread was woken.</summary>
    Woken,

    /// <summary>The thread wakes one waiter of <see cref="InterleavingNote.Key"/>.</summary>
    WakesNext,

    /// <summary>The thread wakes every waiter of <see cref="InterleavingNote.Key"/>.</summary>
    WakesAll,

    /// <summary>A woken thread walks away and wakes one waiter of <see cref="InterleavingNote.Key"/> in its stead.</summary>
    PassesOn,

    /// <summary>A woken thread walks away and wakes nobody.</summary>
    Abandons,

    /// <summary>A 2 MiB request met a 4 KiB entry and is refused.</summary>
    Conflict,

    /// <summary>A 2 MiB placeholder makes way for 4 KiB entries.</summary>
    Downgrades,

    /// <summary>The thread goes to sleep until the device page <see cref="InterleavingNote.Key"/> has no pin.</summary>
    AwaitsIdle,

    /// <summary>The thread drops the last pin of the device page <see cref="InterleavingNote.Key"/> and wakes who waits for that.</summary>
    WakesAtIdle,

    /// <summary>As <see cref="WakesAtIdle"/>, but it wakes nobody.</summary>
    IgnoresIdle,

    /// <summary>A text of the operation's own.</summary>
    Says,
}

/// <summary>A line for the trace of a schedule, in the words of the entry table.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Mapping">The mapping's id.</param>
/// <param name="Index">First page of the entry it is about.</param>
/// <param name="Order">The entry's order.</param>
/// <param name="Key">The page of the wait key, or the device page, where one is involved; else -1.</param>
/// <param name="Text">For <see cref="NoteKind.Says"/>; else null.</param>
internal readonly record struct InterleavingNote(NoteKind Kind, long Mapping, PageIndex Index, PageOrder Order, long Key = -1, string? Text = null);
