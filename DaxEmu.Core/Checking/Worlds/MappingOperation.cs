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
    public static MappingOperation PinAndUnpin(long page) => new($"pin and unpin @{page}", room =>
    {
        using PinLease lease = PinLease.Take(room.Loop, room.Piece, One(page), forWriting: true);
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
        mapping.InvalidateLock.EnterWrite();
        LayoutBreak.Break(mapping, range, maySleep: true);
        mapping.SetSize(sizeBytes);
        room.Blocks.Free(range, room.Device.Owners);
        mapping.InvalidateLock.ExitWrite();
    }
}
