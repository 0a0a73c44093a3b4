using System.Runtime.CompilerServices;
using DaxEmu.Core.Dax;
using DaxEmu.Core.Mm;
using DaxEmu.Core.Pmem;

namespace DaxEmu.Core;

/// <summary>A range of a file as memory (mmap): spans over the device itself, faulted in before they are handed out.</summary>
/// <remarks>
/// <para>A span lies in one piece on the device; a file's blocks need not. <see cref="Read"/> and <see cref="Write"/> demand the whole,
/// <see cref="ReadAtMost"/> and <see cref="WriteAtMost"/> give the longest piece, <see cref="CopyTo"/> and <see cref="CopyFrom"/> take any range.</para>
/// <para>A span for writing is good until the next writeback of its pages, or change of layout: a processor would fault then, and the page
/// would be dirty again; a span cannot. So ask for a new one for each burst of stores, or hold a pin (<see cref="Pin"/>), which flushes
/// what it covers when it is disposed. A device that tracks stores (<see cref="PmemDeviceOptions.StoreTracking"/>) lets the next sync find a store
/// through an older span, and write it back or report it. No span may be used when the view, the file or the device is gone.</para>
/// </remarks>
public sealed unsafe class DaxView : IDisposable
{
    private readonly DaxFile? file;
    private readonly FaultLoop faults;
    private readonly VmArea area;
    private readonly AddressSpace mapping;
    private readonly AsymmetricLock invalidateLock;
    private readonly byte* device;
    private readonly WritebackErrors.Opener opener;
    private readonly StoreTracker? strictStores;

    // Up to here a mapped page is reached without a look at anything else: nowhere on a device whose reads are charged.
    private readonly ulong directBytes;

    /// <summary>A view of a VMA; disposing the view unmaps it.</summary>
    /// <param name="faults">The faults of the file that the VMA maps.</param>
    /// <param name="area">The VMA.</param>
    /// <exception cref="ArgumentException">The VMA maps another file.</exception>
    public DaxView(FaultLoop faults, VmArea area)
        : this(faults, area, file: null, opener: null)
    {
    }

    internal DaxView(FaultLoop faults, VmArea area, DaxFile? file, WritebackErrors.Opener? opener)
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

