using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Engines.Floor;
using DaxEmu.Bench.Benchmark.Engines.Radix;
using DaxEmu.Core;
using HdrHistogram;
using NUnit.Framework;

namespace DaxEmu.Tests.Benchmark;

/// <summary>A phase is what its name says: what a pass finds is there, what it is to do is done when it ends.</summary>
[NonParallelizable]
public sealed class RangePhaseTests
{
    private const long SizeBytes = 4 << 20;

    [Test]
    [Pairwise]
    public void TheEmulatorsPhasesDoWhatTheyAreNamedFor([Values] PageOrder order, [Values(1, 2)] int jobCount, [Values] bool isSeparate)
    {
        using PmemDevice device = PmemDevice.CreateInMemory(SizeBytes);
        using var engine = new EmulatedEngine(_ => device, WaitProfiles.Fixed);
        Assert.Multiple(() =>
        {
            Expect(FaultPhase.Populate, entries: true, isMapped: true, isDirty: true);
            Expect(FaultPhase.Zap, entries: true, isMapped: false, isDirty: true);
            Expect(FaultPhase.Truncate, entries: false, isMapped: false, isDirty: false);
            Expect(FaultPhase.Writeback, entries: true, isMapped: true, isDirty: false);
            Expect(FaultPhase.Insert, entries: true, isMapped: true, isDirty: true);
        });

        void Expect(FaultPhase phase, bool entries, bool isMapped, bool isDirty)
        {
            RunTwice(engine, LoadOf(phase, order, jobCount, isSeparate));
            Assert.That(engine.Mappings.Select(m => m.Entries.PresentPageCount > 0), Is.All.EqualTo(entries), $"{phase}: entries");
            Assert.That(engine.Mappings.Select(m => m.Entries.HasDirty()), Is.All.EqualTo(isDirty), $"{phase}: dirty");
            Assert.That(PagesOf(engine).Select(t => t.IsPresent), Is.All.EqualTo(isMapped), $"{phase}: translations");
        }
    }

    [Test]
    public void ASecondMappingOfTheEmulatorsShowsEveryPageAndGoesBeforeTheNextPass([Values] PageOrder order)
    {
        using PmemDevice device = PmemDevice.CreateInMemory(SizeBytes);
        using var engine = new EmulatedEngine(_ => device, WaitProfiles.Fixed);
        RunTwice(engine, LoadOf(FaultPhase.Remap, order));
        IReadOnlyList<VmArea> areas = engine.Mappings.Single().Areas;
        Assert.That(areas, Has.Count.EqualTo(2));
        Assert.That(PagesOf(engine).Select(t => t.IsPresent), Is.All.True);
    }

    [Test]
    public void AccessesOfTheEmulatorStoreToTheDevice([Values] PageOrder order, [Values] bool isRandom)
    {
        using PmemDevice device = PmemDevice.CreateInMemory(SizeBytes);
        using var engine = new EmulatedEngine(_ => device, WaitProfiles.Fixed);
        FaultCase load = LoadOf(FaultPhase.Access, order) with { IsRandom = isRandom };
        RunTwice(engine, load);
        ReadOnlySpan<byte> bytes = device.GetSpan(new Pfn(0), SizeBytes / DaxConstants.PageSize);
        long units = UnitOrder.Share(load, 1)[0].Count;
        Assert.That(units, Is.EqualTo(UnitOrder.LargestPass));
        for (long i = units - 1; !isRandom && i > 0; i -= 1001)
        {
            Assert.That(BitConverter.ToInt64(bytes[(int)(i * sizeof(long))..]), Is.EqualTo(i * sizeof(long)));
        }

        Assert.That(bytes.ContainsAnyExcept((byte)0));
    }

    [TestCase(true, 1)]
    [TestCase(true, 2)]
    [TestCase(false, 1)]
    public void AScanFindsWhatIsDirty(bool isWrite, int jobCount)
    {
        FaultCase load = LoadOf(FaultPhase.Scan, PageOrder.Pte, jobCount) with { IsWrite = isWrite };
        using PmemDevice device = PmemDevice.CreateInMemory(SizeBytes);
        using var emulated = new EmulatedEngine(_ => device, WaitProfiles.Fixed);
        using var radix = new LockedRadixEngine();
        using var floor = new FloorEngine(_ => device);
        RunTwice(emulated, load);
        RunTwice(radix, load);
        RunTwice(floor, load);
        long pages = isWrite ? SizeBytes / DaxConstants.PageSize : 0;
        Assert.That(emulated.FoundDirty, Is.EqualTo(pages));
        EntryTable table = emulated.Mappings.Single().Entries;
        Assert.That(Enumerable.Range(0, (int)(SizeBytes / DaxConstants.PageSize)).Count(p => table.IsTowrite(new PageIndex(p))), Is.EqualTo(pages));
        Assert.That(radix.Mappings.Single().CountDirty(0, SizeBytes / DaxConstants.PageSize), Is.EqualTo(pages));
        Assert.That(floor.Mappings.Single().CountDirty(0, SizeBytes / DaxConstants.PageSize), Is.EqualTo(pages));
    }

    [Test]
    public void TheTreesPhasesDoWhatTheyAreNamedFor([Values] PageOrder order)
    {
        using var engine = new LockedRadixEngine();
        long units = SizeBytes / order.SizeBytes();
        foreach ((FaultPhase phase, bool entries, bool isMapped) in new[]
            { (FaultPhase.Populate, true, true), (FaultPhase.Zap, true, false), (FaultPhase.Truncate, false, false) })
        {
            RunTwice(engine, LoadOf(phase, order));
            RadixMapping mapping = engine.Mappings.Single();
            for (long unit = 0; unit < units; unit++)
            {
                Assert.That(mapping.Contains(unit << (int)order), Is.EqualTo(entries), $"{phase}, unit {unit}");
                Assert.That(mapping.Translations[(int)unit] != 0, Is.EqualTo(isMapped), $"{phase}, unit {unit}");
            }
        }
    }

