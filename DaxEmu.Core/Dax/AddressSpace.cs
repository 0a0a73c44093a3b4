using System.Numerics;
using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Mm;
using DaxEmu.Core.Pmem;
using DaxEmu.Core.Tracing;
using DaxEmu.Native;

namespace DaxEmu.Core;

/// <summary>
/// One file as its users' memory sees it (<c>struct address_space</c>): the entry table, the VMAs that map it, its size, and the lock that
/// keeps faults out while it is truncated.
/// </summary>
public sealed unsafe partial class AddressSpace : IDisposable
{
    // An id comes back after 2^31 mappings: by then their generations are far apart, so none is mistaken for an earlier one of that id.
    private const ulong GenerationsPerMapping = 1 << 24;

    private static readonly PlainLock IdGate = new("lock of the mapping ids");
    private static long lastId;
    private static ulong lastOrdinal;

    private readonly PinnedLines header = new(5);
    private readonly ulong* size;
    private readonly ulong* generation;
    private readonly AsymmetricLock lifetime;
    private readonly bool ownsId;
    private readonly bool staysWritable;
    private readonly bool usesHugeTables;
    private readonly bool protectsFirstPageOnly;
    private readonly PlainLock areasGate = new("lock of the VMA list");
    private readonly DeviceReference deviceReference;
    private readonly PageOwners owners;
    private readonly PageOwner ownerOfFirst;
    private readonly StoreTracker? strictStores;
    private Published<VmArea[]> areaList = new([]);
    private PublishedFlag disposed;

