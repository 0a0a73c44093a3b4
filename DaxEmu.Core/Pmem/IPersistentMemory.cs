namespace DaxEmu.Core;

/// <summary>
/// Memory whose content can be made durable, in the words of libpmem2: stores are volatile until they are flushed and drained. A device is
/// one, and so is what a power cut has left of it.
/// </summary>
/// <remarks>
/// Code that keeps its data on such memory and reads and writes through this interface alone can be run on a device, and can be checked
/// on everything that a power cut may leave of one.
/// </remarks>
public interface IPersistentMemory
{
    /// <summary>How many bytes.</summary>
    long SizeBytes { get; }

    /// <summary>The unit in which stores become durable (libpmem2's granularity).</summary>
    PersistenceDomain PersistenceDomain { get; }

    /// <summary>Bytes to read, in place. They must not be used after the memory is disposed.</summary>
    /// <param name="offsetBytes">First byte.</param>
    /// <param name="lengthBytes">How many.</param>
    /// <exception cref="ArgumentOutOfRangeException">The memory does not have all these bytes.</exception>
    /// <exception cref="DaxException">A page of them is lost (<see cref="IoError.Poison"/>).</exception>
    /// <exception cref="ObjectDisposedException">The memory was disposed.</exception>
    ReadOnlySpan<byte> Read(long offsetBytes, int lengthBytes);

    /// <summary>
    /// Stores bytes, from the first to the last, 8 aligned bytes at once where they are whole: of stores to one cache line a power cut leaves
    /// those up to some moment. Durable after <see cref="Flush"/> and <see cref="Drain"/>.
    /// </summary>
    /// <param name="offsetBytes">Where to.</param>
    /// <param name="source">What; it must not overlap the place where it goes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The memory does not have all these bytes.</exception>
    /// <exception cref="ObjectDisposedException">The memory was disposed.</exception>
    void Store(long offsetBytes, ReadOnlySpan<byte> source);

    /// <summary>Copies bytes with stores that need no flush. Durable after <see cref="Drain"/>; before, each 8 bytes may be or not.</summary>
    /// <param name="offsetBytes">Where to.</param>
    /// <param name="source">What; it must not overlap the place where it goes.</param>
    /// <exception cref="ArgumentOutOfRangeException">The memory does not have all these bytes.</exception>
    /// <exception cref="DaxEmu.Native.DaxEnvironmentException">The storage failed.</exception>
    /// <exception cref="ObjectDisposedException">The memory was disposed.</exception>
    void CopyNonTemporal(long offsetBytes, ReadOnlySpan<byte> source);

    /// <summary>Starts moving stores towards the medium; they are durable after <see cref="Drain"/>.</summary>
    /// <param name="offsetBytes">First byte.</param>
    /// <param name="lengthBytes">How many; whole cache lines are flushed, with msync whole pages.</param>
    /// <exception cref="ArgumentOutOfRangeException">The memory does not have all these bytes.</exception>
    /// <exception cref="DaxEmu.Native.DaxEnvironmentException">The storage failed.</exception>
    /// <exception cref="ObjectDisposedException">The memory was disposed.</exception>
    void Flush(long offsetBytes, long lengthBytes);

    /// <summary>Waits until what this thread flushed, and stored around the caches, has arrived.</summary>
    /// <exception cref="ObjectDisposedException">The memory was disposed.</exception>
    void Drain();

    /// <summary><see cref="Flush"/> and <see cref="Drain"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The memory does not have all these bytes.</exception>
    /// <exception cref="DaxEmu.Native.DaxEnvironmentException">The storage failed.</exception>
    /// <exception cref="ObjectDisposedException">The memory was disposed.</exception>
    void Persist(long offsetBytes, long lengthBytes)
    {
        Flush(offsetBytes, lengthBytes);
        Drain();
    }

    /// <summary><see cref="CopyNonTemporal"/> and <see cref="Drain"/>: the bytes are durable when it returns.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The memory does not have all these bytes.</exception>
    /// <exception cref="DaxEmu.Native.DaxEnvironmentException">The storage failed.</exception>
    /// <exception cref="ObjectDisposedException">The memory was disposed.</exception>
    void CopyPersist(long offsetBytes, ReadOnlySpan<byte> source)
    {
        CopyNonTemporal(offsetBytes, source);
        Drain();
    }
}
