namespace DaxEmu.Core;

/// <summary>Sizes of the two translations that filesystem-DAX knows, and what follows from them.</summary>
public static class DaxConstants
{
    /// <summary>log2 of <see cref="PageSize"/> (<c>PAGE_SHIFT</c>).</summary>
    public const int PageShift = 12;

    /// <summary>Bytes in a page (<c>PAGE_SIZE</c>).</summary>
    public const int PageSize = 1 << PageShift;

    /// <summary>log2 of <see cref="PmdSize"/> (<c>PMD_SHIFT</c>).</summary>
    public const int PmdShift = 21;

    /// <summary>Bytes that a PMD covers (<c>PMD_SIZE</c>).</summary>
    public const int PmdSize = 1 << PmdShift;

    /// <summary>log2 of <see cref="PagesPerPmd"/> (<c>PMD_ORDER</c>).</summary>
    public const int PmdOrder = PmdShift - PageShift;

    /// <summary>Pages that a PMD covers (<c>PG_PMD_NR</c>).</summary>
    public const int PagesPerPmd = 1 << PmdOrder;

    /// <summary>Mask of the position inside a PMD (<c>PG_PMD_COLOUR</c>).</summary>
    public const int ColourMask = PagesPerPmd - 1;

    /// <summary>Bytes in a cache line: the unit in which stores reach the persistence domain.</summary>
    public const int CacheLineSize = 64;
}
