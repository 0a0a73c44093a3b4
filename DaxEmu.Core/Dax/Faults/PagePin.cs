using System.Buffers;
using System.Runtime.ExceptionServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Core.Dax.Waiting.Policies;
using DaxEmu.Core.Mm;

namespace DaxEmu.Core;

/// <summary>Pages of a device that are in use beyond their mappings, until it is disposed.</summary>
/// <remarks>
/// It keeps the device's memory mapped. One that is not referenced any more is ended by the collector, which flushes and unpins as
/// <see cref="Dispose"/> does: dispose it, so that this happens when it should, and that a failure of the flush is seen.
/// </remarks>
public sealed unsafe class PagePin : IDisposable
{
    private readonly PlainLock gate = new("lock of a pin");
    private readonly PmemDevice device;
    private readonly int reference;
    private readonly List<PfnRange> pins = [];
    private readonly bool forWriting;
    private readonly IUnpinWake unpinWake;
    private readonly PinnedMemory memory;
    private bool isDisposed = true;

    private PagePin(PmemDevice device, IUnpinWake unpinWake, bool forWriting)
    {
        this.device = device;
        this.unpinWake = unpinWake;
        this.forWriting = forWriting;
        memory = new PinnedMemory(this);

        // A reference of its own, not an object that holds one: that could be finalized before this one, and take the memory away.
        reference = device.AddReferenceUnchecked();
        isDisposed = false;
    }

    /// <summary>Ends a pin that was forgotten. A failure cannot be reported.</summary>
    ~PagePin() => _ = End(flushes: forWriting, byCollector: true);

    /// <summary>The runs of device pages that are pinned, in the order of the file. Zero pages and private copies are none.</summary>
    public IReadOnlyList<PfnRange> Pages => pins;

    /// <summary>The pinned bytes, in as many pieces as they lie in memory. Using them after <see cref="Dispose"/> throws.</summary>
    /// <exception cref="InvalidOperationException">Some are private copies, which belong to the view.</exception>
    /// <exception cref="ObjectDisposedException">The pin was disposed.</exception>
    public ReadOnlySequence<byte> Bytes => memory.Sequence;

    /// <summary>The pinned bytes for stores, piece by piece, in the order of the file.</summary>
    /// <exception cref="InvalidOperationException">The pin is not for writing, or some bytes are private copies, which belong to the view.</exception>
    /// <exception cref="ObjectDisposedException">The pin was disposed.</exception>
    public IReadOnlyList<Memory<byte>> Memory => forWriting
        ? memory.Pieces
        : throw new InvalidOperationException("The pin is for reading. Pin for writing, or read its Bytes.");

    /// <summary>Whether it was disposed.</summary>
    internal bool IsDisposed
    {
        get
        {
            using (gate.Enter())
            {
                return isDisposed;
            }
        }
    }

    /// <summary>Flushes what was stored, if the pin is for writing, and unpins. Again does nothing.</summary>
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
        using (gate.Enter())
        {
            if (isDisposed)
            {
                return;
            }

            isDisposed = true;
        }

        device.ReleaseReference(reference);
    }

    private Exception? End(bool flushes, bool byCollector = false)
    {
        using (gate.Enter())
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
            // A writeback may have made the pages clean since they were pinned: nothing else would flush what was stored after it.
            pins.ForEach(run => Try(() => device.FlushUnchecked(run.First.OffsetBytes, run.PageCount << DaxConstants.PageShift)));
            Try(device.DrainUnchecked);
            pins.ForEach(run => Try(() => device.StrictStores?.Accept(run)));
        }

        pins.ForEach(run => Try(() => Unpin(run)));
        device.ReleaseReference(reference, byCollector);
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

    /// <summary>Pins the pages behind bytes of a VMA.</summary>
    /// <exception cref="DaxException">A page cannot be reached; nothing is pinned then.</exception>
    internal static PagePin Take(FaultLoop faults, VmArea area, long offsetBytes, long lengthBytes, bool forWriting)
    {
        var pin = new PagePin(faults.Mapping.Device, faults.Mapping.Profile.UnpinWake, forWriting);
        try
        {
            PageRange pages = PageRange.Touching(offsetBytes, lengthBytes);
            for (long page = pages.First.Value; page < pages.End.Value;)
            {
                page += pin.TakeFrom(faults, area, page, pages.End.Value - page);
            }

            pin.memory.CutTo(offsetBytes - pages.First.OffsetBytes, lengthBytes);
        }
        catch
        {
            _ = pin.End(flushes: false); // nothing was stored under it
            throw;
        }

        return pin;
    }

    private void Unpin(PfnRange run) => device.Owners.Unpin(run, unpinWake.WakesWhenIdle);

    // One translation's worth of pages; 0 if it changed meanwhile. The layout stays as it is from the fault to the pin.
    private long TakeFrom(FaultLoop faults, VmArea area, VmaPage page, long pageCount)
    {
        using AsymmetricLock.ReadHold hold = faults.Mapping.InvalidateLock.Read();
        ObjectDisposedException.ThrowIf(area.IsGone, area);
        IoError error = faults.Resolve(FaultLoop.RequestFor(area, page, forWriting), out Translation translation);
        return error == IoError.None ? PinBehind(area, page, pageCount, translation) : throw DaxException.Unreachable(error, page.OffsetBytes);
    }

    private long PinBehind(VmArea area, VmaPage page, long pageCount, Translation translation)
    {
        int inHuge = translation.IsHuge ? (int)(area.LeadPages + page.Value) & DaxConstants.ColourMask : 0;
        long count = translation.IsHuge ? Math.Min(pageCount, DaxConstants.PagesPerPmd - inHuge) : 1;
        if (translation.IsZero || translation.IsCopy)
        {
            // A copy belongs to the VMA and goes with it, whatever is pinned.
            memory.HasCopies |= translation.IsCopy;
            memory.Add((byte*)ZeroMemory.Base, count << DaxConstants.PageShift);
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

        memory.Add(area.MemoryOf(page, translation), count << DaxConstants.PageShift);
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
