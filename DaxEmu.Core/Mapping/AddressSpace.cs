using DaxEmu.Core.Device;
using DaxEmu.Core.Entries;
using DaxEmu.Core.Extents;
using DaxEmu.Core.Interleaving;
using DaxEmu.Core.Tracing;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting;
using DaxEmu.Core.Waiting.Profiles;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Mapping;

/// <summary>
/// One file as its users' memory sees it (<c>struct address_space</c>): the entry table, the VMAs that map it, its size, and the lock that
/// keeps faults out while it is truncated.
/// </summary>
public sealed unsafe class AddressSpace : IDisposable
{
    private static readonly Lock IdGate = new();
    private static long lastId;

    private readonly ReservedRegion header;
    private readonly ulong* size;
    private readonly ulong* writebackError;
    private readonly Lock areasGate = new();
    private readonly DeviceReference deviceReference;
    private volatile VmArea[] areas = [];
    private bool isDisposed;

    /// <summary>The mapping of a file of <paramref name="sizeBytes"/> whose blocks <paramref name="extents"/> tells.</summary>
    public AddressSpace(PmemDevice device, IExtentMap extents, long sizeBytes, AddressSpaceOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(extents);
        options ??= new AddressSpaceOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(sizeBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sizeBytes, options.MaximumSizeBytes);
        Device = device;
        Extents = extents;
        Behaviour = options.Behaviour;
        Id = options.Id != 0 ? options.Id : NextId();
        deviceReference = device.Refer();
        header = ReservedRegion.Reserve(3 * ThreadSlots.LineBytes);
        size = (ulong*)(header.Base + ThreadSlots.LineBytes);
        writebackError = (ulong*)(header.Base + (2 * ThreadSlots.LineBytes));
        *size = (ulong)sizeBytes;
        Entries = new EntryTable(Id, Math.Max(1, (options.MaximumSizeBytes + DaxConstants.PageSize - 1) >> DaxConstants.PageShift));
        Locker = new EntryLocker(Entries, options.Waits ?? WaitTable.Shared, options.Profile) { Sink = options.Sink };
        InvalidateLock = new InvalidateLock(Id, (ulong*)header.Base);
    }

    /// <summary>The mapping's id: the inode number in events, and part of every wait key.</summary>
    public long Id { get; }

    /// <summary>The device whose memory is mapped.</summary>
    public PmemDevice Device { get; }

    /// <summary>Tells which blocks are the file's.</summary>
    public IExtentMap Extents { get; }

    /// <summary>The kernel whose behaviour is modelled.</summary>
    public KernelBehaviour Behaviour { get; }

    /// <summary>The profile of the entry locks.</summary>
    public WaitProfile Profile => Locker.Profile;

    /// <summary>The entry table.</summary>
    public EntryTable Entries { get; }

    /// <summary>The VMAs that map the file now.</summary>
    public IReadOnlyList<VmArea> Areas => areas;

    /// <summary>The file's size, in bytes.</summary>
    public long SizeBytes => (long)Atomic.Load(ref *size, Site.FileSize);

    /// <summary>The first page beyond the end of the file (<c>max_pgoff</c>).</summary>
    public PageIndex EndIndex => new((SizeBytes + DaxConstants.PageSize - 1) >> DaxConstants.PageShift);

    /// <summary>The largest size that the file can have, in bytes.</summary>
    public long MaximumSizeBytes => Entries.PageCapacity << DaxConstants.PageShift;

    /// <summary>Receives the mapping's events; null for nobody.</summary>
    public IDaxTraceSink? Sink
    {
        get => Locker.Sink;
        set => Locker.Sink = value;
    }

    internal EntryLocker Locker { get; }

    internal InvalidateLock InvalidateLock { get; }

