using System.Collections;
using System.Diagnostics.CodeAnalysis;
using System.IO.MemoryMappedFiles;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Pmem;
using DaxEmu.Core.Pmem.Media;
using DaxEmu.Native;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Files;
using DaxEmu.Native.Memory;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Core;

/// <summary>
/// A persistent-memory device: a file or block device that is mapped as a whole at a 2 MiB boundary and used with loads and stores.
/// One opener at a time, in all processes.
/// </summary>
/// <remarks>
/// <para>
/// Any number of threads may use a device at once; which of them stores where is up to the caller. Spans and <see cref="DaxEmu.Core.DirectAccess"/>
/// values must not be used after <see cref="Dispose"/>, and no call may run when it begins.
/// </para>
/// <para>
/// Open files keep the memory mapped, and the file locked, until they are closed. A device without references, and
/// without references to its files, is closed by the collector. A span does not prevent that: its addresses stay valid, but what lies there
/// then is the device no longer. Loads give zeroes, and stores go nowhere.
/// </para>
/// </remarks>
public sealed partial class PmemDevice : IPersistentMemory, IDisposable
{
    private readonly PlainLock gate = new("lock of the device");
    private readonly MappedRegion region;
    private readonly ReferenceCounts references;
    private readonly nint start;
    private readonly DeviceMemory memory;
    private readonly FlushInstruction? flushInstruction;
    private readonly PoisonList poison;
    private readonly string? pathToRemove;
    private readonly Lazy<PageOwners> owners;
    private readonly StoreObserver? observer;
    private readonly BitArray? gathered; // 2 MiB a bit: which were mapped whole
    private MemoryMappedFile? given;
    private bool disposed;

    private PmemDevice(DeviceMemory memory, DeviceFile? file, string name, string? path, PmemDeviceOptions options, Placement placement)
    {
        this.memory = memory;
        region = memory.Region;
        references = new ReferenceCounts(region);
        start = region.Base;
        Name = name;
        Path = path;
        pathToRemove = options.KeepPath && placement.IsTemporary ? path : null;
        flushInstruction = placement.FlushInstruction;
        PersistenceDomain = placement.Domain;
        Capabilities = new DeviceCapabilities(
            file?.FileSystem.Kind ?? FileSystemKind.None,
            file?.IsBlockDevice ?? false,
            placement.MapSync,
            placement.HugePages,
            placement.FlushMethod)
        {
            IsDeviceDax = file?.IsDeviceDax ?? false,
            HostPageBytes = DeviceSize.AlignmentOf(file),
            NumaNode = file?.Hardware.NumaNode,
            TargetNode = file?.Hardware.TargetNode,
        };
        AlignmentBytes = DeviceSize.AlignmentOf(file);
        poison = new PoisonList(PageCount);
        MarkBadBlocks(file?.Hardware.BadBlocks ?? []);

        // Published, not executed, once: so a try that failed is tried again, and of two at the same time one is dropped.
        owners = new Lazy<PageOwners>(() => new PageOwners(new PfnRange(new Pfn(0), PageCount), options.PreferHugePages), LazyThreadSafetyMode.PublicationOnly);
        observer = options.TracksDurable ? new DurableImage(start, region.LengthBytes, options.DurablePagesPerPmd)
            : options.RecordsTo is { } buffers ? new StoreRecorder(start, buffers)
            : options.RecordsStores ? StoreRecorder.Begin(start, region.LengthBytes)
            : null;
        Media = MediaDial.For(options);
        Stores = StoreTracker.Begin(region, options.StoreTracking, owners);
        StrictStores = options.StoreTracking == StoreTracking.Strict ? Stores : null;
        if (options.PreferHugePages)
        {
            region.PreferHugePages();
            gathered = Capabilities.FileSystem == FileSystemKind.Tmpfs ? new BitArray((int)(PageCount >> DaxConstants.PmdOrder)) : null;
        }
    }

    /// <summary>Bytes on the device; a multiple of 2 MiB.</summary>
    public long SizeBytes => region.LengthBytes;

    /// <summary>Pages on the device.</summary>
    public long PageCount => region.LengthBytes >> DaxConstants.PageShift;

    /// <summary>Bytes to which the device's memory is aligned: 2 MiB, or more where a device-DAX device or hugetlbfs has larger pages.</summary>
    public int AlignmentBytes { get; }

    /// <summary>The full path of the file or block device; null if it has none (any more).</summary>
    public string? Path { get; }

    /// <summary>What messages call the device: its path, or what it is.</summary>
    public string Name { get; }

    /// <summary>From where on a store survives a loss of power.</summary>
    public PersistenceDomain PersistenceDomain { get; }

