using DaxEmu.Core.DataPath;
using DaxEmu.Core.Files;
using DaxEmu.Core.Interleaving;
using DaxEmu.Core.Invalidation;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Core.Writeback;

namespace DaxEmu.Core.Checking.Worlds;

/// <summary>Which VMA of a mapping world's file an operation goes through.</summary>
internal enum MappedBy
{
    /// <summary>That of the first pages.</summary>
    Piece,

    /// <summary>That of the whole file.</summary>
    Whole,
}

/// <summary>Something that a thread of a mapping world does, by the code that everybody uses.</summary>
/// <param name="Name">As traces print it.</param>
/// <param name="Run">Does it.</param>
internal sealed record MappingOperation(string Name, Action<MappingRoom> Run)
{
    private static readonly byte[] OneByte = [1];

    /// <summary>A 4 KiB write fault.</summary>
    public static MappingOperation WriteFault(long page, MappedBy by = MappedBy.Piece) =>
        new($"4 KiB write fault @{page}{In(by)}", room => Fault(room, by, page, FaultFlags.Write, PageOrder.Pte));

    /// <summary>A 4 KiB read fault.</summary>
    public static MappingOperation ReadFault(long page, MappedBy by = MappedBy.Piece) =>
        new($"4 KiB read fault @{page}{In(by)}", room => Fault(room, by, page, FaultFlags.None, PageOrder.Pte));

    /// <summary>A 2 MiB write fault.</summary>
    public static MappingOperation HugeWriteFault { get; } =
        new("2 MiB write fault @0", room => Fault(room, MappedBy.Whole, 0, FaultFlags.Write, PageOrder.Pmd));

    /// <summary>A 2 MiB read fault.</summary>
    public static MappingOperation HugeReadFault { get; } =
        new("2 MiB read fault @0", room => Fault(room, MappedBy.Whole, 0, FaultFlags.None, PageOrder.Pmd));

    /// <summary>A writeback pass that is asked for one page.</summary>
    public static MappingOperation Writeback(long page) =>
        new($"writeback @{page}", room => WritebackPass.Run(room.Mapping, One(page)));

    /// <summary>A store of the processor: atomic with the look at the translation; faults until it may.</summary>
    public static MappingOperation Store(long page, ulong value) => new($"store @{page}", room => room.Store(room.Piece, page, value));

    /// <summary>A store, and a sync of the file by the same thread.</summary>
    public static MappingOperation StoreAndSync(long page, ulong value) => new($"store and sync @{page}", room =>
    {
        room.Store(room.Piece, page, value);
        Sync(room, page);
    });

    /// <summary>A sync of the file by a thread that knows of a store.</summary>
    public static MappingOperation SyncOf(long page) => new($"sync of what was stored @{page}", room =>
    {
        WritebackPass.Run(room.Mapping, One(page));
        room.CheckStoredDurably(page);
    });

    /// <summary>A store through the synchronous VMA.</summary>
    public static MappingOperation SyncStore(long page, ulong value) => new($"MAP_SYNC store @{page}", room => room.Store(room.Synchronous, page, value));

    /// <summary>Copies a word in through a view.</summary>
    public static MappingOperation CopyOf(long page, ulong value) => new($"copy in @{page}", room =>
        CopyIn(room, page, value));

    /// <summary>Copies a word in through a view, and syncs.</summary>
    public static MappingOperation CopyInAndSync(long page, ulong value) => new($"copy in and sync @{page}", room =>
    {
        CopyIn(room, page, value);
        Sync(room, page);
    });

    /// <summary>A write to a page through the VMA that may be unmapped.</summary>
    public static MappingOperation ExtraStore(long page) => new($"write @{page} (extra)", room =>
    {
        try
        {
            room.Loop.Touch(room.Extra, page, isWrite: true);
        }
        catch (ObjectDisposedException)
        {
            // Unmapped: what would be a signal to a process.
        }
    });

    /// <summary>Unmaps the VMA that may be unmapped.</summary>
    public static MappingOperation Unmap { get; } = new("munmap (extra)", room => room.Extra.Dispose());

    /// <summary>Another file gets the page's block too, as by a clone.</summary>
    public static MappingOperation CloneOf(long page) => new($"clone @{page}", room =>
    {
        AddressSpace mapping = room.Mapping;
        using AsymmetricLock.WriteHold hold = mapping.InvalidateLock.Write();
        LayoutBreak.AwaitIdle(mapping, default, One(page), maySleep: false);
        WritebackPass.RunHeld(mapping, One(page));
        LayoutBreak.FlushKept(mapping, One(page), discards: default);
        room.Blocks.Share(One(page), room.Device);
        LayoutBreak.TakeOut(mapping, One(page));
    });

    /// <summary>Gives the file a block of its own.</summary>
    public static MappingOperation Unshare(long page) => new($"unshare @{page}", room =>
        DataPath.Unshare.Run(room.Mapping, page << DaxConstants.PageShift, DaxConstants.PageSize));

