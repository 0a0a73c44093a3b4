using DaxEmu.Core.Device;
using DaxEmu.Core.Faults;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting.Profiles;

namespace DaxEmu.Core.Files;

/// <summary>Pages of a device that are in use beyond their mappings, until it is disposed.</summary>
public sealed unsafe class PinLease : IDisposable
{
    private readonly Lock gate = new();
    private readonly PmemDevice device;
    private readonly DeviceLease deviceLease;
    private readonly List<PfnRange> pins = [];
    private readonly bool forWriting;
    private readonly IUnpinWake unpinWake;
    private bool isDisposed;

    private PinLease(PmemDevice device, IUnpinWake unpinWake, bool forWriting)
    {
        this.device = device;
        this.unpinWake = unpinWake;
        this.forWriting = forWriting;
        deviceLease = device.Lease();
    }

    /// <summary>The runs of device pages that are pinned, in the order of the file. Zero pages and private copies are none.</summary>
    public IReadOnlyList<PfnRange> Pages => pins;

    /// <summary>Flushes what was stored, if the lease is for writing, and unpins. Again does nothing.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (isDisposed)
            {
                return;
            }

            isDisposed = true;
        }

        foreach (PfnRange run in pins)
        {
            // A writeback may have made the pages clean since they were taken: nobody else would flush what came after it.
            if (forWriting)
            {
                device.FlushUnchecked(run.First.OffsetBytes, run.PageCount << DaxConstants.PageShift);
            }
        }

        device.DrainUnchecked();
        pins.ForEach(Unpin);
        deviceLease.Dispose();
    }

    /// <summary>Pins pages of a VMA.</summary>
    internal static PinLease Take(FaultLoop faults, VmArea area, PageRange pages, bool forWriting)
    {
        var lease = new PinLease(area.Mapping.Device, area.Mapping.Profile.UnpinWake, forWriting);
        try
        {
            for (long page = pages.First.Value; page < pages.End.Value;)
            {
                page += lease.TakeFrom(faults, area, page, pages.End.Value - page);
            }
        }
        catch
        {
            lease.Dispose();
            throw;
        }

        return lease;
    }

    private void Unpin(PfnRange run) => device.Owners.Unpin(run, unpinWake.WakesWhenIdle);

    // One translation's worth of pages; 0 if it must be faulted in first, or changed while it was looked at.
    private long TakeFrom(FaultLoop faults, VmArea area, long page, long pageCount)
    {
        ulong* hold = area.Mapping.InvalidateLock.EnterRead();
        try
        {
            ObjectDisposedException.ThrowIf(area.IsGone, area);
            Translation translation = area.Table.Find(page);
            if (translation.IsPresent && (!forWriting || translation.IsWritable))
            {
                return PinBehind(area, page, pageCount, translation);
            }
        }
        finally
        {
            AsymmetricLock.ExitRead(hold);
        }

        TouchResult result = faults.Touch(area, page, forWriting);
        return result == TouchResult.Mapped ? 0 : throw new DaxFaultException(page << DaxConstants.PageShift, result);
    }

    private long PinBehind(VmArea area, long page, long pageCount, Translation translation)
    {
        int inHuge = translation.IsHuge ? (int)(area.LeadPages + page) & DaxConstants.ColourMask : 0;
        long count = translation.IsHuge ? Math.Min(pageCount, DaxConstants.PagesPerPmd - inHuge) : 1;
        if (translation.IsZero || translation.IsCopy)
        {
            return count;
        }

        var run = new PfnRange(translation.Pfn + inHuge, count);
        device.Owners.Pin(run);
        Translation again = area.Table.Find(page); // [A] matches [B] in PageOwners: pin first, then look again
        if (!again.IsPresent || again.IsHuge != translation.IsHuge || again.IsZero || again.IsCopy || again.Pfn != translation.Pfn)
        {
            Unpin(run);
            return 0;
        }

        bool isNext = pins.Count > 0 && pins[^1].End == run.First;
        if (isNext)
        {
            pins[^1] = pins[^1] with { PageCount = pins[^1].PageCount + count };
        }
        else
        {
            pins.Add(run);
        }

        return count;
    }
}
