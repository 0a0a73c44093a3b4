using System.Runtime.ExceptionServices;
using DaxEmu.Core.Dax.Waiting.Policies;
using DaxEmu.Core.Mm;
using DaxEmu.Core.Pmem;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>Pages of a device that are in use beyond their mappings, until it is disposed.</summary>
/// <remarks>
/// It keeps the device's memory mapped. One that nobody references any more is ended by the collector, which flushes and unpins as
/// <see cref="Dispose"/> does: dispose it, so that this happens when it should, and that a failure of the flush is seen.
/// </remarks>
public sealed unsafe class PagePin : IDisposable
{
    private readonly Lock gate = new();
    private readonly PmemDevice device;
    private readonly List<PfnRange> pins = [];
    private readonly bool forWriting;
    private readonly IUnpinWake unpinWake;
    private bool isDisposed = true;

    private PagePin(PmemDevice device, IUnpinWake unpinWake, bool forWriting)
    {
        this.device = device;
        this.unpinWake = unpinWake;
        this.forWriting = forWriting;

        // A reference of its own, not an object that holds one: that could be finalized before this one, and take the memory away.
        device.AddReferenceUnchecked();
        isDisposed = false;
    }

    /// <summary>Ends a lease that was forgotten. Nobody is there to be told of a failure.</summary>
    ~PagePin() => _ = End(flushes: forWriting, byCollector: true);

    /// <summary>The runs of device pages that are pinned, in the order of the file. Zero pages and private copies are none.</summary>
    public IReadOnlyList<PfnRange> Pages => pins;

    /// <summary>Flushes what was stored, if the lease is for writing, and unpins. Again does nothing.</summary>
    /// <exception cref="Native.DaxEnvironmentException">What was stored could not be flushed. The pages are unpinned all the same.</exception>
    public void Dispose()
    {
        Exception? failure = End(flushes: forWriting);
        GC.SuppressFinalize(this);
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Forgets what it holds, for a checker that has reset who pins what: the collector must not unpin for it later.</summary>
    internal void Abandon()
    {
        lock (gate)
        {
            if (isDisposed)
            {
                return;
            }

            isDisposed = true;
        }

        device.ReleaseReference();
    }

    private Exception? End(bool flushes, bool byCollector = false)
    {
        lock (gate)
        {
            if (isDisposed)
            {
                return null;
            }

            isDisposed = true;
        }

        Exception? failure = null;
        if (flushes)
        {
            // A writeback may have made the pages clean since they were taken: nobody else would flush what came after it.
            pins.ForEach(run => Try(() => device.FlushUnchecked(run.First.OffsetBytes, run.PageCount << DaxConstants.PageShift)));
            Try(device.DrainUnchecked);
        }

        pins.ForEach(run => Try(() => Unpin(run)));
        device.ReleaseReference(byCollector);
        return failure;

        // Each step is taken whatever becomes of the others: a page that stays pinned would be waited for without end.
        void Try(Action step)
        {
            try
            {
                step();
            }
            catch (Exception problem)
            {
                failure ??= problem;
            }
        }
    }

    /// <summary>Pins pages of a VMA.</summary>
    internal static PagePin Take(FaultLoop faults, VmArea area, PageRange pages, bool forWriting)
    {
        var lease = new PagePin(faults.Mapping.Device, faults.Mapping.Profile.UnpinWake, forWriting);
        try
        {
            for (long page = pages.First.Value; page < pages.End.Value;)
            {
                page += lease.TakeFrom(faults, area, page, pages.End.Value - page);
            }
        }
        catch
        {
            _ = lease.End(flushes: false); // nothing was stored under it
            throw;
        }

        return lease;
    }

    private void Unpin(PfnRange run) => device.Owners.Unpin(run, unpinWake.WakesWhenIdle);

    // One translation's worth of pages; 0 if it must be faulted in first, or changed while it was looked at.
    private long TakeFrom(FaultLoop faults, VmArea area, long page, long pageCount)
    {
        ulong* hold = area.File.InvalidateLock.EnterRead();
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

        IoError result = faults.Access(area, page, forWriting);
        return result == IoError.None ? 0 : throw DaxException.Unreachable(result, page << DaxConstants.PageShift);
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
        Translation again = area.Table.Find(page); // [P1] matches [P2] in PageOwners
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
