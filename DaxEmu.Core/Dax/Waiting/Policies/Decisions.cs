using DaxEmu.Core.Units;

namespace DaxEmu.Core.Dax.Waiting.Policies;

/// <summary>Which page stands in the wait key: asked by who goes to sleep and by who wakes (<c>dax_entry_waitqueue</c>).</summary>
public interface IWaitKeying
{
    /// <summary>The page of the key.</summary>
    /// <param name="searched">The page at which the lookup began; for a 2 MiB request the first of its range; for a waker the entry's own.</param>
    /// <param name="found">First page of the entry that was found.</param>
    /// <param name="foundOrder">That entry's order.</param>
    PageIndex KeyFor(PageIndex searched, PageIndex found, PageOrder foundOrder);
}

/// <summary>What a 2 MiB request gets that meets a 4 KiB entry.</summary>
public enum SmallerEntryAnswer
{
    /// <summary>It waits for the entry's lock and looks again.</summary>
    Wait,

    /// <summary>It is refused at once.</summary>
    Conflict,

    /// <summary>It is handed the entry, locked by somebody else as it is, and gives up on it by itself.</summary>
    Return,
}

/// <summary>What a 2 MiB request does about smaller entries in its range, or about none.</summary>
public interface ISmallerEntryRule
{
    /// <summary>Whether a range without any entry is taken for one with a smaller entry.</summary>
    bool RefusesEmptyRange { get; }

    /// <summary>The answer to a 4 KiB entry in the range.</summary>
    SmallerEntryAnswer Meet(bool isLocked);
}

/// <summary>Why a thread that was woken does not go on to unlock the entry that it was woken for.</summary>
public enum LeaveOccasion
{
    /// <summary>It met another locked entry and sleeps again.</summary>
    SleepsAgain,

    /// <summary>It locked another entry than the one it slept for.</summary>
    LockedAnother,

    /// <summary>It found an unlocked entry and has no use for it.</summary>
    HasNoUse,

    /// <summary>It found nothing.</summary>
    FoundNothing,

    /// <summary>It was refused.</summary>
    Refused,
}

/// <summary>Whom a woken thread wakes in its stead when it walks away (<c>put_unlocked_entry</c>).</summary>
public interface IPassOnRule
{
    /// <summary>The page of the key to wake one sleeper of, or null for nobody.</summary>
    /// <param name="waited">The page of the key that the thread slept on.</param>
    /// <param name="found">The page of the key of the entry that it found afterwards; null if it found none.</param>
    /// <param name="occasion">Why it walks away.</param>
    PageIndex? KeyToWake(PageIndex waited, PageIndex? found, LeaveOccasion occasion);

    /// <summary>Whether somebody who locked an entry, left it as it was and lets go of it wakes the next.</summary>
    bool WakesWhenPut { get; }
}

/// <summary>How somebody waits who may never look at the entry again (<c>wait_entry_unlocked</c>).</summary>
public interface IGiveUpWait
{
    /// <summary>Whether a wake-next may stop at him.</summary>
    bool IsExclusive { get; }
}

/// <summary>How an entry ceased to be what its sleepers wait for.</summary>
public enum RemovalKind
{
    /// <summary>Taken out: truncate, punch, invalidate.</summary>
    Delete,

    /// <summary>A 2 MiB placeholder or zero entry made way for 4 KiB entries.</summary>
    Downgrade,
}

/// <summary>Whom the removal of an entry wakes (<c>enum dax_wake_mode</c> at its call sites).</summary>
public interface IRemovalWake
{
    /// <summary>How many of the sleepers are woken.</summary>
    RemovalWakeMode ModeFor(RemovalKind kind);
}

/// <summary>How many sleepers a removal wakes.</summary>
public enum RemovalWakeMode
{
    /// <summary>All of them.</summary>
    All,

    /// <summary>One.</summary>
    One,

    /// <summary>None.</summary>
    None,
}

/// <summary>Which order an unlock by page takes for the wait key (<c>dax_unlock_page</c>).</summary>
public interface IUnlockSize
{
    /// <summary>The order, given the entry's own.</summary>
    PageOrder OrderFor(PageOrder entryOrder);
}

/// <summary>Whether whoever drops the last pin of a device page wakes those who wait until nobody uses it (<c>put_page</c>, <c>folio_put</c>).</summary>
public interface IUnpinWake
{
    /// <summary>Whether they are woken.</summary>
    bool WakesWhenIdle { get; }
}
