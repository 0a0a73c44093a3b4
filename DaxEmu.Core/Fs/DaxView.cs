using DaxEmu.Core.Dax.Faults;
using DaxEmu.Core.Dax.Writeback;
using DaxEmu.Core.Mm;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Fs;

/// <summary>A range of a file as memory (mmap): spans over the device itself, faulted in before they are handed out.</summary>
/// <remarks>
/// <para>A span lies in one piece on the device; a file's blocks need not. <see cref="Read"/> and <see cref="Write"/> demand the whole,
/// <see cref="ReadAtMost"/> and <see cref="WriteAtMost"/> give the longest piece, <see cref="CopyTo"/> and <see cref="CopyFrom"/> take any range.</para>
/// <para>A span for writing is good until the next writeback of its pages, or change of layout: a processor would fault then, and the page
/// would be dirty again; a span cannot. So take a new one for each burst of writes, or hold a lease (<see cref="Pin"/>), which flushes
/// what it covers when it is disposed. No span may be used when the view, the file or the device is gone.</para>
/// </remarks>
public sealed class DaxView : IDisposable
{
    private readonly DaxFile file;
    private readonly FaultLoop faults;
    private readonly MappedView memory;

    internal DaxView(DaxFile file, FaultLoop faults, VmArea area)
    {
        this.file = file;
        this.faults = faults;
        memory = new MappedView(faults, area);
    }

    /// <summary>The file.</summary>
    public DaxFile File => file;

    /// <summary>What the view is for.</summary>
    public MapMode Mode => (MapMode)Area.Kind;

    /// <summary>The first byte of the file that is mapped.</summary>
    public long FileOffsetBytes => Area.FirstIndex.OffsetBytes;

    /// <summary>Bytes from the start to the end; a multiple of 4096.</summary>
    public long LengthBytes => memory.LengthBytes;

    /// <summary>The VMA, for who studies it.</summary>
    public VmArea Area => memory.Area;

    /// <summary>Bytes for reading.</summary>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">The bytes do not lie in one piece; the message says how many do.</exception>
    /// <exception cref="ObjectDisposedException">The view or its file was disposed.</exception>
    public ReadOnlySpan<byte> Read(long offsetBytes, int lengthBytes) => memory.Read(offsetBytes, lengthBytes);

    /// <summary>Bytes for writing; their pages are dirty from here on.</summary>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">The bytes do not lie in one piece; the message says how many do.</exception>
    /// <exception cref="ObjectDisposedException">The view or its file was disposed.</exception>
    public Span<byte> Write(long offsetBytes, int lengthBytes) => memory.Write(offsetBytes, lengthBytes);

    /// <summary>As many bytes for reading as lie in one piece, at least one (none if none are asked for).</summary>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    public ReadOnlySpan<byte> ReadAtMost(long offsetBytes, int lengthBytes) => memory.ReadAtMost(offsetBytes, lengthBytes);

    /// <summary>As many bytes for writing as lie in one piece, at least one (none if none are asked for).</summary>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    public Span<byte> WriteAtMost(long offsetBytes, int lengthBytes) => memory.WriteAtMost(offsetBytes, lengthBytes);

    /// <summary>Copies bytes out of the view.</summary>
    /// <remarks>The layout of the file cannot change under a piece while it is copied.</remarks>
    /// <exception cref="DaxException">A page cannot be reached; those before it are copied.</exception>
    /// <exception cref="ObjectDisposedException">The view was disposed.</exception>
    public void CopyTo(long offsetBytes, Span<byte> destination) => memory.CopyTo(offsetBytes, destination);

    /// <summary>Copies bytes into the view: a later <see cref="Sync"/> makes them durable, also if another thread syncs meanwhile.</summary>
    /// <remarks>The layout of the file cannot change under a piece while it is copied.</remarks>
    /// <exception cref="DaxException">A page cannot be reached; those before it are copied.</exception>
    /// <exception cref="ObjectDisposedException">The view was disposed.</exception>
    public void CopyFrom(long offsetBytes, ReadOnlySpan<byte> source) => memory.CopyFrom(offsetBytes, source);

