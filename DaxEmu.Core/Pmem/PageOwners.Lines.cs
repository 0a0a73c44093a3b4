using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Pmem;

/// <content>What its words are called.</content>
internal sealed unsafe partial class PageOwners
{
    /// <summary>Names the words of the device's pages.</summary>
    public void NameLines(LineNames names)
    {
        long pmdCount = (range.End.Value >> DaxConstants.PmdOrder) - firstPmd + 1;
        names.Add(pageHolders, range.PageCount, sizeof(ulong), page => $"owner of device page {range.First.Value + page}");
        names.Add(pagePins, range.PageCount, sizeof(ulong), page => $"pins of device page {range.First.Value + page}");
        names.Add(pmdHolders, pmdCount, sizeof(ulong), pmd => $"owner of 2 MiB {firstPmd + pmd} of the device");
        names.Add(pmdPins, pmdCount, sizeof(ulong), pmd => $"pins of 2 MiB {firstPmd + pmd} of the device");
    }
}
