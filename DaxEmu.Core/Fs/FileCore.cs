using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax;
using DaxEmu.Core.Fs.Volume;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Pmem;

namespace DaxEmu.Core.Fs;

/// <summary>An open file as its volume and its <see cref="DaxFile"/> both know it: its blocks, and its mapping from the first use on.</summary>
/// <remarks>
/// A mapping reserves addresses for its tables, which takes far longer than the metadata of a new file: so a file that is made and closed, or
/// renamed, has none.
/// </remarks>
internal sealed class FileCore
{
    private readonly PlainLock gate = new("lock of the open file");
    private readonly DeviceReference deviceReference;
    private readonly DaxFileOptions options;
    private readonly VolumeFlaws flaws;
    private readonly PmemDevice device;
    private readonly long firstSizeBytes;
    private Published<FinalSize?> finalSize;
    private Published<FileInUse?> used;
    private PublishedFlag closed;

    public FileCore(PmemDevice device, FileNode node, InMemoryExtentMap extents, long sizeBytes, DaxFileOptions options, bool canWrite, VolumeFlaws flaws = VolumeFlaws.None)
    {
        _ = AddressSpace.PageCapacityFor(options.MaximumSizeBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(sizeBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, options.MaximumSizeBytes);
        this.device = device;
        this.options = options;
        this.flaws = flaws;
        Node = node;
        Extents = extents;
        CanWrite = canWrite;
        firstSizeBytes = sizeBytes;
        deviceReference = device.Refer();
    }

    public FileNode Node { get; }

    public InMemoryExtentMap Extents { get; }

    /// <summary>Whether it was opened for writing, too.</summary>
    public bool CanWrite { get; }

    /// <summary>What it is used through; made when it is first asked for.</summary>
    /// <exception cref="ObjectDisposedException">The file was closed before.</exception>
    public FileInUse InUse => InUseAlready ?? Begin();

    /// <summary>The same, or null if the file was not used yet.</summary>
    public FileInUse? InUseAlready
    {
        get => used.Read(this, "use");
        private set => used.Write(this, "use", value);
    }

    /// <summary>Its size, in bytes; of a closed file the last one.</summary>
    public long SizeBytes => finalSize.Read(this, "final size")?.Bytes ?? InUseAlready?.Mapping.SizeBytes ?? firstSizeBytes;

    /// <summary>Closes a file that was not used: it cannot be used from here on.</summary>
    /// <returns>False if it was used.</returns>
    public bool TryCloseUnused()
    {
        using (gate.Enter())
        {
            bool isUnused = InUseAlready is null;
            IsClosed |= isUnused;
            return isUnused;
        }
    }

    /// <summary>Ends the mapping, if there is one; none is made from here on.</summary>
    public void Close()
    {
        using (gate.Enter())
        {
            IsClosed = true;
        }

        finalSize.Write(this, "final size", new FinalSize(SizeBytes));
        try
        {
            InUseAlready?.Mapping.Dispose();
        }
        finally
        {
            deviceReference.Dispose();
        }
    }

    /// <summary>Names the file's words and locks.</summary>
    public void NameLines(LineNames names, string file)
    {
        names.Add(this, file);
        names.Add(gate, file);
        names.Add(Node, file);
        names.Add(Node.ChangeGate, file);
        Extents.NameLines(names, file);
        if (InUseAlready is { } inUse)
        {
            inUse.Mapping.NameLines(names, file);
            inUse.InodeLock.NameLines(names, file);
            inUse.Opener.NameLines(names, $"the opener of {file}");
        }
    }

    /// <summary>What messages call it.</summary>
    public override string ToString() => Node.Name is null ? "a file without a name" : $"file '{Node.Name}'";

    private bool IsClosed
    {
        get => closed.Read(this, "mark of the end");
        set => closed.Write(this, "mark of the end", value);
    }

    private FileInUse Begin()
    {
        using (gate.Enter())
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return InUseAlready ??= new FileInUse(new AddressSpace(device, Shown(), firstSizeBytes, new AddressSpaceOptions
            {
                Profile = options.Profile,
                Behaviour = options.Behaviour,
                MaximumSizeBytes = options.MaximumSizeBytes,
                Sink = options.Sink,
                Waits = options.Waits,
                Id = options.MappingId,
                Name = ToString(),
                IsDeviceHeld = true,
                StaysWritable = (flaws & VolumeFlaws.StaysWritable) != 0,
                ProtectsFirstPageOnly = (flaws & VolumeFlaws.ProtectsFirstPageOnly) != 0,
            }));
        }
    }

    private IExtentMap Shown() => options.FaultHold > TimeSpan.Zero ? new SlowExtentMap(Extents, options.FaultHold, options.FaultHold) : Extents;

    private sealed record FinalSize(long Bytes);
}

/// <summary>What a file is used through.</summary>
/// <param name="mapping">Its entries and VMAs.</param>
internal sealed class FileInUse(AddressSpace mapping)
{
    public AddressSpace Mapping => mapping;

    /// <summary>Keeps writers and changes of layout apart (<c>i_rwsem</c>).</summary>
    public RwSemaphore InodeLock { get; } = new(mapping.Id, isMostlyRead: true);

    public FaultLoop Faults { get; } = new(new FaultHandler(mapping));

    /// <summary>To which errors of writeback are reported.</summary>
    public WritebackErrors.Opener Opener { get; } = mapping.Errors.Open();
}
