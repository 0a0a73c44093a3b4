using DaxEmu.Core.Atomics;

namespace DaxEmu.Core;

/// <content>What its words are called.</content>
public sealed unsafe partial class EntryTable
{
    /// <summary>Names the table's words.</summary>
    /// <param name="names">Where.</param>
    /// <param name="file">What the file is called.</param>
    internal void NameLines(LineNames names, string file)
    {
        names.Add(slots, RegionCapacity * WordsPerRegion, sizeof(ulong), page => $"entry word of page {page} of {file}");
        names.Add(regions, RegionCapacity, sizeof(ulong), region => $"region word of 2 MiB {region} of {file}");
        names.Add(marks, RegionCapacity * MarkWordsPerRegion, sizeof(ulong), word => $"write-back marks of pages {word * 64} to {(word * 64) + 63} of {file}");
        names.Add(waiters, $"waiter count of {file}");
        names.Add(usedRegions, $"highest 2 MiB in use of {file}");
        names.Add(marking, $"lock of the marks of {file}");
    }
}
