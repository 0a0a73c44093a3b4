using System.Text.Json.Nodes;
using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Benchmark.Reports;
using DaxEmu.Bench.Devices;
using DaxEmu.Core;
using DaxEmu.Tests.Support;
using HdrHistogram;
using NUnit.Framework;
using Spectre.Console;

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

    [Test]
    public void TheDistanceToTheFloorIsHowManyTimesItsTimeAnEngineNeeds()
    {
        BenchReport one = ReportOf(Narrow);
        BenchReport report = one with { Results = [one.Results[0] with { NsPerFaultRounds = [8] }, one.Results[0] with { Engine = "floor", NsPerFaultRounds = [5] }] };
        JsonNode jobs = JsonNode.Parse(FioJson.Write(report))!["jobs"]!;
        Assert.That(report.DistanceToFloor(report.Results[0]), Is.EqualTo(1.6));
        Assert.That((double)jobs[0]!["x_floor"]!, Is.EqualTo(1.6));
        Assert.That(jobs[1]!["x_floor"], Is.Null, "the floor itself has none");
        Assert.That(jobs[0]!["bw_bytes"], Is.Null);
    }

    [Test]
    public void ATableHasAColumnForTheFloorAndADashWhereThereIsNone()
    {
        BenchReport one = ReportOf(Narrow);
        CaseResult result = one.Results[0] with { NsPerFaultRounds = [0.25] };
        FaultCase blocks = Narrow with { Phase = FaultPhase.Pread, DataBytes = 65536 };
        BenchReport report = one with
        {
            Plan = one.Plan with { Engines = ["emu", "floor"] },
            Results = [result, result with { Engine = "floor", NsPerFaultRounds = [0.1] }, result with { Load = blocks, NsPerFaultRounds = [6553.6] }],
        };
        using var text = new StringWriter();
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 200;
        BenchTable.Write(report, console);
        string[] lines = text.ToString().Split('\n');
        string header = lines.Single(l => l.Contains("ns/unit", StringComparison.Ordinal));
        Assert.That(header, Does.Contain("x floor").And.Contain("GB/s"));
        Assert.That(Cell("4k randwrite refault, 4m, 1 job", "x floor"), Is.EqualTo("2.50"));
        Assert.That(Cell("4k randwrite refault, 4m, 1 job", "ns/unit"), Is.EqualTo("0.25"));
        Assert.That(Cell("4k randwrite refault, 4m, 1 job", "GB/s"), Is.EqualTo("-"));
        Assert.That(Cell("64k randwrite pread, 4m, 1 job", "x floor"), Is.EqualTo("-"));
        Assert.That(Cell("64k randwrite pread, 4m, 1 job", "GB/s"), Is.EqualTo("10.0"));
        Assert.That(Cell("64k randwrite pread, 4m, 1 job", "  B"), Is.EqualTo("0"));

        // Cells end where their column's header ends.
        string Cell(string load, string column)
        {
            int end = header.IndexOf(column, StringComparison.Ordinal) + column.Length;
            string line = lines.Single(l => l.Contains(load, StringComparison.Ordinal))[..end];
            return line[(line.LastIndexOf(' ') + 1)..];
        }
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
