using System.Numerics;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Entries;

namespace DaxEmu.Core;

/// <summary>The marks: DIRTY in the entry's word, TOWRITE in a bitmap, ANYDIRTY in the region word; and the scans over them.</summary>
public sealed unsafe partial class EntryTable
{
    /// <summary>Marks every dirty entry that overlaps <paramref name="range"/>, locked or not, for the writeback pass that begins (<c>tag_pages_for_writeback</c>).</summary>
    internal void TagTowrite(PageRange range)
    {
        long end = RegionEnd(range);
        for (long region = range.First.Region; region < end; region++)
        {
            var word = new RegionWord(Atomic.Load(ref regions[region], Site.ReadRegion));
            if (word.Word == 0 || (word.IsPmd && !word.Pmd.IsDirty))
            {
                continue;
            }

            // Never during a refresh of ANYDIRTY, which clears the bit and may restore it: in between a clear bit proves nothing. Held for
            // one range at a time, since owners of entries wait for it.
            WordLock.Enter(ref *marking, Site.Marking);
            TagRegion(region, range);
            WordLock.Leave(ref *marking, Site.Marking);
        }
    }

    /// <summary>Whether a pass has tagged the entry that starts at <paramref name="start"/>.</summary>
    internal bool IsTowrite(PageIndex start) => (Atomic.Load(ref MarkWordOf(start), Site.Towrite) & MarkBitOf(start)) != 0;

    /// <summary>Tags the entry that starts at <paramref name="start"/>, whose lock the caller holds, for the running pass.</summary>
    /// <remarks>Not while a tagger is between its two reads: it would take this mark back as its own.</remarks>
    internal void SetTowrite(PageIndex start)
    {
        WordLock.Enter(ref *marking, Site.Marking);
        Mark(start);
        WordLock.Leave(ref *marking, Site.Marking);
    }

    /// <summary>Removes the tag.</summary>
    internal void ClearTowrite(PageIndex start)
    {
        ref ulong word = ref MarkWordOf(start);
        if ((Atomic.Load(ref word, Site.Towrite) & MarkBitOf(start)) != 0) // [T1] matches [T3] in TagIfDirty
        {
            Atomic.And(ref word, ~MarkBitOf(start), Site.Towrite);
        }
    }

    /// <summary>A held entry was written back: it is clean, and its tag goes. Its owner unlocks it next.</summary>
    /// <remarks>
    /// Clean first, then the mark. A tagger reads the word, sets the mark, and reads the word again. The locked instruction that clears the
    /// mark comes after the store [T2]: either the tagger's mark came before it and is cleared here, or the tagger's second read comes after
    /// it, sees a clean entry, and takes the mark back [T3].
    /// </remarks>
    internal void MarkClean(HeldEntry held)
    {
        Atomic.Store(ref WordOf(held.Start, held.Entry.Order), held.Entry.WithDirty(false).WithLock.Word, Site.ReplaceEntry);
        Atomic.And(ref MarkWordOf(held.Start), ~MarkBitOf(held.Start), Site.Towrite); // [T2] matches [T3] in TagIfDirty
    }

    /// <summary>The first tagged entry from <paramref name="from"/> on and before <paramref name="end"/>.</summary>
    /// <returns>False if there is none.</returns>
    internal bool NextTowrite(PageIndex from, PageIndex end, out PageIndex start)
    {
        long last = Math.Min(UsedRegions << DaxConstants.PmdOrder, end.Value);
        for (long page = from.Value; page < last; page = (page | 63) + 1)
        {
            if ((page & DaxConstants.ColourMask) == 0 && Atomic.Load(ref regions[page >> DaxConstants.PmdOrder], Site.ReadRegion) == 0)
            {
                page |= DaxConstants.ColourMask; // an empty range has no marks
                continue;
            }

            ulong word = Atomic.Load(ref marks[page >> 6], Site.Towrite) >> (int)(page & 63);
            if (word != 0)
            {
                start = new PageIndex(page + BitOperations.TrailingZeroCount(word));
                return start.Value < last;
            }
        }

        start = default;
        return false;
    }

