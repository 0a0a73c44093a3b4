using System.Runtime.InteropServices;
using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Engines.Files;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Core;
using DaxEmu.Native.Cpu;
using HdrHistogram;
using NUnit.Framework;

namespace DaxEmu.Tests.Benchmark;

/// <summary>What fio's settings of a job do: mixes, distributions, passes, syncs and CPUs.</summary>
[NonParallelizable]
public sealed class JobSettingTests
{
    private const long SizeBytes = 4 << 20;
    private const int Draws = 40_000;
    private static readonly FaultCase Random = new(PageOrder.Pte, IsWrite: true, IsRandom: true, 1, FaultPhase.Refault, IsSeparate: false, SizeBytes);

    [TestCase(true)]
    [TestCase(false)]
    public void AMixReadsItsShareAndHasEachUnitOnce(bool isRandom)
    {
        UnitOrder order = UnitOrder.Share(Random with { IsRandom = isRandom, ReadPercent = 70 }, 1).Single();
        Assert.That(order.All().Order(), Is.EqualTo(Enumerable.Range(0, 1024)));
        Assert.That(order.All(), isRandom ? Is.Not.Ordered : Is.Ordered);
        Assert.That(order.ReadCount, Is.InRange(670, 770));
        Assert.That(UnitOrder.Share(Random with { ReadPercent = 100 }, 1).Single().ReadCount, Is.EqualTo(1024));
        Assert.That(UnitOrder.Share(Random with { ReadPercent = 0 }, 1).Single().ReadCount, Is.Zero);
    }

