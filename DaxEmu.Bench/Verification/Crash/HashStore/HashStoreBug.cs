namespace DaxEmu.Bench.Verification.Crash.HashStore;

/// <summary>What is wrong with a <see cref="PersistentHashStore"/> on purpose.</summary>
internal enum HashStoreBug
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The value goes through a raw span, and only the entry's first line is flushed.</summary>
    MissingFlush,

    /// <summary>A put flushes the new entry and does not drain.</summary>
    MissingFence,

    /// <summary>An entry's head is made durable before its body, which its checksum does not cover.</summary>
    HeadBeforeBody,

    /// <summary>The old entry of a key is freed before the new one is written.</summary>
    OldFreedFirst,

    /// <summary>A move deletes the old name before the new one is there.</summary>
    MoveDeletesFirst,

    /// <summary>The count of entries is made durable before the entry, and recovery believes it.</summary>
    CountBeforeEntry,

    /// <summary>A delete does not wait until older entries of its key are freed.</summary>
    DeleteWithoutFence,
}
