using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Core.Mm;
using DaxEmu.Core.Pmem;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Core;

/// <summary>Serves the faults of one file at the order asked for (<c>dax_iomap_fault</c>). Which order is tried, and again, is <see cref="FaultLoop"/>'s business.</summary>
/// <remarks>
/// A fault on a present real entry needs its word, the VMA's translation and nothing else: no extent map is asked, nothing is
/// allocated, and one locked instruction is executed. A fault that makes an entry does the same where the extent is the one of the thread's last
/// fault. Everything else takes the slow way.
/// </remarks>
public sealed unsafe class FaultHandler
{
    private const ulong LockableMask =
        DaxEntry.PresentBit | DaxEntry.LockedBit | DaxEntry.ZeroBit | DaxEntry.EmptyBit | DaxEntry.SharedBit;

    private readonly AddressSpace mapping;
    private readonly VmFile file;
    private readonly EntryTable table;
    private readonly EntryLocker locker;
    private readonly AsymmetricLock invalidateLock;
    private readonly AsymmetricLock.ReadSide readSide;
    private readonly EntryWords words;
    private readonly ulong* size;
    private readonly ulong* poisonCount;
    private readonly ulong dirtyOfRead;
    private readonly LastExtents lastExtents;
    private readonly PageOwners owners;
    private readonly ulong ownerOfFirst;
    private readonly PteFault pte;
    private readonly PmdFault pmd;

    /// <summary>The faults of a file.</summary>
    public FaultHandler(AddressSpace mapping)
    {
        ArgumentNullException.ThrowIfNull(mapping);
        this.mapping = mapping;
        file = mapping.VmFile;
        table = mapping.Entries;
        locker = mapping.Locker;
        invalidateLock = mapping.InvalidateLock;
        readSide = invalidateLock.ForReaders;
        words = table.Words;
        size = mapping.SizeWord;
        poisonCount = mapping.Device.Poison.CountWord;
        dirtyOfRead = mapping.Behaviour.ReadFaultsDirty ? DaxEntry.DirtyBit : 0;
        lastExtents = new LastExtents(mapping);
        owners = mapping.Device.Owners;
        ownerOfFirst = PageOwner.One(mapping.Id, default).Word;
        pte = new PteFault(mapping, lastExtents);
        pmd = new PmdFault(mapping);
    }

    /// <summary>The file whose faults are served.</summary>
    public AddressSpace Mapping => mapping;

    /// <summary>Serves one fault at one order.</summary>
    /// <param name="area">A VMA of this file.</param>
    /// <param name="page">The page that was accessed, counted from the VMA's start.</param>
    /// <param name="flags">How it was accessed.</param>
    /// <param name="order">The order to serve it at.</param>
    /// <returns>The kernel's result; sleeps while another thread holds the entry.</returns>
    /// <exception cref="ArgumentException">The VMA maps another file, or has no such page.</exception>
    /// <exception cref="ObjectDisposedException">The VMA was unmapped.</exception>
    public FaultOutcome Fault(VmArea area, VmaPage page, FaultFlags flags, PageOrder order) =>
        Fault(FaultContext.Mine, area, page, flags, order);

    /// <summary>As <see cref="Fault(VmArea, VmaPage, FaultFlags, PageOrder)"/>, for a thread that has its context at hand.</summary>
    public FaultOutcome Fault(FaultContext context, VmArea area, VmaPage page, FaultFlags flags, PageOrder order)
    {
        ArgumentNullException.ThrowIfNull(area);
        if ((ulong)page.Value >= (ulong)area.PageCount)
        {
            ThrowNoSuchPage(area, page);
        }

        return order == PageOrder.Pte ? FaultPte(context.Slot, area, page, flags) : FaultPmd(context.Slot, area, page, flags);
    }

