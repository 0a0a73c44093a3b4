using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Mm;

/// <summary>
/// The translations of one VMA: a word for each page and a word for each 2 MiB, flat, in native memory. Pages are counted from the VMA's
/// start; 2 MiB slots from the 2 MiB boundary at or before it.
/// </summary>
/// <remarks>
/// A translation of a page is installed by the thread that holds the lock of its entry, and write-protected by the same right, so neither
/// meets another of its kind; a private copy also needs the VMA's lock of copies. Any thread may clear a translation at any time, and counts
/// as first. So an install is a plain store. A write-protect, a dirty mark and an mprotect are compare-and-swaps: stored plainly, the word that
/// was seen would come back after a clear. That holds for 2 MiB slots too: a slot becomes a table only by the fault of a page in it, under
/// an entry of the same 2 MiB of the file, and no two of those can be locked at once if one of them is the 2 MiB itself. (A VMA that is
/// misaligned within 2 MiB has no 2 MiB translations.)
/// <para>
/// <b>Clearing pages.</b> A page's word that is cleared whatever it holds needs no compare-and-swap: 0 depends on nothing that was seen, so a
/// plain store meets an install as two plain stores meet, the later one stays, and it makes a compare-and-swap of any other thread fail. What
/// a plain store lacks is order: it may become visible after what the clearing thread does next. So the last one of each 2 MiB is
/// an exchange, which is visible after the stores before it and before all that follows. A clear that depends on the word is a
/// compare-and-swap: one that keeps copies, where there can be any (a copy is made by a fault of its own VMA, whose entry's lock the clearing
/// thread need not hold), and that of a 2 MiB slot, which may have become a table.
/// </para>
/// </remarks>
internal sealed unsafe partial class PageTable : IDisposable
{
    private readonly ReservedRegion pageMemory;
    private readonly ReservedRegion directoryMemory;
    private readonly ulong* pages;
    private readonly ulong* directory;
    private readonly int lead;
    private readonly long pageCount;
    private readonly bool hasCopies;
    private bool isFreed;

    /// <param name="leadPages">Pages from the 2 MiB boundary before the VMA to its start, 0 to 511.</param>
    /// <param name="pageCount">Pages of the VMA.</param>
    /// <param name="usesHugePages">Whether its own memory may be of 2 MiB pages (see <see cref="TableMemory"/>).</param>
    /// <param name="hasCopies">Whether private copies can be among its translations.</param>
    public PageTable(int leadPages, long pageCount, bool usesHugePages, bool hasCopies)
    {
        lead = leadPages;
        this.hasCopies = hasCopies;
        this.pageCount = pageCount;
        SlotCount = (leadPages + pageCount + DaxConstants.ColourMask) >> DaxConstants.PmdOrder;
        pageMemory = TableMemory.Reserve(SlotCount * DaxConstants.PagesPerPmd);
        long hugePageCount = TableMemory.HugePagesFor(pageCount);
        if (usesHugePages && hugePageCount > 0)
        {
            pageMemory.PreferHugePages(hugePageCount);
        }

        directoryMemory = ReservedRegion.Reserve(SlotCount * sizeof(ulong));
        pages = (ulong*)pageMemory.Base;
        directory = (ulong*)directoryMemory.Base;
    }

    /// <summary>Shows the translations elsewhere, too; null if the table is all there is. Set before the first one is installed.</summary>
    public IMmu? Mmu { get; set; }

    /// <summary>How many 2 MiB slots there are.</summary>
    public long SlotCount { get; }

    /// <summary>The 2 MiB slot of a page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long SlotOf(VmaPage page) => (lead + page.Value) >> DaxConstants.PmdOrder;

    /// <summary>The first page of a slot; below 0 in the first one of a VMA that starts inside 2 MiB.</summary>
    public long FirstPageOf(long slot) => (slot << DaxConstants.PmdOrder) - lead;

    /// <summary>The words as a value: for a caller that keeps their addresses beside its own fields.</summary>
    public Words Arrays => new(this, pages + lead, directory, lead);