    /// <summary>The mapping of a file of <paramref name="sizeBytes"/> whose blocks <paramref name="extents"/> names.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is negative or above the maximum, or the maximum is above 16 TiB.</exception>
    public AddressSpace(PmemDevice device, IExtentMap extents, long sizeBytes, AddressSpaceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(extents);
        options ??= new AddressSpaceOptions();
        long pageCapacity = PageCapacityFor(options.MaximumSizeBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(sizeBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, options.MaximumSizeBytes);
        Device = device;
        Extents = extents;
        FileExtents = extents as InMemoryExtentMap;
        Behaviour = options.Behaviour;
        ownsId = options.Id == 0;
        staysWritable = options.StaysWritable;
        usesHugeTables = options.UsesHugeTables;
        protectsFirstPageOnly = options.ProtectsFirstPageOnly;
        deviceReference = new DeviceReference(device, options.IsDeviceHeld);
        ulong ordinal;
        try
        {
            Id = ownsId ? MappingIds.Take() : options.Id;
            using (IdGate.Enter())
            {
                ordinal = ++lastOrdinal;
            }

            Entries = new EntryTable(Id, pageCapacity);
        }
        catch
        {
            ReturnId();
            deviceReference.Dispose();
            throw;
        }

        owners = device.Owners;
        ownerOfFirst = PageOwner.One(Id, default);
        strictStores = device.StrictStores;
        MaximumSizeBytes = Entries.PageCapacity << DaxConstants.PageShift;
        size = header[1];
        Errors = new WritebackErrors(header[2]);
        OwnOpener = Errors.Open();
        Name = options.Name ?? $"file {Id}";
        *size = (ulong)sizeBytes;
        PreferHugeTable(sizeBytes);
        Locker = new EntryLocker(Entries, options.Waits ?? WaitTable.Shared, options.Profile);
        generation = header[0] + 1;
        *generation = ordinal * GenerationsPerMapping;
        InvalidateLock = new AsymmetricLock(Id, MappingLock.Invalidate, header[0], generation);
        AreasLock = new AsymmetricLock(Id, MappingLock.Areas, header[3]);
        lifetime = new AsymmetricLock(Id, MappingLock.Lifetime, header[4]);
        VmFile = new VmFile(Id, device.Base, InvalidateLock, AreasLock, Behaviour.RestoresHugeWrites, usesHugeTables, Remove);
        Sink = ProcessSink.With(options.Sink);
    }

    /// <summary>The mapping's id: the inode number in events, and part of every wait key.</summary>
    public long Id { get; }

    /// <summary>The file's name in messages.</summary>
    public string Name { get; }

    /// <summary>The device whose memory is mapped.</summary>
    public PmemDevice Device { get; }

    /// <summary>Tells which blocks are the file's.</summary>
    public IExtentMap Extents { get; }

    /// <summary>The same, where it is the map of a volume's file.</summary>
    internal InMemoryExtentMap? FileExtents { get; }

    /// <summary>The kernel whose behaviour is modelled.</summary>
    public KernelBehaviour Behaviour { get; }

    /// <summary>The profile of the entry locks.</summary>
    public WaitProfile Profile => Locker.Profile;

    /// <summary>The entry table.</summary>
    public EntryTable Entries { get; }

    /// <summary>The VMAs that map the file now.</summary>
    public IReadOnlyList<VmArea> Areas => Mapped;

    // A list that never changes; a change makes the next one, under the lock of the list.
    private VmArea[] Mapped
    {
        get => areaList.Read(this, "VMA list");
        set => areaList.Write(this, "VMA list", value);
    }

    private bool IsDisposed
    {
        get => disposed.Read(this, "mark of the end");
        set => disposed.Write(this, "mark of the end", value);
    }

    /// <summary>The file's size, in bytes.</summary>
    public long SizeBytes => (long)Atomic.Load(ref *size, Site.FileSize);

    /// <summary>The first page beyond the end of the file (<c>max_pgoff</c>).</summary>
    public PageIndex EndIndex => new((SizeBytes + DaxConstants.PageSize - 1) >> DaxConstants.PageShift);

    /// <summary>The largest size that the file can have, in bytes.</summary>
    public long MaximumSizeBytes { get; }

    /// <summary>Receives the mapping's events; null for none. One that throws gets no further event (<see cref="SinkFailure"/>).</summary>
    public IDaxEventSink? Sink
    {
        get => (Locker.Sink as GuardedSink)?.Inner;
        set
        {
            Locker.Sink = value is null ? null : new GuardedSink(value);
            UntracedFile = value is null ? VmFile : null;
        }
    }

    /// <summary>What <see cref="Sink"/> threw first, so that its record of events is incomplete; null if it threw nothing.</summary>
    public Exception? SinkFailure => (Locker.Sink as GuardedSink)?.Failure;

    /// <summary>Where the core reports events: <see cref="Sink"/>, whose exceptions stay outside.</summary>
    internal IDaxEventSink? Events => Locker.Sink;

    internal EntryLocker Locker { get; }

    /// <summary>What writeback failed with.</summary>
    internal WritebackErrors Errors { get; }

    /// <summary>The opener that stands for users of the mapping itself.</summary>
    internal WritebackErrors.Opener OwnOpener { get; }

    /// <summary>Keeps faults out of layout changes: faults and copies through views hold it for reading (<c>invalidate_lock</c>).</summary>
    internal AsymmetricLock InvalidateLock { get; }

    /// <summary>
    /// Keeps each VMA and its page table alive (<c>i_mmap_rwsem</c>): a walk over the VMAs holds it for reading, munmap for writing
    /// before it frees a table. The innermost lock: nothing is waited for under it.
    /// </summary>
    internal AsymmetricLock AreasLock { get; }

    /// <summary>What threads can wait for besides entries, for a wait graph.</summary>
    internal IEnumerable<IWaitTarget> WaitTargets => [InvalidateLock, AreasLock, lifetime, Device.Owners];

    /// <summary>The last sync in words, and the change of layout that runs: for reports of raw stores, in strict mode only.</summary>
    internal string SyncName { get; set; } = "writeback";

    internal string? LayoutOperation { get; set; }

    /// <summary>The file as its VMAs know it.</summary>
    internal VmFile VmFile { get; }

    /// <summary>The same, while there is no <see cref="Sink"/>; null while there is one.</summary>
    internal VmFile? UntracedFile { get; private set; }

    /// <summary>The word of <see cref="SizeBytes"/>.</summary>
    internal ulong* SizeWord => size;

    /// <summary>Maps pages of the file.</summary>
    /// <param name="first">The file page that the VMA's first page maps.</param>
    /// <param name="pageCount">How many pages; they may lie beyond the end of the file.</param>
    /// <param name="mode">What the VMA is for.</param>
    /// <param name="leadPages">Pages from a 2 MiB boundary to the VMA's start, 0 to 511; by default those before <paramref name="first"/> in its 2 MiB, so that 2 MiB faults can be served.</param>
    public VmArea Map(PageIndex first, long pageCount, MapMode mode, int? leadPages = null)
    {
        VmArea area = Make(first, pageCount, mode, leadPages);
        Publish([area]);
        return area;
    }

    /// <summary>As <see cref="Map"/>, at real addresses: the translations are shown there, too.</summary>
    /// <param name="first">The file page that the VMA's first page maps.</param>
    /// <param name="pageCount">How many pages.</param>
    /// <param name="mode">What the VMA is for.</param>
    /// <param name="address">The first byte, of as many bytes that are the caller's.</param>
    /// <param name="show">Makes what shows the translations; disposed with the VMA.</param>
    internal VmArea MapAt(PageIndex first, long pageCount, MapMode mode, nint address, Func<VmArea, IMmu> show)
    {
        CheckMap(first, pageCount, mode, leadPages: 0);
        var area = new VmArea(VmFile, address, first, pageCount, mode, isHost: true);
        area.Table.Mmu = show(area);
        Publish([area]);
        return area;
    }

    /// <summary>As <see cref="Map"/>, for many VMAs at once: the list of VMAs is copied once, not for each.</summary>
    internal VmArea[] MapAll(IReadOnlyList<(PageIndex First, long PageCount, MapMode Mode, int LeadPages)> requests)
    {
        var made = new VmArea[requests.Count];
        int count = 0;
        try
        {
            foreach ((PageIndex first, long pageCount, MapMode mode, int leadPages) in requests)
            {
                made[count] = Make(first, pageCount, mode, leadPages);
                count++;
            }
        }
        catch
        {
            foreach (VmArea area in made.AsSpan(0, count))
            {
                area.FreeTables();
            }

            throw;
        }

        Publish(made);
        return made;
    }

    /// <summary>Keeps the mapping alive while an operation works on it that no VMA keeps alive: writeback, a handler of memory errors.</summary>
    /// <exception cref="ObjectDisposedException">The mapping was disposed.</exception>
    internal AsymmetricLock.ReadHold Use()
    {
        AsymmetricLock.ReadHold hold = lifetime.Read();
        if (!IsDisposed)
        {
            return hold;
        }

        hold.Dispose();
        throw new ObjectDisposedException(GetType().FullName);
    }

    /// <summary>Sets the size. The caller holds the invalidate lock for writing if the file shrinks.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The size is negative, or above <see cref="MaximumSizeBytes"/>: its pages are past the capacity of the table.</exception>
    internal void SetSize(long sizeBytes)
    {
        CheckSize(sizeBytes);
        PreferHugeTable(sizeBytes);
        Atomic.Store(ref *size, (ulong)sizeBytes, Site.FileSize);
    }

    /// <summary>Raises the size to at least <paramref name="sizeBytes"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">As for <see cref="SetSize"/>.</exception>
    internal void GrowSize(long sizeBytes)
    {
        CheckSize(sizeBytes);
        PreferHugeTable(sizeBytes);
        Atomic.RaiseTo(ref *size, (ulong)sizeBytes, Site.FileSize);
    }

    /// <summary>Clears the translations of file pages in every VMA (<c>unmap_mapping_pages</c>).</summary>
    internal void Unmap(PageRange range, bool keepCopies = true)
    {
        using AsymmetricLock.ReadHold walk = AreasLock.Read();
        foreach (VmArea area in Mapped)
        {
            if (area.FileRange.Overlaps(range))
            {
                area.Table.Unmap(range.First - area.FirstIndex, range.PageCount, keepCopies);
            }
        }
    }

    /// <summary>How many VMAs reach a file page through a present translation of the file's memory; private copies are not counted.</summary>
    internal int CountTranslations(PageIndex index)
    {
        using AsymmetricLock.ReadHold walk = AreasLock.Read();
        return Mapped.Count(a => a.FileRange.Contains(index) && a.Table.Find(index - a.FirstIndex) is { IsPresent: true, IsCopy: false });
    }

    /// <summary>
    /// Makes the translations of entries of a run read-only and clean in every VMA that maps any of their pages, wherever it begins
    /// (<c>pfn_mkclean_range</c>): one walk over the VMAs for all.
    /// </summary>
    internal void WriteProtect(in EntryRun run, ulong bits)
    {
        if (staysWritable)
        {
            return;
        }

        using AsymmetricLock.ReadHold walk = AreasLock.Read();
        foreach (VmArea area in Mapped)
        {
            for (ulong rest = bits; rest != 0;)
            {
                PageRange range = run.NextPages(ref rest);
                if (area.FileRange.Overlaps(protectsFirstPageOnly && run.Order == PageOrder.Pmd ? new PageRange(range.First, 1) : range))
                {
                    area.Table.WriteProtect(range.First - area.FirstIndex, range.PageCount);
                }
            }
        }
    }

    /// <summary>Writes down that this file's entry stands on its device pages (<c>dax_associate_entry</c>). Zero and empty entries stand on none.</summary>
    internal void Associate(PageIndex start, DaxEntry entry)
    {
        if (entry.IsReal)
        {
            owners.Associate(entry.Pfn, entry.Order, Id, start, entry.IsShared);
        }
    }

    /// <summary>Takes <see cref="Associate"/> back (<c>dax_disassociate_entry</c>).</summary>
    internal void Disassociate(PageIndex start, DaxEntry entry)
    {
        if (TryDisassociate(start, entry))
        {
            return;
        }

        if (entry.IsReal)
        {
            // Before the page has no holder: its legal stores would pass for stores after an earlier revocation.
            strictStores?.Revoke(
                entry.Order.PageCount(),
                new Revocation(RawStoreCause.TakenAway, $"{LayoutOperation ?? (IsDisposed ? "the close" : "a change of layout")} of {Name}", Id, Name, start, entry.Pfn),
                wasLegal: entry.IsDirty);
            owners.Disassociate(entry.Pfn, entry.Order, Id, start);
        }
    }

    /// <summary>As <see cref="Disassociate(PageIndex, DaxEntry)"/>, of the entries of a run.</summary>
    /// <param name="run">The entries, of 4 KiB.</param>
    /// <param name="gone">Those that are done, a bit each; also when it throws.</param>
    internal void Disassociate(in EntryRun run, ref ulong gone)
    {
        for (ulong rest = run.Held; rest != 0; rest &= rest - 1)
        {
            int page = BitOperations.TrailingZeroCount(rest);
            if (!TryDisassociate(run.Group + page, run[page]))
            {
                Disassociate(run.Group + page, run[page]);
            }

            gone |= 1UL << page;
        }
    }

    // A 4 KiB entry on a page that no other file shares, and whose stores nobody tracks.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryDisassociate(PageIndex start, DaxEntry entry)
    {
        const ulong plain = DaxEntry.PresentBit;
        const ulong kinds = plain | DaxEntry.PmdBit | DaxEntry.ZeroBit | DaxEntry.EmptyBit | DaxEntry.SharedBit;
        return (entry.Word & kinds) == plain && strictStores is null && owners.TryRelease(entry.Pfn, new PageOwner(ownerOfFirst.Word + (ulong)start.Value));
    }

    /// <summary>Makes blocks and size durable. A failure is one of the storage, which the next fsync reports.</summary>
    internal void CommitBlocks()
    {
        try
        {
            Extents.Commit();
        }
        catch (DaxEnvironmentException)
        {
            Errors.Set(IoError.Io.Errno());
        }
    }

    /// <summary>Gives blocks back that the file no longer shows and no entry of it maps. Pinned ones are kept until they are unpinned.</summary>
    internal void ReleaseBlocks(FreedBlocks freed)
    {
        try
        {
            freed.ReleaseWhenIdle();
        }
        catch (DaxEnvironmentException)
        {
            Errors.Set(IoError.Io.Errno()); // that they were given up is not durable: the blocks stay, and the next fsync says so
        }

        if (freed.PageCount == 0)
        {
            ((Extents is SlowExtentMap slow ? slow.Inner : Extents) as InMemoryExtentMap)?.Allocator.ReleaseIdle();
        }
    }

    /// <summary>Forgets a VMA: returns when no fault and no walk over the VMAs works on it any more, so that its table can be freed.</summary>
    private void Remove(VmArea area)
    {
        using (InvalidateLock.Write())
        {
            area.MarkGone();
        }

        // A walk that began before holds the lock for reading; one that begins later does not find the VMA.
        using (AreasLock.Write())
        {
            using (areasGate.Enter())
            {
                Mapped = [.. Mapped.Where(a => a != area)];
            }
        }
    }

    /// <summary>
    /// As it was made, with the same VMAs but no translation, no entry and free locks: for a checker that uses one mapping for many
    /// runs. No other thread uses it. The device forgets the owners of its pages itself.
    /// </summary>
    /// <param name="sizeBytes">The file's size.</param>
    /// <param name="keeps">The VMAs that stay; all others are forgotten, in whatever state they are.</param>
    internal void Reset(long sizeBytes, params ReadOnlySpan<VmArea> keeps)
    {
        foreach (VmArea area in Mapped)
        {
            if (!keeps.Contains(area))
            {
                area.FreeTables();
            }
        }

        Mapped = keeps.ToArray();
        foreach (VmArea area in Mapped)
        {
            area.Reset();
        }

        Entries.Reset();
        ulong next = *generation + 1;
        header.Clear();
        *generation = next;
        *size = (ulong)sizeBytes;
    }

    /// <summary>The extents of threads' last faults count no more: for a checker, whose threads must not know what a run was prepared with.</summary>
    internal void ForgetLastExtents() => (*generation)++;

    /// <summary>
    /// Forgets the file; its VMAs go first. Waits for operations that run; later ones meet an <see cref="ObjectDisposedException"/>. Again does nothing.
    /// </summary>
    public void Dispose()
    {
        using (areasGate.Enter())
        {
            if (IsDisposed)
            {
                return;
            }

            IsDisposed = true;
        }

        // A thread inside an operation or a fault goes on to its end; one that comes later sees that the mapping is gone. A VMA that another thread
        // is just unmapping counts too: its faults are waited for here.
        using (lifetime.Write())
        {
        }

        using (InvalidateLock.Write())
        {
            foreach (VmArea area in Mapped)
            {
                area.MarkGone();
            }
        }

        foreach (VmArea area in ForgetAreas())
        {
            area.DisposeForgotten();
        }

        ForgetOwners();
        Entries.Dispose();
        ReturnId();
        deviceReference.Dispose();
    }

    /// <summary>Pages that a file of up to <paramref name="maximumSizeBytes"/> can have.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is not positive, or above 16 TiB.</exception>
    internal static long PageCapacityFor(long maximumSizeBytes)
    {
        long most = EntryTable.MaximumPageCapacity << DaxConstants.PageShift;
        if (maximumSizeBytes < 0 || maximumSizeBytes > most)
        {
            throw new ArgumentOutOfRangeException(
                nameof(maximumSizeBytes), maximumSizeBytes, $"A file can have from 0 up to {most} bytes (16 TiB). Choose a maximum size in between.");
        }

        return Math.Max(1, (maximumSizeBytes + DaxConstants.PageSize - 1) >> DaxConstants.PageShift);
    }

    // All at once: one by one, each would wait for the walks over the VMAs and copy their list.
    private VmArea[] ForgetAreas()
    {
        using AsymmetricLock.WriteHold hold = AreasLock.Write();
        using (areasGate.Enter())
        {
            VmArea[] gone = Mapped;
            Mapped = [];
            return gone;
        }
    }

    private VmArea Make(PageIndex first, long pageCount, MapMode mode, int? leadPages)
    {
        int lead = leadPages ?? first.Colour;
        CheckMap(first, pageCount, mode, lead);
        return new VmArea(VmFile, AddressAllocator.Take(lead, pageCount), first, pageCount, mode);
    }

    private void CheckMap(PageIndex first, long pageCount, MapMode mode, int leadPages)
    {
        ObjectDisposedException.ThrowIf(IsDisposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(first.Value, nameof(first));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pageCount, (MaximumSizeBytes >> DaxConstants.PageShift) - first.Value);
        ArgumentOutOfRangeException.ThrowIfNegative(leadPages);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(leadPages, DaxConstants.ColourMask);
        VmArea.CheckMode(mode);
    }

    private void Publish(ReadOnlySpan<VmArea> made)
    {
        using (areasGate.Enter())
        {
            if (!IsDisposed)
            {
                Mapped = [.. Mapped, .. made];
                return;
            }
        }

        foreach (VmArea area in made)
        {
            area.Dispose();
        }

        throw new ObjectDisposedException(GetType().FullName);
    }

    private void PreferHugeTable(long sizeBytes)
    {
        if (usesHugeTables)
        {
            Entries.PreferHugePages(sizeBytes >> DaxConstants.PageShift);
        }
    }

    private void CheckSize(long sizeBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sizeBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, MaximumSizeBytes);
    }

