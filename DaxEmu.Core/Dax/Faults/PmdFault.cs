using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Dax.ReadWrite;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>The 2 MiB fault (<c>dax_iomap_pmd_fault</c>). The caller holds the invalidate lock for reading.</summary>
internal sealed class PmdFault(AddressSpace mapping)
{
    public FaultOutcome Serve(in FaultRequest request)
    {
        PageIndex start = request.Index.PmdStart;
        if (start >= mapping.EndIndex)
        {
            return FaultOutcome.Failed(IoError.BeyondEof);
        }

        FallbackReason reason = PmdEligibility.Check(request.Area, request.Page, start, request.IsWrite, mapping.SizeBytes);
        if (reason != FallbackReason.None)
        {
            return FaultOutcome.FallBack(reason);
        }

        Grab grab = mapping.Locker.Grab(start, PageOrder.Pmd);
        if (grab.Outcome != GrabOutcome.Locked)
        {
            return FaultOutcome.FallBack(FallbackReason.EntryConflict);
        }

        DaxEntry final = grab.Held.Entry;
        try
        {
            return ServeHeld(request, grab.Held, ref final);
        }
        finally
        {
            mapping.Locker.Unlock(start, final);
        }
    }

    private FaultOutcome ServeHeld(in FaultRequest request, HeldEntry held, ref DaxEntry final)
    {
        // 4 KiB translations may have come since the caller looked at the slot: it looks again.
        if (request.Area.Table.Directory(request.Page).IsTable)
        {
            return new FaultOutcome(FaultResult.None, FallbackReason.PageTableInTheWay);
        }

        // The extent map is asked before anything is refused for the extent's sake: so a write allocates even if it then falls back.
        ExtentIntent intent = ExtentIntent.Fault | (request.IsWrite ? ExtentIntent.Write : ExtentIntent.Read);
        ExtentAnswer answer = mapping.Extents.Find(held.Start, DaxConstants.PagesPerPmd, intent);
        if (answer.Error != IoError.None)
        {
            // The 4 KiB fault asks again, for less, and reports the error if it stays.
            return FaultOutcome.FallBack(FallbackReason.NotAllocated);
        }

        Extent target = answer.Target;
        EntryInstall.UnmapFilled(mapping, held, target);
        if (target.End < held.Start + DaxConstants.PagesPerPmd)
        {
            SharedCopy.Abandon(mapping, answer);
            return FaultOutcome.FallBack(FallbackReason.ShortExtent);
        }

        if (target.ReadsAsZeroes)
        {
            return request.IsWrite ? FaultOutcome.FallBack(FallbackReason.NotAllocated) : LoadHole(request, held, ref final);
        }

        Pfn pfn = target.PfnAt(held.Start);
        if (!pfn.IsPmdAligned)
        {
            SharedCopy.Abandon(mapping, answer);
            return FaultOutcome.FallBack(FallbackReason.MisalignedPfn);
        }

        return Install(request, held, answer, pfn, ref final);
    }

    private FaultOutcome Install(in FaultRequest request, HeldEntry held, in ExtentAnswer answer, Pfn pfn, ref DaxEntry final)
    {
        VmArea area = request.Area;
        if (mapping.Device.Poison.FindFirst(pfn, DaxConstants.PagesPerPmd) is not null)
        {
            // One bad page need not cost the other 511: the 4 KiB fault meets it alone.
            SharedCopy.Abandon(mapping, answer);
            return FaultOutcome.FallBack(FallbackReason.Poison);
        }

        bool isCopied = request.IsWrite && answer.IsCopy;
        if (isCopied && SharedCopy.TryCopy(mapping, answer, held.Range) != IoError.None)
        {
            return FaultOutcome.FallBack(FallbackReason.NotAllocated);
        }

        bool isSync = SyncFault.MustWait(area, request.IsWrite, answer.Target);
        bool isDirty = !isSync && (request.IsWrite || mapping.Behaviour.ReadFaultsDirty);
        DaxEntry wanted = DaxEntry.Real(pfn, PageOrder.Pmd).WithShared(answer.Target.IsShared);
        final = EntryInstall.Insert(mapping, held, wanted, isDirty, isCopied);
        if (isCopied)
        {
            SharedCopy.Finish(mapping, answer, held.Range);
        }

        if (isSync)
        {
            return FaultOutcome.Of(FaultResult.NeedDsync);
        }

        return area.Table.InstallHuge(request.Page, Translation.Device(pfn, PageOrder.Pmd, request.IsWrite))
            ? FaultOutcome.Done
            : new FaultOutcome(FaultResult.None, FallbackReason.PageTableInTheWay);
    }

    // dax_pmd_load_hole
    private FaultOutcome LoadHole(in FaultRequest request, HeldEntry held, ref DaxEntry final)
    {
        final = EntryInstall.Insert(
            mapping, held, DaxEntry.Zero(PageOrder.Pmd), mapping.Behaviour.ReadFaultsDirty, isCopied: false);
        if (!request.Area.Table.InstallHuge(request.Page, Translation.ZeroPage(PageOrder.Pmd)))
        {
            return new FaultOutcome(FaultResult.None, FallbackReason.PageTableInTheWay);
        }

        mapping.Events?.Receive(DaxEvent.PmdLoadHole(request.ToEvent(mapping), final.Word));
        return FaultOutcome.Done;
    }
}