    // SAFETY (the two below): callers pass a page of the VMA, checked once at the door of the fault, and keep the table alive by the
    // invalidate lock or by the lock of the VMAs. Where a scheduler may own threads, that they do is checked.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref ulong PageWord(VmaPage page)
    {
        RequireAlive();
        return ref pages[lead + page.Value];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref ulong DirectoryWord(VmaPage page)
    {
        RequireAlive();
        return ref directory[SlotOf(page)];
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Translation Directory(VmaPage page) => new(Atomic.Load(ref DirectoryWord(page), Site.ReadTranslation));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Translation Page(VmaPage page) => new(Atomic.Load(ref PageWord(page), Site.ReadTranslation));

    /// <summary>The translation through which <paramref name="page"/> is reached, of either size; absent if there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Translation Find(VmaPage page)
    {
        Translation slot = Directory(page);
        return slot.IsTable ? Page(page) : slot;
    }

    /// <summary>Sees to it that 4 KiB translations can stand in the page's slot.</summary>
    /// <returns>False if a 2 MiB translation is in the way.</returns>
    public bool EnsureTable(VmaPage page)
    {
        ref ulong word = ref DirectoryWord(page);
        ulong seen = Atomic.Load(ref word, Site.ReadTranslation);
        if (seen == 0)
        {
            seen = Atomic.CompareExchange(ref word, Translation.Table.Word, 0, Site.WriteTranslation);
            return seen == 0 || new Translation(seen).IsTable;
        }

        return new Translation(seen).IsTable;
    }

    /// <summary>Installs a translation of a page, in a slot that is a table. A present one that allows as much stays as it is.</summary>
    /// <remarks>A plain store: no other thread installs here (see above), and one that clears the word meanwhile counts as first.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void InstallPage(VmaPage page, Translation translation)
    {
        ref ulong word = ref PageWord(page);
        if (!Allows(new Translation(Atomic.Load(ref word, Site.ReadTranslation)), translation))
        {
            Atomic.Store(ref word, translation.Word, Site.WriteTranslation);
        }
    }

    /// <summary>Makes the page's slot a table if it holds nothing, and installs a translation of the page there.</summary>
    /// <returns>False if a 2 MiB translation stands in the slot: the access looks again, and finds it.</returns>
    public bool TryInstallPage(VmaPage page, Translation translation)
    {
        if (!EnsureTable(page))
        {
            return false;
        }

        InstallPage(page, translation);
        return true;
    }

    /// <summary>Notes that a page was written through a writable translation, as the processor does.</summary>
    public void MarkDirty(VmaPage page, Translation seen)
    {
        ref ulong word = ref seen.IsHuge ? ref DirectoryWord(page) : ref PageWord(page);
        _ = Atomic.TryReplace(ref word, seen.Word | Translation.DirtyBit, seen.Word, Site.WriteTranslation); // changed: looked at again
    }

    /// <summary>Replaces the translation of a page if it is still <paramref name="seen"/>.</summary>
    public bool TryReplacePage(VmaPage page, Translation seen, Translation translation)
    {
        bool isReplaced = Atomic.TryReplace(ref PageWord(page), translation.Word, seen.Word, Site.WriteTranslation);
        Mmu?.Drop(page, 1);
        return isReplaced;
    }

    /// <summary>Installs a 2 MiB translation; a present one that allows as much stays as it is.</summary>
    /// <returns>False if 4 KiB translations stand in the slot.</returns>
    public bool InstallHuge(VmaPage page, Translation translation)
    {
        ref ulong word = ref DirectoryWord(page);
        ulong seen = Atomic.Load(ref word, Site.ReadTranslation);
        if ((seen & Translation.TableBit) != 0)
        {
            return false;
        }

        if (seen == 0 || !Allows(new Translation(seen), translation))
        {
            Atomic.Store(ref word, translation.Word, Site.WriteTranslation);
        }

        return true;
    }

    /// <summary>Drops a 2 MiB translation in the page's slot: what the kernel does to one of a file that must be split.</summary>
    public void Split(VmaPage page)
    {
        if (Directory(page).IsHuge)
        {
            ClearHuge(ref DirectoryWord(page));
            Mmu?.Drop(Math.Max(0, FirstPageOf(SlotOf(page))), DaxConstants.PagesPerPmd);
        }
    }

    /// <summary>Clears the translations of a run of pages; a 2 MiB one that touches it goes whole; tables stay.</summary>
    /// <param name="first">First page.</param>
    /// <param name="count">How many pages.</param>
    /// <param name="keepCopies">Whether private copies stay (truncation keeps them in some cases, madvise does not).</param>
    // Optimized at once, as what it calls: a truncate of a large file is seldom, and would spend itself in the slow first tier.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Unmap(VmaPage first, long count, bool keepCopies)
    {
        var walk = new SlotWalk(this, first, count);
        while (walk.MoveNext())
        {
            if (walk.Seen.IsHuge)
            {
                ClearHuge(ref directory[walk.Slot]);
                walk.CoverSlot();
            }
            else if (keepCopies && hasCopies)
            {
                ClearAllButCopies(walk.Pages, walk.PageCount);
            }
            else
            {
                ClearAll(walk.Pages, walk.PageCount);
            }
        }

        Mmu?.Drop(walk.First, walk.Count);
    }

    /// <summary>Makes the translations of a run of pages read-only and clean; copies stay as they are.</summary>
    public void WriteProtect(VmaPage first, long count)
    {
        var walk = new SlotWalk(this, first, count);
        while (walk.MoveNext())
        {
            if (walk.Seen.IsHuge)
            {
                ProtectWord(ref directory[walk.Slot]);
                walk.CoverSlot();
                continue;
            }

            for (int i = NextPresent(walk.Pages, 0, walk.PageCount); i < walk.PageCount; i = NextPresent(walk.Pages, i + 1, walk.PageCount))
            {
                ProtectWord(ref walk.Pages[i]);
            }
        }

        Mmu?.WriteProtect(walk.First, walk.Count);
    }

    /// <summary>Drops a 2 MiB translation that a page lies inside of, not at its edge.</summary>
    public void SplitAt(VmaPage page)
    {
        if (page.Value > 0 && page.Value < pageCount && ((lead + page.Value) & DaxConstants.ColourMask) != 0)
        {
            Split(page);
        }
    }

    /// <summary>Takes writes away from the translations of a run of pages, or gives them back to those that are dirty (<c>change_protection</c>).</summary>
    public void Protect(VmaPage first, long count, bool isReadOnly, bool restoresHuge)
    {
        var walk = new SlotWalk(this, first, count);
        while (walk.MoveNext())
        {
            if (walk.Seen.IsHuge)
            {
                if (isReadOnly || restoresHuge)
                {
                    SetWritable(ref directory[walk.Slot], !isReadOnly);
                }

                walk.CoverSlot();
                continue;
            }

            for (int i = NextPresent(walk.Pages, 0, walk.PageCount); i < walk.PageCount; i = NextPresent(walk.Pages, i + 1, walk.PageCount))
            {
                SetWritable(ref walk.Pages[i], !isReadOnly);
            }
        }

        if (isReadOnly)
        {
            Mmu?.WriteProtect(walk.First, walk.Count);
        }
    }

    /// <summary>The words of a table. As its methods of the same name.</summary>
    internal readonly struct Words(PageTable owner, ulong* pages, ulong* directory, long lead)
    {
        private readonly ulong* pages = pages; // from the VMA's first page on
        private readonly ulong* directory = directory;
        private readonly long lead = lead;
        private readonly PageTable owner = owner;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ref ulong PageWord(VmaPage page)
        {
            if (InterleavingSwitch.On)
            {
                owner.RequireAlive();
            }

            return ref pages[page.Value];
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ref ulong DirectoryWord(VmaPage page)
        {
            if (InterleavingSwitch.On)
            {
                owner.RequireAlive();
            }

            return ref directory[(lead + page.Value) >> DaxConstants.PmdOrder];
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool IsTable(VmaPage page) => (Atomic.Load(ref DirectoryWord(page), Site.ReadTranslation) & Translation.TableBit) != 0;
    }

    /// <summary>Forgets every translation and every table: for a checker that uses one mapping for many runs.</summary>
    public void Reset()
    {
        // SAFETY: the regions have this many words; see the constructor.
        new Span<ulong>(pages, checked((int)(SlotCount * DaxConstants.PagesPerPmd))).Clear();
        new Span<ulong>(directory, (int)SlotCount).Clear();
        Mmu?.Drop(0, pageCount);
    }

    /// <summary>Frees the table; no thread uses it any more (see <see cref="VmFile.Remove"/>).</summary>
    public void Dispose()
    {
        Mmu?.Drop(0, pageCount);
        isFreed = true;
        if (Atomic.Current is null)
        {
            pageMemory.Dispose();
            directoryMemory.Dispose();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void RequireAlive()
    {
        if (InterleavingSwitch.On && isFreed)
        {
            throw new InvalidOperationException("A page table is used after it was freed.");
        }
    }

    // A read that finds a translation leaves it; a write replaces all but a writable one to the same place. The place of a present
    // translation changes only by way of an absent one, except for the zero page and for what it copies.
    private static bool Allows(Translation present, Translation wanted)
    {
        if (!present.IsPresent)
        {
            return false;
        }

        return !wanted.IsWritable || (present.IsWritable && (present.Word | Translation.DirtyBit) == wanted.Word && present.IsDirty);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ClearHuge(ref ulong word)
    {
        ulong seen = Atomic.Load(ref word, Site.ReadTranslation);
        while (new Translation(seen).IsHuge)
        {
            ulong before = Atomic.CompareExchange(ref word, 0, seen, Site.WriteTranslation);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    // Plain stores (see the class), of 8 bytes each: a reader meets the translation or none, never a part of one. The last is a locked
    // exchange: what the caller does next, looking for pins say, comes after all of them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ClearAll(ulong* words, int count)
    {
        int last = count;
        for (int i = NextPresent(words, 0, count); i < count; i = NextPresent(words, i + 1, count))
        {
            if (last < count)
            {
                Atomic.Store(ref words[last], 0, Site.WriteTranslation);
            }

            last = i;
        }

        if (last < count)
        {
            Atomic.Exchange(ref words[last], 0, Site.WriteTranslation);
        }
    }

    private static void ClearAllButCopies(ulong* words, int count)
    {
        for (int i = NextPresent(words, 0, count); i < count; i = NextPresent(words, i + 1, count))
        {
            Atomic.Update(
                ref words[i],
                0,
                static (seen, _) => seen != 0 && !new Translation(seen).IsCopy ? 0 : null,
                Site.ReadTranslation,
                Site.WriteTranslation);
        }
    }

    // The first word of a run that is not 0, or the end. Outside a scheduler, whose steps these loads would be, absent ones are passed over in bulk.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int NextPresent(ulong* words, int from, int count)
    {
        while (from < count && Atomic.Load(ref words[from], Site.ReadTranslation) == 0)
        {
            from++;
            if (Atomic.Current is null)
            {
                int found = new ReadOnlySpan<ulong>(words + from, count - from).IndexOfAnyExcept(0UL);
                return found < 0 ? count : from + found;
            }
        }

        return from;
    }

    // Without Atomic.Update, whose delegate would cost as much as the compare-and-swap: a writeback does this for each page.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void ProtectWord(ref ulong word)
    {
        const ulong Rights = Translation.WritableBit | Translation.DirtyBit;
        ulong seen = Atomic.Load(ref word, Site.ReadTranslation);
        while ((seen & (Translation.PresentBit | Translation.CopyBit)) == Translation.PresentBit && (seen & Rights) != 0)
        {
            ulong before = Atomic.CompareExchange(ref word, seen & ~Rights, seen, Site.WriteTranslation);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    private static void SetWritable(ref ulong word, bool isWritable) => Atomic.Update(
        ref word,
        isWritable,
        static (seen, writable) => new Translation(seen) is { IsPresent: true } present
            && present.IsWritable != writable && (present.IsDirty || !writable)
            ? seen ^ Translation.WritableBit
            : null,
        Site.ReadTranslation,
        Site.WriteTranslation);

    /// <summary>Goes through the 2 MiB slots of a run of pages that hold anything.</summary>
    private ref struct SlotWalk
    {
        private readonly PageTable table;
        private readonly long begin;
        private readonly long end;
        private long next;
        private long changedFrom;
        private long changedEnd;

        public SlotWalk(PageTable table, VmaPage first, long count)
        {
            this.table = table;
            begin = Math.Max(0, first.Value);
            end = count < table.pageCount - first.Value ? first.Value + count : table.pageCount; // the sum may not fit a long
            end = Math.Max(begin, end);
            changedFrom = begin;
            changedEnd = end;
            next = table.SlotOf(begin);
        }

        /// <summary>The slot.</summary>
        public long Slot { readonly get; private set; }

        /// <summary>What it holds: a table or a 2 MiB translation.</summary>
        public Translation Seen { readonly get; private set; }

        /// <summary>The words of those of its pages that lie in the run; for a table.</summary>
        public ulong* Pages { readonly get; private set; }

        /// <summary>How many they are.</summary>
        public int PageCount { readonly get; private set; }

        /// <summary>The pages whose translations may have changed.</summary>
        public readonly VmaPage First => changedFrom;

        public readonly long Count => changedEnd - changedFrom;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool MoveNext()
        {
            long slotEnd = begin < end ? table.SlotOf(end - 1) + 1 : next;
            while (next < slotEnd)
            {
                table.RequireAlive();
                if (Atomic.Current is null)
                {
                    // SAFETY: the slots lie in the VMA, and a table of 16 TiB has 2^23 of them.
                    int found = new ReadOnlySpan<ulong>(table.directory + next, (int)(slotEnd - next)).IndexOfAnyExcept(0UL);
                    next = found < 0 ? slotEnd : next + found;
                    if (found < 0)
                    {
                        return false;
                    }
                }

                Slot = next++;
                Seen = new Translation(Atomic.Load(ref table.directory[Slot], Site.ReadTranslation));
                if (Seen.Word != 0)
                {
                    long from = Math.Max(begin, table.FirstPageOf(Slot));
                    Pages = table.pages + table.lead + from;
                    PageCount = (int)(Math.Min(end, table.FirstPageOf(Slot + 1)) - from);
                    return true;
                }
            }

            return false;
        }

        /// <summary>The slot's 2 MiB translation goes or changes whole, with pages outside the run.</summary>
        public void CoverSlot()
        {
            changedFrom = Math.Max(0, Math.Min(changedFrom, table.FirstPageOf(Slot)));
            changedEnd = Math.Min(table.pageCount, Math.Max(changedEnd, table.FirstPageOf(Slot + 1)));
        }
    }
}
