using System.Runtime.ExceptionServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Core.Dax.Invalidation;
using DaxEmu.Core.Dax.ReadWrite;
using DaxEmu.Core.Dax.Writeback;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Mm;
using DaxEmu.Core.Pmem;
using DaxEmu.Core.Units;
using DaxEmu.Native;

namespace DaxEmu.Core.Fs;

/// <summary>A file on a device, reached by views of its memory and by read and write, with the operations of a DAX file system.</summary>
/// <remarks>
/// <para>Safe for many threads. Reads run beside each other; writes and changes of layout exclude each other and reads, as the inode lock
/// has it. Views are not held up by reads and writes, only by changes of layout, and see what is written at once.</para>
/// <para>Durable: what <see cref="Write"/> stored is ordered behind it, and durable with the blocks that lead to it when <see cref="Sync"/>
/// returns. What was stored through a view is durable after <see cref="Sync"/>, or after <see cref="DaxView.Persist"/> if the blocks are (a
/// view with <see cref="MapMode.Sync"/> sees to that).</para>
/// <para>No span of a view may be used when <see cref="Dispose"/> begins. Calls that run are waited for; later ones throw.</para>
/// </remarks>
public sealed partial class DaxFile : IDisposable
{
    private readonly RwSemaphore inodeLock;
    private readonly DaxFileOptions options;
    private readonly FaultLoop faults;
    private volatile bool isDisposed;

    internal DaxFile(DaxVolume volume, string? name, InMemoryExtentMap extents, long sizeBytes, DaxFileOptions options)
    {
        Volume = volume;
        Name = name;
        Extents = extents;
        this.options = options;
        _ = AddressSpace.PageCapacityFor(options.MaximumSizeBytes);
        Mapping = new AddressSpace(volume.Device, extents, sizeBytes, new AddressSpaceOptions
        {
            Profile = options.Profile,
            Behaviour = options.Behaviour,
            MaximumSizeBytes = options.MaximumSizeBytes,
            Sink = options.Sink,
            Waits = options.Waits,
            Id = options.MappingId,
        });
        inodeLock = new RwSemaphore(Mapping.Id);
        faults = new FaultLoop(new FaultHandler(Mapping));
    }

    /// <summary>The file's name; null if it goes when it is closed.</summary>
    public string? Name { get; }

    /// <summary>What threads can wait for besides entries, for a wait graph.</summary>
    internal IEnumerable<IWaitTarget> WaitTargets => [inodeLock, .. Mapping.WaitTargets];

    /// <summary>The volume that it lies on.</summary>
    public DaxVolume Volume { get; }

    /// <summary>The file system whose habits are modelled.</summary>
    public FileSystemModel Habits => options.Habits;

    /// <summary>The file's entries and VMAs, for who studies them.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public AddressSpace Mapping
    {
        get
        {
            ThrowIfDisposed();
            return field;
        }
    }

    /// <summary>The file's size, in bytes.</summary>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public long SizeBytes => Mapping.SizeBytes;

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

    internal InMemoryExtentMap Extents { get; }

    /// <summary>Whether it was disposed.</summary>
    internal bool IsClosed => isDisposed;

    /// <summary>Whether no thread is inside an operation that excludes others.</summary>
    internal bool IsIdle => inodeLock.IsFree;

    /// <summary>Makes a file without a name on the volume of a device.</summary>
    /// <param name="device">The device.</param>
    /// <param name="sizeBytes">Its size; no block is taken before something is written.</param>
    /// <param name="options">How; null for <see cref="DaxFileOptions.Default"/>.</param>
    public static DaxFile Create(PmemDevice device, long sizeBytes, DaxFileOptions? options = null) =>
        DaxVolume.Of(device).CreateFile(sizeBytes, name: null, options);

    /// <summary>Maps bytes of the file.</summary>
    /// <param name="offsetBytes">The first byte; a multiple of 4096.</param>
    /// <param name="lengthBytes">How many; rounded up to pages. They may lie behind the end of the file, but cannot be touched there.</param>
    /// <param name="mode">What the view is for.</param>
    /// <exception cref="ArgumentException">
    /// The offset is not aligned, or the mode is neither shared nor private, both, or synchronous and not shared.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public DaxView Map(long offsetBytes, long lengthBytes, MapMode mode = MapMode.Shared)
    {
        CheckRange(offsetBytes, lengthBytes);
        ArgumentOutOfRangeException.ThrowIfZero(lengthBytes);
        if (offsetBytes % DaxConstants.PageSize != 0)
        {
            throw new ArgumentException($"A view begins at a multiple of {DaxConstants.PageSize}, not at {offsetBytes}.", nameof(offsetBytes));
        }

        VmArea.CheckKind((VmAreaKind)mode, nameof(MapMode));
        PageRange pages = PageRange.Touching(offsetBytes, lengthBytes);
        return new DaxView(this, faults, Mapping.Map(pages.First, pages.PageCount, (VmAreaKind)mode));
    }

    /// <summary>Maps the whole file.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The file is empty.</exception>
    public DaxView Map(MapMode mode = MapMode.Shared) => Map(0, SizeBytes, mode);

