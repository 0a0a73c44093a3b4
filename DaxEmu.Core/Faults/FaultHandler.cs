using System.Runtime.CompilerServices;
using DaxEmu.Core.Device;
using DaxEmu.Core.Entries;
using DaxEmu.Core.Interleaving;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Tracing;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Faults;

/// <summary>Serves the faults of one file at the order asked for (<c>dax_iomap_fault</c>). Which order is tried, and again, is <see cref="FaultLoop"/>'s business.</summary>
/// <remarks>
/// A fault on a present real entry needs its word, the VMA's translation and nothing else: no extent map is asked, nothing is
/// allocated, and one locked instruction is executed. Everything else takes the slow way.
/// </remarks>
public sealed unsafe class FaultHandler
{
    private const ulong LockableMask =
        DaxEntry.PresentBit | DaxEntry.LockedBit | DaxEntry.ZeroBit | DaxEntry.EmptyBit | DaxEntry.SharedBit;

    private readonly AddressSpace mapping;
    private readonly EntryTable table;
    private readonly EntryLocker locker;
    private readonly InvalidateLock invalidateLock;
    private readonly PoisonList poison;
    private readonly bool readsDirty;
    private readonly PteFault pte;
    private readonly PmdFault pmd;

    /// <summary>The faults of a file.</summary>
    public FaultHandler(AddressSpace mapping)
    {
        ArgumentNullException.ThrowIfNull(mapping);
        this.mapping = mapping;
        table = mapping.Entries;
        locker = mapping.Locker;
        invalidateLock = mapping.InvalidateLock;
        poison = mapping.Device.Poison;
        readsDirty = mapping.Behaviour.ReadFaultsDirty;
        pte = new PteFault(mapping);
        pmd = new PmdFault(mapping);
    }

    /// <summary>The file whose faults are served.</summary>
    public AddressSpace Mapping => mapping;

    /// <summary>Serves one fault at one order.</summary>
    /// <param name="area">A VMA of this file.</param>
    /// <param name="page">The page that was touched, counted from the VMA's start.</param>
    /// <param name="flags">How it was touched.</param>
    /// <param name="order">The order to serve it at.</param>
    /// <returns>The kernel's result; sleeps while somebody else holds the entry.</returns>
    public FaultOutcome Fault(VmArea area, long page, FaultFlags flags, PageOrder order) =>
        Fault(FaultLane.Mine, area, page, flags, order);

    /// <summary>As <see cref="Fault(VmArea, long, FaultFlags, PageOrder)"/>, for a thread that has its lane at hand.</summary>
    public FaultOutcome Fault(FaultLane lane, VmArea area, long page, FaultFlags flags, PageOrder order)
    {
        if ((ulong)page >= (ulong)area.PageCount)
        {
            ThrowNoSuchPage(area, page);
        }

        ulong* hold = invalidateLock.EnterRead(lane.Line);
        bool isWrite = (flags & FaultFlags.Write) != 0;
        if (IsPlain(area, isWrite) && (order == PageOrder.Pte ? TryRefaultPte(area, page, isWrite) : TryRefaultPmd(area, page, isWrite)))
        {
            InvalidateLock.ExitRead(hold);
            return FaultOutcome.Done;
        }

        return FaultSlow(area, page, flags, order, hold);
    }

