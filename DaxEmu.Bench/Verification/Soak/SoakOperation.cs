namespace DaxEmu.Bench.Verification.Soak;

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

    /// <summary>Inserts a hole into the file.</summary>
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

    /// <summary>Loses a page's memory, looks, and clears the poison.</summary>
    Poison,

    /// <summary>Loses the memory of a page that is dirty.</summary>
    PoisonDirty,

    /// <summary>Copies into pages through a view, and perhaps makes them durable.</summary>
    CopyIn,

    /// <summary>Copies pages out of a view.</summary>
    CopyOut,

    /// <summary>Stores to a page through a view, syncs, and looks at what is durable.</summary>
    StoreAndSync,

    /// <summary>Pins pages, stores to them, and holds the pin for a while.</summary>
    HoldPin,

    /// <summary>Maps a view, uses it, unmaps it.</summary>
    ShortView,

    /// <summary>Replaces a view that others may be using.</summary>
    SwapView,

    /// <summary>Uses a view that may be unmapped meanwhile.</summary>
    UseSwappedView,

    /// <summary>Counts a line of a shared page up.</summary>
    LineStore,

    /// <summary>Looks at a line of a shared page.</summary>
    LineLoad,

    /// <summary>Syncs a page that others store to.</summary>
    LineSync,

    /// <summary>Cleans a page that others store to and faults it in for writing, over and over.</summary>
    LineRefault,

    /// <summary>Clones pages that others store to.</summary>
    LineClone,

    /// <summary>Sees that a finished clone is as it was.</summary>
    LineCloneLoad,

    /// <summary>Copies into pages of the contested file.</summary>
    ContestedCopyIn,

    /// <summary>Copies pages of the contested file out.</summary>
    ContestedCopyOut,

    /// <summary>Truncates, punches, zeroes, writes or syncs the contested file.</summary>
    ContestedChange,

    /// <summary>Pins pages of the contested file.</summary>
    ContestedPin,

    /// <summary>Makes a file, closes it while a page of it is pinned.</summary>
    TemporaryFile,

    /// <summary>Blocks that two files gave up while they were pinned come back when the pin is dropped.</summary>
    PinnedBlocks,

    /// <summary>Changes of layout that fail because the device is full.</summary>
    FullDevice,

    /// <summary>Changes of layout that fail because memory is lost.</summary>
    LostMemory,

    /// <summary>A clone that is refused.</summary>
    RefusedClone,
}
