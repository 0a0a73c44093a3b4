using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Fs;
using DaxEmu.Core.Fs.Volume;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Pmem;
using DaxEmu.Native;
using DaxEmu.Native.Failures;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core;

/// <summary>
/// The files of one device: names, directories, extents, and which blocks are free. On the medium of a device that was formatted
/// (<see cref="Format"/>, <see cref="Mount"/>), or in memory only (<see cref="ScratchOf"/>).
/// </summary>
/// <remarks>
/// <para>
/// <b>What is durable.</b> Making, naming, renaming and deleting files and directories is durable when the call returns, and happens as a whole or
/// not at all, at whatever moment the power is cut. What a file holds, how large it is and which blocks it has is durable when
/// <see cref="DaxFile.Sync"/> returns, and when it is closed; a view with <see cref="MapMode.Sync"/> needs no sync for its blocks. A file never
/// shows blocks that were not written for it, and is never longer than what was stored.
/// </para>
/// <para>
/// A file with a name stays when it is closed, and can be opened again; one without goes when it is closed, and so does one that was
/// deleted while it was open, also if the power is cut in between.
/// </para>
/// <para>
/// A mounted volume keeps its device open until it is disposed; of a scratch volume only the open files do. A file that is never disposed and not referenced any more is closed, as by
/// <see cref="DaxFile.Dispose"/>, at a later call to the volume, once the collector has found it; a view keeps its file from that, a span keeps
/// nothing.
/// </para>
/// <para>
/// A scratch volume forgets all when it is disposed. A mounted one whose storage fails may only be read from then on
/// (<see cref="VolumeRefusal.ReadOnly"/>): what was acknowledged before stays.
/// </para>
/// </remarks>
public sealed partial class DaxVolume : IDisposable
{
    private static readonly ConditionalWeakTable<PmemDevice, DaxVolume> Volumes = [];
    private static readonly PlainLock VolumesGate = new("lock of the volumes");

    private readonly PlainLock gate = new("lock of the volume");
    private readonly VolumeStore store;
    private readonly HeldDevice? held;
    private readonly VolumeFlaws flaws;
    private readonly TimeProvider clock;
    private readonly List<Opened> open = [];
    private readonly Holders holders;
    private bool isDisposed;
    private volatile bool isGone;

    private DaxVolume(PmemDevice device, BlockAllocator allocator, VolumeStore store, VolumeOptions options, HeldDevice? held = null)
    {
        this.held = held;
        Device = device;
        Allocator = allocator;
        this.store = store;
        flaws = options.Flaws;
        clock = options.Clock;
        holders = new Holders(this);
        bool mayBePinned = device.HasOwners;
        allocator.InUseCheck = device.Owners.FirstInUse;
        allocator.BusyCheck = device.Owners.FirstBusy;
        device.Owners.BecameIdle = run => Allocator.ReleaseIdle(run);
        if (mayBePinned)
        {
            TakePinned(new PfnRange(new Pfn(0), device.PageCount));
        }
    }

    /// <summary>The device.</summary>
    public PmemDevice Device { get; }

    /// <summary>Whether it is in memory only, and forgotten when it is disposed.</summary>
    public bool IsScratch => !store.IsDurable;

    /// <summary>Why it may only be read; null if it may be changed.</summary>
    public string? ReadOnlyReason => store.Refusal;

    /// <summary>Bytes that neither files nor metadata hold.</summary>
    /// <exception cref="ObjectDisposedException">The volume was disposed.</exception>
    public long FreeBytes
    {
        get
        {
            WithGate(() => { });
            return Allocator.FreePageCount << DaxConstants.PageShift;
        }
    }

    internal BlockAllocator Allocator { get; }

    /// <summary>Held while files are opened, closed, and looked for: for tests.</summary>
    internal PlainLock Gate => gate;

    internal IPageHolders PageHolders => holders;

    internal VolumeFlaws Flaws => flaws;

    internal VolumeStore Store => store;