    // A page whose entry is there, real and unlocked: lock it, install the translation, unlock it. The words are handled as numbers:
    // wrapped, the just-in-time compiler keeps them in memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryRefaultPte(VmArea area, long page, bool isWrite)
    {
        PageIndex index = area.IndexOf(page);
        ref ulong word = ref table.SlotOf(index);
        ulong entry = Atomic.Load(ref word, Site.ReadSlot);
        if ((entry & LockableMask) != DaxEntry.PresentBit
            || index.OffsetBytes >= mapping.SizeBytes
            || table.ReadRegion(index).IsPmd
            || !area.Table.Directory(page).IsTable
            || !Atomic.TryReplace(ref word, entry | DaxEntry.LockedBit, entry, Site.LockEntry))
        {
            return false;
        }

        if ((isWrite | readsDirty) && (entry & DaxEntry.DirtyBit) == 0)
        {
            table.NoteDirty(index);
            entry |= DaxEntry.DirtyBit;
        }

        ref ulong translation = ref area.Table.PageWord(page);
        ulong place = (entry & ~(ulong)(DaxConstants.PageSize - 1)) | Translation.PresentBit;
        if (isWrite)
        {
            // Over whatever stands there: it leads to the same page, and allows no more than this.
            Atomic.Store(ref translation, place | Translation.WritableBit | Translation.DirtyBit, Site.WriteTranslation);
        }
        else if ((Atomic.Load(ref translation, Site.ReadTranslation) & Translation.PresentBit) == 0)
        {
            Atomic.Store(ref translation, place, Site.WriteTranslation);
        }

        locker.Unlock(index, ref word, entry);
        return true;
    }

    // The same for 2 MiB.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryRefaultPmd(VmArea area, long page, bool isWrite)
    {
        PageIndex start = area.IndexOf(page).PmdStart;
        ref ulong word = ref table.RegionOf(start);
        ulong entry = Atomic.Load(ref word, Site.ReadRegion);
        if ((entry & (LockableMask | DaxEntry.PmdBit)) != (DaxEntry.PresentBit | DaxEntry.PmdBit)
            || PmdEligibility.Check(area, page, start, isWrite, mapping.SizeBytes) != FallbackReason.None
            || area.Table.Directory(page).IsTable
            || !Atomic.TryReplace(ref word, entry | DaxEntry.LockedBit, entry, Site.LockEntry))
        {
            return false;
        }

        var translation = Translation.Device(new DaxEntry(entry).Pfn, PageOrder.Pmd, isWrite);
        bool isInstalled = area.Table.InstallHuge(page, translation); // unless a table came in between: the slow way says so
        locker.Unlock(start, ref word, entry | (isInstalled && (isWrite | readsDirty) ? DaxEntry.DirtyBit : 0));
        return isInstalled;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool IsPlain(VmArea area, bool isWrite) =>
        (!isWrite || area.IsPlainForWrites) && !area.IsGone && locker.Sink is null && poison.IsEmpty;

    // Apart, so that building its message costs the hot path no stack.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ThrowNoSuchPage(VmArea area, long page) =>
        throw new ArgumentOutOfRangeException(nameof(page), page, $"the VMA has {area.PageCount} pages.");

    [MethodImpl(MethodImplOptions.NoInlining)]
    private FaultOutcome FaultSlow(VmArea area, long page, FaultFlags flags, PageOrder order, ulong* hold)
    {
        try
        {
            ObjectDisposedException.ThrowIf(area.IsGone, area);
            var request = new FaultRequest(area, page, flags);
            return mapping.Sink is { } sink ? FaultTraced(request, order, sink) : Serve(request, order);
        }
        finally
        {
            InvalidateLock.ExitRead(hold);
        }
    }

    private FaultOutcome Serve(in FaultRequest request, PageOrder order) => order == PageOrder.Pte ? pte.Serve(request) : pmd.Serve(request);

    private FaultOutcome FaultTraced(in FaultRequest request, PageOrder order, IDaxTraceSink sink)
    {
        FaultEvent fields = request.ToEvent();
        FaultOutcome outcome;
        if (order == PageOrder.Pte)
        {
            sink.PteFault(fields);
            outcome = pte.Serve(request);
            sink.PteFaultDone(fields, outcome.Result);
        }
        else
        {
            sink.PmdFault(fields);
            outcome = pmd.Serve(request);
            sink.PmdFaultDone(fields, outcome.Result, outcome.Reason);
        }

        return outcome;
    }
}