    /// <summary>Whether any entry is dirty (<c>mapping_tagged</c>).</summary>
    internal bool HasDirty()
    {
        long end = UsedRegions;
        for (long region = 0; region < end; region++)
        {
            var word = new RegionWord(Atomic.Load(ref regions[region], Site.ReadRegion));
            if (word.IsPmd ? word.Pmd.IsDirty : word.Word != 0 && HasDirtyTable(region, word))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The first entry that covers a page from <paramref name="from"/> on and before <paramref name="end"/>.</summary>
    /// <returns>False if there is none.</returns>
    internal bool NextPresent(PageIndex from, PageIndex end, out PageIndex start, out DaxEntry entry)
    {
        long last = Math.Min(UsedRegions << DaxConstants.PmdOrder, end.Value);
        for (long page = from.Value; page < last;)
        {
            var index = new PageIndex(page);
            RegionWord region = ReadRegion(index);
            if (region.IsPmd)
            {
                start = index.PmdStart;
                entry = region.Pmd;
                return true;
            }

            if (region.Word == 0)
            {
                page = NextUsedRegion(index.Region + 1, last);
                continue;
            }

            long regionEnd = Math.Min((page | DaxConstants.ColourMask) + 1, last);
            for (page = NextFilled(page, regionEnd); page < regionEnd; page = NextFilled(page + 1, regionEnd))
            {
                entry = ReadSlot(new PageIndex(page)); // emptied meanwhile, perhaps
                if (entry.IsPresent)
                {
                    start = new PageIndex(page);
                    return true;
                }
            }
        }

        start = default;
        entry = default;
        return false;
    }

    /// <summary>Clears ANYDIRTY where no slot of a 2 MiB range is dirty any more.</summary>
    internal void RefreshAnyDirty(PageRange range)
    {
        long end = RegionEnd(range);
        for (long region = range.First.Region; region < end; region++)
        {
            var word = new RegionWord(Atomic.Load(ref regions[region], Site.AnyDirty));
            if (word.IsPmd || !word.AnyDirty)
            {
                continue;
            }

            WordLock.Enter(ref *marking, Site.Marking);
            RefreshRegion(region);
            WordLock.Leave(ref *marking, Site.Marking);
        }
    }

    /// <summary>Pages that have an entry (<c>nrpages</c>), from the region words: 512 for a PMD. Exact if nothing changes meanwhile.</summary>
    public long PresentPageCount
    {
        get
        {
            long total = 0;
            long end = UsedRegions;
            for (long region = 0; region < end; region++)
            {
                var word = new RegionWord(Atomic.Load(ref regions[region], Site.ReadRegion));
                total += word.IsPmd ? DaxConstants.PagesPerPmd : word.Count;
            }

            return total;
        }
    }

    /// <summary>Gives back the memory of all 2 MiB ranges that lie wholly inside <paramref name="range"/> and hold no entry.</summary>
    /// <remarks>The caller keeps faults out: an entry made meanwhile would be lost.</remarks>
    internal void ReleaseMemory(PageRange range)
    {
        long first = (range.First.Value + DaxConstants.ColourMask) >> DaxConstants.PmdOrder;
        long end = Math.Min(range.End.Value >> DaxConstants.PmdOrder, UsedRegions);
        for (long region = first; region < end;)
        {
            long run = region;
            while (run < end && Atomic.Load(ref regions[run], Site.ReadRegion) == 0)
            {
                run++;
            }

            if (run > region)
            {
                const long slotBytes = WordsPerRegion * sizeof(ulong);
                const long markBytes = MarkWordsPerRegion * sizeof(ulong);
                slotMemory.Release(region * slotBytes, (run - region) * slotBytes);
                markMemory.Release(region * markBytes, (run - region) * markBytes);
            }

            region = run + 1;
        }
    }

    // The first page from one on and before an end whose slot is filled; the end if none is. Under a scheduler, whose steps the looks would be,
    // the page itself.
    private long NextFilled(long page, long end)
    {
        if (page >= end || Atomic.Current is not null || slots[page] != 0)
        {
            return page;
        }

        // SAFETY: the pages lie in one range of the table.
        int found = new ReadOnlySpan<ulong>(slots + page, (int)(end - page)).IndexOfAnyExcept(0UL);
        return found < 0 ? end : page + found;
    }

    // The first page of the first range from one on whose word is not 0. Under a scheduler the next range.
    private long NextUsedRegion(long region, long endPage)
    {
        long end = (endPage + DaxConstants.ColourMask) >> DaxConstants.PmdOrder;
        if (Atomic.Current is null && region < end)
        {
            int found = new ReadOnlySpan<ulong>(regions + region, (int)(end - region)).IndexOfAnyExcept(0UL);
            region = found < 0 ? end : region + found;
        }

        return region << DaxConstants.PmdOrder;
    }

    private void Mark(PageIndex start) => Atomic.Or(ref MarkWordOf(start), MarkBitOf(start), Site.Towrite);

    // A clear ANYDIRTY proves a clean range only outside a refresh, which clears it first and reads the slots afterwards.
    private bool HasDirtyTable(long region, RegionWord word)
    {
        if (!word.AnyDirty)
        {
            WordLock.Enter(ref *marking, Site.Marking);
            word = new RegionWord(Atomic.Load(ref regions[region], Site.ReadRegion));
            WordLock.Leave(ref *marking, Site.Marking);
        }

        return word.IsPmd ? word.Pmd.IsDirty : word.AnyDirty && HasDirtySlot(region);
    }

    private bool HasDirtySlot(long region)
    {
        foreach (ref ulong slot in SlotsOf(region))
        {
            if ((Atomic.Load(ref slot, Site.ReadSlot) & DaxEntry.DirtyBit) != 0)
            {
                return true;
            }
        }

        return false;
    }

    private static ulong MarkBitOf(PageIndex start) => 1UL << (int)(start.Value & 63);

    private ref ulong MarkWordOf(PageIndex start) => ref marks[start.Value >> 6];

    private long RegionEnd(PageRange range) =>
        range.IsEmpty ? 0 : Math.Min((range.End.Value + DaxConstants.ColourMask) >> DaxConstants.PmdOrder, UsedRegions);

    private void TagRegion(long region, PageRange range)
    {
        var first = new PageIndex(region << DaxConstants.PmdOrder);
        RegionWord word = ReadRegion(first);
        if (word.IsPmd)
        {
            TagIfDirty(first, ref RegionOf(first), isPmd: true);
            return;
        }

        if (!word.AnyDirty)
        {
            return;
        }

        long last = Math.Min(range.End.Value, first.Value + DaxConstants.PagesPerPmd);
        for (long page = Math.Max(first.Value, range.First.Value); page < last; page++)
        {
            var index = new PageIndex(page);
            TagIfDirty(index, ref SlotOf(index), isPmd: false);
        }
    }

    // The entry may be removed between the read and the mark: so read again. See DropMarks for the other side.
    private void TagIfDirty(PageIndex start, ref ulong word, bool isPmd)
    {
        if (!IsDirty(ref word, isPmd))
        {
            return;
        }

        Mark(start);
        if (!IsDirty(ref word, isPmd)) // [T3] matches [T1], [T2] and [T4]
        {
            ClearTowrite(start);
        }
    }

    private static bool IsDirty(ref ulong word, bool isPmd)
    {
        ulong seen = Atomic.Load(ref word, isPmd ? Site.ReadRegion : Site.ReadSlot);
        return isPmd ? new RegionWord(seen).IsPmd && new DaxEntry(seen).IsDirty : new DaxEntry(seen).IsDirty;
    }

    private void RefreshRegion(long region)
    {
        ref ulong word = ref regions[region];
        bool isCleared = Atomic.Update(
            ref word,
            0,
            static (seen, _) => !new RegionWord(seen).IsPmd && new RegionWord(seen).AnyDirty ? new RegionWord(seen).WithoutAnyDirty.Word : null,
            Site.AnyDirty,
            Site.AnyDirty);
        if (!isCleared)
        {
            return;
        }

        foreach (ref ulong slot in SlotsOf(region))
        {
            if ((Atomic.Load(ref slot, Site.ReadSlot) & (DaxEntry.DirtyBit | DaxEntry.LockedBit)) != 0)
            {
                RestoreAnyDirty(ref word); // [D2] matches [D1] in NoteDirty
                return;
            }
        }
    }

    // Not by 'or': the table may be empty by now, and the word a PMD entry.
    private static void RestoreAnyDirty(ref ulong word) => Atomic.Update(
        ref word,
        0,
        static (seen, _) => seen == 0 || new RegionWord(seen).IsPmd ? null : seen | RegionWord.AnyDirtyBit,
        Site.AnyDirty,
        Site.AnyDirty);
}
