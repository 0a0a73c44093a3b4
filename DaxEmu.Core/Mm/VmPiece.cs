namespace DaxEmu.Core;

/// <summary>A run of a VMA's pages with one protection: what the kernel makes a VMA of its own when part of one is mprotected.</summary>
/// <param name="FirstPage">First page, counted from the VMA's start.</param>
/// <param name="PageCount">How many pages.</param>
/// <param name="IsReadOnly">Whether writes are refused.</param>
public readonly record struct VmPiece(long FirstPage, long PageCount, bool IsReadOnly)
{
    /// <summary>The page after the last one.</summary>
    public long EndPage => FirstPage + PageCount;

    /// <summary>The pieces after a run of pages got a protection; neighbours of one protection are one piece.</summary>
    internal static VmPiece[] Protect(IReadOnlyList<VmPiece> pieces, long firstPage, long pageCount, bool isReadOnly)
    {
        long end = firstPage + pageCount;
        var result = new List<VmPiece>();
        foreach (VmPiece piece in pieces)
        {
            Add(result, piece.FirstPage, Math.Min(piece.EndPage, firstPage), piece.IsReadOnly);
            Add(result, Math.Max(piece.FirstPage, firstPage), Math.Min(piece.EndPage, end), isReadOnly);
            Add(result, Math.Max(piece.FirstPage, end), piece.EndPage, piece.IsReadOnly);
        }

        return [.. result];
    }

    private static void Add(List<VmPiece> pieces, long first, long end, bool isReadOnly)
    {
        if (first >= end)
        {
            return;
        }

        if (pieces.Count > 0 && pieces[^1].IsReadOnly == isReadOnly)
        {
            VmPiece last = pieces[^1];
            pieces[^1] = last with { PageCount = end - last.FirstPage };
            return;
        }

        pieces.Add(new VmPiece(first, end - first, isReadOnly));
    }
}
