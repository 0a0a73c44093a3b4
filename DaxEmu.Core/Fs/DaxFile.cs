using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Core.Dax.ReadWrite;
using DaxEmu.Core.Dax.Writeback;
using DaxEmu.Core.Fs;
using DaxEmu.Core.Fs.Volume;
using DaxEmu.Core.Iomap;

namespace DaxEmu.Core;

/// <summary>A file on a device, reached by views of its memory and by read and write, with the operations of a DAX file system.</summary>
/// <remarks>
/// <para>Safe for many threads. Reads run beside each other; writes and changes of layout exclude each other and reads, as the inode lock
/// has it. But for one kind of write: whole blocks, before the end of the file, over blocks in one piece that the file has to itself. These change
/// bytes and nothing else, and run beside each other and beside reads, as direct writes of a kernel do: a read of the same bytes may get part
/// of each, and so may two such writes to the same bytes, but no part that is smaller than 8 aligned bytes. A write that is followed by a
/// read, as seen by any thread, is seen whole. Views are not held up by reads and writes, only by changes of layout, and see what is
/// written at once.</para>
/// <para>Durable: what <see cref="Write(ReadOnlySpan{byte}, long)"/> stored is ordered, and durable with the blocks that lead to it when <see cref="Sync"/>
/// returns. What was stored through a view is durable after <see cref="Sync"/>, or after <see cref="DaxView.Persist"/> if the blocks are (a
/// view with <see cref="MapMode.Sync"/> sees to that).</para>
/// <para>No span of a view may be used when <see cref="Dispose"/> begins. Calls that run are waited for; later ones throw.</para>
/// </remarks>
public sealed partial class DaxFile : IDisposable
{
    private readonly FileCore core;
    private readonly DaxFileOptions options;
    private volatile bool isDisposed;

    internal DaxFile(DaxVolume volume, FileCore core, DaxFileOptions options)
    {
        Volume = volume;
        this.core = core;
        this.options = options;
    }

    /// <summary>The path by which it was opened or renamed last; null if it has no name, and goes when it is closed.</summary>
    public string? Name => core.Node.Name;

    /// <summary>What threads can wait for besides entries, for a wait graph.</summary>
    internal IEnumerable<IWaitTarget> WaitTargets => [InodeLock, .. Mapping.WaitTargets];

    /// <summary>The volume that it lies on.</summary>
    public DaxVolume Volume { get; }

    /// <summary>The file system that is modelled.</summary>
    public FileSystemModel FileSystem => options.FileSystem;

    /// <summary>The file's entries and VMAs, for who studies them.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public AddressSpace Mapping
    {
        get
        {
            ThrowIfDisposed();
            return core.InUse.Mapping;
        }
    }

    /// <summary>The file's size, in bytes.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public long Length
    {
        get
        {
            ThrowIfDisposed();
            return core.SizeBytes;
        }
    }

    /// <summary>The file's extents now; what none of them covers is a hole.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public IReadOnlyList<Extent> ExtentList
    {
        get
        {
            ThrowIfDisposed();
            return Extents.Snapshot();
        }
    }

    /// <summary>Whether it was opened for writing, too.</summary>
    public bool CanWrite => core.CanWrite;

    internal InMemoryExtentMap Extents => core.Extents;

    private RwSemaphore InodeLock => core.InUse.InodeLock;

    /// <summary>The number of its inode.</summary>
    internal long Number => core.Node.Number;

    /// <summary>The largest size that it can have.</summary>
    internal long MaximumBytes => options.MaximumSizeBytes;

    /// <summary>Whether it was disposed.</summary>
    internal bool IsClosed => isDisposed;

    /// <summary>Whether no thread is inside an operation that excludes others.</summary>
    internal bool IsIdle => core.InUseAlready?.InodeLock.IsFree != false;

    /// <summary>Maps bytes of the file.</summary>
    /// <param name="offset">The first byte; a multiple of 4096.</param>
    /// <param name="length">How many; rounded up to pages. They may lie past the end of the file, but cannot be accessed there.</param>
    /// <param name="mode">What the view is for.</param>
    /// <exception cref="ArgumentException">
    /// The offset is not aligned, or the mode is neither shared nor private, both, or synchronous and not shared.
    /// </exception>
    /// <exception cref="UnauthorizedAccessException">The file was opened for reading, and the view would be shared and writable.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public DaxView Map(long offset, long length, MapMode mode = MapMode.Shared)
    {
        PageRange pages = PagesToMap(offset, length, mode);
        FileInUse inUse = core.InUse;
        return new DaxView(inUse.Faults, inUse.Mapping.Map(pages.First, pages.PageCount, mode), this, inUse.Opener);
    }