    /// <summary>The scratch volume of a device; a new, empty one when it is first asked for. What the device holds is overwritten.</summary>
    /// <exception cref="InvalidOperationException">A volume of the device is mounted.</exception>
    /// <exception cref="ObjectDisposedException">The device was disposed.</exception>
    public static DaxVolume ScratchOf(PmemDevice device)
    {
        ArgumentNullException.ThrowIfNull(device);
        using (VolumesGate.Enter())
        {
            DaxVolume? volume = LiveVolumeOf(device);
            if (volume is null)
            {
                var allocator = new BlockAllocator(new PfnRange(new Pfn(0), device.PageCount));
                volume = new DaxVolume(device, allocator, new VolumeStore(VolumeWriter.NewState(device.PageCount, ticks: 0, hasMedium: false), log: null), VolumeOptions.Default);
                Volumes.AddOrUpdate(device, volume);
            }

            return volume.IsScratch
                ? volume
                : throw new InvalidOperationException($"The volume on {device.Name} is mounted. Use it, or dispose it first.");
        }
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
        using (gate.Enter())
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            MemoryFailureOutcome outcome = MemoryFailure.Poison(Device, page, holders);
            store.PageLost(page);
            return outcome;
        }
    }

    /// <summary>Closes all files; a scratch volume forgets them, any other one can be mounted again. Again does nothing.</summary>
    /// <remarks>Every file is closed, and then the first exception is thrown that closing one has met.</remarks>
    public void Dispose()
    {
        Opened[] files;
        using (gate.Enter())
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
        held?.Dispose();
        isGone = true;
        if (failures.Count > 0)
        {
            ExceptionDispatchInfo.Throw(failures[0]);
        }
    }

    /// <summary>Closes a file and its mapping, under the gate: a search for the holders of a page meets neither half closed.</summary>
    internal void Close(FileCore core)
    {
        FreedBlocks freed = FreedBlocks.None;
        try
        {
            using (gate.Enter())
            {
                if (open.Find(o => o.Core == core) is { } opened)
                {
                    CloseUnderGate(opened, ref freed);
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
        using (gate.Enter())
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            return work();
        }
    }

    private void WithGate(Action work) => _ = WithGate(() =>
    {
        work();
        return true;
    });

    private void CloseAll(Predicate<Opened> which, List<Exception>? failures)
    {
        while (true)
        {
            FreedBlocks freed = FreedBlocks.None;
            try
            {
                using (gate.Enter())
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
                        CloseUnderGate(opened, ref freed);
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
        if (opened.Core.Node.Name is not null && opened.Core.InUseAlready is { } inUse)
        {
            using (inUse.Mapping.Use())
            {
                Fsync.WriteAndWait(inUse.Mapping, PageRange.All);
            }
        }
    }

    // A file that has a name keeps what it was when it was closed; one that has none goes.
    private void CloseUnderGate(Opened opened, ref FreedBlocks freed)
    {
        open.Remove(opened);
        try
        {
            opened.Core.Close();
        }
        finally
        {
            bool isNamed = store.Look(state => state.Find(opened.Core.Node.Number) is { LinkCount: > 0 });
            if (isNamed)
            {
                Commit(opened);
            }
            else
            {
                freed = Forget(opened);
            }
        }
    }

    private static void Commit(Opened opened)
    {
        if (!opened.Core.CanWrite)
        {
            return;
        }

        try
        {
            opened.Journal.CommitAtClose(opened.Core.Extents);
        }
        catch (DaxEnvironmentException failure)
        {
            throw new DaxException($"File '{opened.Core.Node.Name}' is closed, but what was written since the last sync may be lost: {failure.Message}", IoError.Io, 0, failure);
        }
    }

    private FreedBlocks Forget(Opened opened)
    {
        if ((flaws & VolumeFlaws.OrphansLeak) == 0)
        {
            store.Change((state, transaction) =>
            {
                if (state.Find(opened.Core.Node.Number) is not null)
                {
                    transaction.Forget(opened.Core.Node.Number);
                }
            });
        }

        return opened.Core.Extents.TakeEverything();
    }

    private DaxFile CreateUnderGate(string? path, string[]? names, long length, DaxFileOptions? options)
    {
        options ??= DaxFileOptions.Default;
        RequireLength(length, options);
        long number = store.Look(state => state.TakeNumber());
        if (names is not null)
        {
            AddInode(path!, names, number, isDirectory: false, length);
        }

        return Open(new FileNode(number, path), ExtentTree.Empty, length, options, canWrite: true);
    }

    private DaxFile OpenUnderGate(string path, string[] names, DaxFileOptions? options, FileAccess access)
    {
        if (access != FileAccess.Read && store.Refusal is { } refusal)
        {
            throw new VolumeException(VolumeRefusal.ReadOnly, $"The file '{path}' can be opened for reading only: {refusal}.");
        }

        Inode inode = FindFile(path, names).Inode!;
        if (open.Exists(f => f.Core.Node.Number == inode.Number))
        {
            throw new IOException($"The file '{path}' is open already. Share the {nameof(DaxFile)}: it is safe for many threads.", Errno.Ebusy);
        }

        options ??= DaxFileOptions.Default;
        if (inode.SizeBytes > options.MaximumSizeBytes)
        {
            throw new IOException($"The file '{path}' has {inode.SizeBytes} bytes, and {nameof(DaxFileOptions.MaximumSizeBytes)} is {options.MaximumSizeBytes}. Open it with a larger one.", Errno.Efbig);
        }

        ExtentTree blocks = WithoutDataPastEof(inode.Blocks, inode.SizeBytes);
        return Open(new FileNode(inode.Number, path), blocks, inode.SizeBytes, options, canWrite: access == FileAccess.ReadWrite);
    }

    // An append that was cut leaves blocks with data that no size covers. They must read as zeroes when the file grows over them; what was
    // taken in advance is unwritten anyway.
    private static ExtentTree WithoutDataPastEof(ExtentTree blocks, long sizeBytes)
    {
        PageIndex end = PageIndex.FromBytes(sizeBytes + DaxConstants.PageSize - 1);
        ExtentTree next = blocks;
        foreach (Extent extent in blocks.In(PageRange.Between(end, PageRange.All.End)).Where(extent => extent.Kind == ExtentKind.Mapped))
        {
            var pages = new PageRange(extent.First, extent.PageCount);
            next = extent.IsShared ? next : next.With(pages, extent with { Kind = ExtentKind.Unwritten });
        }

        return next;
    }

    private static void RequireLength(long length, DaxFileOptions options)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, options.MaximumSizeBytes);
    }

    private static void CheckAccess(FileAccess access)
    {
        if (access is not (FileAccess.Read or FileAccess.ReadWrite))
        {
            throw new ArgumentException($"A file is opened for reading, or for reading and writing, not for '{access}'.", nameof(access));
        }
    }

    private DaxFile Open(FileNode node, ExtentTree blocks, long sizeBytes, DaxFileOptions options, bool canWrite)
    {
        open.EnsureCapacity(open.Count + 1);
        var journal = new FileJournal(this, node, options.MakeDurable);
        var extents = new InMemoryExtentMap(Allocator, new Zeroer(Device, flaws), journal, blocks, Allocator.HomeOf(node.Number));
        var core = new FileCore(Device, node, extents, sizeBytes, options, canWrite, flaws);
        journal.File = core;
        var file = new DaxFile(this, core, options);
        open.Add(new Opened(core, journal, new WeakReference<DaxFile>(file)));
        return file;
    }

    private long Now() => clock.GetUtcNow().UtcTicks;

    private static DaxVolume? LiveVolumeOf(PmemDevice device)
    {
        // One that is being disposed still closes files, whose blocks a new one must not hand out.
        return Volumes.TryGetValue(device, out DaxVolume? volume) && !volume.isGone ? volume : null;
    }

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

    /// <summary>What the volume knows of an open file. Not the file itself: it must notice when nothing else refers to it.</summary>
    private sealed record Opened(FileCore Core, FileJournal Journal, WeakReference<DaxFile> File);

    /// <summary>New blocks are zeroed durably, which clears poison too.</summary>
    private sealed class Zeroer(PmemDevice device, VolumeFlaws flaws) : IBlockZeroer
    {
        public bool TryZero(PfnRange blocks)
        {
            if (Fallible.Fails(FallibleStep.Zeroing))
            {
                return false;
            }

            if ((flaws & VolumeFlaws.NewBlocksNotZeroed) != 0)
            {
                return true;
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
        public AddressSpace? MappingOf(long mappingId) => Mappings.FirstOrDefault(m => m.Mapping.Id == mappingId).Mapping;

        public IReadOnlyList<PagePlace> PlacesOf(Pfn pfn)
        {
            var places = new List<PagePlace>();
            foreach ((AddressSpace mapping, InMemoryExtentMap extents) in Mappings)
            {
                places.AddRange(
                    from extent in extents.Snapshot()
                    where new PfnRange(extent.Pfn, extent.PageCount).Contains(pfn)
                    select new PagePlace(mapping, extent.First + (pfn.Value - extent.Pfn.Value)));
            }

            return places;
        }

        private IEnumerable<(AddressSpace Mapping, InMemoryExtentMap Extents)> Mappings =>
            from opened in volume.open
            where opened.Core.InUseAlready is not null
            select (opened.Core.InUseAlready!.Mapping, opened.Core.Extents);
    }
}
