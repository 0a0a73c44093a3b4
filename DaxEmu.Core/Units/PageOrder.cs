namespace DaxEmu.Core;

/// <summary>log2 of the pages that an entry or a translation covers.</summary>
public enum PageOrder
{
    /// <summary>One 4 KiB page.</summary>
    Pte = 0,

    /// <summary>512 pages, 2 MiB.</summary>
    Pmd = DaxConstants.PmdOrder,
}
