using System.Runtime.InteropServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Pmem;

/// <summary>What would be on a device after a loss of power now: every cache line as it was when it was last flushed and drained.</summary>
/// <remarks>
/// The pessimistic reading of x86-64: a store is durable only once its line was flushed (or stored around the caches) and the same thread has
/// then passed a fence; nothing is evicted early. A line flushed by two threads holds what the later flush saw. For checks and tests: each
/// flush copies what it flushes.
/// </remarks>
internal sealed unsafe class DurableImage : StoreObserver
{
    private const int LineBytes = 64;

    private readonly Lock gate = new();
    private readonly PinnedLines order = new(1);
    private readonly long trackedBytesPerPmd;
    private readonly byte* device;
    private readonly ReservedRegion image;
    private readonly ReservedRegion versions;
    private readonly ThreadLocal<List<Flushed>> pending = new(() => []);
    private long lastVersion;
    private volatile int generation;

    /// <summary>An image that begins with the device's content.</summary>
    /// <param name="device">The device's first byte; outlives the image.</param>
    /// <param name="sizeBytes">Its size.</param>
    /// <param name="trackedPagesPerPmd">How many pages from the start of each 2 MiB are tracked; what is flushed elsewhere is passed over.</param>
    public DurableImage(nint device, long sizeBytes, int trackedPagesPerPmd = DaxConstants.PagesPerPmd)
    {
        trackedBytesPerPmd = (long)trackedPagesPerPmd << DaxConstants.PageShift;
        this.device = (byte*)device;
        SizeBytes = sizeBytes;
        image = ReservedRegion.Reserve(sizeBytes);
        versions = ReservedRegion.Reserve(sizeBytes / LineBytes * sizeof(long));
    }

    public long SizeBytes { get; }

    /// <summary>The durable bytes, which must not be used after the image is disposed.</summary>
    public ReadOnlySpan<byte> Bytes(long offsetBytes, int lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, SizeBytes - offsetBytes);
        return new ReadOnlySpan<byte>((byte*)image.Base + offsetBytes, lengthBytes);
    }

    /// <summary>Whether the bytes on the device would survive a loss of power.</summary>
    public bool IsDurable(long offsetBytes, int lengthBytes) =>
        Bytes(offsetBytes, lengthBytes).SequenceEqual(new ReadOnlySpan<byte>(device + offsetBytes, lengthBytes));

    /// <inheritdoc/>
    public override void Store(long offsetBytes, ReadOnlySpan<byte> source) => OrderedStores.Copy((nint)(device + offsetBytes), source);

    /// <inheritdoc/>
    public override void StoredNonTemporal(long offsetBytes, long lengthBytes) => Flush(offsetBytes, lengthBytes);

    /// <summary>This thread flushes lines, or stored them around the caches; they are durable after its next <see cref="Drain"/>.</summary>
    public override void Flush(long offsetBytes, long lengthBytes)
    {
        Order();
        for (long end = offsetBytes + lengthBytes; offsetBytes < end;)
        {
            long pmd = offsetBytes & -DaxConstants.PmdSize;
            FlushTracked(offsetBytes, Math.Min(end, pmd + trackedBytesPerPmd) - offsetBytes);
            offsetBytes = pmd + DaxConstants.PmdSize;
        }
    }

    /// <summary>A step by which a scheduler orders flushes, fences and stores to memory, which are no atomic steps of their own.</summary>
    public void Order() => Atomic.Add(ref *order[0], 1, Site.Flush);

    private void FlushTracked(long offsetBytes, long lengthBytes)
    {
        if (lengthBytes <= 0)
        {
            return;
        }

        long first = offsetBytes & -LineBytes;
        int length = checked((int)(((offsetBytes + lengthBytes + LineBytes - 1) & -LineBytes) - first));
        lock (gate)
        {
            // The version is taken and the content read in one step: a later version never holds older content.
            byte[] content = new ReadOnlySpan<byte>(device + first, length).ToArray();
            pending.Value!.Add(new Flushed(generation, ++lastVersion, first, content));
        }
    }

    /// <summary>What this thread flushed is durable.</summary>
    public override void Drain()
    {
        Order();
        List<Flushed> mine = pending.Value!;
        if (mine.Count == 0)
        {
            return;
        }

        lock (gate)
        {
            foreach (Flushed flushed in CollectionsMarshal.AsSpan(mine))
            {
                if (flushed.Generation == generation)
                {
                    Arrive(flushed);
                }
            }
        }

        mine.Clear();
    }

    /// <summary>Begins anew with the device's content in a range; what was flushed before is forgotten. No other thread may use it meanwhile.</summary>
    public void Reset(long offsetBytes, int lengthBytes)
    {
        lock (gate)
        {
            generation++;
            new ReadOnlySpan<byte>(device + offsetBytes, lengthBytes).CopyTo(new Span<byte>((byte*)image.Base + offsetBytes, lengthBytes));
        }
    }

    public override void Dispose()
    {
        image.Dispose();
        versions.Dispose();
        pending.Dispose();
    }

    private void Arrive(in Flushed flushed)
    {
        long* lines = (long*)versions.Base + (flushed.Offset / LineBytes);
        byte* target = (byte*)image.Base + flushed.Offset;
        for (int at = 0; at < flushed.Content.Length; at += LineBytes, lines++)
        {
            if (*lines < flushed.Version)
            {
                *lines = flushed.Version;
                flushed.Content.AsSpan(at, LineBytes).CopyTo(new Span<byte>(target + at, LineBytes));
            }
        }
    }

    private readonly record struct Flushed(int Generation, long Version, long Offset, byte[] Content);
}
