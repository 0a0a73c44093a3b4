using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Benchmark;

/// <summary>The framework's own views as an engine: what they access is the device, and the host counts their faults.</summary>
[NonParallelizable]
public sealed class MemoryMappedEngineTests
{
    private const long SizeBytes = 8 << 20;
    private const long Pages = SizeBytes / DaxConstants.PageSize;

    private static readonly FaultCase Load = new(PageOrder.Pte, IsWrite: true, IsRandom: false, 1, FaultPhase.Refault, IsSeparate: false, SizeBytes);

    [Test]
    public void EachAccessIsAFaultAndStoresToTheDevice([Values] bool bySpan, [Values] bool isRandom)
    {
        using var scratch = new ScratchDirectory();
        using PmemDevice device = PmemDevice.Create(scratch["device"], SizeBytes, new PmemDeviceOptions { PreferHugePages = false });
        using var engine = new MemoryMappedEngine(device, bySpan);
        FaultCase load = Load with { IsRandom = isRandom };
        IFaultJob job = engine.Start(load, UnitOrder.Share(load, 1), out _)!.Single();
        var counts = new FaultCounts();
        for (int pass = 0; pass < 3; pass++)
        {
            engine.Reset(FaultPhase.Refault);
            long before = HostFaults.OfThisThread();
            job.RunPass(counts);
            Assert.That(HostFaults.OfThisThread() - before, Is.EqualTo(Pages).Within(1).Percent);
        }

        Assert.That(counts.Touches, Is.EqualTo(3 * Pages));
        Assert.That(counts.IsFaultPerTouch);
        Assert.That(Enumerable.Range(0, (int)Pages).Select(page => device.GetSpan(new Pfn(page), 1)[0]), Is.All.EqualTo(1));
    }

    [Test]
    public void WhatIsRemovedIsFaultedInAnew([Values] bool bySpan)
    {
        using var scratch = new ScratchDirectory();
        using PmemDevice device = PmemDevice.Create(scratch["device"], SizeBytes, new PmemDeviceOptions { PreferHugePages = false });
        using var engine = new MemoryMappedEngine(device, bySpan);
        FaultCase load = Load with { Phase = FaultPhase.Insert };
        _ = engine.Start(load, UnitOrder.Share(load, 1), out _);
        device.GetSpan(new Pfn(3), 1)[0] = 9;
        engine.Reset(FaultPhase.Insert);
        Assert.That(device.GetSpan(new Pfn(3), 1)[0], Is.Zero);
    }

    [Test]
    public void SeparateJobsHaveViewsOfPartsThatDoNotOverlap([Values] bool bySpan)
    {
        using var scratch = new ScratchDirectory();
        using PmemDevice device = PmemDevice.Create(scratch["device"], SizeBytes, new PmemDeviceOptions { PreferHugePages = false });
        using var engine = new MemoryMappedEngine(device, bySpan);
        FaultCase load = Load with { JobCount = 2, IsSeparate = true };
        IReadOnlyList<IFaultJob> jobs = engine.Start(load, UnitOrder.Share(load, 1), out _)!;
        jobs[1].RunPass(new FaultCounts());
        Assert.That(device.GetSpan(new Pfn(0), 1)[0], Is.Zero);
        Assert.That(device.GetSpan(new Pfn(Pages / 2), 1)[0], Is.EqualTo(1));
    }

    [Test]
    public void TwoMegabyteFaultsAreRefusedWithTheReason()
    {
        using PmemDevice device = PmemDevice.CreateTemporary(SizeBytes, new PmemDeviceOptions { Sparse = true });
        using var engine = new MemoryMappedEngine(device, bySpan: false);
        FaultCase load = Load with { Order = PageOrder.Pmd };
        Assert.That(engine.Start(load, UnitOrder.Share(load, 1), out string? refusal), Is.Null);
        Assert.That(refusal, Does.Contain("2 MiB"));
    }
}
