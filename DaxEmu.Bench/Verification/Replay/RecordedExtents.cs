using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>Looks into lists of extents, which are in ascending order.</summary>
internal static class RecordedExtents
{
    /// <summary>The place of the first extent that covers a page or lies behind it; the list's length if there is none.</summary>
    public static int FirstEndingAfter(IReadOnlyList<Extent> extents, PageIndex page)
    {
        int low = 0;
        int high = extents.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (extents[middle].End > page)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }

    /// <summary>Whether a page has a block that was written.</summary>
    public static bool IsMapped(IReadOnlyList<Extent> extents, PageIndex page)
    {
        int at = FirstEndingAfter(extents, page);
        return at < extents.Count && extents[at].Kind == ExtentKind.Mapped && extents[at].Contains(page);
    }
}