    /// <summary>Reads bytes, up to the end of the file; holes give zeroes.</summary>
    /// <returns>How many: fewer where the file ends, or where the next byte cannot be read.</returns>
    /// <exception cref="DaxException">Not even the first byte can be read.</exception>
    public int Read(long offsetBytes, Span<byte> buffer)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        using RwSemaphore.ReadHold hold = inodeLock.Read();
        return (int)MovedBytes(DaxReadWrite.Read(Mapping, offsetBytes, buffer), offsetBytes);
    }

    /// <summary>Writes bytes; the file grows if they reach behind its end.</summary>
    /// <returns>How many: fewer where the next byte cannot be written.</returns>
    /// <exception cref="DaxException">Not even the first byte can be written.</exception>
    public int Write(long offsetBytes, ReadOnlySpan<byte> bytes)
    {
        CheckRange(offsetBytes, bytes.Length);
        using RwSemaphore.WriteHold hold = inodeLock.Write();
        if (bytes.Length > 0 && offsetBytes > SizeBytes)
        {
            ZeroBehindEnd(FaultsAre.Allowed);
        }

        return (int)MovedBytes(DaxReadWrite.Write(Mapping, offsetBytes, bytes), offsetBytes);
    }

    /// <summary>Makes everything durable that was written or stored through views before (fsync).</summary>
    /// <exception cref="OperationCanceledException">It was ended; what is left stays dirty.</exception>
    /// <exception cref="DaxException">Some page could not be written back, now or since the last sync.</exception>
    public void Sync(CancellationToken cancellationToken = default)
    {
        AddressSpace mapping = Mapping;
        int errno = 0;
        using (mapping.Use())
        {
            if (mapping.Entries.HasDirty())
            {
                errno = WritebackPass.RunHeld(mapping, PageRange.All, cancellationToken).Errno;
            }

            mapping.Device.DrainUnchecked();
        }

        Commit();
        int noted = mapping.TakeWritebackError();
        if (errno != 0 || noted != 0)
        {
            // Its own pass counts even where another sync has taken the error that both noted.
            throw FileErrors.Writeback(this, errno != 0 ? errno : noted);
        }
    }

    /// <summary>Pretends that the memory behind a byte is lost (see <see cref="DaxVolume.InjectPoison"/>).</summary>
    /// <exception cref="InvalidOperationException">There is no block behind it.</exception>
    /// <exception cref="DaxException">The file's blocks cannot be looked up.</exception>
    public MemoryFailureOutcome InjectPoison(long offsetBytes)
    {
        CheckRange(offsetBytes, 1);
        ExtentAnswer answer = Extents.Find(PageIndex.FromBytes(offsetBytes), 1, ExtentIntent.Read);
        if (answer.Error != IoError.None)
        {
            throw FileErrors.Of(this, IoError.Io, offsetBytes);
        }

        Extent extent = answer.Target;
        if (extent.ReadsAsZeroes)
        {
            throw new InvalidOperationException($"There is no written block behind byte {offsetBytes} of {this}, so none can be lost.");
        }

        return Volume.InjectPoison(extent.PfnAt(PageIndex.FromBytes(offsetBytes)));
    }

    /// <summary>The file as a stream, which does not close the file.</summary>
    public DaxStream OpenStream() => new(this);

    /// <summary>
    /// Closes the file; its views are unmapped. Waits for operations and faults that run; pinned blocks are free when they are unpinned. One
    /// with a name is written back first. Again does nothing.
    /// </summary>
    /// <exception cref="DaxException">The file is closed, but not all of it could be written back.</exception>
    public void Dispose()
    {
        AddressSpace mapping;
        long size;
        Exception? failure = null;
        using (inodeLock.Write())
        {
            if (isDisposed)
            {
                return;
            }

            mapping = Mapping;
            size = mapping.SizeBytes;
            try
            {
                int errno = Name is null ? 0 : WritebackPass.RunHeld(mapping, PageRange.All).Errno;
                failure = errno == 0 ? null : FileErrors.Writeback(this, errno);
            }
#pragma warning disable CA1031 // Whatever it is, an interruption say: the file is closed first.
            catch (Exception stopped)
#pragma warning restore CA1031
            {
                failure = stopped;
            }

            isDisposed = true;
        }

        Volume.Close(this, mapping, Extents, size);
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Makes the file's blocks durable.</summary>
    /// <exception cref="DaxException">The storage failed; they are as they were, and the next sync tries again.</exception>
    internal void Commit()
    {
        try
        {
            Extents.Commit();
        }
        catch (DaxEnvironmentException failure)
        {
            throw FileErrors.Commit(this, failure);
        }
    }

    /// <summary>The file's name, or that it has none.</summary>
    public override string ToString() => Name is null ? "a file without a name" : $"file '{Name}'";

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

    // What was stored behind the end of the file through a mapping of its last page must not appear when the file grows.
    private bool ZeroBehindEnd(FaultsAre faultsAre)
    {
        if (!Habits.ZeroesBehindEnd)
        {
            return false;
        }

        long size = SizeBytes;
        CheckAll(Dax.ReadWrite.ZeroRange.TruncatePage(Mapping, size, faultsAre, out bool didZero), size);
        return didZero;
    }

    private void CheckRange(long offset, long length)
    {
        ThrowIfDisposed();
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, options.MaximumSizeBytes, nameof(length));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, options.MaximumSizeBytes - length, nameof(offset));
    }

    private void ThrowIfDisposed() => ObjectDisposedException.ThrowIf(isDisposed, this);
}
