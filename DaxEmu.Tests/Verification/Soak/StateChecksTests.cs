using DaxEmu.Bench.Verification.Soak;
using DaxEmu.Bench.Verification.Soak.Checks;
using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Mm;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Soak;

/// <summary>Each thing that a soak checks at a quiescent point is found when it is planted, and only then.</summary>
public sealed class StateChecksTests
{
    // Page 0 lies in a dirty 2 MiB entry, page 512 in a dirty 4 KiB one, page 600 in a zero entry; page 1024 was written and has none.
    private const long Huge = 0;
    private const long Small = 512;
    private const long Hole = 600;
    private const long Unmapped = 1024;

    private static readonly Violation[] Violations =
    [
        new("a locked entry", "still locked", fixture =>
        {
            Assert.That(fixture.File.Mapping.Locker.LockAny(new PageIndex(Small), out HeldEntry held));
            return () => fixture.File.Mapping.Locker.Put(held);
        }),
        new("a waiter", "threads sleep", fixture =>
        {
            EntryLocker locker = fixture.File.Mapping.Locker;
            locker.LockAny(new PageIndex(Small), out HeldEntry held);
            var waiter = new Thread(() => locker.WaitWithoutLocking(new PageIndex(Small)));
            waiter.Start();
            SpinWait.SpinUntil(() => fixture.Waits.WaiterCount > 0);
            return () =>
            {
                locker.Put(held);
                waiter.Join();
            };
        }),
        new("a translation without an entry", "is mapped by", fixture =>
        {
            fixture.File.Mapping.Locker.LockAny(new PageIndex(Small), out HeldEntry held);
            fixture.File.Mapping.Disassociate(held.Start, held.Entry);
            fixture.File.Mapping.Locker.Remove(held);
            return Nothing;
        }),
        new("a translation to another page", "is mapped to device page", fixture =>
        {
            PageTable table = fixture.Views[2].Area.Table;
            Translation seen = table.Page(Small);
            Assert.That(table.TryReplacePage(Small, seen, Translation.Device(seen.Pfn + 1, PageOrder.Pte, writable: true)));
            return Nothing;
        }),
        new("a clean entry that can be written", "its entry is clean", fixture =>
        {
            fixture.File.Mapping.Locker.LockAny(new PageIndex(Small), out HeldEntry held);
            fixture.File.Mapping.Locker.Unlock(held.Start, held.Entry.WithDirty(false));
            return Nothing;
        }),
        new("a pin", "is pinned", fixture =>
        {
            var run = new PfnRange(BlockOf(fixture, Small), 1);
            fixture.Device.Owners.Pin(run);
            return () => fixture.Device.Owners.Unpin(run);
        }),
        new("a block without a file", "is counted for 1 files, and 0 have it", fixture =>
        {
            fixture.Volume.Allocator.TryAllocate(1, new Pfn(0), out PfnRange run);
            return () => fixture.Volume.Allocator.Release(run);
        }),
        new("a free block in a file", "is free, and 1 files have it", fixture =>
        {
            var run = new PfnRange(BlockOf(fixture, Unmapped), 1);
            fixture.Volume.Allocator.Release(run);
            return () => fixture.Volume.Allocator.Claim(run);
        }),
        new("a free block that an entry reaches", "reaches it", fixture =>
        {
            var run = new PfnRange(BlockOf(fixture, Small), 1);
            BlockAllocator allocator = fixture.Volume.Allocator;
            Func<PfnRange, Pfn?>? check = allocator.InUseCheck;
            allocator.InUseCheck = null;
            allocator.Release(run);
            allocator.InUseCheck = check;
            return () => allocator.Claim(run);
        }),
        new("a block that two files have as their own", "is counted for 1 files, and 2 have it", fixture =>
        {
            var run = new PfnRange(BlockOf(fixture, Unmapped), 1);
            fixture.Clone.Extents.ShareFrom(fixture.File.Extents, new PageRange(new PageIndex(Unmapped), 1), new PageIndex(0));
            fixture.Volume.Allocator.Release(run);
            fixture.Stamps.Copy(PageSide.File, Unmapped, PageSide.Clone, 0, 1);
            return () => fixture.Volume.Allocator.Share(run);
        }),
        new("a holder without an entry", "is held by", fixture =>
        {
            Pfn pfn = BlockOf(fixture, Unmapped);
            fixture.Device.Owners.Associate(pfn, PageOrder.Pte, fixture.File.Mapping.Id, new PageIndex(Unmapped), isShared: false);
            return () => fixture.Device.Owners.Disassociate(pfn, PageOrder.Pte, fixture.File.Mapping.Id, new PageIndex(Unmapped));
        }),
        new("a zero entry over a block", "has the entry", fixture =>
        {
            fixture.File.Extents.Find(new PageIndex(Hole), 1, ExtentIntent.Write);
            return Nothing;
        }),
        new("the invalidate lock", "the invalidate lock is held", fixture =>
        {
            fixture.File.Mapping.InvalidateLock.EnterWrite();
            return fixture.File.Mapping.InvalidateLock.ExitWrite;
        }),
        new("the inode lock", "the inode lock is held", fixture =>
        {
            PagePin pin = fixture.Views[2].Pin(Small << DaxConstants.PageShift, 1);
            var puncher = new Thread(() => fixture.File.PunchHole(Small << DaxConstants.PageShift, DaxConstants.PageSize));
            puncher.Start();
            SpinWait.SpinUntil(() => !fixture.File.IsIdle);
            return () =>
            {
                pin.Dispose();
                puncher.Join();
            };
        }),
        new("a writeback that failed", "a writeback failed with 5", fixture =>
        {
            fixture.File.Mapping.Errors.Set(5);
            return Nothing;
        }),
        new("a lost page in use", "still called lost", fixture =>
        {
            Pfn pfn = BlockOf(fixture, Unmapped);
            fixture.Device.PoisonList.Mark(pfn);
            return () => fixture.Device.PoisonList.Clear(pfn);
        }),
        new("a size that was not set", "bytes instead of", fixture =>
        {
            long size = fixture.File.Length;
            fixture.File.Mapping.SetSize(size - DaxConstants.PageSize);
            return () => fixture.File.Mapping.SetSize(size);
        }),
        new("a page that a thread took", "are still taken", fixture =>
        {
            fixture.Stamps.TryTake(3);
            return Nothing;
        }),
        new("other bytes on the device", "version 1 of page 1024 up to byte 4088", fixture =>
        {
            fixture.Device.GetSpan(BlockOf(fixture, Unmapped), 1)[^1] ^= 1;
            return Nothing;
        }),
        new("a clean page that is not durable", "page 1024 is not dirty (it has no entry), and a loss of power would leave version 1 of page 1024 at byte 0 instead of version 2", fixture =>
        {
            Write(fixture, Unmapped, fixture.Device.GetSpan(BlockOf(fixture, Unmapped), 1));
            return Nothing;
        }),
        new("a page that was made durable and is not", "page 512 was made durable with version 1 of page 512, and a loss of power would leave zeroes", fixture =>
        {
            fixture.Stamps.Promise(PageSide.File, Small);
            return Nothing;
        }),
        new("a word of another file in the contested one", "page 0 of the contested file holds version 1 of page 7 at byte 8", fixture =>
        {
            fixture.Contested.Views[0].CopyFrom(BitConverter.GetBytes(PageStamp.Of(7, 1).Word), 8);
            return Nothing;
        }),
        new("a line that was lost", "line 3 of page 0 was stored as 1 and holds 0 to 0", fixture =>
        {
            fixture.Lines.Begin(0, 3);
            fixture.Lines.Complete(0, 3);
            return Nothing;
        }),
    ];