    /// <summary>write(2) of some pages.</summary>
    public static MappingOperation WritePages(long page, int count) => new($"write @{page}+{count}", room =>
        ReadWrite.Write(room.Mapping, page << DaxConstants.PageShift, new byte[count << DaxConstants.PageShift]));

    /// <summary>write(2) of a byte of a page.</summary>
    public static MappingOperation Write(long page) =>
        new($"write @{page}", room => ReadWrite.Write(room.Mapping, page << DaxConstants.PageShift, OneByte));

    /// <summary>Takes an entry out if it is clean, and then its translations, as a write to a block that is new does.</summary>
    public static MappingOperation Invalidate(long page) => new($"invalidate @{page}", room =>
    {
        Invalidator.InvalidateRangeIfClean(room.Mapping, One(page));
        room.Mapping.Unmap(One(page));
    });

    /// <summary>Punches a hole of one page: breaks its layout, waiting for pins, and gives its block up.</summary>
    public static MappingOperation Punch(long page) => new($"punch @{page}", room => TakeOut(room, One(page), room.Mapping.SizeBytes));

    /// <summary>Cuts the file off before a page.</summary>
    public static MappingOperation Truncate(long page) => new($"truncate @{page}", room =>
    {
        TakeOut(room, PageRange.Between(new PageIndex(page), new PageIndex(MappingRoom.PiecePages)), page << DaxConstants.PageShift);
    });

    /// <summary>Locks the entry that stands on a page's block, and unlocks it, as a handler of memory errors does.</summary>
    public static MappingOperation LockByPage(long page) => new($"lock by page @{page}", room =>
    {
        using PageLock? held = MemoryFailure.LockPage(room.Device, RoomBlocks.OldBlock(page), room);
        MappingRoom.CheckStandsOn(held, RoomBlocks.OldBlock(page));
    });

    /// <summary>A page's block is lost: nobody may reach it any more.</summary>
    public static MappingOperation Poison(long page) =>
        new($"memory failure @{page}", room => MemoryFailure.Poison(room.Device, RoomBlocks.OldBlock(page), room));

    /// <summary>Pins a page for a store by a device, and unpins it.</summary>
    public static MappingOperation PinAndUnpin(long page) => PinAndUnpin($"pin and unpin @{page}", page, forWriting: true);

    /// <summary>Pins a page that a device loads from, and unpins it: its entry may stay clean.</summary>
    public static MappingOperation PinForReading(long page) => PinAndUnpin($"pin for reading and unpin @{page}", page, forWriting: false);

    private static MappingOperation PinAndUnpin(string name, long page, bool forWriting) => new(name, room =>
    {
        using PinLease lease = PinLease.Take(room.Loop, room.Piece, One(page), forWriting);
        room.CheckPinned(lease);
        _ = Atomic.Load(ref room.Quiet, Site.Other); // here the others may go on
        room.CheckPinned(lease);
    });

    /// <summary>Drops the pin that the room began with.</summary>
    public static MappingOperation Unpin { get; } = new("unpin @1", room => room.Unpin());

    /// <summary>Looks whether all is well: one step, which a search puts between any two of the others'.</summary>
    public static MappingOperation Look { get; } = new("look", room =>
    {
        _ = Atomic.Load(ref room.Quiet, Site.Other);
        room.CheckNow();
    });

    /// <summary>A range of one page.</summary>
    public static PageRange One(long page) => new(new PageIndex(page), 1);

    private static string In(MappedBy by) => by == MappedBy.Whole ? " (whole)" : string.Empty;

    private static void Fault(MappingRoom room, MappedBy by, long page, FaultFlags flags, PageOrder order) =>
        room.Handler.Fault(by == MappedBy.Whole ? room.Whole : room.Piece, page, flags, order);

    // As Files.LayoutChange: keep faults out, break the layout, then change extents and size.
    private static void TakeOut(MappingRoom room, PageRange range, long sizeBytes)
    {
        AddressSpace mapping = room.Mapping;
        using AsymmetricLock.WriteHold hold = mapping.InvalidateLock.Write();
        LayoutBreak.AwaitIdle(mapping, range, range, maySleep: true);
        LayoutBreak.FlushKept(mapping, range, discards: range);
        room.Blocks.Punch(range, room.Device);
        mapping.SetSize(sizeBytes);
        LayoutBreak.TakeOut(mapping, range);
        room.Blocks.Release(room.Device.Owners);
    }

    // A page that bytes are being copied to has no promise before the copy returns.
    private static void CopyIn(MappingRoom room, long page, ulong value)
    {
        room.CopiesTo = page;
        room.View.CopyFrom(page << DaxConstants.PageShift, BitConverter.GetBytes(value));
        room.CopiesTo = null;
    }

    // fsync: as DaxFile.Sync, of one page.
    private static void Sync(MappingRoom room, long page)
    {
        if (room.Mapping.Entries.HasDirty())
        {
            WritebackPass.Run(room.Mapping, One(page));
        }

        room.CheckStoredDurably(page);
    }
}
