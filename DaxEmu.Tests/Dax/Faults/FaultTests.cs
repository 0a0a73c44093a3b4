using DaxEmu.Core;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Core.Dax.Invalidation;
using DaxEmu.Core.Dax.Writeback;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Faults;

public sealed class FaultTests
{
    [Test]
    public void AFaultMapsTheDevicePageAndAWriteMakesItDirty([Values] bool isWrite, [Values(PageOrder.Pte, PageOrder.Pmd)] PageOrder order)
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map(order == PageOrder.Pte ? MapMode.Shared | MapMode.NoHugePage : MapMode.Shared);
        for (int again = 0; again < 2; again++)
        {
            FaultOutcome outcome = order == PageOrder.Pte ? fixture.Pte(area, 700, isWrite) : fixture.Pmd(area, 700, isWrite);
            Assert.That(outcome, Is.EqualTo(FaultOutcome.Done));
            Translation translation = area.TranslationOf(700);
            Assert.That((translation.IsHuge, translation.IsWritable), Is.EqualTo((order == PageOrder.Pmd, isWrite)));
            Assert.That(translation.Pfn.Value, Is.EqualTo(512 + (order == PageOrder.Pmd ? 512 : 700)));
            Assert.That(fixture.Mapping.Entries[new PageIndex(700)].Entry.IsDirty, Is.EqualTo(isWrite));
            area.Table.Unmap(0, area.PageCount, keepCopies: false); // the second time, the entry is there
        }
    }

    [Test]
    public void TheShortWayOf2MiBIsOpenWhereNoReasonStandsAgainstIt(
        [Values(0, 5, 512, 517)] int first, [Values(null, 0, 3)] int? lead, [Values(100, 511, 512, 1000, 1024, 1300)] int pageCount, [Values] bool isProtected)
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Mapping.Map(new PageIndex(first), pageCount, MapMode.Shared, lead);
        if (isProtected)
        {
            area.Protect(pageCount / 2, 1, isReadOnly: true);
        }

        for (int page = 0; page < pageCount; page++)
        {
            FallbackReason reason = PmdEligibility.Check(area, page, area.IndexOf(page).PmdStart, isWrite: false, fixture.Mapping.SizeBytes);
            bool isOpen = area.HoldsHuge(page);
            if (isOpen != (reason == FallbackReason.None && !isProtected))
            {
                Assert.Fail($"page {page}: {reason}, and the short way is {(isOpen ? "open" : "closed")}");
            }
        }
    }

    [Test]
    public void EveryReasonToFallBackHasItsName()
    {
        using var fixture = new FaultFixture(sizeBytes: (FaultFixture.FilePages - 100) << DaxConstants.PageShift);
        Assert.That(fixture.Pmd(fixture.Map(lead: 3), 5).Reason, Is.EqualTo(FallbackReason.ColourMismatch));
        Assert.That(fixture.Pmd(fixture.Map(MapMode.Private), 5, isWrite: true).Reason, Is.EqualTo(FallbackReason.PrivateWrite));
        Assert.That(fixture.Pmd(fixture.Map(first: 5, pageCount: 1000), 5).Reason, Is.EqualTo(FallbackReason.BeforeVma));
        Assert.That(fixture.Pmd(fixture.Map(pageCount: 100), 5).Reason, Is.EqualTo(FallbackReason.BehindVma));
        VmArea area = fixture.Map();
        Assert.That(fixture.Pmd(area, FaultFixture.FilePages - 200).Reason, Is.EqualTo(FallbackReason.BeyondEof));
        fixture.Pte(fixture.Map(MapMode.Shared | MapMode.NoHugePage), 9);
        Assert.That(fixture.Pmd(area, 5).Reason, Is.EqualTo(FallbackReason.EntryConflict));
        fixture.Device.PoisonList.Mark(new Pfn(512 + 1024 + 7));
        Assert.That(fixture.Pmd(area, 1030).Reason, Is.EqualTo(FallbackReason.Poison));
        fixture.Device.PoisonList.Clear(new Pfn(512 + 1024 + 7));
    }

    [Test]
    public void ADeviceThatIsNotAlignedGivesNoHugePages()
    {
        using var fixture = new FaultFixture(firstPfn: 100);
        VmArea area = fixture.Map();
        Assert.That(fixture.Pmd(area, 5).Reason, Is.EqualTo(FallbackReason.MisalignedPfn));
        Assert.That(fixture.Loop.Access(area, 5, isWrite: true), Is.EqualTo(IoError.None));
        Assert.That(area.TranslationOf(5).Pfn.Value, Is.EqualTo(105));
    }

    [Test]
    public void BeyondTheEndOfTheFileIsSigbus()
    {
        using var fixture = new FaultFixture(sizeBytes: 5000);
        VmArea area = fixture.Map();
        Assert.That(fixture.Loop.Access(area, 1, isWrite: true), Is.EqualTo(IoError.None));
        Assert.That(fixture.Loop.Access(area, 2, isWrite: false), Is.EqualTo(IoError.BeyondEof));
        Assert.That(fixture.Pmd(area, 512).Result, Is.EqualTo(FaultResult.Sigbus));
    }

    [Test]
    public void APoisonedPageIsToldAndTheOthersAreServed()
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map();
        fixture.Device.PoisonList.Mark(new Pfn(512 + 5));
        Assert.That(fixture.Loop.Access(area, 5, isWrite: false), Is.EqualTo(IoError.Poison));
        Assert.That(fixture.Loop.Access(area, 6, isWrite: false), Is.EqualTo(IoError.None));
        fixture.Device.PoisonList.Clear(new Pfn(512 + 5));
        Assert.That(fixture.Loop.Access(area, 5, isWrite: false), Is.EqualTo(IoError.None));
    }

    [Test]
    public void AWriteToAReadOnlyAreaIsRefused()
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map(MapMode.Shared | MapMode.ReadOnly);
        Assert.That(fixture.Loop.Access(area, 5, isWrite: true), Is.EqualTo(IoError.ReadOnly));
        Assert.That(fixture.Loop.Access(area, 5, isWrite: false), Is.EqualTo(IoError.None));
    }

    [Test]
    public void WritebackProtectsEveryVmaAndTheNextWriteFaultsAgain()
    {
        using var fixture = new FaultFixture();
        VmArea huge = fixture.Map();
        VmArea inner = fixture.Map(first: 100, pageCount: 300, lead: 7);
        fixture.Loop.Access(huge, 5, isWrite: true);
        fixture.Loop.Access(inner, 50, isWrite: true);
        Assert.That(inner.TranslationOf(50).IsWritable);
        WritebackOutcome outcome = WritebackPass.Run(fixture.Mapping, new PageRange(new PageIndex(200), 1));
        Assert.That(outcome, Is.EqualTo(new WritebackOutcome(1, 512, 0)), "a range in the middle of a PMD writes the whole back");
        Assert.That(huge.TranslationOf(5).IsWritable || inner.TranslationOf(50).IsWritable, Is.False, "also where a VMA maps only an inner part");
        Assert.That(fixture.Mapping.Entries[new PageIndex(5)].Entry.IsDirty, Is.False);
        fixture.Loop.Access(inner, 50, isWrite: true);
        Assert.That(WritebackPass.Run(fixture.Mapping, PageRange.All).EntryCount, Is.EqualTo(1), "and the next write is the next pass's");
    }

    [Test]
    public void UnmappedPagesFaultAgainAndAGoneAreaSaysSo()
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map();
        fixture.Loop.Access(area, 5, isWrite: true);
        area.Dispose();
        area.Dispose();
        Assert.That(() => fixture.Loop.Access(area, 5, isWrite: true), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => fixture.Pte(area, 5), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void APageBeyondTheAreaIsMisuse()
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map(pageCount: 10);
        Assert.That(() => fixture.Pte(area, 10), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("10 pages"));
        Assert.That(() => fixture.Pte(area, -1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void InvalidateKeepsWhatIsDirty()
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map(MapMode.Shared | MapMode.NoHugePage);
        fixture.Loop.Access(area, 1, isWrite: true);
        fixture.Loop.Access(area, 2, isWrite: false);
        fixture.Mapping.Unmap(PageRange.All);
        Assert.That(Invalidator.InvalidateIfClean(fixture.Mapping, new PageIndex(1)), Is.EqualTo(InvalidateOutcome.Kept));
        Assert.That(Invalidator.InvalidateIfClean(fixture.Mapping, new PageIndex(2)), Is.EqualTo(InvalidateOutcome.Removed));
        Assert.That(Invalidator.InvalidateIfClean(fixture.Mapping, new PageIndex(2)), Is.EqualTo(InvalidateOutcome.Absent));
        Assert.That(Invalidator.Delete(fixture.Mapping, new PageIndex(1)), Is.EqualTo(InvalidateOutcome.Removed));
    }

    [Test]
    public void ARefaultAllocatesNothing([Values(PageOrder.Pte, PageOrder.Pmd)] PageOrder order)
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map(order == PageOrder.Pte ? MapMode.Shared | MapMode.NoHugePage : MapMode.Shared);
        FaultAll(fixture, area, order);
        long before = GC.GetAllocatedBytesForCurrentThread();
        FaultAll(fixture, area, order);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    [Test]
    [CancelAfter(60_000)]
    public void TruncateKeepsFaultsOut()
    {
        // Faults on many threads against a writer that empties the table: no entry may come back while he is inside.
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map();
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(700));
        Thread[] threads = [.. Enumerable.Range(1, 6).Select(seed => new Thread(() => FaultAtRandom(fixture, area, seed, stop.Token)))];
        Array.ForEach(threads, t => t.Start());
        int rounds = 0;
        var left = new List<string>();
        while (!stop.IsCancellationRequested)
        {
            fixture.Mapping.InvalidateLock.EnterWrite();
            fixture.Mapping.Unmap(PageRange.All);
            Invalidator.DeleteRange(fixture.Mapping, PageRange.All);
            Thread.SpinWait(2000);
            string dump = fixture.Mapping.Entries.Dump();
            fixture.Mapping.InvalidateLock.ExitWrite();
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

    private static void FaultAtRandom(FaultFixture fixture, VmArea area, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        while (!stop.IsCancellationRequested)
        {
            fixture.Loop.Access(area, random.Next((int)FaultFixture.FilePages), random.Next(2) == 0);
        }
    }

    private static void FaultAll(FaultFixture fixture, VmArea area, PageOrder order)
    {
        for (long page = 0; page < area.PageCount; page += order.PageCount())
        {
            FaultOutcome outcome = fixture.Handler.Fault(area, page, FaultFlags.Write, order);
            if (outcome.Result != FaultResult.Nopage)
            {
                Assert.Fail(outcome.ToString());
            }
        }
    }
}
