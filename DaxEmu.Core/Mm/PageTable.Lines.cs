using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Mm;

/// <content>What its words are called.</content>
internal sealed unsafe partial class PageTable
{
    /// <summary>Names the table's words.</summary>
    /// <param name="names">Where.</param>
    /// <param name="view">What the VMA is called.</param>
    public void NameLines(LineNames names, string view)
    {
        names.Add(pages, SlotCount * DaxConstants.PagesPerPmd, sizeof(ulong), page => $"translation of page {page - lead} of {view}");
        names.Add(directory, SlotCount, sizeof(ulong), slot => $"directory word of 2 MiB {slot} of {view}");
    }
}
