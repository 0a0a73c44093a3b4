using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Core;
using DaxEmu.Native.Libc;
using DaxEmu.Tests.Support;
using HdrHistogram;
using NUnit.Framework;

namespace DaxEmu.Tests.Benchmark;

/// <summary>The host's faults are counted by the host: as many are claimed as there were.</summary>
[NonParallelizable]
public sealed class KernelEngineTests
{
    private const long SizeBytes = 8 << 20;
    private const long Pages = SizeBytes / DaxConstants.PageSize;

    [TestCase(true)]
    [TestCase(false)]
    public void OnTmpfsEachTouchIsAFaultAndOnADiskFileAsManyAsTheHostSays(bool isInMemory)
    {
        using var scratch = new ScratchDirectory(isInMemory ? null : Path.GetTempPath());
        using PmemDevice device = PmemDevice.Create(scratch["device"], SizeBytes, new PmemDeviceOptions { PreferHugePages = false });
        device.GetSpan(new Pfn(0), Pages).Fill(1);
        using var engine = new KernelEngine(device);
        var load = new FaultCase(PageOrder.Pte, IsWrite: true, IsRandom: false, 1, FaultPhase.Refault, IsSeparate: false, SizeBytes);
        IFaultJob job = engine.Start(load, UnitOrder.Share(load, 1), out _)!.Single();
        var counts = new FaultCounts();
        long before = Faults();
        for (int pass = 0; pass < 4; pass++)
        {
            engine.Reset(FaultPhase.Refault);
            job.RunPass(counts);
        }

        long faults = Faults() - before;
        Assert.That(counts.Touches, Is.EqualTo(4 * Pages));
        Assert.That(counts.Total, Is.EqualTo(faults).Within(1).Percent);
        Assert.That(counts.Total, Is.Positive.And.AtMost(counts.Touches + 8));
        if (isInMemory)
        {
            Assert.That(counts.IsFaultPerTouch);
        }

        engine.Reset(FaultPhase.Refault);
        var latencies = new LongHistogram(1, 10_000_000_000, 3);
        var timed = new FaultCounts();
        job.RunTimedPass(timed, latencies, latencies);
        Assert.That(latencies.TotalCount, Is.EqualTo(timed.Total).Within(1).Percent, "a touch that was no fault has no latency of one");
    }

    [Test]
    public void TouchesWithoutAFaultAreNotCounted()
    {
        using var scratch = new ScratchDirectory();
        using PmemDevice device = PmemDevice.Create(scratch["device"], SizeBytes, new PmemDeviceOptions { PreferHugePages = false });
        using var engine = new KernelEngine(device);
        var load = new FaultCase(PageOrder.Pte, IsWrite: true, IsRandom: true, 1, FaultPhase.Refault, IsSeparate: false, SizeBytes);
        IFaultJob job = engine.Start(load, UnitOrder.Share(load, 1), out _)!.Single();
        job.RunPass(new FaultCounts());
        var again = new FaultCounts();
        job.RunPass(again); // nothing was taken away in between
        Assert.That(again.Touches, Is.EqualTo(Pages));
        Assert.That(again.Total, Is.LessThan(Pages / 100));
        Assert.That(again.IsFaultPerTouch, Is.False);
    }

    private static long Faults()
    {
        (long minor, long major) = FaultCounter.OfThisThread();
        return minor + major;
    }
}
