namespace DaxEmu.Bench.Soak;

/// <summary>What a thread of a soak can do.</summary>
internal enum SoakOperation
{
    /// <summary>Stores to a page through a view.</summary>
    Store,

    /// <summary>Looks at a page through a view.</summary>
    Load,

    /// <summary>A fault of 2 MiB.</summary>
    TouchHuge,

    /// <summary>Drops translations of a view.</summary>
    DropTranslations,

    /// <summary>Waits until a page's entry is not locked, without a claim.</summary>
    WaitForPage,

    /// <summary>Stores to a private copy.</summary>
    PrivateStore,

    /// <summary>Looks at a page through the private view.</summary>
    PrivateLoad,

    /// <summary>Forgets private copies.</summary>
    PrivateForget,

    /// <summary>write(2).</summary>
    Write,

    /// <summary>read(2).</summary>
    Read,

    /// <summary>Writeback of 2 MiB.</summary>
    Writeback,

    /// <summary>fsync.</summary>
    Sync,

    /// <summary>Takes clean entries out.</summary>
    Invalidate,

    /// <summary>Punches 2 MiB.</summary>
    PunchHuge,

    /// <summary>Punches some pages, or a part of one.</summary>
    Punch,

    /// <summary>Zeroes a range, or a part of a page.</summary>
    ZeroRange,

    /// <summary>Puts blocks behind a range.</summary>
    Allocate,

    /// <summary>Truncates, looks, and lets the file grow again.</summary>
    Truncate,

    /// <summary>Takes a range out of the file.</summary>
    Collapse,

    /// <summary>Makes room in the file.</summary>
    Insert,

    /// <summary>Pins pages and stores to them.</summary>
    Pin,

    /// <summary>Shares blocks with the second file.</summary>
    Share,

    /// <summary>Stores to the second file.</summary>
    CloneStore,

    /// <summary>Looks at the second file.</summary>
    CloneLoad,

    /// <summary>Punches the second file.</summary>
    ClonePunch,

    /// <summary>Gives the file blocks of its own.</summary>
    Unshare,

    /// <summary>Compares the two files.</summary>
    Compare,

    /// <summary>Locks an entry by its device page.</summary>
    LockByPage,

    /// <summary>Loses a page's memory, looks, and heals it.</summary>
    Poison,
}
