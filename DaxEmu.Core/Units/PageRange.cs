namespace DaxEmu.Core;

/// <summary>A run of pages of a file.</summary>
/// <param name="First">The first page.</param>
/// <param name="PageCount">How many pages; 0 is the empty range.</param>
public readonly record struct PageRange(PageIndex First, long PageCount)
{
    /// <summary>Every page that a file can have.</summary>
    public static PageRange All { get; } = new(new PageIndex(0), long.MaxValue >> DaxConstants.PageShift);

    /// <summary>The page behind the last one.</summary>
    public PageIndex End => First + PageCount;

    /// <summary>Whether the range has no page.</summary>
    public bool IsEmpty => PageCount <= 0;

    /// <summary>The pages from <paramref name="first"/> to the one before <paramref name="end"/>.</summary>
    public static PageRange Between(PageIndex first, PageIndex end) => new(first, Math.Max(0, end - first));

    /// <summary>Every page that the bytes touch, even in part.</summary>
    public static PageRange Touching(long offsetBytes, long lengthBytes)
    {
        if (lengthBytes <= 0)
        {
            return new PageRange(PageIndex.FromBytes(offsetBytes), 0);
        }

        return Between(PageIndex.FromBytes(offsetBytes), PageIndex.FromBytes(offsetBytes + lengthBytes - 1) + 1);
    }

    /// <summary>Only the pages that lie wholly inside the bytes.</summary>
    public static PageRange Inside(long offsetBytes, long lengthBytes) => Between(
        PageIndex.FromBytes(offsetBytes + DaxConstants.PageSize - 1),
        PageIndex.FromBytes(offsetBytes + lengthBytes));

    /// <summary>Whether <paramref name="index"/> is one of the pages.</summary>
    public bool Contains(PageIndex index) => index >= First && index < End;

    /// <summary>Whether the two ranges share a page.</summary>
    public bool Overlaps(PageRange other) => First < other.End && other.First < End;

    /// <summary>Refuses pages that no file has.</summary>
    /// <exception cref="ArgumentOutOfRangeException">They are negative, or lie past the last page of all files.</exception>
    internal static void Check(PageRange range)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(range.First.Value, nameof(range));
        ArgumentOutOfRangeException.ThrowIfNegative(range.PageCount, nameof(range));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(range.First.Value, All.PageCount, nameof(range));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(range.PageCount, long.MaxValue - range.First.Value, nameof(range));
    }

    /// <summary>The first page and the one behind the last.</summary>
    public override string ToString() => $"[{First}, {End})";
}
