using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>Copies of pages that a private VMA writes to.</summary>
/// <remarks>
/// The VMA's copy gate orders the makers: a second one finds the first one's copy installed and leaves it, so that nothing that was
/// written to it meanwhile is lost.
/// </remarks>
internal static unsafe class PrivateCopy
{
    /// <summary>The copy for a fault (<c>dax_fault_cow_page</c>). The caller holds the lock of the entry, which stays as it is.</summary>
    public static FaultOutcome Make(AddressSpace mapping, in FaultRequest request)
    {
        (VmArea area, VmaPage page, _) = request;
        PageIndex index = request.Index;
        ExtentAnswer answer = mapping.Extents.Find(index, 1, ExtentIntent.Fault | ExtentIntent.Read);
        if (answer.Error != IoError.None)
        {
            return FaultOutcome.Failed(answer.Error);
        }

        Extent source = answer.Source;
        if (!source.ReadsAsZeroes && mapping.Device.Poison.Contains(source.PfnAt(index)))
        {
            return FaultOutcome.Failed(IoError.Poison);
        }

        WordLock.Enter(ref area.CopyGate, Site.Copying);
        try
        {
            if (!area.Table.Page(page).IsCopy)
            {
                Fill(mapping.Device, area, page, source.ReadsAsZeroes ? null : (byte*)mapping.Device.Base + source.PfnAt(index).OffsetBytes);
                area.Table.TryInstallPage(page, Translation.Copy);
            }
        }
        finally
        {
            WordLock.Leave(ref area.CopyGate, Site.Copying);
        }

        return FaultOutcome.Of(FaultResult.DoneCow);
    }

    /// <summary>
    /// The copy of a page that is mapped read-only: made from what is mapped, without asking the file (<c>wp_page_copy</c>). The
    /// caller holds the invalidate lock for reading.
    /// </summary>
    public static void MakeFromMapped(AddressSpace mapping, in FaultRequest request)
    {
        (VmArea area, VmaPage page, _) = request;
        WordLock.Enter(ref area.CopyGate, Site.Copying);
        try
        {
            Translation seen = area.Table.Page(page);
            if (seen is { IsPresent: true, IsCopy: false })
            {
                Fill(mapping.Device, area, page, area.MemoryOf(page, seen));
                _ = area.Table.TryReplacePage(page, seen, Translation.Copy); // cleared meanwhile: the next try faults
            }
        }
        finally
        {
            WordLock.Leave(ref area.CopyGate, Site.Copying);
        }
    }

    private static void Fill(PmemDevice device, VmArea area, VmaPage page, byte* source)
    {
        // SAFETY: the copy is a page; the source is a page of the device or of the zero memory, and stays mapped.
        var copy = new Span<byte>(area.CopyOf(page), DaxConstants.PageSize);
        if (source == null)
        {
            copy.Clear();
        }
        else
        {
            var original = new ReadOnlySpan<byte>(source, DaxConstants.PageSize);
            device.ChargeRead(original);
            original.CopyTo(copy);
        }
    }
}