    [Test]
    public void AMixStoresWhereItWritesAndNowhereElseAndTimesBothApart()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(SizeBytes);
        using var engine = new EmulatedEngine(_ => device, WaitProfiles.Fixed);
        FaultCase load = Random with { Phase = FaultPhase.Access, ReadPercent = 70 };
        IReadOnlyList<UnitOrder> units = UnitOrder.Share(load, 1);
        IFaultJob job = engine.Start(load, units, out _)!.Single();
        var counts = new FaultCounts();
        job.RunPass(counts);
        long written = units[0].Count - units[0].ReadCount;
        ReadOnlySpan<long> words = MemoryMarshal.Cast<byte, long>(device.GetSpan(new Pfn(0), SizeBytes / DaxConstants.PageSize));
        Assert.That(words.Length - words.Count(0L), Is.EqualTo(written).Within(1), "the first word's value is 0");
        Assert.That(counts.Total, Is.EqualTo(units[0].Count));
        var reads = new LongHistogram(1, 10_000_000_000, 3);
        var writes = new LongHistogram(1, 10_000_000_000, 3);
        job.RunTimedPass(new FaultCounts(), reads, writes);
        Assert.That((reads.TotalCount, writes.TotalCount), Is.EqualTo((units[0].ReadCount, written)));
    }

    // How many of a hundred accesses go to the places in the first or most accessed part of so many percent.
    [TestCase("pareto:0.2", 20, 80, true)]
    [TestCase("zipf:1.1", 1, 48, true)]
    [TestCase("zoned:60/10:40/90", 10, 60, false)]
    [TestCase("normal:10", 50, 50, false)]
    public void ADistributionDrawsAsItsNameSays(string text, int places, int accesses, bool isOfTheMostAccessed)
    {
        const int Count = 1000;
        long[] drawn = [.. PlaceDistribution.Parse(text)!.Draw(Count, new Random(1)).Take(Draws)];
        Assert.That(drawn, Is.All.InRange(0, Count - 1));
        int[] times = [.. Enumerable.Range(0, Count).Select(place => drawn.Count(d => d == place))];
        IEnumerable<int> first = (isOfTheMostAccessed ? times.OrderDescending() : times.AsEnumerable()).Take(Count * places / 100);
        Assert.That(100.0 * first.Sum() / Draws, Is.EqualTo(accesses).Within(isOfTheMostAccessed ? 6 : 2));
        Assert.That(PlaceDistribution.Parse(text)!.Draw(Count, new Random(1)).Take(100), Is.EqualTo(drawn.Take(100)), "the same in every run");
    }

    [TestCase("zipf:0")]
    [TestCase("zipf:x")]
    [TestCase("pareto:1")]
    [TestCase("normal")]
    [TestCase("zoned:60/10:40/80")]
    [TestCase("zoned:60:40")]
    [TestCase("zoned:100/0:0/100")]
    [TestCase("gaussian:1")]
    [TestCase("random:1")]
    public void WhatIsNoDistributionIsRefused(string text) =>
        Assert.That(() => PlaceDistribution.Parse(text), Throws.TypeOf<FormatException>().With.Message.Contains($"'{text}'").And.Message.Contains("zipf:1.1"));

    [Test]
    public void AFaultOfADistributionIsTheFirstAccessOfAUnitAlone()
    {
        PlaceDistribution zipf = PlaceDistribution.Parse("zipf:1.1")!;
        Assert.That(UnitOrder.Share(Random with { Distribution = zipf }, 1).Single().All(), Is.Unique);
        UnitOrder accesses = UnitOrder.Share(Random with { Distribution = zipf, Phase = FaultPhase.Access }, 1).Single();
        Assert.That(accesses.Count, Is.EqualTo(UnitOrder.LargestPass));
        Assert.That(accesses.All().Distinct().Count(), Is.LessThan(accesses.Count));
    }

    [TestCase(1)]
    [TestCase(7)]
    public void LoopsAreThePassesOfAllRoundsTogether(int loops)
    {
        CaseResult result = Run(new BenchPlan
        {
            Engines = ["locked-radix"],
            Cases = [Random],
            SizeBytes = SizeBytes,
            Runtime = TimeSpan.FromDays(1),
            RampTime = TimeSpan.FromMilliseconds(1),
            Loops = loops,
            Seed = 1,
            Policy = WaitProfiles.Fixed,
        });
        Assert.That(result.Counts.Touches, Is.EqualTo(loops * SizeBytes / DaxConstants.PageSize));
    }

    [TestCase(0, 0)]
    [TestCase(8, 8)]
    [TestCase(63, 1)]
    public void AfterSoManyBlocksThereIsAnFsync(int interval, int syncs)
    {
        FaultCase load = Random with { Phase = FaultPhase.Pwrite, DataBytes = 65536, SyncInterval = interval };
        var job = new CountingJob(load, UnitOrder.Share(load, 1).Single());
        job.RunPass(new FaultCounts());
        Assert.That((job.Blocks, job.Syncs), Is.EqualTo((64, syncs)));
        job.RunTimedPass(new FaultCounts(), new LongHistogram(10_000_000_000, 3), new LongHistogram(10_000_000_000, 3));
        Assert.That((job.Blocks, job.Syncs), Is.EqualTo((128, 2 * syncs)));
    }

    [TestCase("emu", true)]
    [TestCase("kernel", true)]
    [TestCase("copy", false)]
    public void FilesAreSyncedAndAPlainCopyHasNoFsync(string name, bool isPossible)
    {
        using PmemDevice device = PmemDevice.CreateTemporary(SizeBytes, new PmemDeviceOptions { PreferHugePages = false });
        using FileEngine engine = name switch
        {
            "emu" => new EmulatedFileEngine(device),
            "kernel" => new HostFileEngine(device),
            _ => new CopyEngine(device),
        };
        FaultCase load = Random with { Phase = FaultPhase.Pwrite, DataBytes = 65536, SyncInterval = 4 };
        IReadOnlyList<IFaultJob>? jobs = engine.Start(load, UnitOrder.Share(load, 1), out string? refusal);
        Assert.That(jobs is not null, Is.EqualTo(isPossible), refusal);
        jobs?.Single().RunPass(new FaultCounts());
    }

    [Test]
    public void JobsStayOnTheCpusThatTheyAreGiven()
    {
        IReadOnlyList<int> allowed = Topology.AllowedCpus();
        Assert.That(CpusOfJobs(2, new CpuChoice([allowed[^1]], IsShared: false)), Is.EqualTo(new[] { $"{allowed[^1]}", $"{allowed[^1]}" }), "fewer CPUs than jobs");
        Assert.That(CpusOfJobs(1, new CpuChoice(allowed, IsShared: true)), Is.EqualTo(new[] { string.Join(',', allowed) }));
        Assert.That(CpusOfJobs(allowed.Count, new CpuChoice(allowed, IsShared: false)), Is.EqualTo(allowed.Select(c => $"{c}")), "one for each");
    }

    [TestCase("0-3,8", "0,1,2,3,8")]
    [TestCase("5", "5")]
    [TestCase("2,1,2", "1,2")]
    [TestCase("3-1", null)]
    [TestCase("", null)]
    [TestCase("0-", null)]
    [TestCase("8192", null)]
    [TestCase("1-2-3", null)]
    public void AListOfCpusIsReadAsTheKernelWritesIt(string text, string? cpus) => Assert.That(CpuList.TryParse(text), Is.EqualTo(cpus?.Split(',').Select(int.Parse)));

    [Test]
    public void TheCpusOfANodeAreThoseThatTheSystemNames()
    {
        Assert.That(Topology.NodeCpus(100_000), Is.Null);
        if (Directory.Exists("/sys/devices/system/node/node0"))
        {
            Assert.That(Topology.NodeCpus(0), Is.SupersetOf(Topology.AllowedCpus().Take(1)));
        }
    }

    private sealed class CountingJob(FaultCase load, UnitOrder units) : FaultJob<CountingStep>(load, units)
    {
        public int Blocks { get; set; }

        public int Syncs { get; private set; }

        protected override CountingStep Begin(FaultCounts counts, bool isWrite) => new(this);

        protected override void Sync() => Syncs++;
    }

    private readonly struct CountingStep(CountingJob job) : IFaultStep
    {
        public static bool AsksTheHost => false;

        public void Fault(long place) => job.Blocks++;

        public bool WasFault() => true;

        public void End(PageOrder order, long unitCount)
        {
        }
    }

    private static string[] CpusOfJobs(int count, CpuChoice choice)
    {
        using var team = new JobTeam(count, choice);
        string[] seen = new string[count];
        team.Run(job => seen[job] = string.Join(',', Topology.AllowedCpus()));
        return seen;
    }

    private static CaseResult Run(BenchPlan plan)
    {
        using var setup = new EngineSetup(plan);
        return new BenchRunner(plan, setup, (_, _) => { }, CancellationToken.None).Run().Single();
    }
}
