using DaxEmu.Core;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Invalidation;
using DaxEmu.Core.Dax.ReadWrite;
using DaxEmu.Core.Dax.Writeback;
using DaxEmu.Core.Mm;

namespace DaxEmu.Bench.Verification.Scenarios;

/// <summary>Which VMA of a mapping scenario's file an operation goes through.</summary>
internal enum MappedBy
{
    /// <summary>That of the first pages.</summary>
    Piece,

    /// <summary>That of the whole file.</summary>
    Whole,
}

/// <summary>Something that a thread of a mapping scenario does, by the production code.</summary>
/// <param name="Name">As traces print it.</param>
/// <param name="Run">Does it.</param>
internal sealed record MappingOperation(string Name, Action<MappingFixture> Run)
{
    private static readonly byte[] OneByte = [1];

    /// <summary>A 4 KiB write fault.</summary>
    public static MappingOperation WriteFault(long page, MappedBy by = MappedBy.Piece) =>
        new($"4 KiB write fault @{page}{In(by)}", fixture => Fault(fixture, by, page, FaultFlags.Write, PageOrder.Pte));

    /// <summary>A 4 KiB read fault.</summary>
    public static MappingOperation ReadFault(long page, MappedBy by = MappedBy.Piece) =>
        new($"4 KiB read fault @{page}{In(by)}", fixture => Fault(fixture, by, page, FaultFlags.None, PageOrder.Pte));

    /// <summary>A 2 MiB write fault.</summary>
    public static MappingOperation HugeWriteFault { get; } =
        new("2 MiB write fault @0", fixture => Fault(fixture, MappedBy.Whole, 0, FaultFlags.Write, PageOrder.Pmd));

    /// <summary>A 2 MiB read fault.</summary>
    public static MappingOperation HugeReadFault { get; } =
        new("2 MiB read fault @0", fixture => Fault(fixture, MappedBy.Whole, 0, FaultFlags.None, PageOrder.Pmd));

    /// <summary>Faults a run of pages in for writing, as MADV_POPULATE_WRITE does.</summary>
    public static MappingOperation Populate(long page, long count) =>
        new($"populate for writing @{page}+{count}", fixture => fixture.Loop.Populate(fixture.Piece, page, count, isWrite: true, out _));

    /// <summary>A writeback pass that is asked for one page.</summary>
    public static MappingOperation Writeback(long page) =>
        new($"writeback @{page}", fixture => WritebackPass.Run(fixture.Mapping, One(page)));

    /// <summary>A writeback pass that is asked for some pages, which it deals with at once.</summary>
    public static MappingOperation WritebackOf(long page, long count) =>
        new($"writeback @{page}+{count}", fixture => WritebackPass.Run(fixture.Mapping, new PageRange(new PageIndex(page), count)));

    /// <summary>A store of the processor: atomic with the look at the translation; faults until it may.</summary>
    public static MappingOperation Store(long page, ulong value) => new($"store @{page}", fixture => fixture.Store(fixture.Piece, page, value));

    /// <summary>A store, and a sync of the file by the same thread.</summary>
    public static MappingOperation StoreAndSync(long page, ulong value) => new($"store and sync @{page}", fixture =>
    {
        fixture.Store(fixture.Piece, page, value);
        Sync(fixture, page);
    });

    /// <summary>A sync of the file by a thread that knows of a store.</summary>
    public static MappingOperation SyncOf(long page) => new($"sync of what was stored @{page}", fixture =>
    {
        WritebackPass.Run(fixture.Mapping, One(page));
        fixture.CheckStoredDurably(page);
    });

    /// <summary>A store through the synchronous VMA.</summary>
    public static MappingOperation SyncStore(long page, ulong value) => new($"MAP_SYNC store @{page}", fixture => fixture.Store(fixture.Synchronous, page, value));

    /// <summary>Copies a word in through a view.</summary>
    public static MappingOperation CopyOf(long page, ulong value) => new($"copy in @{page}", fixture =>
        CopyIn(fixture, page, value));

