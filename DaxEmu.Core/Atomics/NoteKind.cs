namespace DaxEmu.Core.Atomics;

/// <summary>What an <see cref="InterleavingNote"/> reports.</summary>
internal enum NoteKind
{
    /// <summary>A locked placeholder went into an empty slot.</summary>
    Inserted,

    /// <summary>An entry that was there was locked.</summary>
    Locked,

    /// <summary>An entry was unlocked.</summary>
    Unlocked,

    /// <summary>An entry was removed.</summary>
    Removed,

    /// <summary>The thread goes to sleep; <see cref="InterleavingNote.Key"/> is the key it sleeps on.</summary>
    Sleeps,

    /// <summary>The thread was woken.</summary>
    Woken,

    /// <summary>The thread wakes one waiter of <see cref="InterleavingNote.Key"/>.</summary>
    WakesNext,

    /// <summary>The thread wakes every waiter of <see cref="InterleavingNote.Key"/>.</summary>
    WakesAll,

    /// <summary>A woken thread abandons its wait and wakes one waiter of <see cref="InterleavingNote.Key"/> in its stead.</summary>
    PassesOn,

    /// <summary>A woken thread abandons its wait and wakes no other.</summary>
    Abandons,

    /// <summary>A 2 MiB request met a 4 KiB entry and is refused.</summary>
    Conflict,

    /// <summary>A 2 MiB placeholder makes way for 4 KiB entries.</summary>
    Downgrades,

    /// <summary>The thread goes to sleep until the device page <see cref="InterleavingNote.Key"/> has no pin.</summary>
    AwaitsIdle,

    /// <summary>The thread drops the last pin of the device page <see cref="InterleavingNote.Key"/> and wakes its waiters.</summary>
    WakesAtIdle,

    /// <summary>As <see cref="WakesAtIdle"/>, but it wakes no waiter.</summary>
    IgnoresIdle,

    /// <summary>A text of the operation.</summary>
    Says,
}
