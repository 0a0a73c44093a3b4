using System.Runtime.CompilerServices;
using DaxEmu.Core.Device;
using DaxEmu.Core.Extents;
using DaxEmu.Core.Invalidation;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Native.Failures;

namespace DaxEmu.Core.Files;

/// <summary>
/// The files of one device, as an emulated file system keeps them: names, extents, and which blocks are free. In memory only.
/// </summary>
/// <remarks>
/// A file with a name stays when it is closed, and can be opened again; one without goes when it is closed. When the volume is disposed, all
/// of that is forgotten: what the device holds are then bytes without a map. A volume does not keep its device open, its open files do.
/// </remarks>
public sealed class DaxVolume : IDisposable
{
    private static readonly ConditionalWeakTable<PmemDevice, DaxVolume> Volumes = [];
    private static readonly Lock VolumesGate = new();

    private readonly Lock gate = new();
    private readonly Dictionary<string, StoredFile> stored = new(StringComparer.Ordinal);
    private readonly List<DaxFile> open = [];
    private readonly List<FreedBlocks> unreleased = [];
    private readonly Holders holders;
    private bool isDisposed;

    private DaxVolume(PmemDevice device)
    {
        Device = device;
        Allocator = new BlockAllocator(new PfnRange(new Pfn(0), device.PageCount)) { InUseCheck = device.Owners.FirstInUse };
        holders = new Holders(this);
    }

    /// <summary>The device.</summary>
    public PmemDevice Device { get; }

    /// <summary>Bytes that no file holds.</summary>
    public long FreeBytes
    {
        get
        {
            ReleaseIdle();
            return Allocator.FreePageCount << DaxConstants.PageShift;
        }
    }

    /// <summary>The names of the files that have one.</summary>
    public IReadOnlyList<string> FileNames
    {
        get
        {
            lock (gate)
            {
                return [.. stored.Keys.Order(StringComparer.Ordinal)];
            }
        }
    }

    internal BlockAllocator Allocator { get; }

    internal IPageHolders PageHolders => holders;