    /// <summary>Copies a word in through a view, and syncs.</summary>
    public static MappingOperation CopyInAndSync(long page, ulong value) => new($"copy in and sync @{page}", fixture =>
    {
        CopyIn(fixture, page, value);
        Sync(fixture, page);
    });

    /// <summary>A write to a page through the VMA that may be unmapped.</summary>
    public static MappingOperation ExtraStore(long page) => new($"write @{page} (extra)", fixture =>
    {
        try
        {
            fixture.Loop.Access(fixture.Extra, page, isWrite: true);
        }
        catch (ObjectDisposedException)
        {
            // Unmapped: what would be a signal to a process.
        }
    });

    /// <summary>Unmaps the VMA that may be unmapped.</summary>
    public static MappingOperation Unmap { get; } = new("munmap (extra)", fixture => fixture.Extra.Dispose());

    /// <summary>Another file gets the page's block too, as by a clone.</summary>
    public static MappingOperation CloneOf(long page) => new($"clone @{page}", fixture =>
    {
        AddressSpace mapping = fixture.Mapping;
        using AsymmetricLock.WriteHold hold = mapping.InvalidateLock.Write();
        LayoutBreak.AwaitIdle(mapping, default, One(page), maySleep: false);
        WritebackPass.RunHeld(mapping, One(page));
        LayoutBreak.FlushKept(mapping, One(page), discards: default);
        fixture.Blocks.Share(One(page), fixture.Device);
        LayoutBreak.TakeOut(mapping, One(page));
    });

    /// <summary>Gives the file a block of its own.</summary>
    public static MappingOperation Unshare(long page) => new($"unshare @{page}", fixture =>
        Core.Dax.ReadWrite.Unshare.Run(fixture.Mapping, page << DaxConstants.PageShift, DaxConstants.PageSize));

    /// <summary>write(2) of some pages.</summary>
    public static MappingOperation WritePages(long page, int count) => new($"write @{page}+{count}", fixture =>
        DaxReadWrite.Write(fixture.Mapping, page << DaxConstants.PageShift, new byte[count << DaxConstants.PageShift]));

    /// <summary>write(2) of a byte of a page.</summary>
    public static MappingOperation Write(long page) =>
        new($"write @{page}", fixture => DaxReadWrite.Write(fixture.Mapping, page << DaxConstants.PageShift, OneByte));

    /// <summary>Takes an entry out if it is clean, and then its translations, as a write to a block that is new does.</summary>
    public static MappingOperation Invalidate(long page) => new($"invalidate @{page}", fixture =>
    {
        Invalidator.InvalidateRangeIfClean(fixture.Mapping, One(page));
        fixture.Mapping.Unmap(One(page));
    });

    /// <summary>Punches a hole of one page: breaks its layout, waiting for pins, and gives its block up.</summary>
    public static MappingOperation Punch(long page) => new($"punch @{page}", fixture => TakeOut(fixture, One(page), fixture.Mapping.SizeBytes));

    /// <summary>Cuts the file off before a page.</summary>
    public static MappingOperation Truncate(long page) => new($"truncate @{page}", fixture =>
    {
        TakeOut(fixture, PageRange.Between(new PageIndex(page), new PageIndex(MappingFixture.PiecePages)), page << DaxConstants.PageShift);
    });

    /// <summary>
    /// Drops a page that is the last one of its range, and the range's table with it: as a drop of the whole range, without its look at 512 slots.
    /// </summary>
    public static MappingOperation DropLast(long page) => new($"drop @{page}, the last one", fixture =>
    {
        AddressSpace mapping = fixture.Mapping;
        using AsymmetricLock.WriteHold hold = mapping.InvalidateLock.Write();
        mapping.Unmap(One(page));
        Invalidator.DeleteRange(mapping, One(page));
        Atomic.Exchange(ref mapping.Entries.RegionOf(new PageIndex(page)), 0, Site.CloseTable);
    });

