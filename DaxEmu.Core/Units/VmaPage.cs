using System.Globalization;

namespace DaxEmu.Core;

/// <summary>A page's place in a VMA, counted in pages from the VMA's start: not the page of the file, which is a <see cref="PageIndex"/>.</summary>
/// <param name="Value">Pages from the start of the VMA; never negative for a page of it.</param>
public readonly record struct VmaPage(long Value)
{
    /// <summary>The page that holds a byte of the VMA.</summary>
    /// <param name="offsetBytes">Bytes from the start of the VMA.</param>
    public static VmaPage FromBytes(long offsetBytes) => new(offsetBytes >> DaxConstants.PageShift);

    /// <summary>Bytes from the start of the VMA to the start of the page.</summary>
    public long OffsetBytes => Value << DaxConstants.PageShift;

    /// <summary>A count of pages from the start of a VMA is such a place.</summary>
    public static implicit operator VmaPage(long value) => new(value);

    /// <summary>The page <paramref name="pageCount"/> pages further.</summary>
    public static VmaPage operator +(VmaPage left, long pageCount) => new(left.Value + pageCount);

    /// <summary>The number in decimal.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
