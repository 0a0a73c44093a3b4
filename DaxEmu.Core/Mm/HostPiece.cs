namespace DaxEmu.Core.Mm;

/// <summary>A run of pages of a real address range with one protection.</summary>
/// <param name="First">The first page, counted from the VMA's start.</param>
/// <param name="Count">How many pages.</param>
/// <param name="CanRead">Whether they may be read (<c>PROT_READ</c>).</param>
/// <param name="CanWrite">Whether they may be written (<c>PROT_WRITE</c>).</param>
internal readonly record struct HostPiece(long First, long Count, bool CanRead, bool CanWrite)
{
    /// <summary>The page after the last one.</summary>
    public long End => First + Count;

    /// <summary>Whether an access is allowed.</summary>
    public bool Allows(bool isWrite) => isWrite ? CanWrite : CanRead;

    /// <summary>The pieces with a run of pages cut out of them, and put back with other rights if some are given.</summary>
    public static HostPiece[] Change(IReadOnlyList<HostPiece> pieces, long first, long count, HostPiece? rights)
    {
        long end = first + count;
        var result = new List<HostPiece>();
        foreach (HostPiece piece in pieces)
        {
            Add(result, piece, piece.First, Math.Min(piece.End, first));
            if (rights is { } wanted)
            {
                Add(result, wanted, Math.Max(piece.First, first), Math.Min(piece.End, end));
            }

            Add(result, piece, Math.Max(piece.First, end), piece.End);
        }

        return [.. result];
    }

    private static void Add(List<HostPiece> pieces, HostPiece rights, long first, long end)
    {
        if (first >= end)
        {
            return;
        }

        if (pieces.Count > 0 && pieces[^1] is var last && last.End == first && last.CanRead == rights.CanRead && last.CanWrite == rights.CanWrite)
        {
            pieces[^1] = last with { Count = end - last.First };
            return;
        }

        pieces.Add(rights with { First = first, Count = end - first });
    }
}
