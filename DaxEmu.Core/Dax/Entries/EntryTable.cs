using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core;

/// <summary>
/// The entry table of one mapping (<c>i_pages</c>): a word for each 4 KiB page and a word for each 2 MiB range, flat, in native
/// memory that is reserved once and committed at first use. Its methods are the single atomic steps; <see cref="EntryLocker"/> combines
/// them with waiting.
/// </summary>
/// <remarks>
/// <para>Invariants. (1) At most one entry covers a page: an entry in a slot counts only while its region word says TABLE, and a PMD goes
/// into a region word only by a compare-and-swap from 0, or from a table that is CLOSING and whose slots were all seen empty: what reports
/// EEXIST when a PMD would be stored over PTEs. (2) Only its owner writes a locked word. (3) A slot of a region that is 0 or a PMD is
/// empty, but for a moment that of an insert which is about to take its placeholder back. (4) The region of an unlocked dirty slot has ANYDIRTY, but for a moment under
/// <see cref="RefreshAnyDirty"/>: a clear bit proves a clean range only if it was read under the marking lock.</para>
/// <para>TOWRITE marks have a bitmap of their own, since writeback tags entries that other threads have locked (invariant 2).</para>
/// </remarks>
public sealed unsafe partial class EntryTable : IDisposable
{
    private const int WordsPerRegion = DaxConstants.PagesPerPmd;
    private const int MarkWordsPerRegion = DaxConstants.PagesPerPmd / 64;

    private readonly ReservedRegion slotMemory;
    private readonly ReservedRegion regionMemory;
    private readonly ReservedRegion markMemory;
    private readonly PinnedLines header = new(3);
    private readonly ulong* slots;
    private readonly ulong* regions;
    private readonly ulong* marks;
    private readonly ulong* waiters;
    private readonly ulong* usedRegions;
    private readonly ulong* marking;
    private long hugePageCount;

