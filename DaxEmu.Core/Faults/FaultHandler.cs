using System.Runtime.CompilerServices;
using DaxEmu.Core.Device;
using DaxEmu.Core.Entries;
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
        poison = mapping.Device.PoisonList;
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
    public FaultOutcome Fault(VmArea area, long page, FaultFlags flags, PageOrder order)
    {
        if ((ulong)page >= (ulong)area.PageCount)
        {
            ThrowNoSuchPage(area, page);
        }

        ulong* hold = invalidateLock.EnterRead();
        bool isDone = order == PageOrder.Pte ? TryRefaultPte(area, page, flags) : TryRefaultPmd(area, page, flags);
        if (isDone)
        {
            InvalidateLock.ExitRead(hold);
            return FaultOutcome.Done;
        }

        return FaultSlow(area, page, flags, order, hold);
    }

    // A page whose entry is there, real and unlocked: lock it, install the translation, unlock it.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryRefaultPte(VmArea area, long page, FaultFlags flags)
    {
        bool isWrite = (flags & FaultFlags.Write) != 0;
        PageIndex index = area.IndexOf(page);
        if (!IsPlain(area, isWrite) || index.OffsetBytes >= mapping.SizeBytes || table.ReadRegion(index).IsPmd)
        {
            return false;
        }

        ref ulong word = ref table.SlotOf(index);
        DaxEntry entry = table.ReadSlot(index);
        if ((entry.Word & LockableMask) != DaxEntry.PresentBit || !area.Table.Directory(page).IsTable || !EntryTable.TryLock(ref word, entry))
        {
            return false;
        }

        if ((isWrite || readsDirty) && !entry.IsDirty)
        {
            table.NoteDirty(index);
            entry = entry.WithDirty();
        }

        area.Table.InstallPage(page, Translation.Device(entry.Pfn, PageOrder.Pte, isWrite));
        locker.Unlock(index, entry);
        return true;
    }

    // The same for 2 MiB.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryRefaultPmd(VmArea area, long page, FaultFlags flags)
    {
        bool isWrite = (flags & FaultFlags.Write) != 0;
        PageIndex start = area.IndexOf(page).PmdStart;
        DaxEntry entry = new(table.ReadRegion(start).Word);
        if ((entry.Word & (LockableMask | DaxEntry.PmdBit)) != (DaxEntry.PresentBit | DaxEntry.PmdBit)
            || !IsPlain(area, isWrite)
            || PmdEligibility.Check(area, page, start, isWrite, mapping.SizeBytes) != FallbackReason.None
            || area.Table.Directory(page).IsTable
            || !EntryTable.TryLock(ref table.RegionOf(start), entry))
        {
            return false;
        }

        entry = entry.WithDirty(entry.IsDirty | isWrite | readsDirty);
        if (area.Table.InstallHuge(page, Translation.Device(entry.Pfn, PageOrder.Pmd, isWrite)))
        {
            locker.Unlock(start, entry);
            return true;
        }

        locker.Unlock(start, entry); // a table came in between; the slow way says so
        return false;
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
