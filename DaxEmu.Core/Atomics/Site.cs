namespace DaxEmu.Core.Atomics;

/// <summary>Which step of the core an atomic access is: the name that a schedule's trace prints.</summary>
internal enum Site : byte
{
    /// <summary>Not named.</summary>
    Other,

    /// <summary>Reads the word of a 2 MiB range.</summary>
    ReadRegion,

    /// <summary>Reads the slot of a page.</summary>
    ReadSlot,

    /// <summary>Sets the lock bit of an entry that is there.</summary>
    LockEntry,

    /// <summary>Stores an entry without its lock bit.</summary>
    UnlockEntry,

    /// <summary>Makes an empty 2 MiB range a table of slots.</summary>
    OpenTable,

    /// <summary>Marks a table as closing, ends that, or waits for its end.</summary>
    CloseTable,

    /// <summary>Puts a locked placeholder into an empty slot.</summary>
    InsertEntry,

    /// <summary>Puts a locked placeholder into an empty 2 MiB range.</summary>
    InsertPmd,

    /// <summary>Removes an entry.</summary>
    RemoveEntry,

    /// <summary>Changes a locked entry in place.</summary>
    ReplaceEntry,

    /// <summary>Sets or clears the any-dirty bit of a range.</summary>
    AnyDirty,

    /// <summary>Sets, tests or clears a TOWRITE mark.</summary>
    Towrite,

    /// <summary>Reads how many threads wait for an entry of the mapping.</summary>
    ReadWaiters,

    /// <summary>Counts a waiter in or out.</summary>
    CountWaiters,

    /// <summary>The barrier between counting a waiter in and reading the entry again.</summary>
    WaiterBarrier,

    /// <summary>Takes the lock of a wait queue.</summary>
    LockBucket,

    /// <summary>Drops the lock of a wait queue.</summary>
    UnlockBucket,

    /// <summary>Looks under the queue's lock whether the entry is still locked.</summary>
    RecheckEntry,

    /// <summary>Sets the state of a wait node.</summary>
    NodeState,

    /// <summary>Sleeps.</summary>
    Sleep,

    /// <summary>Wakes a waiter.</summary>
    WakeWaiter,

    /// <summary>Announces a reader of the invalidate lock.</summary>
    EnterRead,

    /// <summary>Withdraws a reader of the invalidate lock.</summary>
    ExitRead,

    /// <summary>Looks whether a writer holds the invalidate lock.</summary>
    ReadWriter,

    /// <summary>Takes or drops the invalidate lock for writing.</summary>
    Writer,

    /// <summary>The barrier between announcing the writer and looking for readers.</summary>
    WriterBarrier,

    /// <summary>Waits for a reader to leave.</summary>
    AwaitReader,

    /// <summary>Takes, drops or waits for the lock of an inode.</summary>
    Inode,

    /// <summary>Flushes memory, drains flushes, or stores to memory whose durability is tracked.</summary>
    Flush,

    /// <summary>A full fence between a thread's stores to memory and its next look at a translation.</summary>
    Fence,

    /// <summary>Reads a translation.</summary>
    ReadTranslation,

    /// <summary>Changes a translation.</summary>
    WriteTranslation,

    /// <summary>Takes or drops the lock of the passes over the marks.</summary>
    Marking,

    /// <summary>Takes or drops the lock of a VMA's private copies.</summary>
    Copying,

    /// <summary>Reads or changes the owner, share count or pins of a device page.</summary>
    PageOwner,

    /// <summary>Reads or changes the size of a file.</summary>
    FileSize,

    /// <summary>Reads or changes the list of poisoned device pages.</summary>
    Poison,

    /// <summary>Reads or changes which pages a real address range shows.</summary>
    ShownPages,

    /// <summary>Takes bytes from the bandwidth of a medium.</summary>
    Media,
}
