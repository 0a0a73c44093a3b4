using System.Globalization;

namespace DaxEmu.Core;

/// <summary>A page of the device, counted in pages from its start.</summary>
/// <param name="Value">Pages from the start of the device; never negative.</param>
public readonly record struct Pfn(long Value)
{
    /// <summary>Whether a PMD may map the 2 MiB that start here.</summary>
    public bool IsPmdAligned => (Value & DaxConstants.ColourMask) == 0;

    /// <summary>Byte offset of the page's start in the device.</summary>
    public long OffsetBytes => Value << DaxConstants.PageShift;

    /// <summary>The device page <paramref name="pageCount"/> pages further.</summary>
    public static Pfn operator +(Pfn left, long pageCount) => new(left.Value + pageCount);

    /// <summary>The number in decimal.</summary>
    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);
}
