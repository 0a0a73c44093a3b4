namespace Samples.AppendLog;

/// <summary>What is left out of the log on purpose, to see that a power cut finds it.</summary>
internal enum LogFlaw
{
    /// <summary>Nothing: the log is right.</summary>
    None,

    /// <summary>The record is stored through a span and never flushed.</summary>
    RawStoreWithoutFlush,

    /// <summary>The record is flushed, but nothing waits for it before the end is stored.</summary>
    NoFenceBeforeEnd,
}