    [Test]
    public void TheHostsPhasesDoWhatTheyAreNamedFor()
    {
        using PmemDevice device = PmemDevice.CreateTemporary(SizeBytes, new PmemDeviceOptions { PreferHugePages = false });
        using var engine = new KernelEngine(device);
        const long Pages = SizeBytes / DaxConstants.PageSize;
        Assert.Multiple(() =>
        {
            RunTwice(engine, LoadOf(FaultPhase.Populate, PageOrder.Pte));
            Assert.That(FaultsOfAll(device), Is.LessThan(Pages / 50), "after a populate no access is a fault");
            RunTwice(engine, LoadOf(FaultPhase.Zap, PageOrder.Pte));
            Assert.That(FaultsOfAll(device), Is.EqualTo(Pages).Within(2).Percent, "after a zap each is");
            RunTwice(engine, LoadOf(FaultPhase.Writeback, PageOrder.Pte));
            Assert.That(device.GetSpan(new Pfn(1), 1)[0], Is.EqualTo(1));
            RunTwice(engine, LoadOf(FaultPhase.Truncate, PageOrder.Pte));
            Assert.That(device.GetSpan(new Pfn(1), 1)[0], Is.Zero, "what was punched reads as zeroes");
            RunTwice(engine, LoadOf(FaultPhase.Remap, PageOrder.Pte));
            Assert.That(device.GetSpan(new Pfn(1), 1)[0], Is.EqualTo(1), "accessed through the second mapping");
        });
    }

    [Test]
    public void TheFloorLeavesNoLockBehindAndNoTranslationOut([Values] PageOrder order, [Values] bool isInsert)
    {
        FaultPhase phase = isInsert ? FaultPhase.Insert : FaultPhase.Refault;
        using var engine = new FloorEngine(_ => throw new InvalidOperationException("no page is accessed"));
        FaultCase load = LoadOf(phase, order, jobCount: 2);
        IReadOnlyList<IFaultJob> jobs = engine.Start(load, UnitOrder.Share(load, 1), out _)!;
        for (int pass = 0; pass < 3; pass++)
        {
            engine.Reset(phase);
            Parallel.For(0, 2, job => jobs[job].RunPass(new FaultCounts()));
        }

        FloorMapping mapping = engine.Mappings.Single();
        Assert.That(mapping.Translations.ToArray(), Is.EqualTo(Enumerable.Range(0, (int)mapping.UnitCount).Select(u => ((ulong)u << 12) | 6)));
        Assert.That(mapping.CountDirty(0, mapping.UnitCount), Is.EqualTo(mapping.UnitCount));
        mapping.Truncate(1, mapping.UnitCount - 1);
        Assert.That(mapping.CountDirty(0, mapping.UnitCount), Is.EqualTo(1));
    }

    [Test]
    public void TwoThreadsOfTheFloorOnTheSameWordsKeepThemWhole()
    {
        using var mapping = new FloorMapping(1024);
        Parallel.For(0, 2, _ =>
        {
            FloorMapping.Words words = mapping.Arrays(isWrite: true);
            for (int i = 0; i < 200_000; i++)
            {
                words.Insert(i & 7);
            }
        });
        Assert.That(mapping.Translations[..8].ToArray(), Is.EqualTo(Enumerable.Range(0, 8).Select(u => ((ulong)u << 12) | 6)));
        Assert.That(mapping.CountDirty(0, 1024), Is.EqualTo(8));
    }

    private static FaultCase LoadOf(FaultPhase phase, PageOrder order, int jobCount = 1, bool isSeparate = false) =>
        new(order, IsWrite: true, IsRandom: false, jobCount, phase, isSeparate, SizeBytes);

    // By one call for all, and by timed calls; each finds what the phase is to find.
    private static void RunTwice(IFaultEngine engine, FaultCase load)
    {
        IReadOnlyList<UnitOrder> units = UnitOrder.Share(load, 1);
        IReadOnlyList<IFaultJob>? jobs = engine.Start(load, units, out string? refusal);
        Assert.That(refusal, Is.Null);
        var counts = new FaultCounts();
        var latencies = new LongHistogram(1, 10_000_000_000, 3);
        engine.Reset(load.Phase);
        foreach (IFaultJob job in jobs!)
        {
            job.RunTimedPass(counts, latencies, latencies);
        }

        engine.Reset(load.Phase);
        foreach (IFaultJob job in jobs)
        {
            job.RunPass(counts);
        }

        Assert.That(counts.Total, Is.EqualTo(2 * units.Sum(u => u.Count)));
        Assert.That(latencies.TotalCount, Is.Positive);
    }

    private static IEnumerable<Translation> PagesOf(EmulatedEngine engine) =>
        from mapping in engine.Mappings
        from area in mapping.Areas
        from page in Enumerable.Range(0, (int)area.PageCount)
        select area.TranslationOf(page);

    private static long FaultsOfAll(PmemDevice device)
    {
        long before = HostFaults.OfThisThread();
        for (long page = 0; page < SizeBytes / DaxConstants.PageSize; page++)
        {
            device.GetSpan(new Pfn(page), 1)[0] = 1;
        }

        return HostFaults.OfThisThread() - before;
    }
}
