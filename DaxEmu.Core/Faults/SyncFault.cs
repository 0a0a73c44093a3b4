using DaxEmu.Core.Entries;
using DaxEmu.Core.Extents;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Tracing;
using DaxEmu.Core.Units;
using DaxEmu.Core.Writeback;

namespace DaxEmu.Core.Faults;

/// <summary>The second half of a synchronous fault: metadata first, then the writable translation.</summary>
internal static unsafe class SyncFault
{
    /// <summary>Whether a fault must wait for metadata before the page may be written (<c>dax_fault_is_synchronous</c>).</summary>
    public static bool MustWait(VmArea area, bool isWrite, in Extent extent) =>
        isWrite && area.IsSync && (extent.Flags & ExtentFlags.Dirty) != 0;

    /// <summary>After <see cref="FaultResult.NeedDsync"/>: makes data and metadata durable and installs the translation (<c>dax_finish_sync_fault</c>).</summary>
    /// <remarks>The range that is made durable begins at the page that was touched, also for 2 MiB.</remarks>
    /// <returns>Nopage, also if the entry went away meanwhile and the access must fault again; or Sigbus.</returns>
    public static FaultResult Finish(VmArea area, long page, FaultFlags flags, PageOrder order)
    {
        AddressSpace mapping = area.Mapping;
        var request = new FaultRequest(area, page, flags);

        // As fsync does: a file without a dirty page is not asked.
        WritebackOutcome written = mapping.Entries.HasDirty()
            ? WritebackPass.Run(mapping, new PageRange(request.Index, order.PageCount()))
            : default;
        if (written.Errno != 0)
        {
            return FaultResult.Sigbus;
        }

        mapping.Extents.Commit();
        ulong* hold = mapping.InvalidateLock.EnterRead();
        try
        {
            ObjectDisposedException.ThrowIf(area.IsGone, area);
            return InsertPfnMkwrite(request, order);
        }
        finally
        {
            InvalidateLock.ExitRead(hold);
        }
    }

    // dax_insert_pfn_mkwrite
    private static FaultResult InsertPfnMkwrite(in FaultRequest request, PageOrder order)
    {
        AddressSpace mapping = request.Area.Mapping;
        Grab grab = mapping.Locker.Grab(request.Index, order, create: false);
        HeldEntry held = grab.Held;
        if (grab.Outcome != GrabOutcome.Locked || held.Entry.Order != order || !held.Entry.IsReal)
        {
            if (grab.Outcome == GrabOutcome.Locked)
            {
                mapping.Locker.Put(held);
            }

            mapping.Sink?.InsertPfnMkwrite(request.ToEvent(), MkwriteOutcome.NoEntry, FaultResult.Nopage);
            return FaultResult.Nopage;
        }

        var translation = Translation.Device(held.Entry.Pfn, order, writable: true);
        bool isInstalled = order == PageOrder.Pmd
            ? request.Area.Table.InstallHuge(request.Page, translation)
            : request.Area.Table.TryInstallPage(request.Page, translation);
        if (isInstalled && order == PageOrder.Pte && !held.Entry.IsDirty)
        {
            mapping.Entries.NoteDirty(held.Start);
        }

        mapping.Locker.Unlock(held.Start, isInstalled ? held.Entry.WithDirty() : held.Entry);
        mapping.Sink?.InsertPfnMkwrite(request.ToEvent(), MkwriteOutcome.Installed, FaultResult.Nopage);
        return FaultResult.Nopage;
    }
}
