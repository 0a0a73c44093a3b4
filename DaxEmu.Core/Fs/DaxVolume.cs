using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using DaxEmu.Core.Fs;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Pmem;
using DaxEmu.Native;
using DaxEmu.Native.Failures;

namespace DaxEmu.Core;

/// <summary>
/// The files of one device, as an emulated file system keeps them: names, extents, and which blocks are free. In memory only.
/// </summary>
/// <remarks>
/// A file with a name stays when it is closed, and can be opened again; one without goes when it is closed. When the volume is disposed, all
/// of that is forgotten: what the device holds are then bytes without a map. A volume does not keep its device open, its open files do.
/// A file that is never disposed and not referenced any more is closed, as by <see cref="DaxFile.Dispose"/>, at a later call to the
/// volume, once the collector has found it; a view keeps its file from that, a span keeps nothing.
/// </remarks>
public sealed class DaxVolume : IDisposable
{
    private static readonly ConditionalWeakTable<PmemDevice, DaxVolume> Volumes = [];
    private static readonly Lock VolumesGate = new();

    private readonly Lock gate = new();
    private readonly Dictionary<string, StoredFile> stored = new(StringComparer.Ordinal);
    private readonly List<Opened> open = [];
    private readonly Holders holders;
    private bool isDisposed;
    private volatile bool isGone;

    private DaxVolume(PmemDevice device)
    {
        Device = device;
        var all = new PfnRange(new Pfn(0), device.PageCount);
        bool mayBePinned = device.HasOwners;
        Allocator = new BlockAllocator(all) { InUseCheck = device.Owners.FirstInUse, BusyCheck = device.Owners.FirstBusy };
        holders = new Holders(this);
        device.Owners.BecameIdle = run => Allocator.ReleaseIdle(run);
        if (mayBePinned)
        {
            TakePinned(all);
        }
    }

    /// <summary>The device.</summary>
    public PmemDevice Device { get; }

    /// <summary>Bytes that no file holds.</summary>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public long FreeBytes
    {
        get
        {
            WithGate(() => true);
            return Allocator.FreePageCount << DaxConstants.PageShift;
        }
    }

    /// <summary>The names of the files that have one.</summary>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public IReadOnlyList<string> FileNames => WithGate<string[]>(() => [.. stored.Keys.Order(StringComparer.Ordinal)]);

    internal BlockAllocator Allocator { get; }

    /// <summary>Held while files are opened, closed, and looked for: for tests.</summary>
    internal Lock Gate => gate;

    internal IPageHolders PageHolders => holders;