        this.file = file;
        this.faults = faults;
        this.area = area;
        this.opener = opener ?? mapping.Errors.Open();
        invalidateLock = mapping.InvalidateLock;
        device = (byte*)mapping.Device.Base;
        strictStores = mapping.Device.StrictStores;
        directBytes = mapping.Device.Media is null ? (ulong)Length : 0;
    }

    /// <summary>The file; null for a view of a VMA that was mapped without one.</summary>
    public DaxFile? File => file;

    /// <summary>What the view is for.</summary>
    public MapMode Mode => area.Mode;

    /// <summary>The first byte of the file that is mapped.</summary>
    public long FileOffset => area.FirstIndex.OffsetBytes;

    /// <summary>Bytes from the start to the end; a multiple of 4096.</summary>
    public long Length => area.PageCount << DaxConstants.PageShift;

    /// <summary>The VMA, to be studied.</summary>
    public VmArea Area => area;

    /// <summary>Bytes for reading.</summary>
    /// <param name="offset">First byte, from the start of the view.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">The bytes do not lie in one piece; the message says how many do.</exception>
    /// <exception cref="ObjectDisposedException">The view or its file was disposed.</exception>
    public ReadOnlySpan<byte> Read(long offset, int length)
    {
        byte* memory = TryReachMapped(offset, length, Translation.PresentBit);

        // SAFETY: the bytes lie in one mapped page, whose memory stays mapped while the file is open.
        return memory != null ? new ReadOnlySpan<byte>(memory, length) : Whole(PieceToRead(offset, length), length);
    }

    /// <summary>Bytes for writing; their pages are dirty from here on.</summary>
    /// <param name="offset">First byte, from the start of the view.</param>
    /// <param name="length">How many.</param>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    /// <exception cref="InvalidOperationException">The bytes do not lie in one piece; the message says how many do.</exception>
    /// <exception cref="ObjectDisposedException">The view or its file was disposed.</exception>
    public Span<byte> Write(long offset, int length)
    {
        byte* memory = TryReachMapped(offset, length, Translation.PresentBit | Translation.WritableBit | Translation.DirtyBit);

        // SAFETY: as for Read.
        return memory != null ? new Span<byte>(memory, length) : Whole(Piece(offset, length, isWrite: true), length);
    }

    /// <summary>As many bytes for reading as lie in one piece and can be reached, at least one (none if none are asked for).</summary>
    /// <exception cref="DaxException">Not even the first page can be reached.</exception>
    /// <exception cref="ObjectDisposedException">The view or its file was disposed.</exception>
    public ReadOnlySpan<byte> ReadAtMost(long offset, int length) => PieceToRead(offset, length);

    /// <summary>As many bytes for writing as lie in one piece and can be reached, at least one (none if none are asked for).</summary>
    /// <exception cref="DaxException">Not even the first page can be reached.</exception>
    /// <exception cref="ObjectDisposedException">The view or its file was disposed.</exception>
    public Span<byte> WriteAtMost(long offset, int length) => Piece(offset, length, isWrite: true);

    /// <summary>Copies bytes out of the view.</summary>
    /// <remarks>While it copies a piece, the layout of the file cannot change: no punch, truncate, clone or unmap takes the memory away.</remarks>
    /// <param name="destination">Where they go.</param>
    /// <param name="offset">First byte, from the start of the view.</param>
    /// <exception cref="DaxException">A page cannot be reached; the bytes before it are copied.</exception>
    /// <exception cref="ObjectDisposedException">The view or its file was disposed.</exception>
    public void CopyTo(Span<byte> destination, long offset)
    {
        CheckRange(offset, destination.Length);
        for (int done = 0; done < destination.Length;)
        {
            using AsymmetricLock.ReadHold hold = Enter();
            byte* memory = Reach(offset + done, isWrite: false, destination.Length - done, out int length);
            var bytes = new ReadOnlySpan<byte>(memory, length);
            mapping.Device.ChargeRead(bytes);
            bytes.CopyTo(destination[done..]);
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
    /// <param name="source">The bytes.</param>
    /// <param name="offset">Where they go, from the start of the view.</param>
    /// <exception cref="DaxException">A page cannot be reached; the bytes before it are copied.</exception>
    /// <exception cref="ObjectDisposedException">The view or its file was disposed.</exception>
    public void CopyFrom(ReadOnlySpan<byte> source, long offset)
    {
        CheckRange(offset, source.Length);
        for (int done = 0; done < source.Length;)
        {
            using AsymmetricLock.ReadHold hold = Enter();
            byte* memory = Reach(offset + done, isWrite: true, source.Length - done, out int length);
            VmaPage page = VmaPage.FromBytes(offset + done);
            bool isHuge = area.Table.Directory(page).IsHuge;
            mapping.Device.Durable?.Order();
            if (strictStores is null)
            {
                source.Slice(done, length).CopyTo(new Span<byte>(memory, length));
            }
            else
            {
                CopyOwn(source.Slice(done, length), memory);
            }

            hold.Fence(); // [V1] matches [V2] in EntryCleaner
            Translation now = area.Table.Find(page);
            if (!now.Allows(isWrite: true) || now.IsHuge != isHuge)
            {
                // What is reached now is dirty again, and has the bytes if it is the same memory; the rest is copied once more.
                byte* again = Reach(offset + done, isWrite: true, length, out int reached);
                length = again == memory ? reached : 0;
            }

            done += length;
        }
    }

    /// <summary>Starts moving stores of this thread towards the device; they are durable after <see cref="Drain"/>.</summary>
    /// <remarks>
    /// Pages that are not mapped any more are faulted in, as by the processor's instruction; the layout is held in place. Private copies and
    /// zero pages go nowhere.
    /// </remarks>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    /// <exception cref="Native.DaxEnvironmentException">The storage failed.</exception>
    /// <exception cref="ObjectDisposedException">The view was disposed.</exception>
    public void Flush(long offset, long length)
    {
        CheckRange(offset, length);
        PmemDevice target = mapping.Device;
        for (long done = 0; done < length;)
        {
            using AsymmetricLock.ReadHold hold = Enter();
            byte* memory = Reach(offset + done, isWrite: false, (int)Math.Min(DaxConstants.PmdSize, length - done), out int reached);
            long onDevice = memory - device;
            if (onDevice >= 0 && onDevice < target.SizeBytes)
            {
                target.FlushUnchecked(onDevice, reached);
            }

            done += reached;
        }
    }

    /// <summary>Waits until what this thread flushed has arrived.</summary>
    /// <exception cref="ObjectDisposedException">The view was disposed.</exception>
    public void Drain()
    {
        using AsymmetricLock.ReadHold hold = Enter();
        mapping.Device.DrainUnchecked();
    }

    /// <summary><see cref="Flush"/> and <see cref="Drain"/>: durable if the blocks are (see <see cref="MapMode.Sync"/>).</summary>
    /// <exception cref="DaxException">A page cannot be reached.</exception>
    /// <exception cref="Native.DaxEnvironmentException">The storage failed.</exception>
    /// <exception cref="ObjectDisposedException">The view was disposed.</exception>
    public void Persist(long offset, long length)
    {
        Flush(offset, length);
        Drain();
    }

    /// <summary>Writes the view's pages of a range back and makes their blocks durable (msync).</summary>
    /// <exception cref="OperationCanceledException">It was ended; what is left stays dirty.</exception>
    /// <exception cref="DaxException">A page could not be written back, now or since the last sync of this file or of a view of it.</exception>
    /// <exception cref="RawStoreException">All is durable, but spans were stored through against the rules (<see cref="StoreTracking.Strict"/>).</exception>
    /// <exception cref="ObjectDisposedException">The view or its file was disposed.</exception>
    public void Sync(long offset, long length, CancellationToken cancellationToken = default)
    {
        CheckRange(offset, length);
        ObjectDisposedException.ThrowIf(area.IsGone, this);
        Fsync.Range(mapping, PageRange.Touching(FileOffset + offset, length), opener, cancellationToken);
    }

    /// <summary>Forgets the translations of a range, and private copies with their contents (<c>MADV_DONTNEED</c>). Whole pages count.</summary>
    /// <exception cref="ObjectDisposedException">The view was disposed.</exception>
    public void DontNeed(long offset, long length)
    {
        CheckRange(offset, length);
        PageRange pages = PageRange.Touching(offset, length);
        area.Zap(pages.First.Value, pages.PageCount);
    }

    /// <summary>Faults a range in, as by a load or a store to each of its pages (<c>MADV_POPULATE_READ</c>, <c>_WRITE</c>). Whole pages count.</summary>
    /// <remarks>Accesses that follow find the pages mapped, unless a writeback or a change of layout comes in between.</remarks>
    /// <param name="offset">First byte, from the start of the view.</param>
    /// <param name="length">How many.</param>
    /// <param name="forWriting">Whether the pages are to be written: they get blocks, or private copies, and are dirty.</param>
    /// <exception cref="DaxException">A page cannot be reached (EFAULT, EHWPOISON); those before it are mapped.</exception>
    /// <exception cref="ObjectDisposedException">The view was disposed.</exception>
    public void Populate(long offset, long length, bool forWriting = false)
    {
        CheckRange(offset, length);
        PageRange pages = PageRange.Touching(offset, length);
        IoError error = faults.Populate(area, pages.First.Value, pages.PageCount, forWriting, out long reached);
        if (error != IoError.None)
        {
            throw DaxException.Unreachable(error, (pages.First + reached).OffsetBytes);
        }
    }

    /// <summary>
    /// Keeps the blocks behind a range in the file until the pin is disposed, as DMA does: truncate, punch and their like wait. The pages
    /// are faulted in. A pin for writing makes what was stored under it durable when it is disposed.
    /// </summary>
    /// <remarks>A thread that holds a pin and calls such an operation on the same range waits for itself (but see <see cref="DaxFileOptions.WaitsForPins"/>).</remarks>
    /// <param name="offset">First byte.</param>
    /// <param name="length">How many; whole pages are pinned.</param>
    /// <param name="forWriting">Whether the memory is to be written.</param>
    /// <exception cref="DaxException">A page cannot be reached; nothing is pinned then.</exception>
    /// <exception cref="ObjectDisposedException">The view was disposed.</exception>
    public PagePin Pin(long offset, long length, bool forWriting = true)
    {
        CheckRange(offset, length);
        ObjectDisposedException.ThrowIf(area.IsGone, this);
        return PagePin.Take(faults, area, offset, length, forWriting);
    }

    /// <summary>Unmaps the view. Again does nothing.</summary>
    public void Dispose() => area.Dispose();

    // The way of a mapped page: one store to the thread's own slot, the translation, one store. No fault is needed, nothing changes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private byte* TryReachMapped(long offset, int length, ulong needed)
    {
        long inPage = offset & (DaxConstants.PageSize - 1);
        if ((ulong)offset >= directBytes || (uint)length - 1 >= DaxConstants.PageSize - inPage)
        {
            return null;
        }

        byte* memory = null;
        ulong* hold = invalidateLock.EnterRead();
        if (!area.IsGone)
        {
            VmaPage page = VmaPage.FromBytes(offset);
            ulong translation = area.Table.Find(page).Word;
            if ((translation & (needed | Translation.ZeroBit | Translation.CopyBit)) == needed)
            {
                long inHuge = (translation & Translation.HugeBit) != 0 ? ((area.LeadPages + page.Value) & DaxConstants.ColourMask) << DaxConstants.PageShift : 0;
                memory = device + (long)(translation >> Translation.PfnShift << DaxConstants.PageShift) + inHuge + inPage;
            }
        }

        AsymmetricLock.ExitRead(hold);
        return memory;
    }

    // Not a store through a span: between the fault and the copy the page may have become clean, and is faulted in again afterwards.
    private void CopyOwn(ReadOnlySpan<byte> source, byte* memory)
    {
        long onDevice = memory - device;
        bool isCopy = onDevice < 0 || onDevice >= mapping.Device.SizeBytes;
        using var own = new StoreTracker.OwnStore(isCopy ? null : strictStores, onDevice, source.Length);
        source.CopyTo(new Span<byte>(memory, source.Length));
    }

    private void CheckRange(long offset, long length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
    }

    private static Span<byte> Whole(Span<byte> bytes, int length) => bytes.Length == length
        ? bytes
        : throw new InvalidOperationException(
            $"only the first {bytes.Length} of {length} bytes lie in one piece on the device. Go piece by piece with ReadAtMost and WriteAtMost, or use CopyTo and CopyFrom.");

    private AsymmetricLock.ReadHold Enter()
    {
        AsymmetricLock.ReadHold hold = invalidateLock.Read();
        if (!area.IsGone)
        {
            return hold;
        }

        hold.Dispose();
        throw new ObjectDisposedException(GetType().FullName);
    }

    private Span<byte> PieceToRead(long offset, int length)
    {
        Span<byte> bytes = Piece(offset, length, isWrite: false);
        mapping.Device.ChargeRead(bytes);
        return bytes;
    }

    private Span<byte> Piece(long offset, int length, bool isWrite)
    {
        CheckRange(offset, length);
        if (length == 0)
        {
            return [];
        }

        using AsymmetricLock.ReadHold hold = Enter();
        byte* start = Reach(offset, isWrite, length, out int reached);
        while (reached < length)
        {
            // What cannot be reached ends the piece: a call for it alone gets the error.
            byte* next = start + reached;
            if (TryReach(offset + reached, isWrite, length - reached, out byte* memory, out int more) != IoError.None || memory != next)
            {
                break;
            }

            reached += more;
        }

        // SAFETY: the pages were faulted in one after the other and lie so in memory, which stays mapped while the file is open.
        return new Span<byte>(start, reached);
    }

    private byte* Reach(long offset, bool isWrite, int wanted, out int length)
    {
        IoError error = TryReach(offset, isWrite, wanted, out byte* memory, out length);
        return error == IoError.None
            ? memory
            : throw DaxException.Unreachable(error, offset & -DaxConstants.PageSize);
    }

    // The memory behind an offset, up to the end of the translation that leads there. Under the invalidate lock.
    private IoError TryReach(long offset, bool isWrite, int wanted, out byte* memory, out int length)
    {
        VmaPage page = VmaPage.FromBytes(offset);
        IoError error = faults.Resolve(FaultLoop.RequestFor(area, page, isWrite), out Translation translation);
        if (error != IoError.None)
        {
            memory = null;
            length = 0;
            return error;
        }

        int inPage = (int)offset & (DaxConstants.PageSize - 1);
        long pages = translation.IsHuge ? DaxConstants.PagesPerPmd - ((area.LeadPages + page.Value) & DaxConstants.ColourMask) : 1;
        memory = area.MemoryOf(page, translation) + inPage;
        length = (int)Math.Min((pages << DaxConstants.PageShift) - inPage, wanted);
        return IoError.None;
    }
}