    /// <summary>As <see cref="Fault(VmArea, VmaPage, FaultFlags, PageOrder)"/>, for a caller that holds the invalidate lock for reading and has checked the request.</summary>
    internal FaultOutcome FaultHeld(in FaultRequest request, PageOrder order)
    {
        if (order == PageOrder.Pte
            ? TryShortPte(ReaderSlot.Mine, request.Area, request.Page, request.Flags)
            : TryShortPmd(request.Area, request.Page, request.IsWrite))
        {
            return FaultOutcome.Done;
        }

        return mapping.Events is { } sink ? FaultTraced(request, order, sink) : Serve(request, order);
    }

    /// <summary>Refuses a VMA of another file, and one that was unmapped; called with the invalidate lock held.</summary>
    /// <exception cref="ArgumentException">The VMA maps another file.</exception>
    /// <exception cref="ObjectDisposedException">The VMA was unmapped.</exception>
    internal void Check(VmArea area)
    {
        if (area.File != file)
        {
            throw new ArgumentException(
                $"The VMA maps file {area.MappingId}, and these are the faults of file {mapping.Id}. Use the handler of the VMA's own file.", nameof(area));
        }

        area.ThrowIfGone();
    }

    /// <summary>How far the short way went.</summary>
    private enum Short
    {
        /// <summary>The fault is served.</summary>
        Served,

        /// <summary>It is served, and a thread that waits for an entry of the mapping may have to be woken.</summary>
        Wakes,

        /// <summary>There is no entry: the short way of an insert can be tried.</summary>
        Absent,

        /// <summary>A placeholder was made in a range that is being closed, and must be taken out.</summary>
        Unconfirmed,

        /// <summary>The long way is needed. Nothing has changed.</summary>
        Refused,
    }

