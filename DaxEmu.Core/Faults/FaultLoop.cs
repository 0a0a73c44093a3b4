using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Faults;

/// <summary>What a touch came to.</summary>
public enum TouchResult
{
    /// <summary>The page can be reached.</summary>
    Mapped,

    /// <summary>Beyond the end of the file, or an I/O error (SIGBUS).</summary>
    Sigbus,

    /// <summary>A write to a read-only VMA (SIGSEGV).</summary>
    Segv,

    /// <summary>The page is poisoned (SIGBUS with <c>BUS_MCEERR_AR</c>).</summary>
    Hwpoison,

    /// <summary>No memory or no space for it.</summary>
    Oom,
}

/// <summary>
/// What the memory manager does around the fault handler (<c>handle_mm_fault</c>): looks at the translation, chooses the order, falls back,
/// finishes synchronous faults, and tries again until the access can go through.
/// </summary>
public sealed unsafe class FaultLoop
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

    /// <summary>The handler that is asked.</summary>
    public FaultHandler Handler => handler;

    /// <summary>Touches a page: afterwards it is mapped as the access needs it, or cannot be.</summary>
    /// <param name="area">A VMA of the handler's file.</param>
    /// <param name="page">The page, counted from the VMA's start.</param>
    /// <param name="isWrite">Whether it is to be written.</param>
    public TouchResult Touch(VmArea area, long page, bool isWrite)
    {
        ArgumentNullException.ThrowIfNull(area);
        ArgumentOutOfRangeException.ThrowIfNegative(page);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(page, area.PageCount);
        while (true)
        {
            Step step = Look(area, page, isWrite, out FaultFlags flags);
            switch (step)
            {
                case Step.Mapped:
                    return TouchResult.Mapped;
                case Step.Segv:
                    return TouchResult.Segv;
                case Step.Again:
                    continue;
            }

            if (step == Step.TryHuge)
            {
                FaultOutcome huge = Fault(area, page, flags, PageOrder.Pmd);
                if (huge.IsError)
                {
                    return ResultOf(huge.Result);
                }

                if ((huge.Result & FaultResult.Fallback) == 0)
                {
                    continue;
                }

                // Mended at 4 KiB: a 2 MiB translation of a file that is in the way is dropped, nothing is mapped in its stead.
                Split(area, page);
            }

            FaultOutcome outcome = Fault(area, page, flags, PageOrder.Pte);
            if (outcome.IsError)
            {
                return ResultOf(outcome.Result);
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

    private static TouchResult ResultOf(FaultResult result) => result switch
    {
        _ when (result & FaultResult.Hwpoison) != 0 => TouchResult.Hwpoison,
        _ when (result & FaultResult.Oom) != 0 => TouchResult.Oom,
        _ => TouchResult.Sigbus,
    };

    // One look at the translation, with the tables kept in place by the invalidate lock.
    private Step Look(VmArea area, long page, bool isWrite, out FaultFlags flags)
    {
        flags = FaultFlags.UserTouch | (isWrite ? FaultFlags.Write : FaultFlags.None);
        ulong* hold = area.Mapping.InvalidateLock.EnterRead();
        try
        {
            ObjectDisposedException.ThrowIf(area.IsGone, area);
            Translation slot = area.Table.Directory(page);
            Translation translation = slot.IsTable ? area.Table.Page(page) : slot;
            if (translation.IsPresent && (!isWrite || translation.IsWritable))
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
        finally
        {
            InvalidateLock.ExitRead(hold);
        }
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

    private static void Split(VmArea area, long page)
    {
        ulong* hold = area.Mapping.InvalidateLock.EnterRead();
        try
        {
            ObjectDisposedException.ThrowIf(area.IsGone, area);
            area.Table.Split(page);
        }
        finally
        {
            InvalidateLock.ExitRead(hold);
        }
    }

    private FaultOutcome Fault(VmArea area, long page, FaultFlags flags, PageOrder order)
    {
        FaultOutcome outcome = handler.Fault(area, page, flags, order);
        return (outcome.Result & FaultResult.NeedDsync) != 0
            ? FaultOutcome.Of(SyncFault.Finish(area, page, flags, order))
            : outcome;
    }
}