    /// <summary>Maps pages of the file.</summary>
    /// <param name="first">The file page that the VMA's first page maps.</param>
    /// <param name="pageCount">How many pages; they may lie beyond the end of the file.</param>
    /// <param name="kind">What the VMA is for.</param>
    /// <param name="leadPages">Pages from a 2 MiB boundary to the VMA's start, 0 to 511; by default the colour of <paramref name="first"/>, so that 2 MiB faults can be served.</param>
    public VmArea Map(PageIndex first, long pageCount, VmAreaKind kind, int? leadPages = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first.Value);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pageCount, Entries.PageCapacity - first.Value);
        int lead = leadPages ?? first.Colour;
        ArgumentOutOfRangeException.ThrowIfNegative(lead, nameof(leadPages));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lead, DaxConstants.ColourMask, nameof(leadPages));
        ObjectDisposedException.ThrowIf(isDisposed, this);
        var area = new VmArea(this, AddressAllocator.Take(lead, pageCount), first, pageCount, kind);
        lock (areasGate)
        {
            areas = [.. areas, area];
        }

        return area;
    }

    /// <summary>Writes the error of a failed writeback down, to be told to whoever asks next.</summary>
    internal void NoteWritebackError(int errno) => Atomic.Store(ref *writebackError, (ulong)errno, Site.Other);

    /// <summary>The error number of a writeback that failed since the last call, 0 if none did (<c>file_check_and_advance_wb_err</c>).</summary>
    public int TakeWritebackError() => (int)Atomic.Exchange(ref *writebackError, 0, Site.Other);

    /// <summary>Sets the size. The caller holds the invalidate lock for writing if the file shrinks.</summary>
    internal void SetSize(long sizeBytes) => Atomic.Store(ref *size, (ulong)sizeBytes, Site.FileSize);

    /// <summary>Raises the size to at least <paramref name="sizeBytes"/>.</summary>
    internal void GrowSize(long sizeBytes)
    {
        ulong seen = Atomic.Load(ref *size, Site.FileSize);
        while (seen < (ulong)sizeBytes)
        {
            ulong before = Atomic.CompareExchange(ref *size, (ulong)sizeBytes, seen, Site.FileSize);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    /// <summary>Clears the translations of file pages in every VMA (<c>unmap_mapping_pages</c>).</summary>
    internal void Unmap(PageRange range, bool keepCopies = true)
    {
        foreach (VmArea area in areas)
        {
            if (area.FileRange.Overlaps(range))
            {
                area.Table.Unmap(range.First - area.FirstIndex, range.PageCount, keepCopies);
            }
        }
    }

    /// <summary>How many VMAs reach a file page through a present translation of the file's memory; private copies are not counted.</summary>
    internal int CountTranslations(PageIndex index) => areas.Count(
        a => a.FileRange.Contains(index) && a.Table.Find(index - a.FirstIndex) is { IsPresent: true, IsCopy: false });

    /// <summary>Makes the translations of file pages read-only and clean in every VMA that maps any of them, wherever it begins (<c>pfn_mkclean_range</c>).</summary>
    internal void WriteProtect(PageRange range)
    {
        foreach (VmArea area in areas)
        {
            if (area.FileRange.Overlaps(range))
            {
                area.Table.WriteProtect(range.First - area.FirstIndex, range.PageCount);
            }
        }
    }

    /// <summary>Writes down that this file's entry stands on its device pages (<c>dax_associate_entry</c>). Zero and empty entries stand on none.</summary>
    internal void Associate(PageIndex start, DaxEntry entry)
    {
        if (entry.IsReal)
        {
            Device.Owners.Associate(entry.Pfn, entry.Order, Id, start, entry.IsShared);
        }
    }

    /// <summary>Takes <see cref="Associate"/> back (<c>dax_disassociate_entry</c>).</summary>
    internal void Disassociate(PageIndex start, DaxEntry entry)
    {
        if (entry.IsReal)
        {
            Device.Owners.Disassociate(entry.Pfn, entry.Order, Id, start);
        }
    }

    /// <summary>Gives blocks back that the file no longer shows and no entry of it maps. Those that somebody has pinned are kept until they are not.</summary>
    internal void ReleaseBlocks(FreedBlocks freed)
    {
        freed.ReleaseWhenIdle();
        if (freed.PageCount == 0)
        {
            (Extents as InMemoryExtentMap)?.Allocator.ReleaseIdle();
        }
    }

    /// <summary>Forgets a VMA; returns when no fault works on it any more.</summary>
    internal void Remove(VmArea area)
    {
        InvalidateLock.EnterWrite();
        area.MarkGone();
        lock (areasGate)
        {
            areas = [.. areas.Where(a => a != area)];
        }

        InvalidateLock.ExitWrite();
    }

    /// <summary>
    /// As it was made, with the same VMAs but no translation, no entry and nobody at its locks: for a checker that uses one mapping for many
    /// runs. Nobody else may be at it. Who owns device pages is the device's to forget.
    /// </summary>
    internal void Reset(long sizeBytes)
    {
        foreach (VmArea area in areas)
        {
            area.Reset();
        }

        Entries.Reset();
        new Span<byte>((void*)header.Base, 3 * ThreadSlots.LineBytes).Clear();
        *size = (ulong)sizeBytes;
    }

    /// <summary>Forgets the file; its VMAs go first. Nobody may work on it any more.</summary>
    public void Dispose()
    {
        lock (areasGate)
        {
            if (isDisposed)
            {
                return;
            }

            isDisposed = true;
        }

        foreach (VmArea area in areas)
        {
            area.Dispose();
        }

        ForgetOwners();
        Entries.Dispose();
        header.Dispose();
        deviceReference.Dispose();
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

    private static long NextId()
    {
        lock (IdGate)
        {
            return ++lastId;
        }
    }

    /// <summary>Hands out addresses as mmap would: each VMA in 2 MiB of its own.</summary>
    private static class AddressAllocator
    {
        private static readonly Lock Gate = new();
        private static long next = 0x7F00_0000_0000;

        public static long Take(int leadPages, long pageCount)
        {
            long bytes = (leadPages + pageCount) << DaxConstants.PageShift;
            long room = (bytes + DaxConstants.PmdSize - 1) & -DaxConstants.PmdSize;
            lock (Gate)
            {
                long start = next;
                next += room;
                return start + ((long)leadPages << DaxConstants.PageShift);
            }
        }
    }
}