    /// <summary>A table for files of up to <paramref name="pageCapacity"/> pages. It takes only addresses until entries are made.</summary>
    /// <param name="mappingId">The mapping's id, part of every wait key.</param>
    /// <param name="pageCapacity">The most pages, at least 1 and at most 2^32 (16 TiB); rounded up to whole 2 MiB ranges.</param>
    internal EntryTable(long mappingId, long pageCapacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageCapacity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pageCapacity, MaximumPageCapacity);
        _ = InterleavingSwitch.Touch();
        MappingId = mappingId;
        RegionCapacity = (pageCapacity + DaxConstants.ColourMask) >> DaxConstants.PmdOrder;
        slotMemory = TableMemory.Reserve(RegionCapacity * WordsPerRegion);
        regionMemory = ReservedRegion.Reserve(RegionCapacity * sizeof(ulong));
        markMemory = ReservedRegion.Reserve(RegionCapacity * MarkWordsPerRegion * sizeof(ulong));
        slots = (ulong*)slotMemory.Base;
        regions = (ulong*)regionMemory.Base;
        marks = (ulong*)markMemory.Base;
        waiters = header[0];
        usedRegions = header[1];
        marking = header[2];
    }

    /// <summary>The largest capacity of a table, in pages: a file of 16 TiB.</summary>
    public static long MaximumPageCapacity => 1L << 32;

    /// <summary>The mapping's id.</summary>
    public long MappingId { get; }

    /// <summary>The table's capacity, in pages.</summary>
    public long PageCapacity => RegionCapacity << DaxConstants.PmdOrder;

    /// <summary>The table's capacity, in 2 MiB ranges.</summary>
    internal long RegionCapacity { get; private set; }

    /// <summary>How many threads sleep, or are about to, for an entry of this mapping. Read at every unlock, written only by waiters.</summary>
    internal ref ulong Waiters => ref *waiters;

    /// <summary>One more than the highest range that ever held an entry: where scans end.</summary>
    internal long UsedRegions => (long)Atomic.Load(ref *usedRegions, Site.Other);

    /// <summary>The words of the table.</summary>
    internal EntryWords Words => new(slots, regions, usedRegions, waiters);

    /// <summary>The entry that covers <paramref name="index"/> at this moment.</summary>
    public EntrySnapshot this[PageIndex index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index.Value);
            if (index.Region >= RegionCapacity)
            {
                return default;
            }

            DaxEntry entry = Lookup(index);
            return entry.IsPresent ? new EntrySnapshot(index.StartOf(entry.Order), entry, IsTowrite(index.StartOf(entry.Order))) : default;
        }
    }

    // SAFETY (the three below): callers pass an index within the capacity: AddressSpace.Map lets no VMA reach past it, the locker checks
    // it on entry, and scans end at UsedRegions.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref ulong SlotOf(PageIndex index) => ref slots[index.Value];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref ulong RegionOf(PageIndex index) => ref regions[index.Region];

    internal Span<ulong> SlotsOf(long region) => new(slots + (region * WordsPerRegion), WordsPerRegion);

    /// <summary>The word in which the lock of an entry of <paramref name="order"/> at <paramref name="index"/> lies.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal ref ulong WordOf(PageIndex index, PageOrder order) => ref order == PageOrder.Pmd ? ref RegionOf(index) : ref SlotOf(index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal RegionWord ReadRegion(PageIndex index) => new(Atomic.Load(ref RegionOf(index), Site.ReadRegion));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal DaxEntry ReadSlot(PageIndex index) => new(Atomic.Load(ref SlotOf(index), Site.ReadSlot));

    /// <summary>The entry that covers <paramref name="index"/>, locked or not. The index must lie within the capacity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal DaxEntry Lookup(PageIndex index)
    {
        RegionWord region = ReadRegion(index);
        return region.IsPmd ? region.Pmd : ReadSlot(index);
    }

    /// <summary>Asks for 2 MiB pages under the slots of a file of that many pages (see <see cref="TableMemory"/>).</summary>
    internal void PreferHugePages(long filePageCount)
    {
        long wanted = TableMemory.HugePagesFor(filePageCount);
        if (wanted > hugePageCount)
        {
            hugePageCount = wanted;
            slotMemory.PreferHugePages(wanted);
        }
    }

    /// <summary>Whether <paramref name="index"/> lies within the capacity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Covers(PageIndex index) => (ulong)index.Region < (ulong)RegionCapacity;

    /// <summary>Whether a 2 MiB entry covers <paramref name="index"/>.</summary>
    internal bool ReadsPmd(PageIndex index) => Covers(index) && ReadRegion(index).IsPmd;

    /// <summary>Sets the lock bit of an entry that was seen unlocked; fails if the word changed meanwhile.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryLock(ref ulong word, DaxEntry seen) =>
        Atomic.TryReplace(ref word, seen.WithLock.Word, seen.Word, Site.LockEntry);

    /// <summary>What became of a placeholder for a page, or for 2 MiB.</summary>
    internal enum Insertion
    {
        /// <summary>It is there, and the caller's.</summary>
        Done,

        /// <summary>Something is there already, or has changed: the caller looks again.</summary>
        Changed,

        /// <summary>It was there for a moment, and other threads may wait for it: the caller wakes them, and looks again.</summary>
        TakenBack,
    }

    /// <summary>Puts a locked placeholder into an empty slot, whose range is made a table if it holds nothing.</summary>
    /// <remarks>
    /// Against a thread that closes the range to store a PMD: it marks the region by a locked instruction and then reads the slots [C2]; this one
    /// fills the slot by a locked instruction and then reads the region [C1]. At least one sees the other. If the closer sees the slot, it
    /// leaves the table as it was; if it does not, this thread sees CLOSING or the PMD. CLOSING alone decides nothing yet, so it is waited
    /// for; a PMD means that the closer did not see the slot, and the placeholder is taken back.
    /// </remarks>
    internal Insertion TryInsertPte(PageIndex index, DaxEntry locked)
    {
        ref ulong word = ref RegionOf(index);
        var region = new RegionWord(Atomic.Load(ref word, Site.ReadRegion));
        if (region.IsPmd || region.IsClosing)
        {
            AwaitClosing(ref word, region);
            return Insertion.Changed;
        }

        if (!region.IsTable && !Atomic.TryReplace(ref word, RegionWord.Table.Word, region.Word, Site.OpenTable))
        {
            return Insertion.Changed;
        }

        // Before the slot is filled, and by every thread: the one that made the range a table may not have done it yet, and a scan must not
        // end before an entry that is there.
        NoteUse(index.Region);
        return TryFillSlot(ref SlotOf(index), locked) ? Confirm(index) : Insertion.Changed;
    }

    /// <summary>As <see cref="TryInsertPte"/>, for a range that was a table at the caller's look, and noted as used.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool TryFillSlot(ref ulong slot, DaxEntry locked) => Atomic.TryReplace(ref slot, locked.Word, 0, Site.InsertEntry);

    /// <summary>Whether a slot that was just filled counts, or a PMD came in between; in that case it is empty again.</summary>
    internal Insertion Confirm(PageIndex index)
    {
        ref ulong word = ref RegionOf(index);
        var region = new RegionWord(Atomic.Load(ref word, Site.ReadRegion)); // [C1] matches [C2] in TryClose
        while (region.IsClosing)
        {
            AwaitClosing(ref word, region);
            region = new RegionWord(Atomic.Load(ref word, Site.ReadRegion));
        }

        if (region.IsTable)
        {
            return Insertion.Done;
        }

        Atomic.Store(ref SlotOf(index), 0, Site.RemoveEntry);
        return Insertion.TakenBack;
    }

    /// <summary>Stores a locked PMD in a table all of whose slots are empty.</summary>
    /// <returns>Done; Changed if the region is another by now; TakenBack if a slot is filled: EEXIST.</returns>
    /// <remarks>Only the thread that set CLOSING clears it. Meanwhile other threads change nothing in the word but ANYDIRTY.</remarks>
    internal Insertion TryClose(PageIndex index, RegionWord table, DaxEntry locked)
    {
        ref ulong word = ref RegionOf(index);
        if (table.IsClosing)
        {
            AwaitClosing(ref word, table);
            return Insertion.Changed;
        }

        if (!Atomic.TryReplace(ref word, table.WithClosing.Word, table.Word, Site.CloseTable))
        {
            return Insertion.Changed;
        }

        bool isEmpty = !HasEntry(index.Region); // [C2] matches [C1] in Confirm
        Atomic.Update(
            ref word,
            isEmpty ? locked.Word : 0,
            static (seen, pmd) => pmd != 0 ? pmd : new RegionWord(seen).WithoutClosing.Word,
            Site.ReadRegion,
            Site.CloseTable);
        return isEmpty ? Insertion.Done : Insertion.TakenBack;
    }

    /// <summary>Stores a locked PMD in an empty range; fails if the range is not empty: this is EEXIST.</summary>
    internal bool TryInsertPmd(PageIndex index, DaxEntry locked)
    {
        if (!Atomic.TryReplace(ref RegionOf(index), locked.Word, 0, Site.InsertPmd))
        {
            return false;
        }

        NoteUse(index.Region);
        return true;
    }

    /// <summary>Makes the range of a locked PMD a table whose one entry is a locked placeholder at <paramref name="index"/>.</summary>
    internal void SplitToPte(PageIndex index, DaxEntry pmd, DaxEntry lockedPte)
    {
        DropMarks(index.PmdStart, ref RegionOf(index), pmd);

        // The slot first: a thread that sees the table must find its entry. An insert that lost against the PMD may have its placeholder here,
        // and takes it back when it sees the PMD, which stays until then.
        ref ulong slot = ref SlotOf(index);
        ulong transient;
        while ((transient = Atomic.CompareExchange(ref slot, lockedPte.Word, 0, Site.InsertEntry)) != 0)
        {
            Atomic.SpinWhile(ref slot, transient, Site.InsertEntry);
        }

        Atomic.Exchange(ref RegionOf(index), RegionWord.Table.Word, Site.RemoveEntry);
    }

    /// <summary>Removes an entry whose lock the caller holds. The caller wakes its waiters next.</summary>
    internal void Remove(PageIndex start, DaxEntry held)
    {
        ref ulong word = ref WordOf(start, held.Order);
        DropMarks(start, ref word, held);
        if (held.IsPmd)
        {
            Atomic.Exchange(ref word, 0, Site.RemoveEntry);
            return;
        }

        Atomic.Store(ref word, 0, Site.RemoveEntry);
    }

    /// <summary>Sets ANYDIRTY for a slot whose lock the caller holds, before a translation allows stores to its page.</summary>
    /// <remarks>
    /// Ordered against <see cref="RefreshAnyDirty"/>, which clears the bit and then reads the slots: the compare-and-swap that locked the slot
    /// comes before this load [D1]. If the refresher read the slot before that swap, its clearing came before the swap too, and this load
    /// sees the bit clear; if after, it sees a locked slot and restores the bit [D2].
    /// </remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void NoteDirty(PageIndex index)
    {
        ref ulong word = ref RegionOf(index);
        if ((Atomic.Load(ref word, Site.AnyDirty) & RegionWord.AnyDirtyBit) == 0) // [D1] matches [D2] in RefreshRegion
        {
            Atomic.Or(ref word, RegionWord.AnyDirtyBit, Site.AnyDirty);
        }
    }

    /// <summary>Empties the table and gives its memory back; from then on its capacity is 0, and lookups find nothing.</summary>
    /// <remarks>
    /// The addresses stay reserved until the table is collected: a thread that still uses it, against the rule, finds no entry and no
    /// unmapped memory.
    /// </remarks>
    public void Dispose()
    {
        RegionCapacity = 0;
        *usedRegions = 0;
        slotMemory.Release(0, slotMemory.LengthBytes);
        regionMemory.Release(0, regionMemory.LengthBytes);
        markMemory.Release(0, markMemory.LengthBytes);
    }

    /// <summary>Makes ranges that are tables without an entry empty, wholly inside <paramref name="range"/>, so that they need no memory.</summary>
    /// <remarks>The caller holds the invalidate lock for writing: no entry is made meanwhile, and no range is closed.</remarks>
    internal void ForgetEmptyTables(PageRange range)
    {
        long end = Math.Min(range.End.Value >> DaxConstants.PmdOrder, UsedRegions);
        for (long region = (range.First.Value + DaxConstants.ColourMask) >> DaxConstants.PmdOrder; region < end; region++)
        {
            ref ulong word = ref regions[region];
            if (new RegionWord(Atomic.Load(ref word, Site.ReadRegion)).IsTable && !HasEntry(region))
            {
                // A pass over the marks may set or clear ANYDIRTY meanwhile, but does not make a table of 0.
                Atomic.Exchange(ref word, 0, Site.CloseTable);
            }
        }
    }

    /// <summary>Whether a slot of a range is filled.</summary>
    internal bool HasEntry(long region) =>
        WordScan.First(slots + (region * WordsPerRegion), WordsPerRegion, ulong.MaxValue, Site.ReadSlot) < WordsPerRegion;

    private static void AwaitClosing(ref ulong word, RegionWord seen)
    {
        if (seen.IsClosing)
        {
            Atomic.SpinWhile(ref word, seen.Word, Site.CloseTable);
        }
    }

    // An entry must not leave its TOWRITE mark to its successor in the slot. A tagger reads the word, sets the mark, and reads the word again.
    // So make the word clean by a locked instruction, then read the mark: either the tagger's mark came before our instruction, and we see it
    // [T1], or its second read comes after it, and it takes its mark back [T3].
    private void DropMarks(PageIndex start, ref ulong word, DaxEntry held)
    {
        if (held.IsDirty)
        {
            Atomic.Exchange(ref word, held.WithDirty(false).WithLock.Word, Site.ReplaceEntry);
        }

        ClearTowrite(start);
    }

    private void NoteUse(long region) => Atomic.RaiseTo(ref *usedRegions, (ulong)region + 1, Site.Other);
}
