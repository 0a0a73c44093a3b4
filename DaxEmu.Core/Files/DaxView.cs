using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DaxEmu.Core.Device;
using DaxEmu.Core.Faults;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Core.Writeback;

namespace DaxEmu.Core.Files;

/// <summary>A range of a file as memory (mmap): spans over the device itself, faulted in before they are handed out.</summary>
/// <remarks>
/// <para>A span lies in one piece on the device; a file's blocks need not. <see cref="Read"/> and <see cref="Write"/> demand the whole,
/// <see cref="ReadAtMost"/> and <see cref="WriteAtMost"/> give the longest piece, <see cref="CopyTo"/> and <see cref="CopyFrom"/> take any range.</para>
/// <para>A span for writing is good until the next writeback of its pages, or change of layout: a processor would fault then, and the page
/// would be dirty again; a span cannot. So take a new one for each burst of writes, or hold a lease (<see cref="Pin"/>), which flushes
/// what it covers when it is disposed. No span may be used when the view, the file or the device is gone.</para>
/// </remarks>
public sealed unsafe class DaxView : IDisposable
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
    /// <exception cref="DaxFaultException">A page cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">The bytes do not lie in one piece; the message says how many do.</exception>
    /// <exception cref="ObjectDisposedException">The view or its file was disposed.</exception>
    public ReadOnlySpan<byte> Read(long offsetBytes, int lengthBytes) => memory.Read(offsetBytes, lengthBytes);

    /// <summary>Bytes for writing; their pages are dirty from here on.</summary>
    /// <exception cref="DaxFaultException">A page cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">The bytes do not lie in one piece; the message says how many do.</exception>
    /// <exception cref="ObjectDisposedException">The view or its file was disposed.</exception>
    public Span<byte> Write(long offsetBytes, int lengthBytes) => memory.Write(offsetBytes, lengthBytes);

    /// <summary>As many bytes for reading as lie in one piece, at least one (none if none are asked for).</summary>
    /// <exception cref="DaxFaultException">A page cannot be reached.</exception>
    public ReadOnlySpan<byte> ReadAtMost(long offsetBytes, int lengthBytes) => memory.ReadAtMost(offsetBytes, lengthBytes);

    /// <summary>As many bytes for writing as lie in one piece, at least one (none if none are asked for).</summary>
    /// <exception cref="DaxFaultException">A page cannot be reached.</exception>
    public Span<byte> WriteAtMost(long offsetBytes, int lengthBytes) => memory.WriteAtMost(offsetBytes, lengthBytes);

    /// <summary>Copies bytes out of the view, piece by piece.</summary>
    /// <exception cref="DaxFaultException">A page cannot be reached; those before it are copied.</exception>
    public void CopyTo(long offsetBytes, Span<byte> destination)
    {
        for (int done = 0; done < destination.Length;)
        {
            ReadOnlySpan<byte> piece = memory.ReadAtMost(offsetBytes + done, destination.Length - done);
            piece.CopyTo(destination[done..]);
            done += piece.Length;
        }
    }

    /// <summary>Copies bytes into the view, piece by piece.</summary>
    /// <exception cref="DaxFaultException">A page cannot be reached; those before it are copied.</exception>
    public void CopyFrom(long offsetBytes, ReadOnlySpan<byte> source)
    {
        for (int done = 0; done < source.Length;)
        {
            Span<byte> piece = memory.WriteAtMost(offsetBytes + done, source.Length - done);
            source.Slice(done, piece.Length).CopyTo(piece);
            done += piece.Length;
        }
    }

    /// <summary>Starts moving stores of this thread towards the device; they are durable after <see cref="Drain"/>.</summary>
    /// <remarks>Pages that are not mapped any more are faulted in, as by the processor's instruction. Private copies go nowhere.</remarks>
    /// <exception cref="DaxFaultException">A page cannot be reached.</exception>
    public void Flush(long offsetBytes, long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes, LengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, LengthBytes - offsetBytes);
        PmemDevice device = file.Volume.Device;
        for (long done = 0; done < lengthBytes;)
        {
            ReadOnlySpan<byte> piece = memory.ReadAtMost(offsetBytes + done, (int)Math.Min(1 << 30, lengthBytes - done));

            // SAFETY: the span is over native memory, which does not move.
            long onDevice = (nint)Unsafe.AsPointer(ref MemoryMarshal.GetReference(piece)) - device.Base;
            if (onDevice >= 0 && onDevice < device.SizeBytes)
            {
                device.FlushUnchecked(onDevice, piece.Length);
            }

            done += piece.Length;
        }
    }

    /// <summary>Waits until what this thread flushed has arrived.</summary>
    public void Drain()
    {
        ObjectDisposedException.ThrowIf(Area.IsGone, this);
        file.Volume.Device.DrainUnchecked();
    }

    /// <summary><see cref="Flush"/> and <see cref="Drain"/>: durable if the blocks are (see <see cref="MapMode.Sync"/>).</summary>
    /// <exception cref="DaxFaultException">A page cannot be reached.</exception>
    public void Persist(long offsetBytes, long lengthBytes)
    {
        Flush(offsetBytes, lengthBytes);
        file.Volume.Device.DrainUnchecked();
    }

    /// <summary>Writes the view's pages of a range back and makes their blocks durable (msync).</summary>
    /// <exception cref="OperationCanceledException">It was ended; what is left stays dirty.</exception>
    /// <exception cref="DaxFileException">A page could not be written back.</exception>
    public void Sync(long offsetBytes, long lengthBytes, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes, LengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, LengthBytes - offsetBytes);
        ObjectDisposedException.ThrowIf(Area.IsGone, this);
        WritebackOutcome outcome = WritebackPass.Run(
            Area.Mapping, PageRange.Touching(FileOffsetBytes + offsetBytes, lengthBytes), cancellationToken);
        Area.Mapping.Extents.Commit();
        if (outcome.Errno != 0)
        {
            throw DaxFileException.Writeback(file, outcome.Errno);
        }
    }

    /// <summary>
    /// Forgets the translations of a range, and private copies with their contents (<c>MADV_DONTNEED</c>). Whole pages count.
    /// </summary>
    public void DontNeed(long offsetBytes, long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes, LengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, LengthBytes - offsetBytes);
        ObjectDisposedException.ThrowIf(Area.IsGone, this);
        ulong* hold = Area.Mapping.InvalidateLock.EnterRead();
        try
        {
            ObjectDisposedException.ThrowIf(Area.IsGone, this);
            PageRange pages = PageRange.Touching(offsetBytes, lengthBytes);
            Area.Table.Unmap(pages.First.Value, pages.PageCount, keepCopies: false);
        }
        finally
        {
            InvalidateLock.ExitRead(hold);
        }
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
    /// <exception cref="DaxFaultException">A page cannot be reached; nothing is pinned then.</exception>
    public PinLease Pin(long offsetBytes, long lengthBytes, bool forWriting = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes, LengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, LengthBytes - offsetBytes);
        ObjectDisposedException.ThrowIf(Area.IsGone, this);
        return PinLease.Take(faults, Area, PageRange.Touching(offsetBytes, lengthBytes), forWriting);
    }

    /// <summary>Unmaps the view. Again does nothing.</summary>
    public void Dispose() => memory.Dispose();
}
