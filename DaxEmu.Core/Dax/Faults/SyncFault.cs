using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>The second half of a synchronous fault: metadata first, then the writable translation.</summary>
internal static class SyncFault
{
    /// <summary>Whether a fault must wait for metadata before the page may be written (<c>dax_fault_is_synchronous</c>).</summary>
    public static bool MustWait(VmArea area, bool isWrite, in Extent extent) =>
        isWrite && area.IsSync && (extent.Flags & ExtentFlags.Dirty) != 0;

    /// <summary>After <see cref="FaultResult.NeedDsync"/>: makes data and metadata durable and installs the translation (<c>dax_finish_sync_fault</c>).</summary>
    /// <remarks>
    /// The caller has held the invalidate lock for reading since before the first half of the fault: the extent that is made durable is
    /// the one that is mapped, as no clone, punch or truncate can come in between. The range that is made durable begins at the page
    /// that was accessed, also for 2 MiB.
    /// </remarks>
    /// <returns>Nopage, also if the entry went away meanwhile and the access must fault again; or Sigbus.</returns>
    public static FaultOutcome Finish(AddressSpace mapping, in FaultRequest request, PageOrder order)
    {
        // An error of an earlier writeback stays for the next fsync: a fault has no way to report it.
        var range = new PageRange(request.Index, order.PageCount());
        IoError error = Fsync.RangeHeld(mapping, range, opener: null).Error;
        if (error != IoError.None)
        {
            return FaultOutcome.Failed(error);
        }

        return FaultOutcome.Of(InsertPfnMkwrite(mapping, request, order));
    }

    // dax_insert_pfn_mkwrite
    private static FaultResult InsertPfnMkwrite(AddressSpace mapping, in FaultRequest request, PageOrder order)
    {
        Grab grab = mapping.Locker.Grab(request.Index, order, create: false);
        HeldEntry held = grab.Held;
        if (grab.Outcome != GrabOutcome.Locked || held.Entry.Order != order || !held.Entry.IsReal)
        {
            if (grab.Outcome == GrabOutcome.Locked)
            {
                mapping.Locker.Put(held);
            }

            mapping.Events?.Receive(DaxEvent.InsertPfnMkwriteNoEntry(request.ToEvent(mapping), FaultResult.Nopage));
            return FaultResult.Nopage;
        }

        DaxEntry final = EntryInstall.Insert(mapping, held, held.Entry, isDirty: true, isCopied: false);
        var translation = Translation.Device(held.Entry.Pfn, order, writable: true);
        _ = order == PageOrder.Pmd
            ? request.Area.Table.InstallHuge(request.Page, translation)
            : request.Area.Table.TryInstallPage(request.Page, translation); // refused: the access looks again
        mapping.Locker.Unlock(held.Start, final);
        mapping.Events?.Receive(DaxEvent.InsertPfnMkwrite(request.ToEvent(mapping), FaultResult.Nopage));
        return FaultResult.Nopage;
    }
}