    /// <summary>Why it is that one, in one clause.</summary>
    public string PersistenceReason => PersistenceDomains.ReasonFor(PersistenceDomain, Capabilities.MapSync);

    /// <summary>What the place of the device offers, and why not more.</summary>
    public DeviceCapabilities Capabilities { get; }

    /// <summary>The pages whose content is lost.</summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public PoisonList PoisonList
    {
        get
        {
            ThrowIfDisposed();
            return poison;
        }
    }

    /// <summary>The open file, to be mapped at other addresses too; null for memory without one.</summary>
    internal SafeFileHandle? File => memory.File;

    /// <summary>Whether 2 MiB of the device are mapped whole for the first time, and 2 MiB pages are wanted: the caller gathers them then.</summary>
    internal bool IsFirst2MiBMapping(Pfn first)
    {
        if (gathered is null)
        {
            return false;
        }

        lock (gathered)
        {
            long slot = first.Value >> DaxConstants.PmdOrder;
            bool isFirst = !gathered[(int)slot];
            gathered[(int)slot] = true;
            return isFirst;
        }
    }

    /// <summary>Opens a file, block device or device-DAX device that is there.</summary>
    /// <param name="path">A file of a multiple of 2 MiB, on tmpfs or a DAX file system if stores are to be fast, a block device, or a device-DAX device (<c>/dev/dax0.0</c>).</param>
    /// <param name="options">How; null for <see cref="PmemDeviceOptions.Default"/>.</param>
    /// <exception cref="DaxEnvironmentException">It is missing, no file, of a wrong size, not writable, or open elsewhere.</exception>
    /// <remarks>A file with holes is accepted; see <see cref="PmemDeviceOptions.Sparse"/> for the price.</remarks>
    public static PmemDevice Open(string path, PmemDeviceOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string fullPath = System.IO.Path.GetFullPath(path);
        options ??= PmemDeviceOptions.Default;
        return FromFile(DeviceFile.Open(fullPath, options.Tree ?? HostTree.Machine), fullPath, fullPath, options, isTemporary: false);
    }

    /// <summary>Opens the file behind a <see cref="MemoryMappedFile"/> that the caller has made, in the size that it has there.</summary>
    /// <param name="file">
    /// One of a multiple of 2 MiB that allows stores (<see cref="MemoryMappedFileAccess.ReadWrite"/>): of a file, a block device, or of
    /// <see cref="MemoryMappedFile.CreateNew(string, long)"/>.
    /// </param>
    /// <param name="options">How; null for <see cref="PmemDeviceOptions.Default"/>.</param>
    /// <param name="leaveOpen">
    /// Whether the caller disposes <paramref name="file"/>, at any time. Otherwise <see cref="Dispose"/> does. What is refused is left to the caller.
    /// </param>
    /// <exception cref="ArgumentException">It is of a size that no device can have, allows no stores, or has no file behind it.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    /// <exception cref="DaxEnvironmentException">Its file was cut, is open as a device elsewhere, or may not be opened for writing again.</exception>
    /// <remarks>
    /// The device opens the file once more and maps it itself, at a 2 MiB boundary, with MAP_SYNC where that is to be had:
    /// <see cref="Capabilities"/> show what it got. Views that the caller has of the file show the same bytes.
    /// </remarks>
    public static PmemDevice Open(MemoryMappedFile file, PmemDeviceOptions? options = null, bool leaveOpen = false)
    {
        ArgumentNullException.ThrowIfNull(file);
        long sizeBytes = SharedFile.CapacityOf(file);
        if (DeviceSize.Problem(sizeBytes) is { } problem)
        {
            throw new ArgumentException($"The MemoryMappedFile cannot be a device: {problem}.", nameof(file));
        }

        string? path = SharedFile.PathOf(file);
        DeviceFile opened = SharedFile.Open(file);
        if (opened.SizeBytes < sizeBytes)
        {
            opened.Dispose();
            throw new DaxEnvironmentException(
                $"cannot use '{opened.Path}': it was cut to {opened.SizeBytes} bytes after its MemoryMappedFile of {sizeBytes} bytes was made",
                "Make the MemoryMappedFile anew.",
                path: path);
        }

        PmemDevice device = FromFile(opened, path ?? "memory-mapped file", path, options ?? PmemDeviceOptions.Default, isTemporary: false, sizeBytes);
        device.given = leaveOpen ? null : file;
        return device;
    }

