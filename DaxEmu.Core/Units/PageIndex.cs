using System.Globalization;

namespace DaxEmu.Core;

/// <summary>A page's place in a file, counted in pages from its start (the kernel's <c>pgoff_t</c>).</summary>
/// <param name="Value">Pages from the start of the file; never negative.</param>
public readonly record struct PageIndex(long Value) : IComparable<PageIndex>
{
    /// <summary>The page that holds byte <paramref name="offsetBytes"/> of the file.</summary>
    public static PageIndex FromBytes(long offsetBytes) => new(offsetBytes >> DaxConstants.PageShift);

    /// <summary>Position inside its 2 MiB range, 0 to 511.</summary>
    public int Colour => (int)Value & DaxConstants.ColourMask;

    /// <summary>First page of the 2 MiB range around this page: the index with its low nine bits (PG_PMD_COLOUR) cleared.</summary>
    public PageIndex PmdStart => new(Value & ~(long)DaxConstants.ColourMask);

    /// <summary>Number of the 2 MiB range around this page.</summary>
    public long Region => Value >> DaxConstants.PmdOrder;

    /// <summary>Byte offset of the page's start in the file.</summary>
    public long OffsetBytes => Value << DaxConstants.PageShift;

    /// <summary>First page of the entry of <paramref name="order"/> that covers this page.</summary>
    public PageIndex StartOf(PageOrder order) => order == PageOrder.Pmd ? PmdStart : this;

    /// <inheritdoc/>
    public int CompareTo(PageIndex other) => Value.CompareTo(other.Value);

    /// <summary>Pages from <paramref name="right"/> to <paramref name="left"/>.</summary>
    public static long operator -(PageIndex left, PageIndex right) => left.Value - right.Value;

    /// <summary>The page <paramref name="pageCount"/> pages further.</summary>
    public static PageIndex operator +(PageIndex left, long pageCount) => new(left.Value + pageCount);

    /// <summary>Whether <paramref name="left"/> lies before <paramref name="right"/>.</summary>
    public static bool operator <(PageIndex left, PageIndex right) => left.Value < right.Value;

    /// <summary>Whether <paramref name="left"/> lies behind <paramref name="right"/>.</summary>
    public static bool operator >(PageIndex left, PageIndex right) => left.Value > right.Value;

    /// <summary>Whether <paramref name="left"/> does not lie behind <paramref name="right"/>.</summary>
    public static bool operator <=(PageIndex left, PageIndex right) => left.Value <= right.Value;

    /// <summary>Whether <paramref name="left"/> does not lie before <paramref name="right"/>.</summary>
    public static bool operator >=(PageIndex left, PageIndex right) => left.Value >= right.Value;

    /// <summary>The index in decimal.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
