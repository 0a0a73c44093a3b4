namespace DaxEmu.Core.Fs.Volume;

/// <summary>Historic bugs of file systems on persistent memory, to be switched on: what a search over power cuts must find.</summary>
[Flags]
internal enum VolumeFlaws
{
    /// <summary>The volume as it is meant to be.</summary>
    None = 0,

    /// <summary>The tail may become durable before the records that it covers (log tail before entry).</summary>
    TailBeforeRecords = 1 << 0,

    /// <summary>The tail is not flushed (missing flush).</summary>
    TailNotFlushed = 1 << 1,

    /// <summary>The operation returns before the tail is durable (missing fence).</summary>
    NoFenceAfterTail = 1 << 2,

    /// <summary>The root slot is not flushed (missing flush).</summary>
    RootNotFlushed = 1 << 3,

    /// <summary>The root may become durable before the log that it leads to (initialisation that is not atomic).</summary>
    RootBeforeLog = 1 << 4,

    /// <summary>Both copies of the root are written without order (replica order).</summary>
    RootCopiesUnordered = 1 << 5,

    /// <summary>Records are written to the first copy only (replica not rebuilt).</summary>
    StaleReplica = 1 << 6,

    /// <summary>The mount goes on past the tail for as long as records pass their checksum (journal read past its end).</summary>
    ReadsPastTail = 1 << 7,

    /// <summary>Rename deletes the old name first, in a transaction of its own.</summary>
    RenameDeletesFirst = 1 << 8,

    /// <summary>Rename deletes the name that it replaces first, in a transaction of its own.</summary>
    ReplaceDeletesFirst = 1 << 9,

    /// <summary>A file's size is committed before its data are durable (in-place size before data).</summary>
    SizeBeforeData = 1 << 10,

    /// <summary>Size and blocks are committed one after the other (update that is not atomic).</summary>
    SizeApartFromBlocks = 1 << 11,

    /// <summary>Blocks that a file gave up are free before that is durable.</summary>
    FreesBeforeCommit = 1 << 12,

    /// <summary>A synchronous fault does not wait for the metadata.</summary>
    SyncFaultDoesNotCommit = 1 << 13,

    /// <summary>New blocks are not zeroed (stale data).</summary>
    NewBlocksNotZeroed = 1 << 14,

    /// <summary>A file that is deleted while it is open is forgotten at the next mount, and its blocks with it (leak).</summary>
    OrphansLeak = 1 << 15,

    /// <summary>A link count is committed before the name that it counts (counter before its entry).</summary>
    CountBeforeName = 1 << 16,

    /// <summary>A writeback leaves translations writable, so that later stores make nothing dirty (B08).</summary>
    StaysWritable = 1 << 17,

    /// <summary>A writeback write-protects only mappings that show the first page of the entry (B27).</summary>
    ProtectsFirstPageOnly = 1 << 18,
}