    /// <summary>Makes a new file and opens it. If that fails, no file is left behind.</summary>
    /// <param name="path">A path that does not exist yet.</param>
    /// <param name="sizeBytes">A multiple of 2 MiB. All blocks are reserved, unless the options say otherwise.</param>
    /// <param name="options">How; null for <see cref="PmemDeviceOptions.Default"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is no multiple of 2 MiB.</exception>
    /// <exception cref="DaxEnvironmentException">
    /// The path is taken, its directory is missing or not writable, the file system is full, or the CPU lacks the flush instruction asked for.
    /// </exception>
    public static PmemDevice Create(string path, long sizeBytes, PmemDeviceOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        DeviceSize.Check(sizeBytes, nameof(sizeBytes));
        options ??= PmemDeviceOptions.Default;
        string fullPath = System.IO.Path.GetFullPath(path);
        DeviceFile file = DeviceFile.Create(fullPath, sizeBytes, options.Sparse, cancellation: options.Cancellation);
        try
        {
            return FromFile(file, fullPath, fullPath, options, isTemporary: false);
        }
        catch
        {
            DeviceFile.Unlink(fullPath);
            throw;
        }
    }

    /// <summary>
    /// Makes a device on a file of its own, on tmpfs where there is one with enough space, that disappears with the device.
    /// </summary>
    /// <param name="sizeBytes">A multiple of 2 MiB. All blocks are reserved, unless the options say otherwise.</param>
    /// <param name="options">How; null for <see cref="PmemDeviceOptions.Default"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is no multiple of 2 MiB.</exception>
    /// <exception cref="DaxEnvironmentException">No directory for temporary files has the space.</exception>
    public static PmemDevice CreateTemporary(long sizeBytes, PmemDeviceOptions? options = null)
    {
        DeviceSize.Check(sizeBytes, nameof(sizeBytes));
        return TemporaryPlace.Create(sizeBytes, options ?? PmemDeviceOptions.Default);
    }

    /// <summary>Makes a device in zeroed memory without a file. Its pages become real where they are first accessed.</summary>
    /// <param name="sizeBytes">A multiple of 2 MiB.</param>
    /// <param name="options">How; null for <see cref="PmemDeviceOptions.Default"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is no multiple of 2 MiB.</exception>
    /// <exception cref="DaxEnvironmentException">The address space does not hold it.</exception>
    public static PmemDevice CreateInMemory(long sizeBytes, PmemDeviceOptions? options = null)
    {
        const string Name = "in-memory device";
        DeviceSize.Check(sizeBytes, nameof(sizeBytes));
        options ??= PmemDeviceOptions.Default;
        StoreTracker.RequireSupport(options.StoreTracking);
        Placement placement = Placement.InMemory(options);
        return new PmemDevice(DeviceMemory.OfNone(sizeBytes, Name), null, Name, null, options, placement);
    }

    /// <summary>A device that was forgotten leaves no path behind; its memory and its file end by themselves.</summary>
    ~PmemDevice()
    {
        references?.Close();
        if (!disposed && pathToRemove is not null)
        {
            DeviceFile.Unlink(pathToRemove);
        }
    }