    /// <summary>Locks the entry that stands on a page's block, and unlocks it, as a handler of memory errors does.</summary>
    public static MappingOperation LockByPage(long page) => new($"lock by page @{page}", fixture =>
    {
        using PageLock? held = MemoryFailure.LockPage(fixture.Device, FixtureBlocks.OldBlock(page), fixture);
        MappingFixture.CheckStandsOn(held, FixtureBlocks.OldBlock(page));
    });

    /// <summary>A page's block is lost: no access may reach it any more.</summary>
    public static MappingOperation Poison(long page) =>
        new($"memory failure @{page}", fixture => MemoryFailure.Poison(fixture.Device, FixtureBlocks.OldBlock(page), fixture));

    /// <summary>Pins a page for a store by a device, and unpins it.</summary>
    public static MappingOperation PinAndUnpin(long page) => PinAndUnpin($"pin and unpin @{page}", page, forWriting: true);

    /// <summary>Pins a page that a device loads from, and unpins it: its entry may stay clean.</summary>
    public static MappingOperation PinForReading(long page) => PinAndUnpin($"pin for reading and unpin @{page}", page, forWriting: false);

    private static MappingOperation PinAndUnpin(string name, long page, bool forWriting) => new(name, fixture =>
    {
        using PagePin pin = fixture.View.Pin(page << DaxConstants.PageShift, DaxConstants.PageSize, forWriting);
        fixture.CheckPinned(pin);
        _ = Atomic.Load(ref fixture.Quiet, Site.Other); // here the others may go on
        fixture.CheckPinned(pin);
    });

    /// <summary>Drops the pin that the fixture began with.</summary>
    public static MappingOperation Unpin { get; } = new("unpin @1", fixture => fixture.Unpin());

    /// <summary>Looks whether all is well: one step, which a search puts between any two of the others'.</summary>
    public static MappingOperation Look { get; } = new("look", fixture =>
    {
        _ = Atomic.Load(ref fixture.Quiet, Site.Other);
        fixture.CheckNow();
    });

    /// <summary>A range of one page.</summary>
    public static PageRange One(long page) => new(new PageIndex(page), 1);

    private static string In(MappedBy by) => by == MappedBy.Whole ? " (whole)" : string.Empty;

    private static void Fault(MappingFixture fixture, MappedBy by, long page, FaultFlags flags, PageOrder order) =>
        fixture.Handler.Fault(by == MappedBy.Whole ? fixture.Whole : fixture.Piece, page, flags, order);

    // As Files.LayoutChange: keep faults out, break the layout, then change extents and size.
    private static void TakeOut(MappingFixture fixture, PageRange range, long sizeBytes)
    {
        AddressSpace mapping = fixture.Mapping;
        using AsymmetricLock.WriteHold hold = mapping.InvalidateLock.Write();
        LayoutBreak.AwaitIdle(mapping, range, range, maySleep: true);
        LayoutBreak.FlushKept(mapping, range, discards: range);
        fixture.Blocks.Punch(range, fixture.Device);
        mapping.SetSize(sizeBytes);
        LayoutBreak.TakeOut(mapping, range);
        fixture.Blocks.Release(fixture.Device.Owners);
    }

    // A page that bytes are being copied to has no promise before the copy returns.
    private static void CopyIn(MappingFixture fixture, long page, ulong value)
    {
        fixture.CopiesTo = page;
        fixture.View.CopyFrom(BitConverter.GetBytes(value), page << DaxConstants.PageShift);
        fixture.CopiesTo = null;
    }

    // fsync: as DaxFile.Sync, of one page.
    private static void Sync(MappingFixture fixture, long page)
    {
        if (fixture.Mapping.Entries.HasDirty())
        {
            WritebackPass.Run(fixture.Mapping, One(page));
        }

        fixture.CheckStoredDurably(page);
    }
}
