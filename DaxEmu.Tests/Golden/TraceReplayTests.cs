using DaxEmu.Bench.Verification.Replay;
using DaxEmu.Core;
using DaxEmu.Core.Tracing;
using NUnit.Framework;

namespace DaxEmu.Tests.Golden;

/// <summary>A recorded fault stream of a real application, replayed on any number of threads.</summary>
public sealed class TraceReplayTests
{
    private const long Start = 0x7f0000000000;

    [Test]
    public void InRecordedOrderNearlyEveryFaultComesOutAsTheKernels()
    {
        TraceReplayReport report = TraceReplayer.Run(Recorded(), 1);
        Assert.That(report.FaultCount, Is.EqualTo(6000));
        Assert.That(report.Kernel.PmdServed, Is.Positive);
        Assert.That(report.Emulator.PteServed, Is.EqualTo(report.Kernel.PteServed));
        Assert.That(report.AgreeingCount, Is.GreaterThan(report.FaultCount * 98 / 100), string.Join('\n', report.Differences));
        Assert.That(report.FallbacksByReason.Values.Sum(), Is.EqualTo(report.Emulator.PmdFellBack), "every fallback has a reason");
    }

    [TestCase(2)]
    [TestCase(8)]
    [TestCase(null)]
    public void OnAnyNumberOfThreadsEveryFaultIsReplayedOnce(int? threadCount)
    {
        TraceReplayReport report = TraceReplayer.Run(Recorded(), threadCount);
        Assert.That(report.ThreadCount, Is.EqualTo(Math.Min(threadCount ?? int.MaxValue, report.RecordedThreadCount)), "no thread without a fault");
        TraceCounts ours = report.Emulator;
        Assert.That(ours.PmdServed + ours.PmdFellBack + ours.PteServed + ours.Other, Is.EqualTo(report.FaultCount));
        Assert.That(ours.PteServed, Is.EqualTo(report.Kernel.PteServed));
    }

    [Test]
    public void AFaultThatComesOutOtherwiseIsNamed()
    {
        RecordedFault[] faults =
        [
            Fault(PageOrder.Pmd, 7, Start, 3, 1024, FaultResult.Fallback),
            Fault(PageOrder.Pte, 7, Start, 600, 1024, FaultResult.Nopage),
            Fault(PageOrder.Pmd, 7, Start, 601, 1024, FaultResult.Nopage),
        ];
        TraceReplayReport report = TraceReplayer.Run(faults, 1);
        Assert.That(report.Emulator, Is.EqualTo(new TraceCounts(1, 1, 1, 0)));
        Assert.That(report.AgreeingCount, Is.EqualTo(1));
        Assert.That(report.Differences.Select(d => d.Reason), Has.One.Contains("2 MiB-aligned").And.One.Contains("4 KiB entry"));
    }

    [Test]
    public void AnInodeNumberThatCameToAnotherFileHasNoEntriesOfTheOldOne()
    {
        RecordedFault[] faults =
        [
            Fault(PageOrder.Pte, 7, Start, 3, 1024, FaultResult.Nopage),
            Fault(PageOrder.Pmd, 7, Start, 700, 1024, FaultResult.Nopage),
            Fault(PageOrder.Pmd, 7, Start + (1L << 36), 3, 600, FaultResult.Nopage),
        ];
        TraceReplayReport report = TraceReplayer.Run(faults, 1);
        Assert.That(report.Differences, Is.Empty);
        Assert.That((report.FileCount, report.AreaCount, report.AssumedAreaCount), Is.EqualTo((2, 2, 1)));
    }

    private static List<RecordedFault> Recorded()
    {
        using var reader = FtraceReader.Open(Path.Combine(AppContext.BaseDirectory, "Golden", "Data", "rocksdb-start.trace.gz"));
        return [.. new FtraceFaults(reader).ReadAll()];
    }

    private static RecordedFault Fault(PageOrder order, long ino, long vmStart, long page, long pageCount, FaultResult result)
    {
        bool isPmd = order == PageOrder.Pmd;
        var fields = new FaultEvent(
            ino,
            Shared: false,
            FaultFlags.UserAccess,
            vmStart + (page << DaxConstants.PageShift),
            isPmd ? vmStart : 0,
            isPmd ? vmStart + (pageCount << DaxConstants.PageShift) : 0,
            new PageIndex(page),
            new PageIndex(isPmd ? pageCount : 0));
        return new RecordedFault(new FtraceTask("t", 1), 0, default, default, default, order, fields, result);
    }
}
