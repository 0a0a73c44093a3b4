namespace DaxEmu.Core.Pmem;

/// <summary>What a <see cref="RecordedEvent"/> is.</summary>
internal enum RecordedEventKind : byte
{
    /// <summary>A store to the caches: up to 8 bytes of one aligned word.</summary>
    Store,

    /// <summary>Stores through a span to one line, found by comparing: how many they were, and in which order, is not known.</summary>
    RawStore,

    /// <summary>A store around the caches, up to 8 bytes of one aligned word.</summary>
    NonTemporal,

    /// <summary>A flush of lines.</summary>
    Flush,

    /// <summary>A fence.</summary>
    Fence,

    /// <summary>The workload begins a step.</summary>
    Begin,

    /// <summary>The workload acknowledges a step.</summary>
    Acknowledge,
}
