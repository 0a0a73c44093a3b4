using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Benchmark.Reports;
using DaxEmu.Bench.Devices;
using DaxEmu.Core;
using DaxEmu.Tests.Support;
using HdrHistogram;
using NUnit.Framework;

namespace DaxEmu.Tests.Benchmark;

/// <summary>Reports: no case may hide another, and a disturbed machine is told.</summary>
public sealed class BenchReportTests
{
    private static readonly FaultCase Narrow = new(PageOrder.Pte, IsWrite: true, IsRandom: true, 1, FaultPhase.Refault, IsSeparate: false, 4 << 20);
    private static readonly FaultCase Wide = Narrow with { SizeBytes = 64L << 30 };

    [Test]
    public void CasesThatDifferOnlyInSizeGetAHistogramEach()
    {
        using var scratch = new ScratchDirectory();
        IReadOnlyList<string> files = HistogramFile.Write(ReportOf(Narrow, Wide), scratch["h.hgrm"]);
        Assert.That(files, Is.Unique);
        Assert.That(scratch.Names, Is.EquivalentTo(files.Select(Path.GetFileName)));
    }

    [Test]
    public void CasesThatDifferOnlyInSizeGetACurveEachWithItsName()
    {
        string[] titles = [.. ScalingCsv.Write(ReportOf(Narrow, Wide)).Split('\n').Where(l => l.StartsWith('#'))];
        Assert.That(titles, Has.Length.EqualTo(2).And.Unique);
        Assert.That(titles[0], Does.EndWith("4m"));
        Assert.That(titles[1], Does.EndWith("64g"));
    }

    [TestCase(1.0, true)]
    [TestCase(1.14, true)]
    [TestCase(0.88, true)]
    [TestCase(1.3, false)]
    [TestCase(0.75, false, Description = "the thread alone was disturbed, so the ratio says nothing")]
    [TestCase(double.NaN, false)]
    public void AControlCountsOnlyNearOne(double control, bool isGood) =>
        Assert.That(MachineControl.IsGood(control), Is.EqualTo(isGood));

    [Test]
    public void FreeMemoryIsReadFromTheKernelsText()
    {
        Assert.That(HostMemory.Parse(["MemTotal:       100 kB", "MemAvailable:   23642112 kB"]), Is.EqualTo(23642112L << 10));
        Assert.That(HostMemory.Parse(["MemTotal:       100 kB"]), Is.Null);
        Assert.That(HostMemory.Parse(["MemAvailable:"]), Is.Null);
        Assert.That(HostMemory.AvailableBytes(), Is.Positive);
    }

    private static BenchReport ReportOf(params FaultCase[] cases)
    {
        using var device = PmemDevice.CreateInMemory(4 << 20);
        return new BenchReport(PlanOf(cases), [.. cases.Select(ResultOf)], [])
        {
            Device = device.Capabilities,
            DeviceName = device.Name,
            TimerCostNs = 25,
        };
    }

    private static BenchPlan PlanOf(FaultCase[] cases) => new()
    {
        Engines = ["emu"],
        Cases = cases,
        SizeBytes = cases[0].SizeBytes,
        Runtime = TimeSpan.FromMilliseconds(1),
        RampTime = TimeSpan.FromMilliseconds(1),
        Seed = 1,
        Policy = WaitProfiles.Fixed,
    };

    private static CaseResult ResultOf(FaultCase load)
    {
        var latencies = new LongHistogram(1, 1000, 3);
        latencies.RecordValue(50);
        return new CaseResult("emu", load) { NsPerFaultRounds = [10], Latencies = latencies };
    }
}
