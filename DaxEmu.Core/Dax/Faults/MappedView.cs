using DaxEmu.Core.Mm;
using DaxEmu.Core.Pmem;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>The memory of a VMA as spans: real memory of the device, faulted in before it is handed out.</summary>
/// <remarks>
/// <para>A span is over memory that lies in one piece: the pages of a file need not. <see cref="ReadAtMost"/> and <see cref="WriteAtMost"/> give
/// the longest piece from an offset on; <see cref="Read"/> and <see cref="Write"/> demand the whole.</para>
/// <para>A span for writing is good until the next writeback of its pages: the processor would fault then and mark them dirty again, a
/// span cannot. Take a new one for each burst of writes. No span may be used when the view, the file or the device is gone.</para>
/// </remarks>
public sealed unsafe class MappedView : IDisposable
{
    private readonly FaultLoop faults;
    private readonly VmArea area;
    private readonly AddressSpace mapping;

    /// <summary>A view of a VMA; disposing the view unmaps it.</summary>
    public MappedView(FaultLoop faults, VmArea area)
    {
        ArgumentNullException.ThrowIfNull(faults);
        ArgumentNullException.ThrowIfNull(area);
        mapping = faults.Mapping;
        if (area.File != mapping.VmFile)
        {
            throw new ArgumentException(
                $"The VMA maps file {area.MappingId}, and these are the faults of file {mapping.Id}. Use the loop of the VMA's own file.",
                nameof(area));
        }

        this.faults = faults;
        this.area = area;
    }

    /// <summary>The VMA.</summary>
    public VmArea Area => area;

    /// <summary>Bytes from the start to the end.</summary>
    public long LengthBytes => area.PageCount << DaxConstants.PageShift;

    /// <summary>Bytes for reading.</summary>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">The bytes do not lie in one piece on the device.</exception>
    public ReadOnlySpan<byte> Read(long offsetBytes, int lengthBytes) => Whole(ReadAtMost(offsetBytes, lengthBytes), lengthBytes);

    /// <summary>Bytes for writing; their pages are dirty from here on.</summary>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">The bytes do not lie in one piece on the device.</exception>
    public Span<byte> Write(long offsetBytes, int lengthBytes)
    {
        Span<byte> bytes = WriteAtMost(offsetBytes, lengthBytes);
        Whole(bytes, lengthBytes);
        return bytes;
    }

    /// <summary>As many bytes for reading as lie in one piece and can be reached, at least one.</summary>
    /// <exception cref="DaxException">Not even the first page can be reached.</exception>
    public ReadOnlySpan<byte> ReadAtMost(long offsetBytes, int lengthBytes) => Piece(offsetBytes, lengthBytes, isWrite: false);

    /// <summary>As many bytes for writing as lie in one piece and can be reached, at least one.</summary>
    /// <exception cref="DaxException">Not even the first page can be reached.</exception>
    public Span<byte> WriteAtMost(long offsetBytes, int lengthBytes) => Piece(offsetBytes, lengthBytes, isWrite: true);

    /// <summary>Copies bytes out of the view.</summary>
    /// <remarks>While it copies a piece, the layout of the file cannot change: no punch, truncate, clone or unmap takes the memory away.</remarks>
    /// <exception cref="DaxException">A page cannot be reached; the bytes before it are copied.</exception>
    public void CopyTo(long offsetBytes, Span<byte> destination)
    {
        CheckRange(offsetBytes, destination.Length);
        for (int done = 0; done < destination.Length;)
        {
            using AsymmetricLock.ReadHold hold = Enter();
            byte* memory = Reach(offsetBytes + done, isWrite: false, destination.Length - done, out int length);
            new ReadOnlySpan<byte>(memory, length).CopyTo(destination[done..]);
            done += length;
        }
    }

    /// <summary>Copies bytes into the view. When it returns, every page that got bytes is dirty, or was written back with them.</summary>
    /// <remarks>
    /// A processor whose page is written back under its stores faults at the next one, and the page is dirty again. A copy does the
    /// same afterwards: store, fence [V1], then look whether the translation still allows stores. Writeback write-protects with a locked
    /// instruction and then flushes [V2]. If the look finds the translation writable, the write-protection comes after the fence, and
    /// the flush after it takes the stores along; if not, the page is faulted in again, which marks it dirty, before anything that depends
    /// on its marks can run: the invalidate lock is held all the while.
    /// </remarks>
    /// <exception cref="DaxException">A page cannot be reached; the bytes before it are copied.</exception>
    public void CopyFrom(long offsetBytes, ReadOnlySpan<byte> source)
    {
        CheckRange(offsetBytes, source.Length);
        for (int done = 0; done < source.Length;)
        {
            using AsymmetricLock.ReadHold hold = Enter();
            byte* memory = Reach(offsetBytes + done, isWrite: true, source.Length - done, out int length);
            long page = (offsetBytes + done) >> DaxConstants.PageShift;
            bool isHuge = area.Table.Directory(page).IsHuge;
            mapping.Device.Durable?.Order();
            source.Slice(done, length).CopyTo(new Span<byte>(memory, length));
            hold.Fence(); // [V1] matches [V2] in EntryCleaner
            Translation now = area.Table.Find(page);
            if (!now.Allows(isWrite: true) || now.IsHuge != isHuge)
            {
                // What is reached now is dirty again, and has the bytes if it is the same memory; the rest is copied once more.
                byte* again = Reach(offsetBytes + done, isWrite: true, length, out int reached);
                length = again == memory ? reached : 0;
            }

            done += length;
        }
    }

