using System.Runtime.CompilerServices;
using DaxEmu.Bench.Verification.Scenarios;
using DaxEmu.Core;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Core.Dax.Invalidation;
using DaxEmu.Core.Mm;
using DaxEmu.Core.Pmem;

namespace DaxEmu.Tests.Verification.Scenarios;

/// <summary>
/// What the operations of the mapping scenarios would be with one precaution left out: the search must find each to fail that finds
/// the real one innocent.
/// </summary>
internal static unsafe class BrokenOperations
{
    /// <summary>Punches without keeping faults out.</summary>
    public static MappingOperation PunchUnlocked(long page) => new("punch without the invalidate lock", fixture =>
    {
        fixture.Mapping.Unmap(MappingOperation.One(page));
        Invalidator.DeleteRange(fixture.Mapping, MappingOperation.One(page));
        fixture.Blocks.Free(MappingOperation.One(page), fixture.Device);
    });

    /// <summary>Takes the entry out before its translations.</summary>
    public static MappingOperation PunchThatUnmapsLast(long page) => new("punch that unmaps last", fixture =>
    {
        fixture.Mapping.InvalidateLock.EnterWrite();
        Invalidator.DeleteRange(fixture.Mapping, MappingOperation.One(page));
        fixture.Mapping.Unmap(MappingOperation.One(page));
        fixture.Blocks.Free(MappingOperation.One(page), fixture.Device);
        fixture.Mapping.InvalidateLock.ExitWrite();
    });

    /// <summary>Gives a block up and does not look whether it is pinned (B12).</summary>
    public static MappingOperation PunchThatLooksForNoPins(long page) => new("punch that looks for no pins", fixture =>
    {
        fixture.Mapping.InvalidateLock.EnterWrite();
        fixture.Mapping.Unmap(MappingOperation.One(page));
        LayoutBreak.TakeOut(fixture.Mapping, MappingOperation.One(page));
        fixture.Blocks.Free(MappingOperation.One(page), fixture.Device);
        fixture.Mapping.InvalidateLock.ExitWrite();
    });

    /// <summary>Pins what a translation leads to, and does not look at it again: without the second look of [P1].</summary>
    public static MappingOperation PinWithoutSecondLook(long page) => new("pin without a second look", fixture =>
    {
        Translation seen = fixture.Piece.Table.Page(page);
        if (seen.IsPresent)
        {
            var run = new PfnRange(seen.Pfn, 1);
            fixture.Device.Owners.Pin(run);
            ScenarioCheck.That(!fixture.Blocks.IsFreed(seen.Pfn), "pinned, and given up");
            fixture.Device.Owners.Unpin(run);
        }
    });

    /// <summary>Write-protects before it has the entry: another thread may write again in between.</summary>
    public static MappingOperation WritebackThatLocksLast(long page) => new("writeback that locks last", fixture =>
    {
        WriteProtect(fixture, new HeldEntry(new PageIndex(page), DaxEntry.Empty(PageOrder.Pte)));
        if (fixture.Mapping.Locker.LockAny(new PageIndex(page), out HeldEntry held))
        {
            fixture.Mapping.Locker.Unlock(held.Start, held.Entry.WithDirty(false));
        }
    });

    /// <summary>Cleans the entry that it has seen, and not the one that it finds when it gets the lock.</summary>
    public static MappingOperation WritebackThatStoresWhatItSaw(long page) => new("writeback that stores what it saw", fixture =>
    {
        DaxEntry seen = fixture.Mapping.Entries.Lookup(new PageIndex(page));
        if (seen.IsReal && fixture.Mapping.Locker.LockAny(new PageIndex(page), out HeldEntry held))
        {
            WriteProtect(fixture, held);
            fixture.Mapping.Locker.Unlock(held.Start, seen.WithoutLock.WithDirty(false));
        }
    });