    /// <summary>The volume of a device; a new, empty one when it is first asked for.</summary>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public static DaxVolume ScratchOf(PmemDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        lock (VolumesGate)
        {
            // One that is being disposed still closes files, whose blocks a new one must not hand out.
            if (!Volumes.TryGetValue(device, out DaxVolume? volume) || volume.isGone)
            {
                volume = new DaxVolume(device);
                Volumes.AddOrUpdate(device, volume);
            }

            return volume;
        }
    }

    /// <summary>Makes a file and opens it; all of it is a hole, no block is taken.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="length">Its length, in bytes.</param>
    /// <param name="options">How; null for <see cref="DaxFileOptions.Default"/>.</param>
    /// <exception cref="ArgumentException">
    /// No file can have that name: it is empty, "." or "..", has a '/' or a NUL, or more than 255 bytes of UTF-8.
    /// </exception>
    /// <exception cref="IOException">The name is taken.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public DaxFile Create(string name, long length = 0, DaxFileOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        FileName.Check(name, nameof(name));
        return WithGate(() => stored.ContainsKey(name)
            ? throw new IOException($"There is a file '{name}' on {Device.Name} already. Open it, or delete it first.")
            : CreateUnderGate(name, length, options));
    }

    /// <summary>Makes a file without a name, which goes when it is closed (<c>O_TMPFILE</c>).</summary>
    /// <param name="length">Its length, in bytes.</param>
    /// <param name="options">How; null for <see cref="DaxFileOptions.Default"/>.</param>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public DaxFile CreateTemporary(long length = 0, DaxFileOptions? options = null) => WithGate(() => CreateUnderGate(null, length, options));

    /// <summary>Opens a file that was closed.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">How; null for <see cref="DaxFileOptions.Default"/>.</param>
    /// <param name="access">Whether it may be written.</param>
    /// <exception cref="FileNotFoundException">There is none of that name.</exception>
    /// <exception cref="IOException">It is open already.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public DaxFile Open(string name, DaxFileOptions? options = null, FileAccess access = FileAccess.ReadWrite)
    {
        ArgumentNullException.ThrowIfNull(name);
        CheckAccess(access);
        return WithGate(() => OpenUnderGate(name, options, access));
    }

    /// <summary>Opens a file, or makes an empty one if there is none of that name.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="options">How; null for <see cref="DaxFileOptions.Default"/>.</param>
    /// <exception cref="ArgumentException">No file can have that name (see <see cref="Create"/>).</exception>
    /// <exception cref="IOException">It is open already.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public DaxFile OpenOrCreate(string name, DaxFileOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        FileName.Check(name, nameof(name));
        return WithGate(() => stored.ContainsKey(name) ? OpenUnderGate(name, options, FileAccess.ReadWrite) : CreateUnderGate(name, 0, options));
    }

    /// <summary>Whether there is a file of that name.</summary>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public bool Exists(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return WithGate(() => stored.ContainsKey(name));
    }

    /// <summary>Gives a closed file another name; a closed file that has it is replaced (rename).</summary>
    /// <param name="name">Its name.</param>
    /// <param name="newName">The new name.</param>
    /// <exception cref="ArgumentException">No file can have the new name (see <see cref="Create"/>).</exception>
    /// <exception cref="FileNotFoundException">There is none of that name.</exception>
    /// <exception cref="IOException">One of the two is open.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void Rename(string name, string newName)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(newName);
        FileName.Check(newName, nameof(newName));
        FreedBlocks freed = WithGate(() =>
        {
            StoredFile file = Stored(name);
            RequireClosed(name);
            RequireClosed(newName);
            if (name == newName)
            {
                return FreedBlocks.None;
            }

            FreedBlocks replaced = stored.TryGetValue(newName, out StoredFile? old) ? old.Extents.TakeEverything() : FreedBlocks.None;
            stored[newName] = file;
            stored.Remove(name);
            return replaced;
        });
        freed.ReleaseWhenIdle();
    }

    /// <summary>Deletes a closed file; its blocks are free again.</summary>
    /// <exception cref="FileNotFoundException">There is none of that name.</exception>
    /// <exception cref="IOException">It is open.</exception>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public void Delete(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        FreedBlocks freed = WithGate(() =>
        {
            StoredFile file = Stored(name);
            RequireClosed(name);
            FreedBlocks all = file.Extents.TakeEverything();
            stored.Remove(name);
            return all;
        });
        freed.ReleaseWhenIdle();
    }

    /// <summary>
    /// Pretends that a page of the device is lost: it is unmapped everywhere and cannot be reached before it was written as a whole.
    /// </summary>
    /// <remarks>
    /// Known in memory only, to the device object: who opens the same path anew finds no page lost, since no medium keeps the list.
    /// </remarks>
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
    /// <remarks>Every file is closed, and then the first exception is thrown that closing one has met.</remarks>
    public void Dispose()
    {
        Opened[] files;
        lock (gate)
        {
            if (isDisposed)
            {
                return;
            }

            isDisposed = true;
            files = [.. open];
        }

        var failures = new List<Exception>();
        foreach (Opened file in files)
        {
            try
            {
                if (file.File.TryGetTarget(out DaxFile? living))
                {
                    living.Dispose();
                }
            }
            catch (Exception problem)
            {
                failures.Add(problem);
            }
        }

        // The dropped ones, and what another thread is about to close.
        CloseAll(_ => true, failures);
        Device.Owners.BecameIdle = null;
        Allocator.Dispose();
        isGone = true;
        if (failures.Count > 0)
        {
            ExceptionDispatchInfo.Throw(failures[0]);
        }
    }

    /// <summary>Closes a file and its mapping, under the gate: a search for the holders of a page meets neither half closed.</summary>
    internal void Close(DaxFile file, AddressSpace mapping, InMemoryExtentMap extents, long sizeBytes)
    {
        FreedBlocks freed = FreedBlocks.None;
        try
        {
            lock (gate)
            {
                if (open.Find(o => o.Mapping == mapping) is { } opened)
                {
                    CloseUnderGate(opened, sizeBytes, ref freed);
                }
            }
        }
        finally
        {
            freed.ReleaseWhenIdle();
        }
    }

    // What every call begins with: files that cannot be reached any more are closed. The blocks of closed files go back outside the gate,
    // since looking at pins is steps.
    private T WithGate<T>(Func<T> work)
    {
        CloseAll(opened => !opened.File.TryGetTarget(out _), failures: null);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            return work();
        }
    }

    private void CloseAll(Predicate<Opened> which, List<Exception>? failures)
    {
        while (true)
        {
            FreedBlocks freed = FreedBlocks.None;
            try
            {
                lock (gate)
                {
                    if (open.Find(which) is not { } opened)
                    {
                        return;
                    }

                    try
                    {
                        WriteBack(opened);
                    }
                    finally
                    {
                        CloseUnderGate(opened, opened.Mapping.SizeBytes, ref freed);
                    }
                }
            }
            catch (Exception problem)
            {
                failures?.Add(problem); // a failure of a file that was dropped cannot be reported
            }

            freed.ReleaseWhenIdle();
        }
    }

    private static void WriteBack(Opened opened)
    {
        if (opened.Name is not null)
        {
            using (opened.Mapping.Use())
            {
                Fsync.WriteAndWait(opened.Mapping, PageRange.All);
            }
        }
    }

    private void CloseUnderGate(Opened opened, long sizeBytes, ref FreedBlocks freed)
    {
        open.Remove(opened);
        try
        {
            opened.Mapping.Dispose();
        }
        finally
        {
            if (opened.Name is not null)
            {
                stored[opened.Name] = new StoredFile(opened.Extents, sizeBytes);
            }
            else
            {
                freed = opened.Extents.TakeEverything();
            }
        }
    }

    private DaxFile CreateUnderGate(string? name, long length, DaxFileOptions? options)
    {
        options ??= DaxFileOptions.Default;
        return Open(name, new InMemoryExtentMap(Allocator, new Zeroer(Device), options.MakeDurable), length, options, canWrite: true);
    }

    private DaxFile OpenUnderGate(string name, DaxFileOptions? options, FileAccess access)
    {
        StoredFile file = Stored(name);
        return open.Exists(f => f.Name == name)
            ? throw new IOException($"The file '{name}' is open already. Share the {nameof(DaxFile)}: it is safe for many threads.")
            : Open(name, file.Extents, file.SizeBytes, options ?? DaxFileOptions.Default, canWrite: access == FileAccess.ReadWrite);
    }

    private static void CheckAccess(FileAccess access)
    {
        if (access is not (FileAccess.Read or FileAccess.ReadWrite))
        {
            throw new ArgumentException($"A file is opened for reading, or for reading and writing, not for '{access}'.", nameof(access));
        }
    }

    private void RequireClosed(string name)
    {
        if (open.Exists(f => f.Name == name))
        {
            throw new IOException($"The file '{name}' is open. Dispose it first.");
        }
    }

    private DaxFile Open(string? name, InMemoryExtentMap extents, long sizeBytes, DaxFileOptions options, bool canWrite)
    {
        open.EnsureCapacity(open.Count + 1);
        var file = new DaxFile(this, name, extents, sizeBytes, options, canWrite);
        var opened = new Opened(name, extents, file.Mapping, new WeakReference<DaxFile>(file));
        if (name is not null)
        {
            stored[name] = new StoredFile(extents, sizeBytes);
        }

        open.Add(opened);
        return file;
    }

    private StoredFile Stored(string name) => stored.TryGetValue(name, out StoredFile? file)
        ? file
        : throw new FileNotFoundException($"There is no file '{name}' on {Device.Name}.", name);

    // Pins of an earlier volume's files may outlive it: their pages must not be handed out before they are idle.
    private void TakePinned(PfnRange all)
    {
        PageOwners owners = Device.Owners;
        Pfn at = all.First;
        while (owners.FirstBusy(new PfnRange(at, all.End.Value - at.Value)) is { } busy)
        {
            for (at = busy + 1; at.Value < all.End.Value && owners.IsBusy(at);)
            {
                at += 1;
            }

            var run = new PfnRange(busy, at.Value - busy.Value);
            Allocator.Claim(run);
            Allocator.ReleaseWhenIdle([run]);
        }
    }

    /// <summary>
    /// What the volume knows of an open file. Not the file itself: it must notice when nothing else refers to it. The mapping and the extents are
    /// needed to close it then, and to find who shows a page while it is being closed.
    /// </summary>
    private sealed record Opened(string? Name, InMemoryExtentMap Extents, AddressSpace Mapping, WeakReference<DaxFile> File);

    private sealed record StoredFile(InMemoryExtentMap Extents, long SizeBytes);

    /// <summary>New blocks are zeroed durably, which clears poison too.</summary>
    private sealed class Zeroer(PmemDevice device) : IBlockZeroer
    {
        public bool TryZero(PfnRange blocks)
        {
            if (Fallible.Fails(FallibleStep.Zeroing))
            {
                return false;
            }

            try
            {
                device.ZeroUnchecked(blocks.First.OffsetBytes, blocks.PageCount << DaxConstants.PageShift);
            }
            catch (DaxEnvironmentException)
            {
                return false;
            }

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
        public AddressSpace? MappingOf(long mappingId) => volume.open.Find(o => o.Mapping.Id == mappingId)?.Mapping;

        public IReadOnlyList<PagePlace> PlacesOf(Pfn pfn)
        {
            var places = new List<PagePlace>();
            foreach (Opened file in volume.open)
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