    /// <summary>Flushes the caches over a range, with the layout held in place. Private copies and zero pages go nowhere.</summary>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    internal void Flush(long offsetBytes, long lengthBytes)
    {
        CheckRange(offsetBytes, lengthBytes);
        PmemDevice device = mapping.Device;
        for (long done = 0; done < lengthBytes;)
        {
            using AsymmetricLock.ReadHold hold = Enter();
            byte* memory = Reach(offsetBytes + done, isWrite: false, (int)Math.Min(DaxConstants.PmdSize, lengthBytes - done), out int length);
            long onDevice = (nint)memory - device.Base;
            if (onDevice >= 0 && onDevice < device.SizeBytes)
            {
                device.FlushUnchecked(onDevice, length);
            }

            done += length;
        }
    }

    /// <summary>Waits until what this thread flushed has arrived.</summary>
    internal void Drain()
    {
        using AsymmetricLock.ReadHold hold = Enter();
        mapping.Device.DrainUnchecked();
    }

    /// <summary>Unmaps the VMA.</summary>
    public void Dispose() => area.Dispose();

    internal void CheckRange(long offsetBytes, long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes, LengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, LengthBytes - offsetBytes);
    }

    private static ReadOnlySpan<byte> Whole(ReadOnlySpan<byte> bytes, int lengthBytes) => bytes.Length == lengthBytes
        ? bytes
        : throw new InvalidOperationException(
            $"only the first {bytes.Length} of {lengthBytes} bytes lie in one piece on the device. Go piece by piece with ReadAtMost and WriteAtMost.");

    private AsymmetricLock.ReadHold Enter()
    {
        AsymmetricLock.ReadHold hold = mapping.InvalidateLock.Read();
        if (!area.IsGone)
        {
            return hold;
        }

        hold.Dispose();
        throw new ObjectDisposedException(GetType().FullName);
    }

    private Span<byte> Piece(long offsetBytes, int lengthBytes, bool isWrite)
    {
        CheckRange(offsetBytes, lengthBytes);
        if (lengthBytes == 0)
        {
            return [];
        }

        using AsymmetricLock.ReadHold hold = Enter();
        byte* start = Reach(offsetBytes, isWrite, lengthBytes, out int length);
        while (length < lengthBytes)
        {
            // What cannot be reached ends the piece: whoever asks for it by itself gets the error.
            byte* next = start + length;
            if (TryReach(offsetBytes + length, isWrite, lengthBytes - length, out byte* memory, out int more) != IoError.None || memory != next)
            {
                break;
            }

            length += more;
        }

        // SAFETY: the pages were faulted in one behind the other and lie so in memory, which stays mapped while the file is open.
        return new Span<byte>(start, length);
    }

    private byte* Reach(long offsetBytes, bool isWrite, int wantedBytes, out int lengthBytes)
    {
        IoError result = TryReach(offsetBytes, isWrite, wantedBytes, out byte* memory, out lengthBytes);
        return result == IoError.None
            ? memory
            : throw DaxException.Unreachable(result, offsetBytes & -DaxConstants.PageSize);
    }

    // The memory behind an offset, up to the end of the translation that leads there. Under the invalidate lock.
    private IoError TryReach(long offsetBytes, bool isWrite, int wantedBytes, out byte* memory, out int lengthBytes)
    {
        long page = offsetBytes >> DaxConstants.PageShift;
        IoError result = faults.Resolve(area, page, isWrite, out Translation translation);
        if (result != IoError.None)
        {
            memory = null;
            lengthBytes = 0;
            return result;
        }

        int inPage = (int)offsetBytes & (DaxConstants.PageSize - 1);
        long pages = translation.IsHuge ? DaxConstants.PagesPerPmd - ((area.LeadPages + page) & DaxConstants.ColourMask) : 1;
        memory = area.MemoryOf(page, translation) + inPage;
        lengthBytes = (int)Math.Min((pages << DaxConstants.PageShift) - inPage, wantedBytes);
        return IoError.None;
    }
}