    /// <summary>Write-protects in one VMA (B27).</summary>
    public static MappingOperation WritebackOfOneView { get; } = new("writeback of one VMA", fixture =>
    {
        if (fixture.Mapping.Locker.LockAny(new PageIndex(0), out HeldEntry held))
        {
            fixture.Whole.Table.WriteProtect(0, DaxConstants.PagesPerPmd);
            fixture.Mapping.Locker.Unlock(held.Start, held.Entry.WithDirty(false));
        }
    });

    /// <summary>Stores a 2 MiB entry where a look found nothing: what makes it EEXIST is left out.</summary>
    public static MappingOperation HugeFaultThatStoresBlindly { get; } = new("2 MiB fault that stores blindly", fixture => Reading(fixture, () =>
    {
        var start = new PageIndex(0);
        if (fixture.Mapping.Entries.ReadRegion(start).Word == 0)
        {
            Atomic.Store(ref fixture.Mapping.Entries.RegionOf(start), DaxEntry.Empty(PageOrder.Pmd).WithLock.Word, Site.InsertPmd);
            DaxEntry entry = DaxEntry.Real(FixtureBlocks.OldBlock(0), PageOrder.Pmd).WithDirty();
            fixture.Mapping.Associate(start, entry);
            fixture.Whole.Table.InstallHuge(0, Translation.Device(entry.Pfn, PageOrder.Pmd, writable: true));
            fixture.Mapping.Locker.Unlock(start, entry);
        }
    }));

    /// <summary>Asks for the extent before it has the entry (B09).</summary>
    public static MappingOperation ReadFaultThatAsksFirst(MappedBy by) => new("read fault that asks first", fixture => Reading(fixture, () =>
    {
        VmArea area = by == MappedBy.Whole ? fixture.Whole : fixture.Piece;
        Extent extent = fixture.Blocks.Find(new PageIndex(1), 1, ExtentIntent.Fault).Target;
        HeldEntry held = EntryGrab.ForPte(fixture.Mapping, new PageIndex(1), isWrite: false);
        DaxEntry wanted = extent.ReadsAsZeroes ? DaxEntry.Zero(PageOrder.Pte) : DaxEntry.Real(extent.PfnAt(new PageIndex(1)), PageOrder.Pte);
        DaxEntry final = EntryInstall.Insert(fixture.Mapping, held, wanted, isDirty: false, isCopied: false);
        area.Table.TryInstallPage(1, wanted.IsZero ? Translation.ZeroPage(PageOrder.Pte) : Translation.Device(wanted.Pfn, PageOrder.Pte, writable: false));
        fixture.Mapping.Locker.Unlock(held.Start, final);
    }));

    /// <summary>Splits a 2 MiB zero entry and leaves it mapped.</summary>
    public static MappingOperation WriteFaultThatLeavesTheZeroPage(long page) =>
        new("write fault that leaves the zero page", fixture => Reading(fixture, () => TakeOverWithoutUnmapping(fixture, page)));

    /// <summary>Copies a shared block and leaves other processes with the old one.</summary>
    public static MappingOperation CopyThatUnmapsNothing(long page) =>
        new("copy that unmaps nothing", fixture => Reading(fixture, () => TakeOverWithoutUnmapping(fixture, page)));

    /// <summary>Unmaps the zero page before it has the entry: a read in between maps it again.</summary>
    public static MappingOperation WriteFaultThatUnmapsTooEarly(long page) => new("write fault that unmaps too early", fixture => Reading(fixture, () =>
    {
        fixture.Mapping.Unmap(MappingOperation.One(page));
        TakeOverWithoutUnmapping(fixture, page);
    }));

    /// <summary>Unmaps before it takes the entry out: a thread that found the hole may map it in between.</summary>
    public static MappingOperation InvalidateThatUnmapsFirst(long page) => new("invalidate that unmaps first", fixture =>
    {
        fixture.Mapping.Unmap(MappingOperation.One(page));
        if (fixture.Mapping.Locker.LockAny(new PageIndex(page), out HeldEntry held))
        {
            fixture.Mapping.Disassociate(held.Start, held.Entry);
            fixture.Mapping.Locker.Remove(held);
        }
    });