    private void ReturnId()
    {
        if (ownsId && Id != 0)
        {
            MappingIds.Return(Id);
        }
    }

    private void ForgetOwners()
    {
        PageIndex next = default;
        while (Entries.NextPresent(next, new PageIndex(Entries.PageCapacity), out PageIndex start, out DaxEntry entry))
        {
            Disassociate(start, entry);
            next = start + entry.Order.PageCount();
        }
    }

    /// <summary>Numbers of mappings, which the owner word of a device page has 31 bits for: fresh ones first, then those of mappings that are gone.</summary>
    private static class MappingIds
    {
        private const int MostReturned = 1 << 16;

        private static readonly Queue<long> Returned = new();

        public static long Take()
        {
            using (IdGate.Enter())
            {
                if (lastId < PageOwner.MaxMapping)
                {
                    return ++lastId;
                }

                return Returned.TryDequeue(out long id)
                    ? id
                    : throw new InvalidOperationException($"More than {PageOwner.MaxMapping} files are open. Dispose those that are no longer needed.");
            }
        }

        // The oldest first, so that an id comes back as late as can be.
        public static void Return(long id)
        {
            using (IdGate.Enter())
            {
                Returned.Enqueue(id);
                if (Returned.Count > MostReturned && lastId < PageOwner.MaxMapping)
                {
                    Returned.Dequeue();
                }
            }
        }
    }

    /// <summary>Hands out addresses as mmap would: each VMA in 2 MiB of its own.</summary>
    /// <remarks>A thread takes many at once: they are only numbers, and there are 2^63.</remarks>
    private static class AddressAllocator
    {
        private const long BytesAtOnce = 1L << 40;

        private static readonly PlainLock Gate = new("lock of the addresses");
        private static long next = 0x7F00_0000_0000;

        [ThreadStatic]
        private static long mine;

        [ThreadStatic]
        private static long mineEnd;

        public static long Take(int leadPages, long pageCount)
        {
            long bytes = (leadPages + pageCount) << DaxConstants.PageShift;
            long span = (bytes + DaxConstants.PmdSize - 1) & -DaxConstants.PmdSize;
            if (mineEnd - mine < span)
            {
                long taken = Math.Max(span, BytesAtOnce);
                using (Gate.Enter())
                {
                    mine = next;
                    next += taken;
                }

                mineEnd = mine + taken;
            }

            long start = mine;
            mine += span;
            return start + ((long)leadPages << DaxConstants.PageShift);
        }
    }
}
