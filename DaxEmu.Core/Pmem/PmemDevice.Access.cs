using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DaxEmu.Core.Pmem;
using DaxEmu.Core.Pmem.Media;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Failures;

namespace DaxEmu.Core;

/// <content>Loads, stores, flushes.</content>
public sealed partial class PmemDevice
{
    /// <summary>Which entries hold the device's pages, and which are pinned.</summary>
    internal PageOwners Owners => owners.Value;

    /// <summary>Whether there was a call of <see cref="Owners"/>: if not, no page has a holder or a pin.</summary>
    internal bool HasOwners => owners.IsValueCreated;

    /// <summary>As <see cref="PoisonList"/>, for a holder of a reference: also after the device was disposed.</summary>
    internal PoisonList Poison => poison;

    /// <summary>What a loss of power would leave; null unless <see cref="PmemDeviceOptions.TracksDurable"/> asks for it.</summary>
    internal DurableImage? Durable => observer as DurableImage;

    /// <summary>What was stored, flushed and drained; null unless <see cref="PmemDeviceOptions.RecordsStores"/> asks for it.</summary>
    internal StoreRecorder? Recorder => observer as StoreRecorder;

    /// <summary>Which pages were stored to through spans; null unless <see cref="PmemDeviceOptions.StoreTracking"/> asks for it.</summary>
    internal StoreTracker? Stores { get; }

    /// <summary>As <see cref="Stores"/>, in strict mode only.</summary>
    internal StoreTracker? StrictStores { get; }

    /// <summary>Delays what reads and writes the device; null unless <see cref="PmemDeviceOptions.Media"/> asks for it.</summary>
    internal MediaDial? Media { get; }

    /// <summary>First byte of the device; valid while the device is open or a reference to it exists.</summary>
    internal nint Base => start;

    /// <summary>
    /// The memory of <paramref name="pageCount"/> device pages from <paramref name="first"/> (the kernel's
    /// <c>dax_direct_access</c>).
    /// </summary>
    /// <param name="first">The first page.</param>
    /// <param name="pageCount">How many are wanted, at least 1; the result may have fewer.</param>
    /// <param name="mode">Whether poisoned pages are refused.</param>
    /// <exception cref="ArgumentOutOfRangeException">The device has no such page, or the count is below 1.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public DirectAccess DirectAccess(Pfn first, long pageCount, DirectAccessMode mode = DirectAccessMode.Access)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfLessThan(pageCount, 1);
        if ((ulong)first.Value >= (ulong)PageCount)
        {
            throw new ArgumentOutOfRangeException(nameof(first), $"There is no page {first} on {Name}, which has {PageCount} pages.");
        }

        long available = Math.Min(pageCount, PageCount - first.Value);
        if (mode == DirectAccessMode.Access && poison.FindFirst(first, available) is { } poisoned)
        {
            available = poisoned.Value - first.Value;
        }

