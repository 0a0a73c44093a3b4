using DaxEmu.Bench.Soak;
using DaxEmu.Bench.Soak.Checks;
using DaxEmu.Core.Entries;
using DaxEmu.Core.Extents;
using DaxEmu.Core.Files;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using NUnit.Framework;

namespace DaxEmu.Tests.Soak;

/// <summary>Each thing that a soak checks with all threads standing still is found when it is planted, and only then.</summary>
public sealed class WorldChecksTests
{
    // Page 0 lies in a dirty 2 MiB entry, page 512 in a dirty 4 KiB one, page 600 in a zero entry; page 1024 was written and has none.
    private const long Huge = 0;
    private const long Small = 512;
    private const long Hole = 600;
    private const long Unmapped = 1024;

    private static readonly Violation[] Violations =
    [
        new("a locked entry", "still locked", world =>
        {
            Assert.That(world.File.Mapping.Locker.TakeAny(new PageIndex(Small), out HeldEntry held));
            return () => world.File.Mapping.Locker.Put(held);
        }),
        new("a sleeper", "threads sleep", world =>
        {
            EntryLocker locker = world.File.Mapping.Locker;
            locker.TakeAny(new PageIndex(Small), out HeldEntry held);
            var sleeper = new Thread(() => locker.WaitWithoutClaim(new PageIndex(Small)));
            sleeper.Start();
            SpinWait.SpinUntil(() => world.Waits.SleeperCount > 0);
            return () =>
            {
                locker.Put(held);
                sleeper.Join();
            };
        }),
        new("a translation without an entry", "is mapped by", world =>
        {
            world.File.Mapping.Locker.TakeAny(new PageIndex(Small), out HeldEntry held);
            world.File.Mapping.Disassociate(held.Start, held.Entry);
            world.File.Mapping.Locker.Remove(held);
            return Nothing;
        }),
        new("a translation to another page", "is mapped to device page", world =>
        {
            PageTable table = world.Views[2].Area.Table;
            Translation seen = table.Page(Small);
            Assert.That(table.TryReplacePage(Small, seen, Translation.Device(seen.Pfn + 1, PageOrder.Pte, writable: true)));
            return Nothing;
        }),
        new("a clean entry that can be written", "its entry is clean", world =>
        {
            world.File.Mapping.Locker.TakeAny(new PageIndex(Small), out HeldEntry held);
            world.File.Mapping.Locker.Unlock(held.Start, held.Entry.WithDirty(false));
            return Nothing;
        }),
        new("a pin", "is pinned", world =>
        {
            var run = new PfnRange(BlockOf(world, Small), 1);
            world.Device.Owners.Pin(run);
            return () => world.Device.Owners.Unpin(run);
        }),
        new("a block of nobody", "is counted for 1 files, and 0 have it", world =>
        {
            world.Volume.Allocator.TryAllocate(1, new Pfn(0), out PfnRange run);
            return () => world.Volume.Allocator.Release(run);
        }),
        new("a free block in a file", "is free, and 1 files have it", world =>
        {
            var run = new PfnRange(BlockOf(world, Unmapped), 1);
            world.Volume.Allocator.Release(run);
            return () => world.Volume.Allocator.Claim(run);
        }),
        new("a free block that an entry reaches", "reaches it", world =>
        {
            var run = new PfnRange(BlockOf(world, Small), 1);
            BlockAllocator allocator = world.Volume.Allocator;
            Func<PfnRange, Pfn?>? check = allocator.InUseCheck;
            allocator.InUseCheck = null;
            allocator.Release(run);
            allocator.InUseCheck = check;
            return () => allocator.Claim(run);
        }),
        new("a block that two files have as their own", "is counted for 1 files, and 2 have it", world =>
        {
            var run = new PfnRange(BlockOf(world, Unmapped), 1);
            world.Clone.Extents.ShareFrom(world.File.Extents, new PageRange(new PageIndex(Unmapped), 1), new PageIndex(0));
            world.Volume.Allocator.Release(run);
            world.Stamps.Copy(PageSide.File, Unmapped, PageSide.Clone, 0, 1);
            return () => world.Volume.Allocator.Share(run);
        }),
        new("a holder without an entry", "is held by", world =>
        {
            Pfn pfn = BlockOf(world, Unmapped);
            world.Device.Owners.Associate(pfn, PageOrder.Pte, world.File.Mapping.Id, new PageIndex(Unmapped), isShared: false);
            return () => world.Device.Owners.Disassociate(pfn, PageOrder.Pte, world.File.Mapping.Id, new PageIndex(Unmapped));
        }),
        new("a zero entry over a block", "has the entry", world =>
        {
            world.File.Extents.Find(new PageIndex(Hole), 1, ExtentIntent.Write);
            return Nothing;
        }),
        new("the invalidate lock", "the invalidate lock is held", world =>
        {
            world.File.Mapping.InvalidateLock.EnterWrite();
            return world.File.Mapping.InvalidateLock.ExitWrite;
        }),
        new("the inode lock", "the inode lock is held", world =>
        {
            PinLease lease = world.Views[2].Pin(Small << DaxConstants.PageShift, 1);
            var puncher = new Thread(() => world.File.PunchHole(Small << DaxConstants.PageShift, DaxConstants.PageSize));
            puncher.Start();
            SpinWait.SpinUntil(() => !world.File.IsIdle);
            return () =>
            {
                lease.Dispose();
                puncher.Join();
            };
        }),
        new("a writeback that failed", "a writeback failed with 5", world =>
        {
            world.File.Mapping.NoteWritebackError(5);
            return Nothing;
        }),
        new("a lost page in use", "still called lost", world =>
        {
            Pfn pfn = BlockOf(world, Unmapped);
            world.Device.PoisonList.Mark(pfn);
            return () => world.Device.PoisonList.Clear(pfn);
        }),
        new("a size that nobody set", "bytes instead of", world =>
        {
            long size = world.File.SizeBytes;
            world.File.Mapping.SetSize(size - DaxConstants.PageSize);
            return () => world.File.Mapping.SetSize(size);
        }),
        new("a page that somebody took", "are still taken", world =>
        {
            world.Stamps.TryTake(3);
            return Nothing;
        }),
        new("other bytes on the device", "version 1 of page 1024 up to byte 4088", world =>
        {
            world.Device.GetSpan(BlockOf(world, Unmapped), 1)[^1] ^= 1;
            return Nothing;
        }),
        new("a clean page that is not durable", "page 1024 is not dirty (it has no entry), and a loss of power would leave version 1 of page 1024 at byte 0 instead of version 2", world =>
        {
            Write(world, Unmapped, world.Device.GetSpan(BlockOf(world, Unmapped), 1));
            return Nothing;
        }),
        new("a page that was made durable and is not", "page 512 was made durable with version 1 of page 512, and a loss of power would leave zeroes", world =>
        {
            world.Stamps.Promise(PageSide.File, Small);
            return Nothing;
        }),
        new("a word of another file in the contested one", "page 0 of the contested file holds version 1 of page 7 at byte 8", world =>
        {
            world.Contested.Views[0].CopyFrom(8, BitConverter.GetBytes(PageStamp.Of(7, 1).Word));
            return Nothing;
        }),
        new("a line that was lost", "line 3 of page 0 was stored as 1 and holds 0 to 0", world =>
        {
            world.Lines.Begin(0, 3);
            world.Lines.Complete(0, 3);
            return Nothing;
        }),
    ];