    // A method for each order and for inserts, and no call in them but as their last step: so they keep everything in registers that no one
    // must save.
    private FaultOutcome FaultPte(ReaderSlot* lines, VmArea area, VmaPage page, FaultFlags flags)
    {
        ulong* hold = readSide.TryEnter(lines);
        if (hold == null)
        {
            return FaultPteAfterWait(lines, area, page, flags);
        }

        switch (TryRefaultPte(area, page, flags))
        {
            case Short.Served:
                AsymmetricLock.ExitRead(hold);
                return FaultOutcome.Done;
            case Short.Wakes:
                return WakeAndLeave(area, page, hold);
            case Short.Absent:
                return InsertPte(lines, area, page, flags, hold);
            default:
                return FaultSlow(area, page, flags, PageOrder.Pte, hold);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private FaultOutcome FaultPteAfterWait(ReaderSlot* lines, VmArea area, VmaPage page, FaultFlags flags)
    {
        ulong* hold = invalidateLock.EnterRead(lines);
        return FaultSlow(area, page, flags, PageOrder.Pte, hold);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private FaultOutcome InsertPte(ReaderSlot* lines, VmArea area, VmaPage page, FaultFlags flags, ulong* hold)
    {
        switch (TryInsertPte(lines, area, page, flags))
        {
            case Short.Served:
                AsymmetricLock.ExitRead(hold);
                return FaultOutcome.Done;
            case Short.Wakes:
                return WakeAndLeave(area, page, hold);
            case Short.Unconfirmed:
                return TakeBackAndFault(area, page, flags, hold);
            default:
                return FaultSlow(area, page, flags, PageOrder.Pte, hold);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private FaultOutcome WakeAndLeave(VmArea area, VmaPage page, ulong* hold)
    {
        locker.WakeNext(area.IndexOf(page), PageOrder.Pte);
        AsymmetricLock.ExitRead(hold);
        return FaultOutcome.Done;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private FaultOutcome TakeBackAndFault(VmArea area, VmaPage page, FaultFlags flags, ulong* hold)
    {
        locker.TakeBack(area.IndexOf(page));
        return FaultSlow(area, page, flags, PageOrder.Pte, hold);
    }

    private FaultOutcome FaultPmd(ReaderSlot* lines, VmArea area, VmaPage page, FaultFlags flags)
    {
        ulong* hold = invalidateLock.EnterRead(lines);
        if (TryShortPmd(area, page, (flags & FaultFlags.Write) != 0))
        {
            AsymmetricLock.ExitRead(hold);
            return FaultOutcome.Done;
        }

        return FaultSlow(area, page, flags, PageOrder.Pmd, hold);
    }

    // As FaultPte, for a caller that stays inside the lock.
    private bool TryShortPte(ReaderSlot* lines, VmArea area, VmaPage page, FaultFlags flags)
    {
        Short way = TryRefaultPte(area, page, flags);
        if (way == Short.Absent)
        {
            way = TryInsertPte(lines, area, page, flags);
        }

        switch (way)
        {
            case Short.Wakes:
                locker.WakeNext(area.IndexOf(page), PageOrder.Pte);
                return true;
            case Short.Unconfirmed:
                locker.TakeBack(area.IndexOf(page));
                return false;
            default:
                return way == Short.Served;
        }
    }

    // A page whose entry is there, real and unlocked: lock it and mark it dirty in one step, install the translation, unlock it. Dirty
    // comes before the translation that allows a store (see EntryInstall). The words are handled as numbers: wrapped, the just-in-time
    // compiler keeps them in memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Short TryRefaultPte(VmArea area, VmaPage page, FaultFlags flags)
    {
        if (!IsPlain(area, (flags & FaultFlags.Write) != 0))
        {
            return Short.Refused;
        }

        PageIndex index = area.IndexOf(page);
        Prefetch(ref area.Words.PageWord(page));
        ref ulong word = ref words.SlotOf(index.Value);
        if ((ulong)index.OffsetBytes >= Atomic.Load(ref *size, Site.FileSize)
            || words.IsPmd(index.Value)
            || !area.Words.IsTable(page))
        {
            return Short.Refused;
        }

        ulong entry = Atomic.Load(ref word, Site.ReadSlot);
        if ((entry & LockableMask) != DaxEntry.PresentBit)
        {
            return entry == 0 ? Short.Absent : Short.Refused;
        }

        ulong marked = Marked(entry, flags);
        return Atomic.TryReplace(ref word, marked | DaxEntry.LockedBit, entry, Site.LockEntry)
            ? Finish(area, page, flags, ref word, marked != entry, marked)
            : Short.Refused;
    }

    // A page without an entry, in an extent that this thread was just answered: make the entry locked, write down that it holds the device
    // page, and go on as above. One locked instruction: the one that fills the slot. The device page has no other writer (PageOwners).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Short TryInsertPte(ReaderSlot* lines, VmArea area, VmaPage page, FaultFlags flags)
    {
        PageIndex index = area.IndexOf(page);
        if (!lastExtents.TryFind(lines, index, out long pfn))
        {
            return Short.Refused;
        }

        ref ulong word = ref words.SlotOf(index.Value);
        ref ulong owner = ref owners.PageHolder(pfn);
        Prefetch(ref owner);
        if (!words.IsUsedTable(index.Value)
            || Atomic.Load(ref owner, Site.PageOwner) != 0
            || !EntryTable.TryFillSlot(ref word, DaxEntry.Empty(PageOrder.Pte).WithLock))
        {
            return Short.Refused;
        }

        if (!locker.CountsAtOnce(index))
        {
            return Short.Unconfirmed;
        }

        Atomic.Store(ref owner, ownerOfFirst + (ulong)index.Value, Site.PageOwner);
        ulong entry = ((ulong)pfn << DaxEntry.PfnShift) | DaxEntry.PresentBit;
        ulong marked = Marked(entry, flags);
        Atomic.Store(ref word, marked | DaxEntry.LockedBit, Site.ReplaceEntry);
        return Finish(area, page, flags, ref word, marked != entry, marked);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Short Finish(VmArea area, VmaPage page, FaultFlags flags, ref ulong word, bool isMarked, ulong marked)
    {
        PageIndex index = area.IndexOf(page);
        if (isMarked)
        {
            table.NoteDirty(index);
        }

        ref ulong translation = ref area.Words.PageWord(page);
        ulong place = (marked & ~(ulong)(DaxConstants.PageSize - 1)) | Translation.PresentBit;
        if ((flags & FaultFlags.Write) != 0)
        {
            // Unconditional: any translation already here maps the same page with at most these rights.
            Atomic.Store(ref translation, place | Translation.WritableBit | Translation.DirtyBit, Site.WriteTranslation);
        }
        else if ((Atomic.Load(ref translation, Site.ReadTranslation) & Translation.PresentBit) == 0)
        {
            Atomic.Store(ref translation, place, Site.WriteTranslation);
        }

        return locker.UnlockSilently(index, ref word, marked) ? Short.Wakes : Short.Served;
    }

    // Without a branch: a write makes the entry dirty, and a read too in Linux 6.1.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong Marked(ulong entry, FaultFlags flags) =>
        entry | dirtyOfRead | ((ulong)(flags & FaultFlags.Write) * (DaxEntry.DirtyBit / (ulong)FaultFlags.Write));

    // The line is on its way before the first locked instruction, behind which nothing else begins: what a fault waits for, it waits for at once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(ref ulong word)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref word));
        }
    }

    // The same for 2 MiB.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryShortPmd(VmArea area, VmaPage page, bool isWrite)
    {
        if (!IsPlain(area, isWrite))
        {
            return false;
        }

        PageIndex start = area.IndexOf(page).PmdStart;
        ref ulong word = ref table.RegionOf(start);
        ulong entry = Atomic.Load(ref word, Site.ReadRegion);
        ulong marked = isWrite ? entry | DaxEntry.DirtyBit : entry | dirtyOfRead;
        if ((entry & (LockableMask | DaxEntry.PmdBit)) != (DaxEntry.PresentBit | DaxEntry.PmdBit)
            || PmdEligibility.Check(area, page, start, isWrite, mapping.SizeBytes) != FallbackReason.None
            || area.Table.Directory(page).IsTable
            || !Atomic.TryReplace(ref word, marked | DaxEntry.LockedBit, entry, Site.LockEntry))
        {
            return false;
        }

        var translation = Translation.Device(new DaxEntry(entry).Pfn, PageOrder.Pmd, isWrite);
        bool isInstalled = area.Table.InstallHuge(page, translation); // not if a table came in between: the slow path reports it
        locker.Unlock(start, ref word, marked);
        return isInstalled;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsPlain(VmArea area, bool isWrite) =>
        (isWrite ? area.PlainForWrites : area.PlainForReads) is { } plain
        && ReferenceEquals(plain, mapping.UntracedFile)
        && Atomic.Load(ref *poisonCount, Site.Poison) == 0;

    // Apart, so that building its message costs the hot path no stack.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowNoSuchPage(VmArea area, VmaPage page) =>
        throw new ArgumentOutOfRangeException(nameof(page), page.Value, $"the VMA has {area.PageCount} pages.");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private FaultOutcome FaultSlow(VmArea area, VmaPage page, FaultFlags flags, PageOrder order, ulong* hold)
    {
        try
        {
            Check(area);
            var request = new FaultRequest(area, page, flags);
            return mapping.Events is { } sink ? FaultTraced(request, order, sink) : Serve(request, order);
        }
        finally
        {
            AsymmetricLock.ExitRead(hold);
        }
    }

    private FaultOutcome Serve(in FaultRequest request, PageOrder order) => order == PageOrder.Pte ? pte.Serve(request) : pmd.Serve(request);

    private FaultOutcome FaultTraced(in FaultRequest request, PageOrder order, IDaxEventSink sink)
    {
        FaultEvent fields = request.ToEvent(mapping);
        FaultOutcome outcome;
        if (order == PageOrder.Pte)
        {
            sink.Receive(DaxEvent.PteFault(fields));
            outcome = pte.Serve(request);
            sink.Receive(DaxEvent.PteFaultDone(fields, outcome.Result));
        }
        else
        {
            sink.Receive(DaxEvent.PmdFault(fields));
            outcome = pmd.Serve(request);
            sink.Receive(DaxEvent.PmdFaultDone(fields, outcome.Result, outcome.Reason));
        }

        return outcome;
    }
}