        return new DirectAccess(this, first, available, isPoisoned: available == 0);
    }

    /// <summary>The memory of whole pages. Poison is not looked at.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="pageCount">How many; less than 2 GiB in all.</param>
    /// <exception cref="ArgumentOutOfRangeException">The device does not have all these pages, or they are too many for a span.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public Span<byte> GetSpan(Pfn first, long pageCount)
    {
        ThrowIfDisposed();
        CheckPages(first, pageCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pageCount, int.MaxValue >> DaxConstants.PageShift);
        observer?.Expose(first.OffsetBytes, pageCount << DaxConstants.PageShift);
        return region.Span(first.OffsetBytes, (int)pageCount << DaxConstants.PageShift);
    }

    /// <summary>Starts moving stores towards the device (libpmem2's flush); they are durable after <see cref="Drain"/>.</summary>
    /// <param name="offsetBytes">First byte.</param>
    /// <param name="lengthBytes">How many; 0 does nothing. Whole cache lines are flushed, with msync whole pages.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie on the device.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="DaxEmu.Native.DaxEnvironmentException">msync failed.</exception>
    public void Flush(long offsetBytes, long lengthBytes)
    {
        ThrowIfDisposed();
        region.CheckRange(offsetBytes, lengthBytes);
        FlushUnchecked(offsetBytes, lengthBytes);
        GC.KeepAlive(this);
    }

    /// <summary>Waits until what this thread flushed, and stored around the caches, has arrived (libpmem2's drain).</summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public void Drain()
    {
        ThrowIfDisposed();
        DrainUnchecked();
    }

    /// <summary><see cref="Flush"/> and <see cref="Drain"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie on the device.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="DaxEmu.Native.DaxEnvironmentException">msync failed.</exception>
    public void Persist(long offsetBytes, long lengthBytes)
    {
        Flush(offsetBytes, lengthBytes);
        DrainUnchecked();
    }

    /// <summary>
    /// Writes zeroes to whole pages with stores that need no flush; they are durable after <see cref="Drain"/>. Poison stays.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The device does not have all these pages.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public void Zero(Pfn first, long pageCount)
    {
        ThrowIfDisposed();
        CheckPages(first, pageCount);
        ZeroUnchecked(first.OffsetBytes, pageCount << DaxConstants.PageShift);
        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Read(long offsetBytes, int lengthBytes)
    {
        ThrowIfDisposed();
        return ReadHeld(offsetBytes, lengthBytes);
    }

    /// <summary>As <see cref="Read"/>, for a holder of a reference: also after the device was disposed.</summary>
    internal ReadOnlySpan<byte> ReadHeld(long offsetBytes, int lengthBytes)
    {
        ReadOnlySpan<byte> bytes = region.Span(offsetBytes, lengthBytes);
        Media?.Read(offsetBytes, lengthBytes);
        PageRange pages = PageRange.Touching(offsetBytes, lengthBytes);
        return poison.FindFirst(new Pfn(pages.First.Value), pages.PageCount) is { } lost
            ? throw new DaxException($"Page {lost} of {Name} is lost (poisoned). Write the whole page anew.", IoError.Poison, lost.OffsetBytes)
            : bytes;
    }

    /// <inheritdoc/>
    public void Store(long offsetBytes, ReadOnlySpan<byte> source)
    {
        ThrowIfDisposed();
        StoreHeld(offsetBytes, source);
    }

    /// <summary>Refuses bytes that the device does not have.</summary>
    internal void CheckBytes(long offsetBytes, long lengthBytes) => region.CheckRange(offsetBytes, lengthBytes);

    /// <summary>As <see cref="Store"/>, for a holder of a reference: also after the device was disposed.</summary>
    internal void StoreHeld(long offsetBytes, ReadOnlySpan<byte> source)
    {
        region.CheckRange(offsetBytes, source.Length);
        using var own = new StoreTracker.OwnStore(StrictStores, offsetBytes, source.Length);
        if (observer is { } watching)
        {
            watching.Store(offsetBytes, source);
        }
        else
        {
            OrderedStores.Copy(start + (nint)offsetBytes, source);
        }

        GC.KeepAlive(this);
    }

    /// <inheritdoc/>
    public void CopyPersist(long offsetBytes, ReadOnlySpan<byte> source)
    {
        CopyNonTemporal(offsetBytes, source);
        DrainUnchecked();
    }

    /// <summary>Copies bytes to the device with stores that need no flush; they are durable after <see cref="Drain"/>.</summary>
    /// <param name="offsetBytes">Where to.</param>
    /// <param name="source">What; it must not overlap the place where it goes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie on the device.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public void CopyNonTemporal(long offsetBytes, ReadOnlySpan<byte> source)
    {
        ThrowIfDisposed();
        region.CheckRange(offsetBytes, source.Length);
        CopyUnchecked(offsetBytes, source);
        GC.KeepAlive(this);
    }

    /// <summary>The byte at an offset, unchecked: for hot paths that hold a reference and took the offset from an extent or an entry.</summary>
    // SAFETY: the caller has checked the offset, and its reference keeps the mapping.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal unsafe ref byte ByteAt(long offsetBytes) => ref *((byte*)start + offsetBytes);

    /// <summary>As <see cref="Flush"/>, for a holder of a reference: neither bounds nor disposal are looked at.</summary>
    internal void FlushUnchecked(long offsetBytes, long lengthBytes)
    {
        Fallible.ThrowIfFails(FallibleStep.Flush);
        if (flushInstruction is { } instruction)
        {
            instruction.Flush(start + (nint)offsetBytes, lengthBytes);
        }
        else
        {
            FlushByOtherMeans(offsetBytes, lengthBytes);
        }

        Media?.Flush(offsetBytes, lengthBytes);
        observer?.Flush(offsetBytes, lengthBytes);
    }

    /// <summary>As <see cref="Drain"/>, for a holder of a reference.</summary>
    internal void DrainUnchecked()
    {
        FlushInstruction.Fence();
        Media?.Fence();
        observer?.Drain();
    }

    /// <summary>As <see cref="Zero"/> on bytes, for a holder of a reference: neither bounds nor disposal are looked at.</summary>
    internal void ZeroUnchecked(long offsetBytes, long lengthBytes)
    {
        Fallible.ThrowIfFails(FallibleStep.Flush);
        using var own = new StoreTracker.OwnStore(StrictStores, offsetBytes, lengthBytes);
        NonTemporal.Zero(start + (nint)offsetBytes, lengthBytes, flushInstruction);
        if (flushInstruction is null)
        {
            FlushByOtherMeans(offsetBytes, lengthBytes);
        }

        Media?.Write(offsetBytes, lengthBytes);
        observer?.StoredNonTemporal(offsetBytes, lengthBytes);
    }

    /// <summary>As <see cref="CopyNonTemporal"/>, for a holder of a reference: neither bounds nor disposal are looked at.</summary>
    internal void CopyUnchecked(long offsetBytes, ReadOnlySpan<byte> source)
    {
        Fallible.ThrowIfFails(FallibleStep.Flush);
        using var own = new StoreTracker.OwnStore(StrictStores, offsetBytes, source.Length);
        NonTemporal.Copy(start + (nint)offsetBytes, source, flushInstruction);
        if (flushInstruction is null)
        {
            FlushByOtherMeans(offsetBytes, source.Length);
        }

        Media?.Write(offsetBytes, source.Length);
        observer?.StoredNonTemporal(offsetBytes, source.Length);
    }

    /// <summary>Bytes of the device as a span, for a holder of a reference: neither bounds nor disposal are looked at.</summary>
    internal unsafe Span<byte> SpanUnchecked(long offsetBytes, int lengthBytes) => new((byte*)start + offsetBytes, lengthBytes);

    /// <summary>The memory of a span is read, if it is the device's: a private copy or the zero memory costs nothing.</summary>
    internal unsafe void ChargeRead(ReadOnlySpan<byte> memory)
    {
        if (Media is { } dial && !memory.IsEmpty)
        {
            // SAFETY: an address to subtract, never used as one.
            long offset = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory)) - start;
            if (offset >= 0 && offset < SizeBytes)
            {
                dial.Read(offset, memory.Length);
            }
        }
    }

    /// <summary>Bytes of the device as a span; poison is not looked at.</summary>
    internal Span<byte> GetSpan(long offsetBytes, int lengthBytes)
    {
        ThrowIfDisposed();
        Span<byte> bytes = region.Span(offsetBytes, lengthBytes);
        observer?.Expose(offsetBytes, lengthBytes);
        return bytes;
    }

    private void FlushByOtherMeans(long offsetBytes, long lengthBytes)
    {
        if (Capabilities.Flush == FlushMethod.Msync && lengthBytes > 0)
        {
            // The kernel may write back from another processor: stores around the caches must have left this one.
            FlushInstruction.Fence();
            region.Synchronize(offsetBytes, lengthBytes);
        }
    }

    private void CheckPages(Pfn first, long pageCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first.Value, nameof(first));
        ArgumentOutOfRangeException.ThrowIfNegative(pageCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(first.Value, PageCount, nameof(first));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pageCount, PageCount - first.Value);
    }
}