    [Test]
    public void APageThatASyncLeavesBehindIsFound()
    {
        // No thread syncs here: what is dirty stands for what a sync has forgotten.
        using SoakFixture fixture = Create();
        Assert.That(new DurabilityChecks(fixture).AfterSync(isLast: true).Select(f => f.Text), Has.Some.Contains("page 512 was synced, and a loss of power would leave zeroes"));
    }

    [Test]
    public void ALineThatIsOlderThanItsSyncIsFound()
    {
        using SoakFixture fixture = Create();
        fixture.Lines.Views[0].CopyFrom(BitConverter.GetBytes(1L), 0);
        fixture.Lines.Begin(0, 0);
        fixture.Lines.Complete(0, 0);
        Assert.That(fixture.Lines.FindUndurable(fixture, 0, fixture.Lines.Floor(0, 1)), Does.Contain("line 0 of page 0 was stored as 1"));
        for (int at = 0; at < SharedLines.LineBytes; at += sizeof(long))
        {
            fixture.Lines.Views[0].CopyFrom(BitConverter.GetBytes(1L), at);
        }

        fixture.Lines.File.Sync();
        Assert.That(fixture.Lines.FindUndurable(fixture, 0, fixture.Lines.Floor(0, 1)), Is.Null);
    }

    [Test]
    public void ACloneThatChangesIsFound()
    {
        using SoakFixture fixture = Create();
        var buffer = new byte[DaxConstants.PageSize];
        fixture.Lines.Views[0].CopyFrom(buffer, 0);
        Assert.That(fixture.Lines.Clone(buffer), Is.Null);
        Assert.That(fixture.Lines.CheckClone(buffer), Is.Null);
        fixture.Lines.Copy.Write([1], DaxConstants.PageSize - 1);
        Assert.That(fixture.Lines.CheckClone(buffer), Does.Contain("byte 4095 of page 0 of a finished clone changed"));
    }

