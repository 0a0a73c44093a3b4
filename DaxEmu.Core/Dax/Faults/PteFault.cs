using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Dax.ReadWrite;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>The 4 KiB fault (<c>dax_iomap_pte_fault</c>). The caller holds the invalidate lock for reading.</summary>
internal sealed class PteFault(AddressSpace mapping, LastExtents lastExtents)
{
    public FaultOutcome Serve(in FaultRequest request)
    {
        PageIndex index = request.Index;
        if (index >= mapping.EndIndex)
        {
            return FaultOutcome.Failed(IoError.BeyondEof);
        }

        HeldEntry held = EntryGrab.ForPte(mapping, index, request is { IsWrite: true, IsPrivateWrite: false });
        DaxEntry final = held.Entry;
        try
        {
            return ServeHeld(request, held, ref final);
        }
        finally
        {
            // Whatever happened, an exception too: the entry is unlocked, as what it has become.
            mapping.Locker.Unlock(held.Start, final);
        }
    }

    private FaultOutcome ServeHeld(in FaultRequest request, HeldEntry held, ref DaxEntry final)
    {
        VmArea area = request.Area;
        PageIndex index = request.Index;
        if (area.Table.Directory(request.Page).IsHuge)
        {
            // A 2 MiB translation came in between, and serves this page too.
            return FaultOutcome.Done;
        }

        if (request.IsPrivateWrite)
        {
            return PrivateCopy.Make(mapping, request);
        }

        ExtentIntent intent = ExtentIntent.Fault | (request.IsWrite ? ExtentIntent.Write : ExtentIntent.Read);
        ExtentAnswer answer = mapping.Extents.Find(index, 1, intent);
        if (answer.Error != IoError.None)
        {
            return FaultOutcome.Failed(answer.Error);
        }

        Extent target = answer.Target;
        lastExtents.Note(answer);
        EntryInstall.UnmapFilled(mapping, held, target);
        if (target.ReadsAsZeroes)
        {
            return request.IsWrite ? FaultOutcome.Failed(IoError.Io) : LoadHole(request, held, ref final);
        }

        Pfn pfn = target.PfnAt(index);
        if (mapping.Device.Poison.Contains(pfn))
        {
            SharedCopy.Abandon(mapping, answer);
            return FaultOutcome.Failed(IoError.Poison);
        }

        bool isCopied = request.IsWrite && answer.IsCopy;
        if (isCopied && SharedCopy.TryCopy(mapping, answer, new PageRange(index, 1)) != IoError.None)
        {
            return FaultOutcome.Failed(IoError.Io);
        }

        FaultResult major = request.IsWrite && (target.Flags & ExtentFlags.New) != 0 ? FaultResult.Major : FaultResult.None;
        bool isSync = SyncFault.MustWait(area, request.IsWrite, target);
        bool isDirty = !isSync && (request.IsWrite || mapping.Behaviour.ReadFaultsDirty);
        DaxEntry wanted = DaxEntry.Real(pfn, PageOrder.Pte).WithShared(target.IsShared);
        final = EntryInstall.Insert(mapping, held, wanted, isDirty, isCopied);
        if (isCopied)
        {
            SharedCopy.Finish(mapping, answer, new PageRange(index, 1));
        }

        if (isSync)
        {
            return FaultOutcome.Of(major | FaultResult.NeedDsync);
        }

        // A page of shared blocks is only ever mapped read-only: the write that ends that asks for a copy. Without a table (a 2 MiB
        // translation stands there) the access looks again; the entry stays dirty, as in the kernel.
        area.Table.TryInstallPage(request.Page, Translation.Device(pfn, PageOrder.Pte, request.IsWrite));
        return FaultOutcome.Of(major | FaultResult.Nopage);
    }

    // dax_load_hole
    private FaultOutcome LoadHole(in FaultRequest request, HeldEntry held, ref DaxEntry final)
    {
        final = EntryInstall.Insert(
            mapping, held, DaxEntry.Zero(PageOrder.Pte), mapping.Behaviour.ReadFaultsDirty, isCopied: false);
        request.Area.Table.TryInstallPage(request.Page, Translation.ZeroPage(PageOrder.Pte));
        mapping.Events?.Receive(DaxEvent.LoadHole(request.ToEvent(mapping), FaultResult.Nopage));
        return FaultOutcome.Done;
    }
}
