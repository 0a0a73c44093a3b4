using DaxEmu.Core.Mm;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>
/// What the memory manager does around the fault handler (<c>handle_mm_fault</c>): looks at the translation, chooses the order, falls back,
/// finishes synchronous faults, and tries again until the access can go through.
/// </summary>
public sealed class FaultLoop
{
    private readonly FaultHandler handler;
    private readonly bool asksForPrivateWrite;

    /// <summary>The loop around a file's fault handler.</summary>
    public FaultLoop(FaultHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        this.handler = handler;
        asksForPrivateWrite = handler.Mapping.Behaviour.AsksHandlerForPrivateWriteToHuge;
    }

    /// <summary>The file whose faults are served.</summary>
    internal AddressSpace Mapping => handler.Mapping;

    /// <summary>The handler that is asked.</summary>
    public FaultHandler Handler => handler;

    /// <summary>Accesses a page: afterwards it is mapped as the access needs it, or cannot be.</summary>
    /// <param name="area">A VMA of the handler's file.</param>
    /// <param name="page">The page, counted from the VMA's start.</param>
    /// <param name="isWrite">Whether it is to be written.</param>
    /// <exception cref="ArgumentException">The VMA maps another file, or has no such page.</exception>
    /// <exception cref="ObjectDisposedException">The VMA was unmapped.</exception>
    public IoError Access(VmArea area, long page, bool isWrite)
    {
        ArgumentNullException.ThrowIfNull(area);
        ArgumentOutOfRangeException.ThrowIfNegative(page);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(page, area.PageCount);
        using AsymmetricLock.ReadHold hold = handler.Mapping.InvalidateLock.Read();
        handler.Check(area);
        return Resolve(area, page, isWrite, out _);
    }

    /// <summary>Faults until the translation of a page allows the access, and says what it leads to.</summary>
    /// <remarks>
    /// The caller holds the invalidate lock for reading, over this and for as long as it uses the memory, and has checked the VMA. So all
    /// parts of a fault, the sync of a synchronous one included, meet one and the same layout. What the lock does not keep away is a
    /// writeback, which may write-protect and clean the page at any time.
    /// </remarks>
    /// <param name="area">The VMA.</param>
    /// <param name="page">The page, counted from the VMA's start.</param>
    /// <param name="isWrite">Whether it is to be written.</param>
    /// <param name="translation">What the page was mapped by at a moment of the call.</param>
    internal IoError Resolve(VmArea area, long page, bool isWrite, out Translation translation)
    {
        while (true)
        {
            switch (Look(area, page, isWrite, out translation, out FaultFlags flags))
            {
                case Step.Mapped:
                    return IoError.None;
                case Step.Segv:
                    return IoError.ReadOnly;
                case Step.TryHuge:
                    FaultOutcome huge = Fault(new FaultRequest(handler.Mapping, area, page, flags), PageOrder.Pmd);
                    if (huge.IsError)
                    {
                        return huge.Error;
                    }

                    if ((huge.Result & FaultResult.Fallback) == 0)
                    {
                        continue;
                    }

                    // Served at 4 KiB: a 2 MiB translation of a file that is in the way is dropped, nothing is mapped in its stead.
                    area.Table.Split(page);
                    break;
                case Step.Again:
                    continue;
            }

            FaultOutcome outcome = Fault(new FaultRequest(handler.Mapping, area, page, flags), PageOrder.Pte);
            if (outcome.IsError)
            {
                return outcome.Error;
            }
        }
    }

    private enum Step
    {
        Mapped,
        Segv,
        Again,
        TryHuge,
        TryPage,
    }

    private Step Look(VmArea area, long page, bool isWrite, out Translation translation, out FaultFlags flags)
    {
        flags = FaultFlags.UserTouch | (isWrite ? FaultFlags.Write : FaultFlags.None);
        Translation slot = area.Table.Directory(page);
        translation = slot.IsTable ? area.Table.Page(page) : slot;
        if (translation.Allows(isWrite))
        {
            if (isWrite && !translation.IsDirty)
            {
                area.Table.MarkDirty(page, translation);
            }

            return Step.Mapped;
        }

        if (isWrite && area.PieceOf(page).IsReadOnly)
        {
            return Step.Segv;
        }

        if (slot.IsTable)
        {
            return LookAtPage(area, page, isWrite, translation, ref flags);
        }

        if (slot.IsHuge && isWrite && !area.IsShared && !asksForPrivateWrite)
        {
            area.Table.Split(page);
            return Step.TryPage;
        }

        return slot.IsHuge || area.AllowsHuge ? Step.TryHuge : Step.TryPage;
    }

    private static Step LookAtPage(VmArea area, long page, bool isWrite, Translation translation, ref FaultFlags flags)
    {
        if (translation.IsPresent && isWrite)
        {
            if (!area.IsShared)
            {
                PrivateCopy.MakeFromMapped(area, page);
                return Step.Again;
            }

            flags |= FaultFlags.Mkwrite;
        }

        return Step.TryPage;
    }

    private FaultOutcome Fault(in FaultRequest request, PageOrder order)
    {
        FaultOutcome outcome = handler.FaultHeld(request, order);
        return (outcome.Result & FaultResult.NeedDsync) != 0
            ? SyncFault.Finish(request, order)
            : outcome;
    }
}