    [Test]
    public void AWorldInOrderHasNoFinding()
    {
        using SoakFixture fixture = Create();
        Assert.That(new StateChecks(fixture).Run(isLast: true), Is.Empty);
    }

    [TestCaseSource(nameof(Violations))]
    public void WhatIsPlantedIsFound(object planted)
    {
        var violation = (Violation)planted;
        using SoakFixture fixture = Create();
        Action undo = violation.Plant(fixture);
        IReadOnlyList<SoakFinding> found = new StateChecks(fixture).Run(isLast: true);
        undo();
        Assert.That(found.Select(f => f.Text), Has.Some.Contains(violation.Expected));
    }

    private static SoakFixture Create()
    {
        var fixture = new SoakFixture(SoakPlans.Small()) { AllowsPoison = false };
        Write(fixture, Huge, fixture.Views[0].Write(Huge << DaxConstants.PageShift, DaxConstants.PageSize));
        Write(fixture, Small, fixture.Views[2].Write(Small << DaxConstants.PageShift, DaxConstants.PageSize));
        fixture.Views[2].Read(Hole << DaxConstants.PageShift, DaxConstants.PageSize);
        var bytes = new byte[DaxConstants.PageSize];
        Write(fixture, Unmapped, bytes);
        fixture.File.Write(bytes, Unmapped << DaxConstants.PageShift);
        return fixture;
    }

    private static void Write(SoakFixture fixture, long page, Span<byte> bytes)
    {
        PageStamp stamp = fixture.Stamps.Next(page, job: 0);
        stamp.Fill(bytes);
        fixture.Stamps.Set(PageSide.File, page, stamp);
    }

    private static Pfn BlockOf(SoakFixture fixture, long page) =>
        fixture.File.Extents.Find(new PageIndex(page), 1, ExtentIntent.Read).Source.PfnAt(new PageIndex(page));

    private static void Nothing()
    {
    }

    /// <summary>Something wrong: how it is made, how it is reported, and, as the result, how it is undone so that the fixture can be closed.</summary>
    private sealed record Violation(string Name, string Expected, Func<SoakFixture, Action> Plant)
    {
        public override string ToString() => Name;
    }
}