    /// <summary>Starts moving stores of this thread towards the device; they are durable after <see cref="Drain"/>.</summary>
    /// <remarks>Pages that are not mapped any more are faulted in, as by the processor's instruction. Private copies go nowhere.</remarks>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    /// <exception cref="Native.DaxEnvironmentException">The storage failed.</exception>
    /// <exception cref="ObjectDisposedException">The view was disposed.</exception>
    public void Flush(long offsetBytes, long lengthBytes) => memory.Flush(offsetBytes, lengthBytes);

    /// <summary>Waits until what this thread flushed has arrived.</summary>
    /// <exception cref="ObjectDisposedException">The view was disposed.</exception>
    public void Drain() => memory.Drain();

    /// <summary><see cref="Flush"/> and <see cref="Drain"/>: durable if the blocks are (see <see cref="MapMode.Sync"/>).</summary>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    /// <exception cref="Native.DaxEnvironmentException">The storage failed.</exception>
    /// <exception cref="ObjectDisposedException">The view was disposed.</exception>
    public void Persist(long offsetBytes, long lengthBytes)
    {
        Flush(offsetBytes, lengthBytes);
        Drain();
    }

    /// <summary>Writes the view's pages of a range back and makes their blocks durable (msync).</summary>
    /// <exception cref="OperationCanceledException">It was ended; what is left stays dirty.</exception>
    /// <exception cref="DaxException">A page could not be written back.</exception>
    public void Sync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken = default)
    {
        memory.CheckRange(offsetBytes, lengthBytes);
        ObjectDisposedException.ThrowIf(Area.IsGone, this);
        WritebackOutcome outcome = WritebackPass.Run(
            file.Mapping, PageRange.Touching(FileOffsetBytes + offsetBytes, lengthBytes), cancellationToken);
        file.Commit();
        if (outcome.Errno != 0)
        {
            throw FileErrors.Writeback(file, outcome.Errno);
        }
    }

    /// <summary>
    /// Forgets the translations of a range, and private copies with their contents (<c>MADV_DONTNEED</c>). Whole pages count.
    /// </summary>
    public void DontNeed(long offsetBytes, long lengthBytes)
    {
        memory.CheckRange(offsetBytes, lengthBytes);
        using AsymmetricLock.ReadHold hold = file.Mapping.InvalidateLock.Read();
        ObjectDisposedException.ThrowIf(Area.IsGone, this);
        PageRange pages = PageRange.Touching(offsetBytes, lengthBytes);
        Area.Zap(pages.First.Value, pages.PageCount);
    }

    /// <summary>
    /// Keeps the blocks behind a range in the file until the lease is disposed, as DMA does: truncate, punch and their like wait. The pages
    /// are faulted in. A lease for writing makes what was stored under it durable when it is disposed.
    /// </summary>
    /// <remarks>
    /// Who holds a lease and calls such an operation on the same range himself waits for ever (but see
    /// <see cref="DaxFileOptions.WaitsForPins"/>).
    /// </remarks>
    /// <param name="offsetBytes">First byte.</param>
    /// <param name="lengthBytes">How many; whole pages are pinned.</param>
    /// <param name="forWriting">Whether the memory is to be written.</param>
    /// <exception cref="DaxException">A page cannot be reached; nothing is pinned then.</exception>
    public PagePin Pin(long offsetBytes, long lengthBytes, bool forWriting = true)
    {
        memory.CheckRange(offsetBytes, lengthBytes);
        ObjectDisposedException.ThrowIf(Area.IsGone, this);
        return PagePin.Take(faults, Area, PageRange.Touching(offsetBytes, lengthBytes), forWriting);
    }

    /// <summary>Unmaps the view. Again does nothing.</summary>
    public void Dispose() => memory.Dispose();
}