    /// <summary>The volume of a device; a new, empty one when it is first asked for.</summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public static DaxVolume Of(PmemDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        lock (VolumesGate)
        {
            if (!Volumes.TryGetValue(device, out DaxVolume? volume) || volume.isDisposed)
            {
                volume = new DaxVolume(device);
                Volumes.AddOrUpdate(device, volume);
            }

            return volume;
        }
    }

    /// <summary>Makes a file of a size, all of it a hole.</summary>
    /// <param name="sizeBytes">Its size; no block is taken.</param>
    /// <param name="name">Its name; null for a file that goes when it is closed.</param>
    /// <param name="options">How; null for <see cref="DaxFileOptions.Default"/>.</param>
    /// <exception cref="InvalidOperationException">The name is taken.</exception>
    public DaxFile CreateFile(long sizeBytes, string? name = null, DaxFileOptions? options = null)
    {
        options ??= DaxFileOptions.Default;
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            if (name is not null && stored.ContainsKey(name))
            {
                throw new InvalidOperationException($"There is a file '{name}' on {Device.Name} already. Open it, or delete it first.");
            }

            var extents = new InMemoryExtentMap(Allocator, new Zeroer(Device), options.MakeDurable);
            var file = new DaxFile(this, name, extents, sizeBytes, options);
            open.Add(file);
            if (name is not null)
            {
                stored.Add(name, new StoredFile(extents, sizeBytes));
            }

            return file;
        }
    }

    /// <summary>Opens a file that was closed.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">How; null for <see cref="DaxFileOptions.Default"/>.</param>
    /// <exception cref="FileNotFoundException">There is none of that name.</exception>
    /// <exception cref="InvalidOperationException">It is open already.</exception>
    public DaxFile OpenFile(string name, DaxFileOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            if (!stored.TryGetValue(name, out StoredFile? file))
            {
                throw new FileNotFoundException($"There is no file '{name}' on {Device.Name}.", name);
            }

            if (open.Exists(f => f.Name == name))
            {
                throw new InvalidOperationException(
                    $"The file '{name}' is open already. Share the {nameof(DaxFile)}: it is safe for many threads.");
            }

            var opened = new DaxFile(this, name, file.Extents, file.SizeBytes, options ?? DaxFileOptions.Default);
            open.Add(opened);
            return opened;
        }
    }

    /// <summary>Deletes a closed file; its blocks are free again.</summary>
    /// <exception cref="FileNotFoundException">There is none of that name.</exception>
    /// <exception cref="InvalidOperationException">It is open.</exception>
    public void DeleteFile(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            if (open.Exists(f => f.Name == name))
            {
                throw new InvalidOperationException($"The file '{name}' is open. Dispose it first.");
            }

            if (!stored.Remove(name, out StoredFile? file))
            {
                throw new FileNotFoundException($"There is no file '{name}' on {Device.Name}.", name);
            }

            unreleased.Add(file.Extents.Truncate(new PageIndex(0)));
        }

        ReleaseIdle();
    }

    /// <summary>
    /// Pretends that a page of the device is lost: it is unmapped everywhere and cannot be reached before it was written as a whole.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The device has no such page.</exception>
    public MemoryFailureOutcome InjectPoison(Pfn page)
    {
        // Under the gate no file is closed, so its entries stay where they are.
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            return MemoryFailure.Poison(Device, page, holders);
        }
    }

    /// <summary>Closes all files and forgets them. Again does nothing.</summary>
    public void Dispose()
    {
        DaxFile[] files;
        lock (gate)
        {
            if (isDisposed)
            {
                return;
            }

            isDisposed = true;
            files = [.. open];
        }

        foreach (DaxFile file in files)
        {
            file.Dispose();
        }

        Allocator.Dispose();
    }

    /// <summary>Closes a file and its mapping, under the gate: who looks for the holders of a page meets neither half closed.</summary>
    internal void Close(DaxFile file, AddressSpace mapping, InMemoryExtentMap extents, long sizeBytes)
    {
        lock (gate)
        {
            open.Remove(file);
            mapping.Dispose();
            unreleased.AddRange(mapping.TakeUnreleased());
            if (file.Name is not null)
            {
                stored[file.Name] = new StoredFile(extents, sizeBytes);
            }
            else
            {
                unreleased.Add(extents.Truncate(new PageIndex(0)));
            }
        }

        ReleaseIdle();
    }

    // Blocks of closed files that somebody has still pinned wait until they are idle.
    private void ReleaseIdle()
    {
        lock (gate)
        {
            foreach (FreedBlocks idle in unreleased.Where(b => b.Ranges.All(r => Device.Owners.FirstBusy(r) is null)).ToList())
            {
                unreleased.Remove(idle);
                idle.Release();
            }
        }
    }

    private sealed record StoredFile(InMemoryExtentMap Extents, long SizeBytes);

    /// <summary>New blocks are zeroed durably, which heals them too.</summary>
    private sealed class Zeroer(PmemDevice device) : IBlockZeroer
    {
        public bool TryZero(PfnRange blocks)
        {
            if (Fallible.Fails(FallibleStep.Zeroing))
            {
                return false;
            }

            device.ZeroUnchecked(blocks.First.OffsetBytes, blocks.PageCount << DaxConstants.PageShift);
            device.DrainUnchecked();
            device.Poison.Clear(blocks.First, blocks.PageCount);
            return true;
        }

        // A copy fills the page without looking at it: were the mark still there, the file's page would be lost from the start.
        public bool TryHeal(PfnRange blocks) =>
            device.Poison.FindFirst(blocks.First, blocks.PageCount) is null || TryZero(blocks);
    }

    /// <summary>The reverse map: from a device page to the files that show it. Called under the gate.</summary>
    private sealed class Holders(DaxVolume volume) : IPageHolders
    {
        public AddressSpace? MappingOf(long mappingId) => volume.open.Find(f => f.Mapping.Id == mappingId)?.Mapping;

        public IReadOnlyList<PagePlace> PlacesOf(Pfn pfn)
        {
            var places = new List<PagePlace>();
            foreach (DaxFile file in volume.open)
            {
                places.AddRange(
                    from extent in file.Extents.Snapshot()
                    where new PfnRange(extent.Pfn, extent.PageCount).Contains(pfn)
                    select new PagePlace(file.Mapping, extent.First + (pfn.Value - extent.Pfn.Value)));
            }

            return places;
        }
    }
}