    [Test]
    public void APageThatASyncLeavesBehindIsFound()
    {
        // Nobody syncs here: what is dirty stands for what a sync has forgotten.
        using SoakWorld world = Create();
        Assert.That(new DurabilityChecks(world).AfterSync(isLast: true).Select(f => f.Text), Has.Some.Contains("page 512 was synced, and a loss of power would leave zeroes"));
    }

    [Test]
    public void ALineThatIsOlderThanItsSyncIsFound()
    {
        using SoakWorld world = Create();
        world.Lines.Views[0].CopyFrom(0, BitConverter.GetBytes(1L));
        world.Lines.Begin(0, 0);
        world.Lines.Complete(0, 0);
        Assert.That(world.Lines.FindUndurable(world, 0, world.Lines.Floor(0, 1)), Does.Contain("line 0 of page 0 was stored as 1"));
        for (int at = 0; at < SharedLines.LineBytes; at += sizeof(long))
        {
            world.Lines.Views[0].CopyFrom(at, BitConverter.GetBytes(1L));
        }

        world.Lines.File.Sync();
        Assert.That(world.Lines.FindUndurable(world, 0, world.Lines.Floor(0, 1)), Is.Null);
    }

    [Test]
    public void ACloneThatChangesIsFound()
    {
        using SoakWorld world = Create();
        var buffer = new byte[DaxConstants.PageSize];
        world.Lines.Views[0].CopyFrom(0, buffer);
        Assert.That(world.Lines.Clone(buffer), Is.Null);
        Assert.That(world.Lines.CheckClone(buffer), Is.Null);
        world.Lines.Copy.Write(DaxConstants.PageSize - 1, [1]);
        Assert.That(world.Lines.CheckClone(buffer), Does.Contain("byte 4095 of page 0 of a finished clone changed"));
    }

    [Test]
    public void AWorldInOrderHasNoFinding()
    {
        using SoakWorld world = Create();
        Assert.That(new WorldChecks(world).Run(isLast: true), Is.Empty);
    }

    [TestCaseSource(nameof(Violations))]
    public void WhatIsPlantedIsFound(object planted)
    {
        var violation = (Violation)planted;
        using SoakWorld world = Create();
        Action undo = violation.Plant(world);
        IReadOnlyList<SoakFinding> found = new WorldChecks(world).Run(isLast: true);
        undo();
        Assert.That(found.Select(f => f.Text), Has.Some.Contains(violation.Expected));
    }

    private static SoakWorld Create()
    {
        var world = new SoakWorld(SoakPlans.Small()) { AllowsPoison = false };
        Write(world, Huge, world.Views[0].Write(Huge << DaxConstants.PageShift, DaxConstants.PageSize));
        Write(world, Small, world.Views[2].Write(Small << DaxConstants.PageShift, DaxConstants.PageSize));
        world.Views[2].Read(Hole << DaxConstants.PageShift, DaxConstants.PageSize);
        var bytes = new byte[DaxConstants.PageSize];
        Write(world, Unmapped, bytes);
        world.File.Write(Unmapped << DaxConstants.PageShift, bytes);
        return world;
    }

    private static void Write(SoakWorld world, long page, Span<byte> bytes)
    {
        PageStamp stamp = world.Stamps.Next(page, job: 0);
        stamp.Fill(bytes);
        world.Stamps.Set(PageSide.File, page, stamp);
    }

    private static Pfn BlockOf(SoakWorld world, long page) =>
        world.File.Extents.Find(new PageIndex(page), 1, ExtentIntent.Read).Source.PfnAt(new PageIndex(page));

    private static void Nothing()
    {
    }

    /// <summary>Something wrong: how it is made, how it is told, and, as the answer, how it is mended so that the world can be closed.</summary>
    private sealed record Violation(string Name, string Expected, Func<SoakWorld, Action> Plant)
    {
        public override string ToString() => Name;
    }
}
