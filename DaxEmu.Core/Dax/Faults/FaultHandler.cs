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
            ? TryShortPte(ReaderSlot.Mine, request.Area, request.Page, request.IsWrite)
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

    // A method for each order: together they would need more registers than there are.
    private FaultOutcome FaultPte(ReaderSlot* lines, VmArea area, VmaPage page, FaultFlags flags)
    {
        ulong* hold = readSide.HoldOf(lines);
        if (!readSide.TryEnter(hold))
        {
            return FaultLate(lines, area, page, flags, PageOrder.Pte);
        }

        if (TryShortPte(lines, area, page, (flags & FaultFlags.Write) != 0))
        {
            AsymmetricLock.ExitRead(hold);
            return FaultOutcome.Done;
        }

        return FaultSlow(area, page, flags, PageOrder.Pte, hold);
    }

    private FaultOutcome FaultPmd(ReaderSlot* lines, VmArea area, VmaPage page, FaultFlags flags)
    {
        ulong* hold = readSide.HoldOf(lines);
        if (!readSide.TryEnter(hold))
        {
            return FaultLate(lines, area, page, flags, PageOrder.Pmd);
        }

        if (TryShortPmd(area, page, (flags & FaultFlags.Write) != 0))
        {
            AsymmetricLock.ExitRead(hold);
            return FaultOutcome.Done;
        }

        return FaultSlow(area, page, flags, PageOrder.Pmd, hold);
    }

    // A writer is inside, or the thread reads other files too. Apart: the registers of the ways above have nothing left.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private FaultOutcome FaultLate(ReaderSlot* lines, VmArea area, VmaPage page, FaultFlags flags, PageOrder order) =>
        FaultSlow(area, page, flags, order, invalidateLock.EnterRead(lines));

    // A page whose entry is there, real and unlocked: lock it and mark it dirty in one step, install the translation, unlock it. Dirty
    // comes before the translation that allows a store (see EntryInstall). The range's word need not be looked at: such an entry stands in a slot
    // of a table only (EntryTable, invariants 1 and 3), and that the slot still holds it is what the compare-and-swap proves. The words are handled
    // as numbers: wrapped, the just-in-time compiler keeps them in memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryShortPte(ReaderSlot* lines, VmArea area, VmaPage page, bool isWrite)
    {
        if (!IsPlain(area, isWrite))
        {
            return false;
        }

        PageIndex index = area.IndexOf(page);
        ref ulong word = ref words.SlotOf(index.Value);
        ref ulong translation = ref area.Words.PageWord(page);
        Prefetch(ref translation);
        ulong entry = Atomic.Load(ref word, Site.ReadSlot);
        if ((entry & LockableMask) != DaxEntry.PresentBit)
        {
            return entry == 0 && TryInsertPte(lines, area, page, isWrite);
        }

        ulong marked = isWrite ? entry | DaxEntry.DirtyBit : entry | dirtyOfRead;
        if ((ulong)index.OffsetBytes >= Atomic.Load(ref *size, Site.FileSize)
            || !area.Words.IsTable(page)
            || !Atomic.TryReplace(ref word, marked | DaxEntry.LockedBit, entry, Site.LockEntry))
        {
            return false;
        }

        Finish(index, ref word, ref translation, entry, marked, isWrite);
        return true;
    }

    // A page without an entry, in an extent that this thread was just answered: make the entry locked, write down that it holds the device
    // page, and go on as above. One locked instruction: the one that fills the slot. The device page has no other writer (PageOwners).
    [MethodImpl(MethodImplOptions.NoInlining)]
    private bool TryInsertPte(ReaderSlot* lines, VmArea area, VmaPage page, bool isWrite)
    {
        PageIndex index = area.IndexOf(page);
        if (!lastExtents.TryFind(lines, index, out long pfn))
        {
            return false;
        }

        ref ulong word = ref words.SlotOf(index.Value);
        ref ulong owner = ref owners.PageHolder(pfn);
        ref ulong translation = ref area.Words.PageWord(page);
        Prefetch(ref owner);
        if ((ulong)index.OffsetBytes >= Atomic.Load(ref *size, Site.FileSize)
            || !words.IsUsedTable(index.Value)
            || !area.Words.IsTable(page)
            || Atomic.Load(ref owner, Site.PageOwner) != 0
            || !locker.TryInsertInTable(index, ref word))
        {
            return false;
        }

        Atomic.Store(ref owner, ownerOfFirst + (ulong)index.Value, Site.PageOwner);
        ulong entry = ((ulong)pfn << DaxEntry.PfnShift) | DaxEntry.PresentBit;
        ulong marked = isWrite ? entry | DaxEntry.DirtyBit : entry | dirtyOfRead;
        Atomic.Store(ref word, marked | DaxEntry.LockedBit, Site.ReplaceEntry);
        Finish(index, ref word, ref translation, entry, marked, isWrite);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Finish(PageIndex index, ref ulong word, ref ulong translation, ulong entry, ulong marked, bool isWrite)
    {
        if (marked != entry)
        {
            table.NoteDirty(index);
        }

        ulong place = (entry & ~(ulong)(DaxConstants.PageSize - 1)) | Translation.PresentBit;
        Install(ref translation, place, isWrite);
        locker.Unlock(index, ref word, marked);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Install(ref ulong translation, ulong place, bool isWrite)
    {
        if (isWrite)
        {
            // Unconditional: any translation already here maps the same memory with at most these rights.
            Atomic.Store(ref translation, place | Translation.WritableBit | Translation.DirtyBit, Site.WriteTranslation);
        }
        else if ((Atomic.Load(ref translation, Site.ReadTranslation) & Translation.PresentBit) == 0)
        {
            Atomic.Store(ref translation, place, Site.WriteTranslation);
        }
    }

    // The line is on its way before the first locked instruction, behind which nothing else begins: what a fault waits for, it waits for at once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(ref ulong word)
    {
        if (Sse.IsSupported)
        {
            Sse.Prefetch0(Unsafe.AsPointer(ref word));
        }
    }

    // The same for 2 MiB. Whether a table stands in the VMA's slot is looked at under the entry's lock, which keeps new ones away.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryShortPmd(VmArea area, VmaPage page, bool isWrite)
    {
        if (!IsPlain(area, isWrite) || !area.HoldsHuge(page))
        {
            return false;
        }

        PageIndex index = area.IndexOf(page);
        ref ulong word = ref words.RegionOf(index.Value);
        ulong entry = Atomic.Load(ref word, Site.ReadRegion);
        ulong marked = isWrite ? entry | DaxEntry.DirtyBit : entry | dirtyOfRead;
        if ((entry & (LockableMask | DaxEntry.PmdBit)) != (DaxEntry.PresentBit | DaxEntry.PmdBit)
            || (ulong)new PageIndex(index.Value | DaxConstants.ColourMask).OffsetBytes >= Atomic.Load(ref *size, Site.FileSize)
            || !Atomic.TryReplace(ref word, marked | DaxEntry.LockedBit, entry, Site.LockEntry))
        {
            return false;
        }

        ref ulong translation = ref area.Words.DirectoryWord(page);
        if ((Atomic.Load(ref translation, Site.ReadTranslation) & Translation.TableBit) != 0)
        {
            locker.Unlock(index.PmdStart, ref word, entry); // as it was: nothing allows a store yet
            return false;
        }

        Install(
            ref translation,
            (entry & ~(ulong)(DaxConstants.PageSize - 1)) | Translation.PresentBit | Translation.HugeBit,
            isWrite);
        locker.Unlock(index.PmdStart, ref word, marked);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsPlain(VmArea area, bool isWrite) =>
        ReferenceEquals(isWrite ? area.PlainForWrites : area.PlainForReads, mapping.UntracedFile) && Atomic.Load(ref *poisonCount, Site.Poison) == 0;

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
