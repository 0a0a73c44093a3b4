using DaxEmu.Core.Faults;
using DaxEmu.Core.Invalidation;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Core.Writeback;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Faults;

public sealed class FaultTests
{
    [Test]
    public void AFaultMapsTheDevicePageAndAWriteMakesItDirty([Values] bool isWrite, [Values(PageOrder.Pte, PageOrder.Pmd)] PageOrder order)
    {
        using var world = new FaultWorld();
        VmArea area = world.Map(order == PageOrder.Pte ? VmAreaKind.Shared | VmAreaKind.NoHugePage : VmAreaKind.Shared);
        for (int again = 0; again < 2; again++)
        {
            FaultOutcome outcome = order == PageOrder.Pte ? world.Pte(area, 700, isWrite) : world.Pmd(area, 700, isWrite);
            Assert.That(outcome, Is.EqualTo(FaultOutcome.Done));
            Translation translation = area.TranslationOf(700);
            Assert.That((translation.IsHuge, translation.IsWritable), Is.EqualTo((order == PageOrder.Pmd, isWrite)));
            Assert.That(translation.Pfn.Value, Is.EqualTo(512 + (order == PageOrder.Pmd ? 512 : 700)));
            Assert.That(world.Mapping.Entries[new PageIndex(700)].Entry.IsDirty, Is.EqualTo(isWrite));
            area.Table.Unmap(0, area.PageCount, keepCopies: false); // the second time, the entry is there
        }
    }

    [Test]
    public void EveryReasonToFallBackHasItsName()
    {
        using var world = new FaultWorld(sizeBytes: (FaultWorld.FilePages - 100) << DaxConstants.PageShift);
        Assert.That(world.Pmd(world.Map(lead: 3), 5).Reason, Is.EqualTo(FallbackReason.ColourMismatch));
        Assert.That(world.Pmd(world.Map(VmAreaKind.Private), 5, isWrite: true).Reason, Is.EqualTo(FallbackReason.PrivateWrite));
        Assert.That(world.Pmd(world.Map(first: 5, pageCount: 1000), 5).Reason, Is.EqualTo(FallbackReason.BeforeVma));
        Assert.That(world.Pmd(world.Map(pageCount: 100), 5).Reason, Is.EqualTo(FallbackReason.BehindVma));
        VmArea area = world.Map();
        Assert.That(world.Pmd(area, FaultWorld.FilePages - 200).Reason, Is.EqualTo(FallbackReason.BeyondEof));
        world.Pte(world.Map(VmAreaKind.Shared | VmAreaKind.NoHugePage), 9);
        Assert.That(world.Pmd(area, 5).Reason, Is.EqualTo(FallbackReason.EntryConflict));
        world.Device.PoisonList.Mark(new Pfn(512 + 1024 + 7));
        Assert.That(world.Pmd(area, 1030).Reason, Is.EqualTo(FallbackReason.Poison));
        world.Device.PoisonList.Clear(new Pfn(512 + 1024 + 7));
    }

    [Test]
    public void ADeviceThatIsNotAlignedGivesNoHugePages()
    {
        using var world = new FaultWorld(firstPfn: 100);
        VmArea area = world.Map();
        Assert.That(world.Pmd(area, 5).Reason, Is.EqualTo(FallbackReason.MisalignedPfn));
        Assert.That(world.Loop.Touch(area, 5, isWrite: true), Is.EqualTo(TouchResult.Mapped));
        Assert.That(area.TranslationOf(5).Pfn.Value, Is.EqualTo(105));
    }

    [Test]
    public void BeyondTheEndOfTheFileIsSigbus()
    {
        using var world = new FaultWorld(sizeBytes: 5000);
        VmArea area = world.Map();
        Assert.That(world.Loop.Touch(area, 1, isWrite: true), Is.EqualTo(TouchResult.Mapped));
        Assert.That(world.Loop.Touch(area, 2, isWrite: false), Is.EqualTo(TouchResult.Sigbus));
        Assert.That(world.Pmd(area, 512).Result, Is.EqualTo(FaultResult.Sigbus));
    }

    [Test]
    public void APoisonedPageIsToldAndTheOthersAreServed()
    {
        using var world = new FaultWorld();
        VmArea area = world.Map();
        world.Device.PoisonList.Mark(new Pfn(512 + 5));
        Assert.That(world.Loop.Touch(area, 5, isWrite: false), Is.EqualTo(TouchResult.Hwpoison));
        Assert.That(world.Loop.Touch(area, 6, isWrite: false), Is.EqualTo(TouchResult.Mapped));
        world.Device.PoisonList.Clear(new Pfn(512 + 5));
        Assert.That(world.Loop.Touch(area, 5, isWrite: false), Is.EqualTo(TouchResult.Mapped));
    }

    [Test]
    public void AWriteToAReadOnlyAreaIsRefused()
    {
        using var world = new FaultWorld();
        VmArea area = world.Map(VmAreaKind.Shared | VmAreaKind.ReadOnly);
        Assert.That(world.Loop.Touch(area, 5, isWrite: true), Is.EqualTo(TouchResult.Segv));
        Assert.That(world.Loop.Touch(area, 5, isWrite: false), Is.EqualTo(TouchResult.Mapped));
    }

