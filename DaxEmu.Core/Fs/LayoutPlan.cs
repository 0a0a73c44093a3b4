namespace DaxEmu.Core.Fs;

/// <summary>What a file system does to a file's pages before it changes the file's blocks. The default does nothing.</summary>
internal readonly record struct LayoutPlan
{
    /// <summary>Written back first; empty for nothing. An entry that touches it is written back whole.</summary>
    public PageRange Writeback { get; init; }

    /// <summary>Written back next: the pages that are moved, or the last page where the operation ends the file.</summary>
    public PageRange SecondWriteback { get; init; }

    /// <summary>Written back if the operation had to zero bytes past the old EOF: from there to the new one.</summary>
    public PageRange WritebackIfZeroed { get; init; }

    /// <summary>Whether all translations of the file go, in every VMA. Private copies stay.</summary>
    public bool DropsTranslations { get; init; }

    /// <summary>Pages whose private copies go too: they lie past the new EOF.</summary>
    public PageRange DropsCopies { get; init; }

    /// <summary>Pages whose entries are taken out, dirty or not; one that touches the range goes whole.</summary>
    public PageRange TakesOut { get; init; }
}
