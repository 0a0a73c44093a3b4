using System.Numerics;
using DaxEmu.Core.Atomics;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Mm;

/// <summary>Shows the translations of a page table in a real address range: a page is shown only while its translation is present, with at most its rights.</summary>
/// <remarks>
/// <para>
/// A copy of the table that may be incomplete: a page that is not shown faults, and is shown then if its translation allows the access.
/// </para>
/// <para>
/// Invariant: when <see cref="Drop"/> or <see cref="WriteProtect"/> has returned, nothing of the range is shown by a word that was read before
/// the change. A thread that shows a page holds the gate for reading from before it reads the word until the page is shown. A thread
/// that clears or weakens words does so first, and then enters the gate for writing: by then each thread that may have read an old word
/// has shown it, so it is taken away here; a later one reads the new word. In between, an old translation may still be shown, as a processor
/// may still use one until its TLB is flushed: the caller waits for the end of the call as the kernel does for the flush.
/// </para>
/// <para>
/// Two threads that show the same page run beside each other, and the one with the older word may be second. Then the newer word was
/// stored after a change of the older one, whose <see cref="Drop"/> has not entered the gate yet: it takes both away.
/// </para>
/// </remarks>
internal sealed unsafe class HostMmu : IMmu, IDisposable
{
    private const int BitsPerWord = 64;

    private readonly VmArea area;
    private readonly IHostPages pages;
    private readonly RwSemaphore gate;
    private readonly ReservedRegion shownMemory;
    private readonly ulong* shown; // a bit a page
    private volatile HostPiece[] pieces;

    /// <param name="area">The VMA whose table is shown.</param>
    /// <param name="pages">The address range, of as many pages, without any right.</param>
    /// <param name="rights">What the whole range may be used for.</param>
    public HostMmu(VmArea area, IHostPages pages, HostPiece rights)
    {
        this.area = area;
        this.pages = pages;
        gate = new RwSemaphore(area.MappingId, "gate of real addresses");
        pieces = [rights with { First = 0, Count = area.PageCount }];
        shownMemory = ReservedRegion.Reserve((area.PageCount + BitsPerWord - 1) / BitsPerWord * sizeof(ulong));
        shown = (ulong*)shownMemory.Base;
    }

    /// <summary>The parts of the range that are there, in order.</summary>
    public IReadOnlyList<HostPiece> Pieces => pieces;

    /// <summary>Whether nothing of the range is left.</summary>
    public bool IsEmpty => pieces.Length == 0;

    /// <summary>The part around a page; null if it was unmapped.</summary>
    public HostPiece? PieceOf(VmaPage page)
    {
        foreach (HostPiece piece in pieces)
        {
            if (page.Value < piece.End)
            {
                return page.Value >= piece.First ? piece : null;
            }
        }

        return null;
    }

    /// <summary>Shows a page by its translation as it is now. The caller holds the invalidate lock for reading.</summary>
    /// <param name="page">The page.</param>
    /// <param name="isWrite">Whether it is to be written.</param>
    /// <param name="window">Pages around it, a power of two, that are shown with it where their translations lead on; 1 for none.</param>
    public MapOutcome TryMap(VmaPage page, bool isWrite, long window) => TryMap(page, isWrite, window, out _);

    /// <summary>As <see cref="TryMap(VmaPage, bool, long)"/>.</summary>
    /// <param name="page">The page.</param>
    /// <param name="isWrite">Whether it is to be written.</param>
    /// <param name="window">Pages around it.</param>
    /// <param name="end">The page after the last one that is shown with it.</param>
    public MapOutcome TryMap(VmaPage page, bool isWrite, long window, out long end)
    {
        end = page.Value;
        using RwSemaphore.ReadHold hold = gate.Read();
        if (PieceOf(page) is not { } piece || !piece.Allows(isWrite))
        {
            return MapOutcome.NotAllowed;
        }

        Translation translation = area.Table.Find(page); // [U1] matches [U2] and [U3]
        if (!translation.Allows(isWrite))
        {
            return MapOutcome.Changed;
        }

        bool isWritable = translation.IsWritable && piece.CanWrite;
        (long first, end) = translation.IsHuge ? HugeRun(page) : Run(page, translation, window);
        first = Math.Max(first, piece.First);
        end = Math.Min(end, piece.End);
        if (!pages.TryMap(first, end - first, At(first, page, translation), isWritable))
        {
            return MapOutcome.TooManyMappings;
        }

        Mark(first, end);
        return MapOutcome.Shown;
    }

    /// <inheritdoc/>
    public void Drop(VmaPage first, long count)
    {
        using RwSemaphore.WriteHold hold = gate.Write(); // [U2] matches [U1]
        DropHeld(first.Value, Math.Min(first.Value + count, area.PageCount));
    }

    /// <inheritdoc/>
    public void WriteProtect(VmaPage first, long count)
    {
        using RwSemaphore.WriteHold hold = gate.Write(); // [U3] matches [U1]
        long last = Math.Min(first.Value + count, area.PageCount);
        for (long at = NextShown(first.Value, last); at < last;)
        {
            long end = NextHidden(at, last);
            pages.WriteProtect(at, end - at);
            at = NextShown(end, last);
        }
    }