    [Test]
    public void WritebackProtectsEveryVmaAndTheNextWriteFaultsAgain()
    {
        using var world = new FaultWorld();
        VmArea huge = world.Map();
        VmArea inner = world.Map(first: 100, pageCount: 300, lead: 7);
        world.Loop.Touch(huge, 5, isWrite: true);
        world.Loop.Touch(inner, 50, isWrite: true);
        Assert.That(inner.TranslationOf(50).IsWritable);
        WritebackOutcome outcome = WritebackPass.Run(world.Mapping, new PageRange(new PageIndex(200), 1));
        Assert.That(outcome, Is.EqualTo(new WritebackOutcome(1, 512, 0)), "a range in the middle of a PMD writes the whole back");
        Assert.That(huge.TranslationOf(5).IsWritable || inner.TranslationOf(50).IsWritable, Is.False, "also where a VMA maps only an inner part");
        Assert.That(world.Mapping.Entries[new PageIndex(5)].Entry.IsDirty, Is.False);
        world.Loop.Touch(inner, 50, isWrite: true);
        Assert.That(WritebackPass.Run(world.Mapping, PageRange.All).EntryCount, Is.EqualTo(1), "and the next write is the next pass's");
    }

    [Test]
    public void UnmappedPagesFaultAgainAndAGoneAreaSaysSo()
    {
        using var world = new FaultWorld();
        VmArea area = world.Map();
        world.Loop.Touch(area, 5, isWrite: true);
        area.Dispose();
        area.Dispose();
        Assert.That(() => world.Loop.Touch(area, 5, isWrite: true), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => world.Pte(area, 5), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void APageBeyondTheAreaIsMisuse()
    {
        using var world = new FaultWorld();
        VmArea area = world.Map(pageCount: 10);
        Assert.That(() => world.Pte(area, 10), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("10 pages"));
        Assert.That(() => world.Pte(area, -1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void InvalidateKeepsWhatIsDirty()
    {
        using var world = new FaultWorld();
        VmArea area = world.Map(VmAreaKind.Shared | VmAreaKind.NoHugePage);
        world.Loop.Touch(area, 1, isWrite: true);
        world.Loop.Touch(area, 2, isWrite: false);
        world.Mapping.Unmap(PageRange.All);
        Assert.That(Invalidator.InvalidateIfClean(world.Mapping, new PageIndex(1)), Is.EqualTo(InvalidateOutcome.Kept));
        Assert.That(Invalidator.InvalidateIfClean(world.Mapping, new PageIndex(2)), Is.EqualTo(InvalidateOutcome.Removed));
        Assert.That(Invalidator.InvalidateIfClean(world.Mapping, new PageIndex(2)), Is.EqualTo(InvalidateOutcome.Absent));
        Assert.That(Invalidator.Delete(world.Mapping, new PageIndex(1)), Is.EqualTo(InvalidateOutcome.Removed));
    }

    [Test]
    public void ARefaultAllocatesNothing([Values(PageOrder.Pte, PageOrder.Pmd)] PageOrder order)
    {
        using var world = new FaultWorld();
        VmArea area = world.Map(order == PageOrder.Pte ? VmAreaKind.Shared | VmAreaKind.NoHugePage : VmAreaKind.Shared);
        FaultAll(world, area, order);
        long before = GC.GetAllocatedBytesForCurrentThread();
        FaultAll(world, area, order);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    [CancelAfter(60_000)]
    public void TruncateKeepsFaultsOut()
    {
        // Faults on many threads against a writer that empties the table: no entry may come back while he is inside.
        using var world = new FaultWorld();
        VmArea area = world.Map();
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(700));
        Thread[] threads = [.. Enumerable.Range(1, 6).Select(seed => new Thread(() => FaultAtRandom(world, area, seed, stop.Token)))];
        Array.ForEach(threads, t => t.Start());
        int rounds = 0;
        var left = new List<string>();
        while (!stop.IsCancellationRequested)
        {
            world.Mapping.InvalidateLock.EnterWrite();
            world.Mapping.Unmap(PageRange.All);
            Invalidator.DeleteRange(world.Mapping, PageRange.All);
            Thread.SpinWait(2000);
            string dump = world.Mapping.Entries.Dump();
            world.Mapping.InvalidateLock.ExitWrite();
            if (dump.Length > 0)
            {
                left.Add(dump);
            }

            rounds++;
        }

        Array.ForEach(threads, t => t.Join());
        Assert.That(left, Is.Empty);
        Assert.That(rounds, Is.GreaterThan(20));
    }

    private static void FaultAtRandom(FaultWorld world, VmArea area, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        while (!stop.IsCancellationRequested)
        {
            world.Loop.Touch(area, random.Next((int)FaultWorld.FilePages), random.Next(2) == 0);
        }
    }

    private static void FaultAll(FaultWorld world, VmArea area, PageOrder order)
    {
        for (long page = 0; page < area.PageCount; page += order.PageCount())
        {
            FaultOutcome outcome = world.Handler.Fault(area, page, FaultFlags.Write, order);
            if (outcome.Result != FaultResult.Nopage)
            {
                Assert.Fail(outcome.ToString());
            }
        }
    }
}
