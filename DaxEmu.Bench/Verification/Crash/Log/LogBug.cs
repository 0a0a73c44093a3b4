namespace DaxEmu.Bench.Verification.Crash.Log;

/// <summary>What is wrong with an <see cref="AppendLog"/> on purpose.</summary>
internal enum LogBug
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The payload goes through a raw span, and only the record's first line is flushed.</summary>
    MissingFlush,

    /// <summary>An append flushes and does not drain.</summary>
    MissingFence,

    /// <summary>The header is made durable first, and its checksum does not cover the payload.</summary>
    HeaderBeforeData,

    /// <summary>A count of the records is made durable before the record, and recovery believes it.</summary>
    CountBeforeRecord,

    /// <summary>Checksums do not depend on the epoch: recovery reads on into records from before a reset.</summary>
    ReadPastEnd,
}