    /// <summary>Changes the rights of a run of pages, or ends it.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many.</param>
    /// <param name="rights">The rights; null to give the addresses back.</param>
    public void Change(VmaPage first, long count, HostPiece? rights)
    {
        using RwSemaphore.WriteHold hold = gate.Write();
        DropHeld(first.Value, first.Value + count);
        HostPiece[] before = pieces;
        pieces = HostPiece.Change(before, first.Value, count, rights);
        if (rights is null)
        {
            foreach (HostPiece piece in before.Where(p => p.First < first.Value + count && p.End > first.Value))
            {
                long from = Math.Max(piece.First, first.Value);
                pages.Release(from, Math.Min(piece.End, first.Value + count) - from);
            }
        }
    }

    /// <summary>Whether a page is shown: for tests and reports.</summary>
    public bool IsShown(VmaPage page) => (shown[page.Value / BitsPerWord] >> (int)(page.Value % BitsPerWord) & 1) != 0;

    /// <summary>Frees the books; nothing is shown any more, and no thread uses it.</summary>
    public void Dispose() => shownMemory.Dispose();

    private (long First, long End) HugeRun(VmaPage page)
    {
        long first = area.Table.FirstPageOf(area.Table.SlotOf(page));
        return (first, first + DaxConstants.PagesPerPmd);
    }

    // A run of pages whose memory is contiguous, with rights alike: one mapping to the host.
    private (long First, long End) Run(VmaPage page, Translation translation, long window)
    {
        long first = page.Value;
        long end = first + 1;
        if (window == 1 || translation.IsZero || translation.IsCopy)
        {
            return (first, end);
        }

        long low = Math.Max(0, first & -window);
        long high = Math.Min(area.PageCount, low + window);
        while (first > low && Continues(first - 1, page, translation))
        {
            first--;
        }

        while (end < high && Continues(end, page, translation))
        {
            end++;
        }

        return (first, end);
    }

    // The translation of a run's first page, from that of another one: the words may change meanwhile.
    private static Translation At(long first, VmaPage page, Translation translation) => first == page.Value || translation.IsHuge
        ? translation
        : Translation.Device(new Pfn(translation.Pfn.Value - (page.Value - first)), PageOrder.Pte, translation.IsWritable);

    private bool Continues(long other, VmaPage page, Translation translation)
    {
        Translation there = area.Table.Find(other);
        return there is { IsPresent: true, IsZero: false, IsCopy: false, IsHuge: false }
            && there.IsWritable == translation.IsWritable
            && there.Pfn.Value - translation.Pfn.Value == other - page.Value;
    }

    // The first and the last page that are shown, and all between, in one call for each piece: where nothing is shown, dropping changes nothing.
    private void DropHeld(long first, long end)
    {
        foreach (HostPiece piece in pieces)
        {
            long from = NextShown(Math.Max(first, piece.First), Math.Min(end, piece.End));
            long last = LastShown(from, Math.Min(end, piece.End));
            if (from < last)
            {
                pages.Drop(from, last - from);
            }
        }

        Unmark(first, end);
    }

    private void Mark(long first, long end)
    {
        for (long at = first; at < end;)
        {
            long stop = Math.Min(end, (at / BitsPerWord + 1) * BitsPerWord);
            Atomic.Or(ref shown[at / BitsPerWord], Bits(at, stop), Site.ShownPages);
            at = stop;
        }
    }

    private void Unmark(long first, long end)
    {
        for (long at = first; at < end;)
        {
            long stop = Math.Min(end, (at / BitsPerWord + 1) * BitsPerWord);
            ref ulong word = ref shown[at / BitsPerWord];
            if (Atomic.Load(ref word, Site.ShownPages) != 0) // a word that was never written costs no memory
            {
                Atomic.And(ref word, ~Bits(at, stop), Site.ShownPages);
            }

            at = stop;
        }
    }

    private static ulong Bits(long from, long stop)
    {
        ulong upper = stop % BitsPerWord == 0 ? ulong.MaxValue : (1UL << (int)(stop % BitsPerWord)) - 1;
        return upper & (ulong.MaxValue << (int)(from % BitsPerWord));
    }

    private long NextShown(long from, long end) => Next(from, end, invert: 0);

    private long NextHidden(long from, long end) => Next(from, end, invert: ulong.MaxValue);

    private long Next(long from, long end, ulong invert)
    {
        for (long at = from; at < end; at = (at / BitsPerWord + 1) * BitsPerWord)
        {
            ulong rest = (Atomic.Load(ref shown[at / BitsPerWord], Site.ShownPages) ^ invert) >> (int)(at % BitsPerWord);
            if (rest != 0)
            {
                return Math.Min(end, at + BitOperations.TrailingZeroCount(rest));
            }
        }

        return Math.Max(from, end);
    }

    private long LastShown(long from, long end)
    {
        for (long at = end; at > from;)
        {
            long word = (at - 1) / BitsPerWord;
            ulong bits = Atomic.Load(ref shown[word], Site.ShownPages) & Bits(Math.Max(from, word * BitsPerWord), at);
            if (bits != 0)
            {
                return word * BitsPerWord + BitsPerWord - BitOperations.LeadingZeroCount(bits);
            }

            at = word * BitsPerWord;
        }

        return from;
    }
}
