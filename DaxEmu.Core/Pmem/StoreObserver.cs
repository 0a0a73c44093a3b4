namespace DaxEmu.Core.Pmem;

/// <summary>
/// Learns of what is stored to a device through its methods, and of flushes and fences. Raw stores through spans are not reported: an observer
/// finds them by looking.
/// </summary>
internal abstract class StoreObserver : IDisposable
{
    /// <summary>Makes ordered stores to the device, as <see cref="IPersistentMemory.Store"/> says: the observer sees nothing between them.</summary>
    public abstract void Store(long offsetBytes, ReadOnlySpan<byte> source);

    /// <summary>This thread has stored around the caches; the bytes are on the device.</summary>
    public abstract void StoredNonTemporal(long offsetBytes, long lengthBytes);

    /// <summary>This thread flushes what lines hold now.</summary>
    public abstract void Flush(long offsetBytes, long lengthBytes);

    /// <summary>This thread has passed a fence: what it flushed, and stored around the caches, is durable.</summary>
    public abstract void Drain();

    /// <summary>A writable span of the device is handed out: from here on raw stores may come there.</summary>
    public virtual void Expose(long offsetBytes, long lengthBytes)
    {
    }

    /// <summary>A file of a device is opened: from here on raw stores may come to the pages that its entries hold.</summary>
    public virtual void ExposeFilesOf(PmemDevice device)
    {
    }

    public abstract void Dispose();
}
