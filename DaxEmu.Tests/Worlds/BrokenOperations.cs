using System.Runtime.CompilerServices;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Checking.Worlds;
using DaxEmu.Core.Device;
using DaxEmu.Core.Entries;
using DaxEmu.Core.Extents;
using DaxEmu.Core.Faults;
using DaxEmu.Core.Interleaving;
using DaxEmu.Core.Invalidation;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;

namespace DaxEmu.Tests.Worlds;

/// <summary>
/// What the operations of the mapping worlds would be with one precaution left out: each is to be found guilty by the search that finds
/// the real one innocent.
/// </summary>
internal static unsafe class BrokenOperations
{
    /// <summary>Punches without keeping faults out.</summary>
    public static MappingOperation PunchUnlocked(long page) => new("punch without the invalidate lock", room =>
    {
        room.Mapping.Unmap(MappingOperation.One(page));
        Invalidator.DeleteRange(room.Mapping, MappingOperation.One(page));
        room.Blocks.Free(MappingOperation.One(page), room.Device);
    });

    /// <summary>Takes the entry out before its translations.</summary>
    public static MappingOperation PunchThatUnmapsLast(long page) => new("punch that unmaps last", room =>
    {
        room.Mapping.InvalidateLock.EnterWrite();
        Invalidator.DeleteRange(room.Mapping, MappingOperation.One(page));
        room.Mapping.Unmap(MappingOperation.One(page));
        room.Blocks.Free(MappingOperation.One(page), room.Device);
        room.Mapping.InvalidateLock.ExitWrite();
    });

    /// <summary>Gives a block up and does not look whether somebody has pinned it (B12).</summary>
    public static MappingOperation PunchThatLooksForNoPins(long page) => new("punch that looks for no pins", room =>
    {
        room.Mapping.InvalidateLock.EnterWrite();
        room.Mapping.Unmap(MappingOperation.One(page));
        LayoutBreak.TakeOut(room.Mapping, MappingOperation.One(page));
        room.Blocks.Free(MappingOperation.One(page), room.Device);
        room.Mapping.InvalidateLock.ExitWrite();
    });

    /// <summary>Pins what a translation leads to, and does not look at it again: [A] without its second half.</summary>
    public static MappingOperation PinWithoutSecondLook(long page) => new("pin without a second look", room =>
    {
        Translation seen = room.Piece.Table.Page(page);
        if (seen.IsPresent)
        {
            var run = new PfnRange(seen.Pfn, 1);
            room.Device.Owners.Pin(run);
            WorldCheck.That(!room.Blocks.IsFreed(seen.Pfn), "pinned, and given up");
            room.Device.Owners.Unpin(run);
        }
    });

    /// <summary>Write-protects before it has the entry: somebody may write again in between.</summary>
    public static MappingOperation WritebackThatLocksLast(long page) => new("writeback that locks last", room =>
    {
        room.Mapping.WriteProtect(MappingOperation.One(page));
        if (room.Mapping.Locker.TakeAny(new PageIndex(page), out HeldEntry held))
        {
            room.Mapping.Locker.Unlock(held.Start, held.Entry.WithDirty(false));
        }
    });

    /// <summary>Cleans the entry that it has seen, and not the one that it finds when it gets the lock.</summary>
    public static MappingOperation WritebackThatStoresWhatItSaw(long page) => new("writeback that stores what it saw", room =>
    {
        DaxEntry seen = room.Mapping.Entries.Lookup(new PageIndex(page));
        if (seen.IsReal && room.Mapping.Locker.TakeAny(new PageIndex(page), out HeldEntry held))
        {
            room.Mapping.WriteProtect(held.Range);
            room.Mapping.Locker.Unlock(held.Start, seen.WithoutLock.WithDirty(false));
        }
    });

    /// <summary>Write-protects in one VMA (B27).</summary>
    public static MappingOperation WritebackOfOneView { get; } = new("writeback of one VMA", room =>
    {
        if (room.Mapping.Locker.TakeAny(new PageIndex(0), out HeldEntry held))
        {
            room.Whole.Table.WriteProtect(0, DaxConstants.PagesPerPmd);
            room.Mapping.Locker.Unlock(held.Start, held.Entry.WithDirty(false));
        }
    });

    /// <summary>Stores a 2 MiB entry where a look found nothing: what answers EEXIST is left out.</summary>
    public static MappingOperation HugeFaultThatStoresBlindly { get; } = new("2 MiB fault that stores blindly", room => Reading(room, () =>
    {
        var start = new PageIndex(0);
        if (room.Mapping.Entries.ReadRegion(start).Word == 0)
        {
            Atomic.Store(ref room.Mapping.Entries.RegionOf(start), DaxEntry.Empty(PageOrder.Pmd).WithLock.Word, Site.InsertPmd);
            DaxEntry entry = DaxEntry.Real(RoomBlocks.OldBlock(0), PageOrder.Pmd).WithDirty();
            room.Mapping.Associate(start, entry);
            room.Whole.Table.InstallHuge(0, Translation.Device(entry.Pfn, PageOrder.Pmd, writable: true));
            room.Mapping.Locker.Unlock(start, entry);
        }
    }));

