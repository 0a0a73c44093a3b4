namespace Samples.KeyValueStore;

/// <summary>What is wrong with the store on purpose, to see that a power cut finds it.</summary>
internal enum StoreFlaw
{
    /// <summary>Nothing: the store is right.</summary>
    None,

    /// <summary>Entries have a mark in place of a checksum, which is stored first.</summary>
    NoChecksum,

    /// <summary>The word that says which area counts is stored before the area is durable.</summary>
    RoundBeforeEntries,

    /// <summary>Recovery leaves entries behind the end as they are.</summary>
    LeavesWhatFollows,
}