    /// <summary>Maps the whole file.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The file is empty.</exception>
    /// <exception cref="UnauthorizedAccessException">The file was opened for reading, and the view would be shared and writable.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public DaxView Map(MapMode mode = MapMode.Shared) => Map(0, Length, mode);

    /// <summary>As <see cref="Map(long, long, MapMode)"/>, at real addresses.</summary>
    /// <exception cref="Native.DaxEnvironmentException">The address space does not hold it, the addresses are in use, or the device is no file.</exception>
    internal HostMapping MapHost(long offset, long length, MapMode mode, HostMappingOptions? options = null)
    {
        PageRange pages = PagesToMap(offset, length, mode);
        return HostMapping.Map(core.InUse.Faults, pages.First, pages.PageCount, mode, options ?? HostMappingOptions.Default);
    }

    /// <summary>A view of a VMA that something else has mapped and unmaps: the view is not disposed.</summary>
    internal DaxView ViewOver(VmArea area)
    {
        FileInUse inUse = core.InUse;
        return new DaxView(inUse.Faults, area, this, inUse.Opener);
    }

    /// <summary>Reads bytes, up to the end of the file; holes give zeroes.</summary>
    /// <param name="buffer">Where they go.</param>
    /// <param name="offset">First byte, from the start of the file.</param>
    /// <returns>How many: fewer where the file ends, or where the next byte cannot be read.</returns>
    /// <exception cref="DaxException">Not even the first byte can be read.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public int Read(Span<byte> buffer, long offset)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        FileInUse inUse = core.InUse;
        using RwSemaphore.ReadHold hold = inUse.InodeLock.Read();
        ThrowIfDisposed();
        return (int)MovedBytes(DaxReadWrite.Read(inUse.Mapping, offset, buffer), offset);
    }

    /// <summary>Reads bytes into as many buffers as it takes, up to the end of the file.</summary>
    /// <param name="destination">Where they go.</param>
    /// <param name="offset">First byte, from the start of the file.</param>
    /// <param name="length">How many.</param>
    /// <returns>How many: fewer where the file ends, or where the next byte cannot be read.</returns>
    /// <exception cref="DaxException">Not even the first byte can be read.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public long Read(IBufferWriter<byte> destination, long offset, long length)
    {
        ArgumentNullException.ThrowIfNull(destination);
        CheckRange(offset, length);
        long done = 0;
        while (done < length)
        {
            Span<byte> buffer = destination.GetSpan((int)Math.Min(length - done, DaxConstants.PageSize));
            buffer = buffer[..(int)Math.Min(buffer.Length, length - done)];
            int read;
            try
            {
                read = Read(buffer, offset + done);
            }
            catch (DaxException) when (done > 0)
            {
                return done; // a call for the next byte gets the error
            }

            destination.Advance(read);
            done += read;
            if (read < buffer.Length)
            {
                return done;
            }
        }

        return done;
    }

    /// <summary>Writes bytes; the file grows if they reach past its end.</summary>
    /// <param name="buffer">The bytes.</param>
    /// <param name="offset">Where they go, from the start of the file.</param>
    /// <returns>How many: fewer where the next byte cannot be written.</returns>
    /// <exception cref="DaxException">Not even the first byte can be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file was opened for reading.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public int Write(ReadOnlySpan<byte> buffer, long offset)
    {
        CheckRange(offset, buffer.Length);
        ThrowIfReadOnly();
        return IsOverwritten(buffer, offset) ? buffer.Length : WriteAlone(buffer, offset);
    }

    // Apart, so that its frame costs an overwrite nothing.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private int WriteAlone(ReadOnlySpan<byte> buffer, long offset)
    {
        using RwSemaphore.WriteHold hold = InodeLock.Write();
        if (buffer.Length > 0 && offset > Length)
        {
            ZeroBehindEnd(FaultsAre.Allowed);
        }

        if ((Volume.Flaws & VolumeFlaws.SizeBeforeData) != 0)
        {
            Mapping.GrowSize(offset + buffer.Length);
            Extents.Commit();
        }

        core.Node.IsModified = true;
        return (int)MovedBytes(DaxReadWrite.Write(Mapping, offset, buffer), offset);
    }

    // Whole blocks over ones that are there change neither layout nor size, and no other byte: such writers go beside each other and beside readers.
    private bool IsOverwritten(ReadOnlySpan<byte> buffer, long offset)
    {
        if (((offset | (long)buffer.Length) & (DaxConstants.PageSize - 1)) != 0 || buffer.IsEmpty || Volume.Flaws != VolumeFlaws.None)
        {
            return false;
        }

        FileInUse inUse = core.InUse;
        using RwSemaphore.ReadHold hold = inUse.InodeLock.Read();
        ThrowIfDisposed();
        if (!BlockStore.TryOverwrite(inUse.Mapping, offset, buffer, out IoError error))
        {
            return false;
        }

        core.Node.IsModified = true;
        return error == IoError.None ? true : throw FileErrors.Of(this, error, offset);
    }

    /// <summary>Writes bytes where the file ends, whatever other writers do (<c>O_APPEND</c>).</summary>
    /// <param name="buffer">The bytes.</param>
    /// <param name="offset">Where they went.</param>
    /// <returns>How many: fewer where the next byte cannot be written.</returns>
    /// <exception cref="DaxException">Not even the first byte can be written.</exception>
    internal int Append(ReadOnlySpan<byte> buffer, out long offset)
    {
        ThrowIfReadOnly();
        using RwSemaphore.WriteHold hold = InodeLock.Write();
        offset = Length;
        CheckRange(offset, buffer.Length);
        core.Node.IsModified = true;
        return (int)MovedBytes(DaxReadWrite.Write(Mapping, offset, buffer), offset);
    }

    /// <summary>Writes bytes that lie in several pieces; another writer may come in between two pieces.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="offset">Where they go, from the start of the file.</param>
    /// <returns>How many: fewer where the next byte cannot be written.</returns>
    /// <exception cref="DaxException">Not even the first byte can be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file was opened for reading.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public long Write(ReadOnlySequence<byte> source, long offset)
    {
        CheckRange(offset, source.Length);
        ThrowIfReadOnly();
        long done = 0;
        foreach (ReadOnlyMemory<byte> piece in source)
        {
            int written;
            try
            {
                written = Write(piece.Span, offset + done);
            }
            catch (DaxException) when (done > 0)
            {
                return done; // a call for the next byte gets the error
            }

            done += written;
            if (written < piece.Length)
            {
                return done;
            }
        }

        return done;
    }

    /// <summary>Makes everything durable that was written or stored through views before (fsync).</summary>
    /// <exception cref="OperationCanceledException">It was ended; what is left stays dirty.</exception>
    /// <exception cref="DaxException">Some page could not be written back, now or since the last sync.</exception>
    /// <exception cref="RawStoreException">All is durable, but spans were stored through against the rules (<see cref="StoreTracking.Strict"/>).</exception>
    public void Sync(CancellationToken cancellationToken = default)
    {
        Fsync.Range(Mapping, PageRange.All, core.InUse.Opener, cancellationToken);
    }

    /// <summary>The same for what lies in a range (msync).</summary>
    internal void SyncRange(long offset, long length)
    {
        CheckRange(offset, length);
        Fsync.Range(Mapping, PageRange.Touching(offset, length), core.InUse.Opener);
    }

    /// <summary>Pretends that the memory behind a byte is lost (see <see cref="DaxVolume.InjectPoison"/>).</summary>
    /// <exception cref="InvalidOperationException">There is no block behind it.</exception>
    /// <exception cref="DaxException">The file's blocks cannot be looked up.</exception>
    public MemoryFailureOutcome InjectPoison(long offset)
    {
        CheckRange(offset, 1);
        ExtentAnswer answer = Extents.Find(PageIndex.FromBytes(offset), 1, ExtentIntent.Read);
        if (answer.Error != IoError.None)
        {
            throw FileErrors.Of(this, IoError.Io, offset);
        }

        Extent extent = answer.Target;
        if (extent.ReadsAsZeroes)
        {
            throw new InvalidOperationException($"There is no written block behind byte {offset} of {this}, so none can be lost.");
        }

        return Volume.InjectPoison(extent.PfnAt(PageIndex.FromBytes(offset)));
    }

    /// <summary>The file as a stream, which does not close the file.</summary>
    public DaxStream OpenStream() => new(this);

    /// <summary>
    /// Closes the file; its views are unmapped. Waits for operations and faults that run; pinned blocks are free when they are unpinned. One
    /// with a name is written back first. Again does nothing.
    /// </summary>
    /// <exception cref="DaxException">The file is closed, but not all of it could be written back.</exception>
    /// <exception cref="RawStoreException">The file is closed and durable, but spans were stored through against the rules (<see cref="StoreTracking.Strict"/>).</exception>
    public void Dispose()
    {
        if (isDisposed)
        {
            return;
        }

        Exception? failure = null;
        if (!core.TryCloseUnused() && !TryWriteBack(core.InUse, out failure))
        {
            return;
        }

        isDisposed = true;
        Volume.Close(core);
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>The file's name, or that it has none.</summary>
    public override string ToString() => core.ToString();

    // Waits for operations that run; false if another thread has closed the file meanwhile.
    private bool TryWriteBack(FileInUse inUse, out Exception? failure)
    {
        failure = null;
        using RwSemaphore.WriteHold hold = inUse.InodeLock.Write();
        if (isDisposed)
        {
            return false;
        }

        try
        {
            bool isWrittenBack = Name is null || Fsync.WriteAndWait(inUse.Mapping, PageRange.All) == IoError.None;
            failure = isWrittenBack ? RawStores.Failure(inUse.Mapping) : Fsync.Lost(inUse.Mapping);
        }
#pragma warning disable CA1031 // Whatever it is, an interruption say: the file is closed first.
        catch (Exception stopped)
#pragma warning restore CA1031
        {
            failure = stopped;
        }

        isDisposed = true;
        return true;
    }

    private long MovedBytes(DataOutcome outcome, long offset) => outcome.Error == IoError.None || outcome.BytesMoved > 0
        ? outcome.BytesMoved
        : throw FileErrors.Of(this, outcome.Error, offset);

    private void CheckAll(DataOutcome outcome, long offset)
    {
        if (outcome.Error != IoError.None)
        {
            throw FileErrors.Of(this, outcome.Error, offset + outcome.BytesMoved);
        }
    }

    // What was stored past EOF through a mapping of its last page must not appear when the file grows.
    private bool ZeroBehindEnd(FaultsAre faultsAre)
    {
        if (!FileSystem.ZeroesBehindEnd)
        {
            return false;
        }

        long size = Length;
        CheckAll(Dax.ReadWrite.ZeroRange.TruncatePage(Mapping, size, faultsAre, out bool didZero), size);
        return didZero;
    }

    private PageRange PagesToMap(long offset, long length, MapMode mode)
    {
        CheckRange(offset, length);
        ArgumentOutOfRangeException.ThrowIfZero(length);
        if (offset % DaxConstants.PageSize != 0)
        {
            throw new ArgumentException($"A view begins at a multiple of {DaxConstants.PageSize}, not at {offset}.", nameof(offset));
        }

        VmArea.CheckMode(mode);
        if (!CanWrite && (mode & (MapMode.Shared | MapMode.ReadOnly)) == MapMode.Shared)
        {
            throw new UnauthorizedAccessException($"{this} was opened for reading. Map it with {nameof(MapMode)}.{nameof(MapMode.ReadOnly)} or {nameof(MapMode)}.{nameof(MapMode.Private)}, or open it for writing.");
        }

        return PageRange.Touching(offset, length);
    }

    private void CheckRange(long offset, long length)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, options.MaximumSizeBytes, nameof(length));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, options.MaximumSizeBytes - length, nameof(offset));
    }

    private void ThrowIfReadOnly()
    {
        if (!CanWrite)
        {
            throw new UnauthorizedAccessException($"{this} was opened for reading. Open it with {nameof(FileAccess)}.{nameof(FileAccess.ReadWrite)}.");
        }
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(isDisposed, this);
}
