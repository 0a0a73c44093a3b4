using System.Runtime.ExceptionServices;
using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Engines.Designs;
using DaxEmu.Core;
using NUnit.Framework;

namespace DaxEmu.Tests.Benchmark;

/// <summary>The designs beside the emulator's: each must be right before it may be slow or fast.</summary>
public sealed class DesignTests
{
    private const int Regions = 3;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Test]
    public void AFlatTableDoesWhatAModelDoes([Values(0, 9)] int order, [Range(1, 2)] int seed)
    {
        using var table = new FlatTable<NoCounts>(UnitsOf(order), order);
        RunModel(new FlatDesign<NoCounts>(table), order, seed, isExact: true, check: (_, unit, hasEntry) =>
            Assert.That(table.OwnerOf(unit), Is.EqualTo(hasEntry ? unit : null)));
    }

    [Test]
    public void ATableWithCountsCountsEachTranslation([Values(0, 9)] int order, [Range(1, 2)] int seed)
    {
        using var table = new FlatTable<ReferenceCounts>(UnitsOf(order), order);
        RunModel(new FlatDesign<ReferenceCounts>(table), order, seed, isExact: true, check: (areas, unit, hasEntry) =>
        {
            Assert.That(table.OwnerOf(unit), Is.EqualTo(hasEntry ? unit : null));
            Assert.That(table.ReferencesOf(unit), Is.EqualTo(areas.Count(area => FlatTable<ReferenceCounts>.Translate(area, unit, isWrite: false) is not null)));
        });
    }

    [Test]
    public void TablesOfTheFileShowWhatAModelShowsAndMore([Values(0, 9)] int order, [Range(1, 2)] int seed)
    {
        using var tables = new FileTables(UnitsOf(order), order);
        RunModel(new FileTablesDesign(tables), order, seed, isExact: order == 9, check: (_, _, _) => { });
    }

    [Test]
    public void AnAreaShowsTwoMebibytesAfterOneFaultAndDirtyAreAllOfThem()
    {
        using var tables = new FileTables(UnitsOf(0), 0);
        DesignArea area = tables.Map();
        int extent = 0;
        tables.Fault(area, 700, isWrite: false, ref extent);
        Assert.That(Shown(isWrite: false), Is.EqualTo(Enumerable.Range(512, 512)));
        Assert.That(tables.CountDirty(0, UnitsOf(0)), Is.Zero);
        tables.Fault(area, 701, isWrite: true, ref extent);
        Assert.That(Shown(isWrite: true), Is.EqualTo(Enumerable.Range(512, 512)));
        Assert.That(tables.CountDirty(0, UnitsOf(0)), Is.EqualTo(512));
        tables.Truncate(600, 1);
        Assert.That(Shown(isWrite: false), Is.Empty, "what is shared is shown by no area until it faults");
        tables.Fault(area, 601, isWrite: false, ref extent);
        Assert.That(Shown(isWrite: false), Is.EqualTo(Enumerable.Range(512, 512).Where(page => page != 600)));

        IEnumerable<int> Shown(bool isWrite) => Enumerable.Range(0, (int)UnitsOf(0)).Where(page => tables.Translate(area, page, isWrite) is not null);
    }

    [Test]
    public void ALockedWordIsWaitedForAndGivesItsValueToTheNext()
    {
        ulong[] words = [EntryWord.Present];
        Assert.That(EntryWord.Lock(ref words[0]), Is.EqualTo(EntryWord.Present));
        Assert.That(words[0] & EntryWord.Locked, Is.Not.Zero);
        Task<ulong> second = Task.Run(() => EntryWord.Lock(ref words[0]));
        Assert.That(second.Wait(20), Is.False, "two threads own the word");
        EntryWord.Unlock(ref words[0], EntryWord.Dirty);
        Assert.That(second.Wait(Limit));
        Assert.That(second.Result, Is.EqualTo(EntryWord.Dirty), "what its owner stored last");
    }

    [Test]
    public void NoEntryAndNoReferenceIsLostUnderConcurrency([Values("flat", "flat-refcount", "file-tables")] string name)
    {
        switch (name)
        {
            case "flat":
                RunConcurrently(new FlatDesign<NoCounts>(new FlatTable<NoCounts>(UnitsOf(0), 0)), (_, _) => { });
                break;
            case "flat-refcount":
                var table = new FlatTable<ReferenceCounts>(UnitsOf(0), 0);
                RunConcurrently(new FlatDesign<ReferenceCounts>(table), (areas, unit) => Assert.That(
                    table.ReferencesOf(unit), Is.EqualTo(areas.Count(area => FlatTable<ReferenceCounts>.Translate(area, unit, isWrite: false) is not null)), $"unit {unit}"));
                break;
            default:
                RunConcurrently(new FileTablesDesign(new FileTables(UnitsOf(0), 0)), (_, _) => { });
                break;
        }
    }

    [Test]
    public void PhasesOfDesignsDoWhatTheyAreNamedFor([Values("flat", "flat-refcount", "file-tables")] string name, [Values] PageOrder order)
    {
        switch (name)
        {
            case "flat":
                RunPhases(new DesignEngine<FlatDesign<NoCounts>>(name, (units, o) => new(new FlatTable<NoCounts>(units, o))), order);
                break;
            case "flat-refcount":
                RunPhases(new DesignEngine<FlatDesign<ReferenceCounts>>(name, (units, o) => new(new FlatTable<ReferenceCounts>(units, o))), order);
                break;
            default:
                RunPhases(new DesignEngine<FileTablesDesign>(name, (units, o) => new(new FileTables(units, o))), order);
                break;
        }
    }

    private static long UnitsOf(int order) => Regions << (9 - order);

    // Random operations of one thread. What the model shows is shown; nothing that leads elsewhere ever is. An exact design shows no more than the model.
    private static void RunModel<TDesign>(TDesign design, int order, int seed, bool isExact, Action<List<DesignArea>, long, bool> check)
        where TDesign : struct, IDesign =>
        WithinLimit(() => CompareWithModel(design, order, seed, isExact, check));

    private static void CompareWithModel<TDesign>(TDesign design, int order, int seed, bool isExact, Action<List<DesignArea>, long, bool> check)
        where TDesign : struct, IDesign
    {
        long units = UnitsOf(order);
        var areas = new List<DesignArea> { design.Map(), design.Map() };
        var shown = areas.ToDictionary(a => a, _ => new Dictionary<long, bool>());
        var entries = new Dictionary<long, bool>();
        var random = new Random(seed);
        int extent = 0;
        for (int step = 0; step < 800; step++)
        {
            DesignArea area = areas[random.Next(areas.Count)];
            long first = random.NextInt64(units);
            long count = random.NextInt64(1, Math.Min(units - first, random.Next(2) == 0 ? 4 : units) + 1);
            bool isWrite = random.Next(2) == 0;
            switch (random.Next(12))
            {
                case 0:
                    design.Zap(area, first, count);
                    Forget(shown[area], first, count);
                    break;
                case 1:
                    design.Truncate(first, count);
                    Forget(entries, first, count);
                    shown.Values.ToList().ForEach(s => Forget(s, first, count));
                    break;
                case 2 when areas.Count < 4:
                    areas.Add(design.Map());
                    shown.Add(areas[^1], []);
                    break;
                case 3 when areas.Count > 1:
                    design.Unmap(area);
                    areas.Remove(area);
                    shown.Remove(area);
                    continue;
                default:
                    design.Fault(area, first, isWrite, ref extent);
                    entries[first] = isWrite || entries.GetValueOrDefault(first);
                    shown[area][first] = isWrite || shown[area].GetValueOrDefault(first);
                    Assert.That(design.Translate(area, first, isWrite), Is.EqualTo(first << order), $"step {step}");
                    break;
            }

            long looked = step % 5 == 0 ? first : random.NextInt64(units);
            foreach (DesignArea each in areas)
            {
                long? place = design.Translate(each, looked, isWrite: false);
                bool isShown = shown[each].ContainsKey(looked);
                Assert.That(place, Is.AnyOf(null, looked << order), $"step {step}");
                Assert.That(!isExact || place is not null == isShown, $"step {step}, unit {looked}");
                Assert.That(!isExact || design.Translate(each, looked, isWrite: true) is not null == shown[each].GetValueOrDefault(looked), $"step {step}, unit {looked}");
            }

            long dirty = entries.Count(e => e.Value && e.Key >= first && e.Key < first + count);
            Assert.That(design.CountDirty(first, count), isExact ? Is.EqualTo(dirty) : Is.AtLeast(dirty), $"step {step}");
            check(areas, looked, entries.ContainsKey(looked));
        }

        design.Truncate(0, units);
        Assert.That(design.CountDirty(0, units), Is.Zero);
        Assert.That(areas.SelectMany(a => Enumerable.Range(0, (int)units).Select(u => design.Translate(a, u, isWrite: false))), Is.All.Null);
    }

    private static void Forget(Dictionary<long, bool> units, long first, long count)
    {
        foreach (long unit in units.Keys.Where(u => u >= first && u < first + count).ToArray())
        {
            units.Remove(unit);
        }
    }

    // Threads fault, zap and truncate; then all stop, and what is left must fit together. Then all fault everything: nothing may be missing.
    private static void RunConcurrently<TDesign>(TDesign design, Action<DesignArea[], long> check)
        where TDesign : struct, IDesign =>
        WithinLimit(() => Contend(design, check));

    private static void Contend<TDesign>(TDesign design, Action<DesignArea[], long> check)
        where TDesign : struct, IDesign
    {
        const int Threads = 4;
        const int Rounds = 300;
        long units = UnitsOf(0);
        long[] contested = [510, 511, 512, 513]; // on both sides of a 2 MiB boundary
        DesignArea[] areas = [design.Map(), design.Map()];
        using (design)
        {
            for (int round = 0; round < Rounds; round++)
            {
                int seed = round * Threads;
                Run(thread => Contest(new Random(seed + thread)));
                foreach (long unit in contested)
                {
                    check(areas, unit);
                    Assert.That(areas.Select(a => design.Translate(a, unit, isWrite: false)), Is.All.AnyOf(null, unit), $"round {round}");
                    bool isWritable = areas.Any(a => design.Translate(a, unit, isWrite: true) is not null);
                    Assert.That(isWritable && design.CountDirty(unit, 1) == 0, Is.False, $"round {round}: unit {unit} can be stored to, and no writeback would find it");
                }

                design.Truncate(contested[0], contested.Length);
                foreach (long unit in contested)
                {
                    check(areas, unit);
                    Assert.That(areas.Select(a => design.Translate(a, unit, isWrite: false)), Is.All.Null, $"round {round}: unit {unit} was truncated");
                }
            }

            Run(thread =>
            {
                int extent = 0;
                for (long unit = thread / 2; unit < units; unit += 2)
                {
                    design.Fault(areas[thread % 2], unit, isWrite: true, ref extent);
                }
            });
            Assert.That(design.CountDirty(0, units), Is.EqualTo(units));
        }

        void Contest(Random random)
        {
            int extent = 0;
            for (int step = 0; step < 300; step++)
            {
                long unit = contested[random.Next(contested.Length - 1)];
                DesignArea area = areas[random.Next(areas.Length)];
                switch (random.Next(8))
                {
                    case 0 or 1:
                        design.Zap(area, unit, 1 + random.Next(2));
                        break;
                    case 2:
                        design.Truncate(unit, 1 + random.Next(2));
                        break;
                    default:
                        design.Fault(area, unit, random.Next(2) == 0, ref extent);
                        break;
                }
            }
        }

        static void Run(Action<int> body) => Parallel.For(0, Threads, new ParallelOptions { MaxDegreeOfParallelism = Threads }, body);
    }

    // A lost reference would be waited for without end.
    private static void WithinLimit(Action action)
    {
        var run = Task.Run(action);
        try
        {
            Assert.That(run.Wait(Limit), $"it runs for {Limit.TotalSeconds:0} s and has not ended");
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.GetBaseException());
        }
    }

    private static void RunPhases<TDesign>(DesignEngine<TDesign> engine, PageOrder order)
        where TDesign : struct, IDesign
    {
        using (engine)
        {
            foreach ((FaultPhase phase, bool entries, bool isMapped) in new[]
                {
                    (FaultPhase.Refault, true, true), (FaultPhase.Insert, true, true), (FaultPhase.Populate, true, true), (FaultPhase.Zap, true, false),
                    (FaultPhase.Truncate, false, false), (FaultPhase.Scan, true, true), (FaultPhase.Remap, true, true),
                })
            {
                FaultCase load = new(order, IsWrite: true, IsRandom: false, 1, phase, IsSeparate: false, 4 << 20);
                IFaultJob job = engine.Start(load, UnitOrder.Share(load, 1), out _)!.Single();
                for (int pass = 0; pass < 2; pass++)
                {
                    engine.Reset(phase);
                    var counts = new FaultCounts();
                    job.RunPass(counts);
                    Assert.That(counts.Total, Is.EqualTo(load.SizeBytes / order.SizeBytes()));
                    foreach ((TDesign file, DesignArea area) in engine.Mappings.Concat(engine.SecondAreas))
                    {
                        Assert.That(file.CountDirty(0, counts.Total), Is.EqualTo(entries ? counts.Total : 0), $"{phase}");
                        long mapped = Enumerable.Range(0, (int)counts.Total).Count(unit => file.Translate(area, unit, isWrite: true) is not null);
                        Assert.That(mapped, Is.EqualTo(isMapped ? counts.Total : 0), $"{phase}");
                    }

                    Assert.That(engine.SecondAreas, Has.Count.EqualTo(phase == FaultPhase.Remap ? 1 : 0));
                }
            }
        }
    }
}
