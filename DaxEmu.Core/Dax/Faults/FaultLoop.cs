using DaxEmu.Core.Dax.Faults;
using DaxEmu.Core.Mm;

namespace DaxEmu.Core;

/// <summary>
/// What the memory manager does around the fault handler (<c>handle_mm_fault</c>): reads the translation, chooses the order, falls back,
/// finishes synchronous faults, and tries again until the access can go through.
/// </summary>
public sealed class FaultLoop
{
    private readonly FaultHandler handler;
    private readonly bool asksForPrivateWrite;
    private readonly RangeFault range;

    /// <summary>The loop around a file's fault handler.</summary>
    public FaultLoop(FaultHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        this.handler = handler;
        asksForPrivateWrite = handler.Mapping.Behaviour.AsksHandlerForPrivateWriteToHuge;
        range = new RangeFault(this);
    }

    /// <summary>The handler that is asked.</summary>
    public FaultHandler Handler => handler;

    /// <summary>Counts what the faults come to; null for nothing.</summary>
    internal HostFaultCounts? Counts { get; init; }

    /// <summary>The file whose faults are served.</summary>
    internal AddressSpace Mapping => handler.Mapping;

    /// <summary>Accesses a page: afterwards it is mapped as the access needs it, or cannot be.</summary>
    /// <param name="area">A VMA of the handler's file.</param>
    /// <param name="page">The page.</param>
    /// <param name="isWrite">Whether it is a store.</param>
    /// <returns>Why the page cannot be reached; none if it can.</returns>
    /// <exception cref="ArgumentException">The VMA maps another file, or has no such page.</exception>
    /// <exception cref="ObjectDisposedException">The VMA was unmapped.</exception>
    public IoError Access(VmArea area, VmaPage page, bool isWrite)
    {
        ArgumentNullException.ThrowIfNull(area);
        ArgumentOutOfRangeException.ThrowIfNegative(page.Value, nameof(page));
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(page.Value, area.PageCount, nameof(page));
        using AsymmetricLock.ReadHold hold = handler.Mapping.InvalidateLock.Read();
        handler.Check(area);
        return Resolve(RequestFor(area, page, isWrite), out _);
    }

    /// <summary>Accesses a run of pages, as by a load or a store to each (<c>MADV_POPULATE_READ</c>, <c>_WRITE</c>).</summary>
    /// <param name="area">A VMA of the handler's file.</param>
    /// <param name="first">The first page.</param>
    /// <param name="pageCount">How many.</param>
    /// <param name="isWrite">Whether they are to be written: they are dirty then. A page of a private VMA becomes a copy.</param>
    /// <param name="reachedPages">How many could be reached, from the first on. Writeback may write-protect any of them again at once.</param>
    /// <returns>Why the next page cannot be reached; none if all could.</returns>
    /// <exception cref="ArgumentException">The VMA maps another file, or does not have these pages.</exception>
    /// <exception cref="ObjectDisposedException">The VMA was unmapped.</exception>
    public IoError Populate(VmArea area, VmaPage first, long pageCount, bool isWrite, out long reachedPages)
    {
        ArgumentNullException.ThrowIfNull(area);
        ArgumentOutOfRangeException.ThrowIfNegative(first.Value, nameof(first));
        ArgumentOutOfRangeException.ThrowIfNegative(pageCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first.Value, area.PageCount, nameof(first));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pageCount, area.PageCount - first.Value);
        return range.Run(area, first, pageCount, isWrite, out reachedPages);
    }

    /// <summary>As <see cref="Populate"/>, for a caller that holds the invalidate lock for reading and has checked the VMA; see <see cref="RangeFault.RunHeld"/>.</summary>
    internal IoError PopulateHeld(VmArea area, ref long at, long end, bool isWrite) => range.RunHeld(area, ref at, end, isWrite);

    /// <summary>The request of an access by user space.</summary>
    internal static FaultRequest RequestFor(VmArea area, VmaPage page, bool isWrite) =>
        new(area, page, FaultFlags.UserAccess | (isWrite ? FaultFlags.Write : FaultFlags.None));

    /// <summary>Faults until the translation of a page allows the access, and says what it leads to.</summary>
    /// <remarks>
    /// The caller holds the invalidate lock for reading, over this and for as long as it uses the memory, and has checked the VMA. So all
    /// parts of a fault, the sync of a synchronous one included, meet one and the same layout. A writeback may still write-protect and clean
    /// the page at any time.
    /// </remarks>
    /// <param name="access">The access.</param>
    /// <param name="translation">What the page was mapped by at a moment of the call.</param>
    internal IoError Resolve(in FaultRequest access, out Translation translation)
    {
        while (true)
        {
            FaultRequest request = access;
            switch (Look(ref request, out translation))
            {
                case Step.Mapped:
                    return IoError.None;
                case Step.ReadOnly:
                    return IoError.ReadOnly;
                case Step.TryHuge:
                    FaultOutcome huge = Fault(request, PageOrder.Pmd);
                    if (huge.IsError)
                    {
                        return huge.Error;
                    }

                    if ((huge.Result & FaultResult.Fallback) == 0)
                    {
                        continue;
                    }

                    // Served at 4 KiB: a 2 MiB translation of a file that is in the way is dropped, nothing is mapped in its stead.
                    request.Area.Table.Split(request.Page);
                    break;
                case Step.Again:
                    continue;
            }

            FaultOutcome outcome = Fault(request, PageOrder.Pte);
            if (outcome.IsError)
            {
                return outcome.Error;
            }
        }
    }

    private enum Step
    {
        Mapped,
        ReadOnly,
        Again,
        TryHuge,
        TryPage,
    }

    private Step Look(ref FaultRequest request, out Translation translation)
    {
        VmArea area = request.Area;
        VmaPage page = request.Page;
        bool isWrite = request.IsWrite;
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
            return Step.ReadOnly;
        }

        if (slot.IsTable)
        {
            return LookAtPage(ref request, translation);
        }

        if (slot.IsHuge && request.IsPrivateWrite && !asksForPrivateWrite)
        {
            area.Table.Split(page);
            return Step.TryPage;
        }

        return slot.IsHuge || area.AllowsHuge ? Step.TryHuge : Step.TryPage;
    }

    private Step LookAtPage(ref FaultRequest request, Translation translation)
    {
        if (translation.IsPresent && request.IsWrite)
        {
            if (request.IsPrivateWrite)
            {
                PrivateCopy.MakeFromMapped(Mapping, request);
                return Step.Again;
            }

            request = request with { Flags = request.Flags | FaultFlags.Mkwrite };
        }

        return Step.TryPage;
    }

    private FaultOutcome Fault(in FaultRequest request, PageOrder order)
    {
        FaultOutcome outcome = handler.FaultHeld(request, order);
        outcome = (outcome.Result & FaultResult.NeedDsync) != 0
            ? SyncFault.Finish(handler.Mapping, request, order)
            : outcome;
        Counts?.Count(outcome, order);
        return outcome;
    }
}
