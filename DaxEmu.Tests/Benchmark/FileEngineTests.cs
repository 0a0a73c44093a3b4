using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Engines.Files;
using DaxEmu.Core;
using NUnit.Framework;

namespace DaxEmu.Tests.Benchmark;

/// <summary>Engines that read and write files move the bytes that they say, between the same places.</summary>
[NonParallelizable]
public sealed class FileEngineTests
{
    private const long SizeBytes = 4 << 20;

    [Test]
    [Pairwise]
    public void AWritePassFillsTheFilesAndAReadPassTheBuffers(
        [Values("emu", "kernel", "copy")] string name, [Values(65536, 5000)] int blockBytes, [Values] bool isRandom, [Values] bool isSeparate)
    {
        using PmemDevice device = PmemDevice.CreateTemporary(SizeBytes, new PmemDeviceOptions { PreferHugePages = false });
        using FileEngine engine = name switch
        {
            "emu" => new EmulatedFileEngine(device),
            "kernel" => new HostFileEngine(device),
            _ => new CopyEngine(device),
        };
        FaultCase load = new(PageOrder.Pte, IsWrite: false, isRandom, 2, FaultPhase.Pread, isSeparate, SizeBytes) { DataBytes = blockBytes };
        FaultCounts read = Run(engine, load);
        Assert.That(engine.Buffers.Select(b => b.Span.ContainsAnyExcept(FileEngine.FileByte)), Is.All.False, "read");
        FaultCounts written = Run(engine, load with { IsWrite = true, Phase = FaultPhase.Pwrite });
        IReadOnlyList<UnitOrder> units = UnitOrder.Share(load, 1);
        Assert.That(read.Total, Is.EqualTo(units.Sum(u => u.Count)));
        Assert.That(written.Total, Is.EqualTo(read.Total));
        ReadOnlySpan<byte> all = device.GetSpan(new Pfn(0), SizeBytes / DaxConstants.PageSize);
        Assert.That(all.Count(BlockBuffer.Content), Is.EqualTo(read.Total * blockBytes), "written");
        Assert.That(all.Count(FileEngine.FileByte), Is.EqualTo(SizeBytes - (read.Total * blockBytes)), "and nothing else");
    }

    [Test]
    public void ADeviceWithoutAFileIsRefusedByTheHost()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(SizeBytes);
        using var engine = new HostFileEngine(device);
        FaultCase load = new(PageOrder.Pte, IsWrite: false, IsRandom: false, 1, FaultPhase.Pread, IsSeparate: false, SizeBytes) { DataBytes = 4096 };
        Assert.That(engine.Start(load, UnitOrder.Share(load, 1), out string? refusal), Is.Null);
        Assert.That(refusal, Does.Contain("no file"));
    }

    private static FaultCounts Run(FileEngine engine, FaultCase load)
    {
        IReadOnlyList<IFaultJob> jobs = engine.Start(load, UnitOrder.Share(load, 1), out _)!;
        var counts = new FaultCounts();
        foreach (IFaultJob job in jobs)
        {
            job.RunPass(counts);
        }

        return counts;
    }
}
