using System.Numerics;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Entries;

namespace DaxEmu.Core;

/// <summary>The marks: DIRTY in the entry's word, TOWRITE in a bitmap, ANYDIRTY in the region word; and the scans over them.</summary>
public sealed unsafe partial class EntryTable
{
    // Ranges whose words are read under the marking lock at once: some microseconds at the most, since owners of entries wait for it.
    private const int RegionsPerLook = 1 << 12;

    /// <summary>Marks every dirty entry that overlaps <paramref name="range"/>, locked or not, for the writeback pass that begins (<c>tag_pages_for_writeback</c>).</summary>
    internal void TagTowrite(PageRange range)
    {
        long end = RegionEnd(range);
        for (long region = NextSuspect(range.First.Region, end); region < end; region = NextSuspect(region + 1, end))
        {
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
    internal void ClearTowrite(PageIndex start) => ClearTowrite(start, MarkBitOf(start));

    /// <summary>Removes tags of a group.</summary>
    internal void ClearTowrite(PageIndex group, ulong bits)
    {
        ref ulong word = ref MarkWordOf(group);
        if ((Atomic.Load(ref word, Site.Towrite) & bits) != 0) // [T1] matches [T3] in TagRun
        {
            Atomic.And(ref word, ~bits, Site.Towrite);
        }
    }

    /// <summary>Held entries were written back: they are clean, and their tags go. Their owner unlocks them next.</summary>
    /// <remarks>
    /// Clean first, then the marks. A tagger reads the words, sets the marks, and reads the words again. The locked instruction that clears
    /// the marks comes after the stores [T2]: either the tagger's marks came before it and are cleared here, or the tagger's second read comes
    /// after it, sees clean entries, and takes the marks back [T3]. The entries stay locked up to here: unlocked, one could become dirty and
    /// be tagged anew before its mark is cleared.
    /// </remarks>
    /// <param name="run">The entries; clean afterwards.</param>
    /// <param name="bits">Which of the run's.</param>
    internal void MarkClean(in EntryRun run, ulong bits)
    {
        for (ulong rest = bits; rest != 0; rest &= rest - 1)
        {
            int page = BitOperations.TrailingZeroCount(rest);
            DaxEntry clean = run[page].WithDirty(false);
            run.Set(page, clean);
            Atomic.Store(ref WordOf(run.Group + page, run.Order), clean.WithLock.Word, Site.ReplaceEntry);
        }

        Atomic.And(ref MarkWordOf(run.Group), ~bits, Site.Towrite); // [T2] matches [T3] in TagRun
    }

    /// <summary>Which pages of a group from one on and before another are tagged.</summary>
    internal ulong TowriteBits(PageIndex group, PageIndex from, PageIndex end) =>
        Atomic.Load(ref MarkWordOf(group), Site.Towrite) & EntryRun.Bits(group, from, end);

    /// <summary>The first tagged entry from <paramref name="from"/> on and before <paramref name="end"/>.</summary>
    /// <returns>False if there is none.</returns>
    internal bool NextTowrite(PageIndex from, PageIndex end, out PageIndex start)
    {
        long last = Math.Min(UsedRegions << DaxConstants.PmdOrder, end.Value);
        for (long page = from.Value; page < last; page = (page | 63) + 1)
        {
            if ((page & DaxConstants.ColourMask) == 0 && Atomic.Load(ref regions[page >> DaxConstants.PmdOrder], Site.ReadRegion) == 0)
            {
                page = NextUsedRegion((page >> DaxConstants.PmdOrder) + 1, last) - 1; // an empty range has no marks
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
        for (long region = NextSuspect(0, end); region < end; region = NextSuspect(region + 1, end))
        {
            var word = new RegionWord(Atomic.Load(ref regions[region], Site.ReadRegion));
            if (word.IsPmd ? word.Pmd.IsDirty : HasDirtySlot(region))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// As <see cref="HasDirty()"/>, but a short range is looked at first: of a file that is stored to elsewhere, whose words are in other threads'
    /// caches, nothing else is read then.
    /// </summary>
    /// <param name="likely">Where a dirty entry is likely.</param>
    internal bool HasDirty(PageRange likely) => (likely.PageCount <= DaxConstants.PagesPerPmd && SeesDirty(likely)) || HasDirty();

    // One that is seen was dirty at that moment, whatever a refresh does to ANYDIRTY: so there is no marking lock to take.
    private bool SeesDirty(PageRange range)
    {
        long regionEnd = RegionEnd(range);
        for (long region = range.First.Region; region < regionEnd; region++)
        {
            var word = new RegionWord(Atomic.Load(ref regions[region], Site.ReadRegion));
            long first = Math.Max(range.First.Value, region << DaxConstants.PmdOrder);
            long count = Math.Min(range.End.Value, (region + 1) << DaxConstants.PmdOrder) - first;
            if (word.IsPmd ? word.Pmd.IsDirty : word.AnyDirty && WordScan.First(slots + first, count, DaxEntry.DirtyBit, Site.ReadSlot) < count)
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
            region += WordScan.First(regions + region, end - region, RegionWord.AnyDirtyBit, Site.AnyDirty);
            if (region < end)
            {
                WordLock.Enter(ref *marking, Site.Marking);
                RefreshRegion(region);
                WordLock.Leave(ref *marking, Site.Marking);
            }
        }
    }

    /// <summary>Pages that have an entry (<c>nrpages</c>): 512 for a PMD. Exact if nothing changes meanwhile; reads the slots of all ranges in use.</summary>
    public long PresentPageCount
    {
        get
        {
            long total = 0;
            long end = UsedRegions;
            for (long region = 0; region < end; region++)
            {
                var word = new RegionWord(Atomic.Load(ref regions[region], Site.ReadRegion));
                total += word.IsPmd ? DaxConstants.PagesPerPmd : word.IsTable ? CountSlots(region) : 0;
            }

            return total;
        }
    }

    /// <summary>Gives back the memory of all 2 MiB ranges that lie wholly inside <paramref name="range"/> and hold no entry.</summary>
    /// <remarks>The caller keeps faults out: an entry made meanwhile would be lost.</remarks>
    internal void ReleaseMemory(PageRange range)
    {
        ForgetEmptyTables(range);
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

    private int CountSlots(long region)
    {
        int count = 0;
        foreach (ref ulong slot in SlotsOf(region))
        {
            count += Atomic.Load(ref slot, Site.ReadSlot) != 0 ? 1 : 0;
        }

        return count;
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

    // The first range from one on whose word says that something may be dirty: a dirty 2 MiB entry, or a table with ANYDIRTY (one bit each,
    // and neither has the other's). A refresh clears ANYDIRTY first and reads the slots afterwards; in between a clear bit proves nothing.
    // So the words are read under the marking lock, many at once: what is clear then was not in a refresh, which would hold the lock.
    private long NextSuspect(long region, long end)
    {
        while (region < end)
        {
            long count = Math.Min(RegionsPerLook, end - region);
            WordLock.Enter(ref *marking, Site.Marking);
            long found = WordScan.First(regions + region, count, RegionWord.AnyDirtyBit | DaxEntry.DirtyBit, Site.ReadRegion);
            WordLock.Leave(ref *marking, Site.Marking);
            region += found;
            if (found < count)
            {
                return region;
            }
        }

        return end;
    }

    private bool HasDirtySlot(long region) =>
        WordScan.First(slots + (region * WordsPerRegion), WordsPerRegion, DaxEntry.DirtyBit, Site.ReadSlot) < WordsPerRegion;

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
            TagRun(first, 1, isPmd: true);
            return;
        }

        if (!word.AnyDirty)
        {
            return;
        }

        PageIndex from = range.First > first ? range.First : first;
        PageIndex end = range.End < first + DaxConstants.PagesPerPmd ? range.End : first + DaxConstants.PagesPerPmd;
        for (PageIndex group = EntryRun.GroupOf(from); group < end; group += EntryRun.Length)
        {
            TagRun(group, EntryRun.Bits(group, from, end), isPmd: false);
        }
    }

    // The dirty entries among a group's wanted pages. Each may be removed or written back between the look at it and the mark: so look again, at
    // all after the one instruction that marks all, and take back the marks of those that are not dirty any more. What holds for one entry
    // (see DropMarks and MarkClean for the other side) holds for each bit: its word is read, its mark is set, its word is read.
    private void TagRun(PageIndex group, ulong wanted, bool isPmd)
    {
        ulong dirty = DirtyBits(group, wanted, isPmd);
        if (dirty == 0)
        {
            return;
        }

        Atomic.Or(ref MarkWordOf(group), dirty, Site.Towrite);
        ulong undone = dirty & ~DirtyBits(group, dirty, isPmd); // [T3] matches [T1], [T2] and [T4]
        if (undone != 0)
        {
            Atomic.And(ref MarkWordOf(group), ~undone, Site.Towrite);
        }
    }

    private ulong DirtyBits(PageIndex group, ulong wanted, bool isPmd)
    {
        if (!isPmd)
        {
            return WordScan.Mask(slots + group.Value, wanted, DaxEntry.DirtyBit, Site.ReadSlot);
        }

        RegionWord region = ReadRegion(group);
        return region.IsPmd && region.Pmd.IsDirty ? 1UL : 0;
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

        if (WordScan.First(slots + (region * WordsPerRegion), WordsPerRegion, DaxEntry.DirtyBit | DaxEntry.LockedBit, Site.ReadSlot) < WordsPerRegion)
        {
            RestoreAnyDirty(ref word); // [D2] matches [D1] in NoteDirty
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