    /// <summary>Closes the device. Its memory stays mapped (and its file locked) while references to it exist. Again does nothing.</summary>
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        using (gate.Enter())
        {
            if (disposed)
            {
                return;
            }

            disposed = true;
            StrictStores?.FindOrphans();
            references.Close();
            memory.Dispose();
            EndTrackingIfGone();
            given?.Dispose();
            if (pathToRemove is not null)
            {
                DeviceFile.Unlink(pathToRemove);
            }
        }
    }

    /// <summary>A view of the device for code that takes the framework's: its <see cref="MemoryMappedViewAccessor.SafeMemoryMappedViewHandle"/> is a buffer.</summary>
    /// <param name="offsetBytes">First byte; with a pointer of the handle, add <see cref="MemoryMappedViewAccessor.PointerOffset"/>.</param>
    /// <param name="lengthBytes">How many, at least 1.</param>
    /// <param name="access">What the view allows.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bytes do not lie on the device, or there is no such access.</exception>
    /// <exception cref="NotSupportedException">The device is in memory without a file.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    /// <exception cref="DaxEnvironmentException">The address space does not hold it.</exception>
    /// <remarks>
    /// It is a second mapping of the same pages, and stays valid (and the file locked) until it is disposed, also after the device was. Stores
    /// through it are stores to the device that no file on it knows of: nothing becomes dirty, and poison is not looked at.
    /// </remarks>
    public MemoryMappedViewAccessor CreateViewAccessor(
        long offsetBytes, long lengthBytes, MemoryMappedFileAccess access = MemoryMappedFileAccess.ReadWrite)
    {
        region.CheckRange(offsetBytes, lengthBytes);
        ArgumentOutOfRangeException.ThrowIfZero(lengthBytes); // which the framework reads as all that follows
        if (access is MemoryMappedFileAccess.ReadExecute or MemoryMappedFileAccess.ReadWriteExecute)
        {
            throw new ArgumentOutOfRangeException(nameof(access), $"No code runs from a device, so there is no view with {access}.");
        }

        using (gate.Enter())
        {
            ThrowIfDisposed();
            observer?.Expose(offsetBytes, lengthBytes);
            return memory.CreateView(offsetBytes, lengthBytes, access) ?? throw new NotSupportedException(
                $"The {Name} has no file that could be mapped again. Use {nameof(CreateTemporary)}, or {nameof(GetSpan)}.");
        }
    }

    /// <summary>
    /// The stores through spans that the rules forbid, as far as they were found (<see cref="StoreTracking.Strict"/>): by syncs, which have
    /// thrown them, by closing files, and now, for blocks that no file has any more. Without that mode there are none.
    /// </summary>
    /// <remarks>After <see cref="Dispose"/>, which looks once more, it gives what was found.</remarks>
    public IReadOnlyList<RawStoreViolation> GetRawStoreViolations()
    {
        if (!IsGone)
        {
            StrictStores?.FindOrphans();
        }

        return StrictStores?.Violations() ?? [];
    }

    /// <summary>The name and the size.</summary>
    public override string ToString() => $"{Name}, {SizeBytes} bytes";

    /// <summary>Keeps the memory mapped until the result is disposed.</summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    internal DeviceReference Refer() => new(this);

    /// <summary>Keeps the memory mapped until <see cref="ReleaseReference"/>.</summary>
    /// <returns>What that takes.</returns>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    internal int AddReference()
    {
        int way;
        using (gate.Enter())
        {
            ThrowIfDisposed();
            way = AddReferenceUnchecked();
        }

        observer?.ExposeFilesOf(this);
        return way;
    }

    /// <summary>Names the words and locks that all users of the device share.</summary>
    internal void NameLines(LineNames names)
    {
        names.Add(this, "the device");
        names.Add(gate, "the device");
        references.NameLines(names);
        Owners.NameLines(names);
        poison.NameLines(names);
        Media?.NameLines(names);
    }

    /// <summary>As <see cref="AddReference"/>, for a holder of a reference: also after the device was disposed.</summary>
    internal int AddReferenceUnchecked() => references.Add();

    /// <summary>Whether it was disposed and no reference is left: its memory is not mapped.</summary>
    internal bool IsGone => region.IsClosed;

    /// <summary>Gives a reference of <see cref="AddReference"/> back.</summary>
    /// <param name="way">What it returned.</param>
    /// <param name="byCollector">Whether its holder was forgotten: then spans of it may be left, whose addresses stay valid.</param>
    internal void ReleaseReference(int way, bool byCollector = false)
    {
        if (byCollector)
        {
            region.KeepAddresses();
        }

        references.Release(way);
        EndTrackingIfGone();
    }

    internal static PmemDevice FromFile(
        DeviceFile file, string name, string? path, PmemDeviceOptions options, bool isTemporary, long? sizeBytesGiven = null)
    {
        DeviceMemory? memory = null;
        try
        {
            StoreTracker.RequireSupport(options.StoreTracking);
            long sizeBytes = sizeBytesGiven ?? DeviceSize.OfExisting(file.Path, file.SizeBytes, file.IsBlockDevice);
            Placement placement = Placement.OnFile(file, options, isTemporary);
            memory = DeviceMemory.OfFile(file, sizeBytes, placement.MapSync.IsSupported, name);
            return new PmemDevice(memory, file, name, path, options, placement);
        }
        catch
        {
            memory?.Dispose();
            file.Dispose();
            throw;
        }
    }

    // What the kernel knows to be lost is poison from the start.
    private void MarkBadBlocks(IReadOnlyList<BadBlocks> ranges)
    {
        foreach (BadBlocks range in ranges.Where(range => range.OffsetBytes < SizeBytes))
        {
            PageRange pages = PageRange.Touching(range.OffsetBytes, Math.Min(range.LengthBytes, SizeBytes - range.OffsetBytes));
            for (long page = pages.First.Value; page < pages.End.Value; page++)
            {
                poison.Mark(new Pfn(page));
            }
        }
    }

    private void EndTrackingIfGone()
    {
        if (IsGone)
        {
            Stores?.Dispose();
            Media?.Dispose();
        }
    }

    private void ThrowIfDisposed()
    {
        if (disposed)
        {
            ThrowDisposed();
        }
    }

    [DoesNotReturn]
    private void ThrowDisposed() => throw new ObjectDisposedException(null, $"The device '{Name}' was disposed.");
}