    /// <summary>Asks for the extent before it has the entry (B09).</summary>
    public static MappingOperation ReadFaultThatAsksFirst(MappedBy by) => new("read fault that asks first", room => Reading(room, () =>
    {
        VmArea area = by == MappedBy.Whole ? room.Whole : room.Piece;
        Extent extent = room.Blocks.Find(new PageIndex(1), 1, ExtentIntent.Fault).Target;
        HeldEntry held = EntryGrab.ForPte(room.Mapping, new PageIndex(1), isWrite: false);
        DaxEntry wanted = extent.ReadsAsZeroes ? DaxEntry.Zero(PageOrder.Pte) : DaxEntry.Real(extent.PfnAt(new PageIndex(1)), PageOrder.Pte);
        DaxEntry final = EntryInstall.Insert(room.Mapping, held, wanted, isDirty: false, isCopied: false);
        area.Table.TryInstallPage(1, wanted.IsZero ? Translation.ZeroPage(PageOrder.Pte) : Translation.Device(wanted.Pfn, PageOrder.Pte, writable: false));
        room.Mapping.Locker.Unlock(held.Start, final);
    }));

    /// <summary>Splits a 2 MiB zero entry and leaves it mapped.</summary>
    public static MappingOperation WriteFaultThatLeavesTheZeroPage(long page) =>
        new("write fault that leaves the zero page", room => Reading(room, () => TakeOverWithoutUnmapping(room, page)));

    /// <summary>Copies a shared block and leaves other processes with the old one.</summary>
    public static MappingOperation CopyThatUnmapsNobody(long page) =>
        new("copy that unmaps nobody", room => Reading(room, () => TakeOverWithoutUnmapping(room, page)));

    /// <summary>Unmaps the zero page before it has the entry: who reads in between maps it again.</summary>
    public static MappingOperation WriteFaultThatUnmapsTooEarly(long page) => new("write fault that unmaps too early", room => Reading(room, () =>
    {
        room.Mapping.Unmap(MappingOperation.One(page));
        TakeOverWithoutUnmapping(room, page);
    }));

    /// <summary>Unmaps before it takes the entry out: who found the hole may map it in between.</summary>
    public static MappingOperation InvalidateThatUnmapsFirst(long page) => new("invalidate that unmaps first", room =>
    {
        room.Mapping.Unmap(MappingOperation.One(page));
        if (room.Mapping.Locker.TakeAny(new PageIndex(page), out HeldEntry held))
        {
            room.Mapping.Disassociate(held.Start, held.Entry);
            room.Mapping.Locker.Remove(held);
        }
    });

    /// <summary>Unmaps a lost page without keeping faults out: one that has looked for poison already maps it again.</summary>
    public static MappingOperation PoisonUnlocked(long page) => new("memory failure without the invalidate lock", room =>
    {
        room.Device.PoisonList.Mark(RoomBlocks.OldBlock(page));
        using PageLock? held = MemoryFailure.LockEntry(room.Mapping, new PageIndex(page));
        room.Mapping.Unmap(MappingOperation.One(page));
    });

    /// <summary>Locks the entry where a block's owner was seen, and believes that it still stands on that block.</summary>
    public static MappingOperation LockByPageWithoutSecondLook(long page) => new("lock by page without a second look", room =>
    {
        PageOwner owner = room.Device.Owners.Find(RoomBlocks.OldBlock(page));
        if (!owner.IsNone)
        {
            using PageLock? held = MemoryFailure.LockEntry(room.Mapping, owner.Index);
            MappingRoom.CheckStandsOn(held, RoomBlocks.OldBlock(page));
        }
    });

    /// <summary>Cuts the file off with an invalidate lock whose writer does without the barrier: a reader's store may still linger.</summary>
    public static MappingOperation PunchWithoutBarrier(long page) => new("punch without the barrier", room =>
    {
        ref ulong writer = ref *WriterOf(room.Mapping.InvalidateLock);
        Atomic.TryReplace(ref writer, 1, 0, Site.Writer);
        (int first, int end) = ThreadSlots.InUse;
        for (int line = first; line < end; line++)
        {
            Atomic.SpinWhile(ref ReaderLine.At(line)->Hold0, (ulong)room.Mapping.Id, Site.AwaitReader);
        }

        LayoutBreak.TakeOut(room.Mapping, MappingOperation.One(page));
        room.Mapping.Unmap(MappingOperation.One(page));
        room.Blocks.Free(MappingOperation.One(page), room.Device);
        room.Mapping.InvalidateLock.ExitWrite();
    });

    // A write fault on a page whose entry leads elsewhere so far; translations to there stay.
    private static void TakeOverWithoutUnmapping(MappingRoom room, long page)
    {
        AddressSpace mapping = room.Mapping;
        var index = new PageIndex(page);
        HeldEntry held = mapping.Locker.Grab(index, PageOrder.Pte).Held;
        mapping.Disassociate(held.Start, held.Entry);
        held = held.Entry.IsPmd ? mapping.Locker.FinishDowngrade(held, index) : held;
        ExtentAnswer answer = room.Blocks.Find(index, 1, ExtentIntent.Fault | ExtentIntent.Write);
        DaxEntry entry = DaxEntry.Real(answer.Target.PfnAt(index), PageOrder.Pte).WithDirty();
        mapping.Associate(index, entry);
        mapping.Entries.NoteDirty(index);
        mapping.ReleaseBlocks(room.Blocks.End(answer, MappingOperation.One(page)));
        mapping.Locker.Unlock(index, entry);
    }

    private static void Reading(MappingRoom room, Action action)
    {
        ulong* hold = room.Mapping.InvalidateLock.EnterRead();
        action();
        AsymmetricLock.ExitRead(hold);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "writer")]
    private static extern ref ulong* WriterOf(AsymmetricLock from);
}
