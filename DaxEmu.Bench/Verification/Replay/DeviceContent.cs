using System.Numerics;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>
/// The bytes of a file's blocks on the device of a replay. Which pages were ever stored to is known: all others are zero, and take neither
/// memory nor time, however long the extents are.
/// </summary>
internal sealed class DeviceContent(PmemDevice device, ReplayWork work)
{
    private readonly ulong[] stored = new ulong[(device.PageCount + 63) / 64];
    private int storedCount;

    /// <summary>Notes that a page is stored to.</summary>
    /// <exception cref="FormatException">They are too many.</exception>
    public void NoteStore(Pfn page)
    {
        ref ulong word = ref stored[page.Value >> 6];
        ulong bit = 1UL << (int)(page.Value & 63);
        if ((word & bit) == 0)
        {
            word |= bit;
            NoteCopy();
        }
    }

    /// <summary>Notes that a page of memory elsewhere is stored to: a private copy.</summary>
    /// <exception cref="FormatException">They are too many.</exception>
    public void NoteCopy()
    {
        if (++storedCount > ReplayLimits.StoredPages)
        {
            throw new FormatException($"with this op the scenario stores to more than {ReplayLimits.StoredPages} pages, the most that is done for one");
        }
    }

    /// <summary>Zeroes the blocks that were not written before an op and are after it: the file system sees to that.</summary>
    public void ZeroFresh(Extent[] before, Extent[] after)
    {
        Extent[] written = [.. before.Where(e => e.Kind == ExtentKind.Mapped).OrderBy(e => e.Pfn.Value)];
        long[] firsts = Array.ConvertAll(written, e => e.Pfn.Value);
        foreach (Extent extent in after.Where(e => e.Kind == ExtentKind.Mapped))
        {
            ForEachStored(extent.Pfn, extent.PageCount, page =>
            {
                int at = Array.BinarySearch(firsts, page.Value);
                at = at >= 0 ? at : ~at - 1;
                if (at < 0 || page.Value >= firsts[at] + written[at].PageCount)
                {
                    device.GetSpan(page, 1).Clear();
                }
            });
        }
    }

    /// <summary>Zeroes bytes of the file where it has written blocks.</summary>
    public void Clear(IReadOnlyList<Extent> extents, long offset, long length) => ForEachPiece(extents, offset, length, (pfn, at, bytes) =>
    {
        long last = at + bytes - 1;
        ForEachStored(pfn, (last >> DaxConstants.PageShift) + 1, page =>
        {
            long start = (page.Value - pfn.Value) << DaxConstants.PageShift;
            int from = (int)Math.Max(0, at - start);
            int end = (int)Math.Min(DaxConstants.PageSize, last + 1 - start);
            device.GetSpan(page, 1)[from..end].Clear();
        });
    });

    /// <summary>Fills bytes of the file where it has written blocks.</summary>
    public void Fill(IReadOnlyList<Extent> extents, long offset, long length, byte value) => ForEachPiece(extents, offset, length, (pfn, at, bytes) =>
    {
        for (long done = 0; done < bytes;)
        {
            long from = at + done;
            Pfn page = pfn + (from >> DaxConstants.PageShift);
            int inPage = (int)(from & (DaxConstants.PageSize - 1));
            int n = (int)Math.Min(DaxConstants.PageSize - inPage, bytes - done);
            NoteStore(page);
            work.Charge(1, ReplayWork.Page);
            device.GetSpan(page, 1).Slice(inPage, n).Fill(value);
            done += n;
        }
    });

    /// <summary>The checksum of bytes of the file.</summary>
    public uint Checksum(IReadOnlyList<Extent> extents, long offset, long length)
    {
        uint hash = Fnv1a.Basis;
        long next = offset;
        ForEachPiece(extents, offset, length, (pfn, at, bytes) =>
        {
            // Where the piece begins, in the file: pieces come in order, and what lies between them reads as zeroes.
            long start = PieceStart;
            hash = Fnv1a.HashZeroes(hash, start - next);
            long done = 0;
            long last = at + bytes - 1;
            ForEachStored(pfn, (last >> DaxConstants.PageShift) + 1, page =>
            {
                long pageStart = ((page.Value - pfn.Value) << DaxConstants.PageShift) - at;
                long from = Math.Max(0, pageStart);
                long end = Math.Min(bytes, pageStart + DaxConstants.PageSize);
                work.Charge(1, ReplayWork.SummedPage);
                hash = Fnv1a.HashZeroes(hash, from - done);
                hash = Fnv1a.Hash(hash, device.GetSpan(page, 1)[(int)(from - pageStart)..(int)(end - pageStart)]);
                done = end;
            });
            hash = Fnv1a.HashZeroes(hash, bytes - done);
            next = start + bytes;
        });
        return Fnv1a.HashZeroes(hash, offset + length - next);
    }

    // Set for the visitor of ForEachPiece: the first byte of the piece in the file.
    private long PieceStart { get; set; }

    // The written runs under a range of bytes: the first device page, the first byte from there, and how many bytes.
    private void ForEachPiece(IReadOnlyList<Extent> extents, long offset, long length, Action<Pfn, long, long> visit)
    {
        if (length <= 0)
        {
            return;
        }

        PageRange pages = PageRange.Touching(offset, length);
        for (int i = RecordedExtents.FirstEndingAfter(extents, pages.First); i < extents.Count && extents[i].First < pages.End; i++)
        {
            Extent extent = extents[i];
            work.Charge(1, ReplayWork.Piece);
            if (extent.Kind != ExtentKind.Mapped)
            {
                continue;
            }

            long start = Math.Max(offset, extent.First.OffsetBytes);
            long end = Math.Min(offset + length, extent.End.OffsetBytes);
            var page = PageIndex.FromBytes(start);
            PieceStart = start;
            visit(extent.PfnAt(page), start - page.OffsetBytes, end - start);
        }
    }

    private void ForEachStored(Pfn first, long count, Action<Pfn> visit)
    {
        long end = first.Value + count;
        for (long page = first.Value; page < end; page = (page | 63) + 1)
        {
            ulong bits = stored[page >> 6] >> (int)(page & 63);
            work.Charge(1, 1);
            while (bits != 0)
            {
                long found = page + BitOperations.TrailingZeroCount(bits);
                if (found >= end)
                {
                    break;
                }

                work.Charge(1, ReplayWork.Row);
                visit(new Pfn(found));
                bits &= bits - 1;
            }
        }
    }
}
