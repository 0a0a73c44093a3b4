using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Engines.Fio;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Core;
using DaxEmu.Native;
using DaxEmu.Tests.Support;
using HdrHistogram;
using NUnit.Framework;

namespace DaxEmu.Tests.Benchmark;

/// <summary>fio as an engine: what it is asked, what is read of its answer, what is said where it is not installed.</summary>
public sealed class FioTests
{
    private const string Output = """
        note: both iodepth >= 1 and synchronous I/O engine are selected
        {"fio version":"fio-3.33","jobs":[{"jobname":"daxemu","error":0,
         "read":{"iops":0.0,"runtime":0,"total_ios":0,"clat_ns":{"min":0}},
         "write":{"iops":2000000.5,"runtime":200,"total_ios":400000,"clat_ns":{"min":80,"bins":{"80":399990,"20083223":10}}}}]}
        """;

    private static readonly FaultCase Load = new(PageOrder.Pte, IsWrite: true, IsRandom: true, 2, FaultPhase.Pwrite, IsSeparate: false, 16 << 20) { DataBytes = 3 << 20 };

    [Test]
    public void TheFiguresAndEachLatencyAreRead()
    {
        var figures = FioFigures.Parse(Output, isWrite: true);
        Assert.That((figures.Iops, figures.TotalIos, figures.Seconds), Is.EqualTo((2000000.5, 400000L, 0.2)));
        var histogram = new LongHistogram(1, 10_000_000_000, 3);
        figures.AddTo(histogram);
        Assert.That(histogram.TotalCount, Is.EqualTo(400000));
        Assert.That(histogram.GetValueAtPercentile(50), Is.EqualTo(80));
        Assert.That(histogram.GetValueAtPercentile(99.999), Is.EqualTo(20083223).Within(1).Percent);
    }

    [TestCase("", "fio 3")]
    [TestCase("fio: unrecognized option", "fio 3")]
    [TestCase("{\"jobs\":[]}", "fio 3")]
    [TestCase("{\"jobs\":[{\"error\":0,\"write\":{\"iops\":1}}]}", "fio 3")]
    [TestCase("{\"jobs\":[{\"error\":28}]}", "error 28")]
    public void WhatIsNoResultIsRefused(string output, string message) =>
        Assert.That(() => FioFigures.Parse(output, isWrite: true), Throws.TypeOf<DaxEnvironmentException>().With.Message.Contains(message));

    [TestCase(false, "6291456", "8388608", Description = "two blocks of 3m in a slice of 8m")]
    [TestCase(true, "6291456", "8388608")]
    public void EachJobHasASliceOfWholeBlocks(bool isSeparate, string size, string next)
    {
        IReadOnlyList<string> arguments = FioProgram.Arguments(Load with { IsSeparate = isSeparate }, "/proc/1/fd/3", 7, TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(1));
        Assert.That(arguments, Does.Contain("--ioengine=mmap").And.Contain("--rw=randwrite").And.Contain("--bs=3145728").And.Contain("--numjobs=2")
            .And.Contain($"--size={size}").And.Contain($"--offset_increment={next}").And.Contain("--ramp_time=300ms").And.Contain("--runtime=1000ms")
            .And.Contain("--randseed=7"));
    }

    [Test]
    public void AProgramReachesTheFileThatHasNoNameAndItsAnswerBecomesARound()
    {
        using var scratch = new ScratchDirectory();
        string path = Script(scratch, $"#!/bin/sh\nfor a; do case $a in --filename=*) echo found >\"${{a#*=}}\";; esac; done\ncat <<'E'\n{Output}\nE\n");
        using PmemDevice device = PmemDevice.CreateTemporary(4 << 20, new PmemDeviceOptions { Sparse = true });
        var run = new FioRun(new FioProgram(path, device, 1, CancellationToken.None), Load);
        Assert.That(run.HasFigures, Is.False);
        run.Measure(TimeSpan.FromMilliseconds(1));
        CaseResult result = run.ToResult(Load, 1, measuresLatencies: true);
        Assert.That(run.HasFigures);
        Assert.That(result.NsPerFault, Is.EqualTo(2 * 1e9 / 2000000.5));
        Assert.That(result.Counts.Total, Is.EqualTo(400000));
        Assert.That(device.GetSpan(new Pfn(0), 1).StartsWith("found"u8), "it opened the device's own file");
    }

    [Test]
    public void AProgramThatFailsIsToldWithItsWords()
    {
        using var scratch = new ScratchDirectory();
        string path = Script(scratch, "#!/bin/sh\necho no such engine >&2\nexit 1\n");
        using PmemDevice device = PmemDevice.CreateTemporary(4 << 20, new PmemDeviceOptions { Sparse = true });
        Assert.That(
            () => new FioProgram(path, device, 1, CancellationToken.None).Run(Load, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1)),
            Throws.TypeOf<DaxEnvironmentException>().With.Message.Contains("ended with 1").And.Message.Contains("no such engine"));
    }

    [Test]
    public void ItIsLookedForInThePathAndItsPackageIsNamedWhereItIsMissing()
    {
        using var scratch = new ScratchDirectory();
        Assert.That(FioProgram.Find($"/nowhere::{scratch.Directory}"), Is.Null);
        Assert.That(FioProgram.Find(null), Is.Null);
        File.WriteAllText(scratch["fio"], string.Empty);
        Assert.That(FioProgram.Find($"/nowhere::{scratch.Directory}"), Is.EqualTo(scratch["fio"]));
        Assert.That(FioProgram.Missing, Does.Contain("package fio"));
    }

    private static string Script(ScratchDirectory scratch, string text)
    {
        string path = scratch["fio"];
#pragma warning disable CA1416 // The project runs on Linux alone.
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute };
#pragma warning restore CA1416
        using var writer = new StreamWriter(path, options);
        writer.Write(text);
        return path;
    }
}
