namespace DaxEmu.Core.Dax.Faults;

/// <summary>What rules a 2 MiB fault out before anything is locked (<c>dax_fault_check_fallback</c>).</summary>
internal static class PmdEligibility
{
    /// <summary>The first reason against it, in the kernel's order; none if it may be tried.</summary>
    /// <param name="area">The VMA.</param>
    /// <param name="page">The page that was accessed.</param>
    /// <param name="start">First file page of the 2 MiB.</param>
    /// <param name="isWrite">Whether it was written to.</param>
    /// <param name="sizeBytes">The size of the file.</param>
    public static FallbackReason Check(VmArea area, VmaPage page, PageIndex start, bool isWrite, long sizeBytes)
    {
        if (!area.HasMatchingColour)
        {
            return FallbackReason.ColourMismatch;
        }

        if (isWrite && !area.IsShared)
        {
            return FallbackReason.PrivateWrite;
        }

        long firstPage = start - area.FirstIndex;
        VmPiece piece = area.IsWhole ? new VmPiece(0, area.PageCount, false) : area.PieceOf(page);
        if (firstPage < piece.FirstPage)
        {
            return FallbackReason.BeforeVma;
        }

        if (firstPage + DaxConstants.PagesPerPmd > piece.EndPage)
        {
            return FallbackReason.BehindVma;
        }

        // The end of the file counts as rounded up to a page: its last page is in.
        return (start + (DaxConstants.PagesPerPmd - 1)).OffsetBytes >= sizeBytes ? FallbackReason.BeyondEof : FallbackReason.None;
    }
}