    /// <summary>Unmaps a lost page without keeping faults out: one that has looked for poison already maps it again.</summary>
    public static MappingOperation PoisonUnlocked(long page) => new("memory failure without the invalidate lock", fixture =>
    {
        fixture.Device.PoisonList.Mark(FixtureBlocks.OldBlock(page));
        using PageLock? held = MemoryFailure.LockEntry(fixture.Mapping, new PageIndex(page));
        fixture.Mapping.Unmap(MappingOperation.One(page));
    });

    /// <summary>Locks the entry where a block's owner was seen, and believes that it still stands on that block.</summary>
    public static MappingOperation LockByPageWithoutSecondLook(long page) => new("lock by page without a second look", fixture =>
    {
        PageOwner owner = fixture.Device.Owners.Find(FixtureBlocks.OldBlock(page));
        if (!owner.IsNone)
        {
            using PageLock? held = MemoryFailure.LockEntry(fixture.Mapping, owner.Index);
            MappingFixture.CheckStandsOn(held, FixtureBlocks.OldBlock(page));
        }
    });

    /// <summary>Cuts the file off with an invalidate lock whose writer does without the barrier: a reader's store may still be buffered.</summary>
    public static MappingOperation PunchWithoutBarrier(long page) => new("punch without the barrier", fixture =>
    {
        ref ulong writer = ref *WriterOf(fixture.Mapping.InvalidateLock);
        Atomic.TryReplace(ref writer, 1, 0, Site.Writer);
        (int first, int end) = ThreadSlots.InUse;
        for (int line = first; line < end; line++)
        {
            Atomic.SpinWhile(ref (ReaderSlot.At(line) + ThreadSlots.WayOf(fixture.Mapping.Id))->Hold0, (ulong)fixture.Mapping.Id, Site.AwaitReader);
        }

        LayoutBreak.TakeOut(fixture.Mapping, MappingOperation.One(page));
        fixture.Mapping.Unmap(MappingOperation.One(page));
        fixture.Blocks.Free(MappingOperation.One(page), fixture.Device);
        fixture.Mapping.InvalidateLock.ExitWrite();
    });

    // A write fault on a page whose entry leads elsewhere so far; translations to there stay.
    private static void TakeOverWithoutUnmapping(MappingFixture fixture, long page)
    {
        AddressSpace mapping = fixture.Mapping;
        var index = new PageIndex(page);
        HeldEntry held = mapping.Locker.Grab(index, PageOrder.Pte).Held;
        mapping.Disassociate(held.Start, held.Entry);
        held = held.Entry.IsPmd ? mapping.Locker.FinishDowngrade(held, index) : held;
        ExtentAnswer extent = fixture.Blocks.Find(index, 1, ExtentIntent.Fault | ExtentIntent.Write);
        DaxEntry entry = DaxEntry.Real(extent.Target.PfnAt(index), PageOrder.Pte).WithDirty();
        mapping.Associate(index, entry);
        mapping.Entries.NoteDirty(index);
        mapping.ReleaseBlocks(fixture.Blocks.End(extent, MappingOperation.One(page)));
        mapping.Locker.Unlock(index, entry);
    }

    private static void Reading(MappingFixture fixture, Action action)
    {
        ulong* hold = fixture.Mapping.InvalidateLock.EnterRead();
        action();
        AsymmetricLock.ExitRead(hold);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "writer")]
    private static extern ref ulong* WriterOf(AsymmetricLock from);

    private static void WriteProtect(MappingFixture fixture, HeldEntry entry)
    {
        var run = new EntryRun(entry, stackalloc ulong[EntryRun.Length]);
        fixture.Mapping.WriteProtect(run, run.Held);
    }
}
