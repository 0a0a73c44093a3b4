using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.EndToEnd;

/// <summary>The command in a process of its own, as a user runs it.</summary>
[Parallelizable(ParallelScope.Self)] // processes of their own, which mostly wait
public sealed class CommandLineTests
{
    private static readonly string[] Quick = ["bench", "--size", "4m", "--runtime", "20ms", "--ramp-time", "1ms", "--numjobs", "1"];

    [TestCase("bench", "--size", "12x", "'12x'")]
    [TestCase("bench", "--size", "0", "'0'")]
    [TestCase("bench", "--bs", "8k", "4k or 2m")]
    [TestCase("bench", "--rw", "trim", "randwrite")]
    [TestCase("bench", "--engine", "gpu", "locked-radix")]
    [TestCase("bench", "--runtime", "soon", "30s")]
    [TestCase("bench", "--numjobs", "0", "1 to 1024")]
    [TestCase("bench", "--policy", "hope", "mask-all")]
    [TestCase("bench", "--output-format", "xml", "json")]
    [TestCase("bench", "--plot", "x.gif", ".svg")]
    [TestCase("bench", "--depth", "3", "--depth")]
    public void AWrongValueGetsOneLineThatNamesItAndTheRemedy(string verb, string option, string value, string expected)
    {
        CommandResult result = Command.Run(verb, option, value);
        Assert.That(result.Code, Is.EqualTo(2));
        Assert.That(result.Error.TrimEnd().Split('\n'), Has.Length.EqualTo(1), result.Error);
        Assert.That(result.Error, Does.StartWith("daxemu: ").And.Contain(expected));
    }

    [Test]
    public void WhatTheEnvironmentRefusesEndsWithThreeAndLeavesNothing()
    {
        using var scratch = new ScratchDirectory();
        CommandResult directory = Command.Run([.. Quick, "--filename", scratch.Directory]);
        Assert.That(directory.Code, Is.EqualTo(3));
        Assert.That(directory.Error, Does.Contain(scratch.Directory));
        CommandResult missing = Command.Run([.. Quick, "--filename", Path.Combine(scratch.Directory, "no", "device")]);
        Assert.That(missing.Code, Is.EqualTo(3));
        CommandResult odd = Command.Run("bench", "--size", "3000000", "--filename", Path.Combine(scratch.Directory, "device"));
        Assert.That(odd.Code, Is.EqualTo(2).Or.EqualTo(3));
        Assert.That(odd.Error, Does.Contain("3000000"));
        Assert.That(Directory.GetFileSystemEntries(scratch.Directory), Is.Empty);
    }

    [Test]
    public void AFileThatIsThereIsUsedAndStaysAsLargeAsItIs()
    {
        using var scratch = new ScratchDirectory();
        string path = Path.Combine(scratch.Directory, "device");
        File.WriteAllBytes(path, new byte[4 << 20]);
        CommandResult result = Command.Run("bench", "--filename", path, "--runtime", "20ms", "--engine", "emu", "--numjobs", "1", "--bs", "4k");
        Assert.That(result.Code, Is.Zero, result.Error);
        Assert.That(new FileInfo(path).Length, Is.EqualTo(4 << 20));
        Assert.That(Command.Run("bench", "--filename", path, "--size", "8m").Code, Is.EqualTo(3), "a size that it does not have is refused");
    }

    [Test]
    public void JsonHasFiosShapeAndStandsAlone()
    {
        CommandResult result = Command.Run([.. Quick, "--engine", "emu,locked-radix,kernel", "--bs", "4k", "--rw", "write,randread", "--output-format=json"]);
        Assert.That(result.Code, Is.Zero, result.Error);
        using var document = JsonDocument.Parse(result.Output);
        JsonElement[] jobs = [.. document.RootElement.GetProperty("jobs").EnumerateArray()];
        Assert.That(jobs, Has.Length.EqualTo(6));
        foreach (JsonElement job in jobs)
        {
            foreach (string name in (string[])["jobname", "iops", "runtime", "total_ios", "engine", "bs", "rw", "numjobs", "phase", "ns_per_fault"])
            {
                Assert.That(job.TryGetProperty(name, out _), name);
            }

            Assert.That(job.GetProperty("clat_ns").GetProperty("percentile").GetProperty("99.000000").GetInt64(), Is.Positive);
            Assert.That(job.GetProperty("faults").GetProperty("pte").GetInt64(), Is.Positive);
        }

        JsonElement emu = jobs.First(j => j.GetProperty("engine").GetString() == "emu");
        Assert.That(emu.GetProperty("allocated_bytes_per_fault").GetDouble(), Is.LessThan(0.01), "the hot path allocates nothing");
        Assert.That(emu.GetProperty("ratios").GetProperty("locked-radix").GetDouble(), Is.Positive);
    }

    [Test]
    public void AFallbackIsCountedByItsReason()
    {
        // 2 MiB faults on a 4 MiB device are served; the counts say so.
        CommandResult result = Command.Run([.. Quick, "--engine", "emu", "--bs", "2m", "--output-format=json"]);
        using var document = JsonDocument.Parse(result.Output);
        JsonElement faults = document.RootElement.GetProperty("jobs")[0].GetProperty("faults");
        Assert.That(faults.GetProperty("pmd").GetInt64(), Is.Positive);
        Assert.That(faults.GetProperty("fallback").EnumerateObject().Any(), Is.False);
    }

    [Test]
    public void PlotsHistogramsAndCurvesAreWritten()
    {
        using var scratch = new ScratchDirectory();
        string plot = Path.Combine(scratch.Directory, "p.svg");
        string histogram = Path.Combine(scratch.Directory, "h.hgrm");
        CommandResult result = Command.Run([.. Quick, "--engine", "emu", "--bs", "4k", "--plot", plot, "--hgrm", histogram, "--csv", "will-it-scale"]);
        Assert.That(result.Code, Is.Zero, result.Error);
        Assert.That(result.Output, Does.Contain("tasks,processes,processes_idle,threads,threads_idle,linear\n0,0,100,0,100,0\n1,"));
        Assert.That(File.ReadAllText(plot), Does.Contain("<svg"));
        Assert.That(File.ReadAllText(histogram), Does.Contain("Percentile"));
    }

    [Test]
    public void ASignalEndsARunThatPrintsWhatItHasAndRemovesWhatItMade()
    {
        using var scratch = new ScratchDirectory();
        using Process process = Command.Start("bench", "--filename", scratch["device"], "--size", "4m", "--runtime", "10m", "--engine", "emu", "--numjobs", "1", "--bs", "4k", "--output-format=json");
        Assert.That(SpinWait.SpinUntil(() => IsMapped(process, scratch["device"]), TimeSpan.FromSeconds(30)), "the run has begun");

        // SIGTERM takes the same way as Ctrl-C, and no parent can have it ignored for its children.
        using (Process kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            kill.WaitForExit();
        }

        Task<string> output = process.StandardOutput.ReadToEndAsync();
        bool hasEnded = process.WaitForExit(TimeSpan.FromSeconds(30));
        if (!hasEnded)
        {
            process.Kill();
        }

        Assert.That(hasEnded, "it ends long before its time");
        Assert.That(process.ExitCode, Is.EqualTo(124));
        using var document = JsonDocument.Parse(output.Result);
        Assert.That(document.RootElement.GetProperty("jobs").ValueKind, Is.EqualTo(JsonValueKind.Array));
        Assert.That(scratch.Names, Is.Empty, "the device that it made is gone");
    }

    [Test]
    public void WhatIsNamedTwiceIsMeasuredOnce()
    {
        CommandResult result = Command.Run("bench", "--size", "4m", "--runtime", "20ms", "--ramp-time", "1ms", "--bs", "4k,4k", "--rw", "write,WRITE", "--numjobs", "1,1", "--engine", "emu,emu", "--output-format=json");
        Assert.That(result.Code, Is.Zero, result.Error);
        using var document = JsonDocument.Parse(result.Output);
        Assert.That(document.RootElement.GetProperty("jobs").GetArrayLength(), Is.EqualTo(1));
    }

    [TestCase("--hgrm", "h.hgrm")]
    [TestCase("--plot", "p.svg")]
    public void AFileThatCannotBeWrittenIsToldBeforeAnythingIsMeasured(string option, string name)
    {
        using var scratch = new ScratchDirectory();
        string path = Path.Combine(scratch["missing"], name);
        CommandResult result = Command.Run("bench", "--runtime", "10m", option, path); // were it measured, the test would not end in time
        Assert.That(result.Code, Is.EqualTo(3));
        Assert.That(result.Error, Does.StartWith("daxemu: ").And.Contain(path));
        Assert.That(result.Output, Is.Empty);
    }

    [TestCase("bench")]
    [TestCase("replay")]
    [TestCase("info")]
    [TestCase("volume")]
    public void HelpShowsAnExample(string verb)
    {
        CommandResult result = Command.Run(verb, "--help");
        Assert.That(result.Code, Is.Zero);
        Assert.That(result.Output, Does.Contain("daxemu " + verb));
    }

    [Test]
    public void AReplayThatDiffersEndsWithOne()
    {
        using var scratch = new ScratchDirectory();
        string path = Path.Combine(scratch.Directory, "x.jsonl");
        File.WriteAllText(path, "{\"scenario\":\"x\",\"kernel\":\"6.12.0\",\"fs\":\"xfs\",\"page\":4096,\"pmd\":2097152,\"format\":2}\n{\"op\":\"truncate 4096\",\"ret\":0,\"errno\":0,\"events\":[]}\n"
            + "{\"op\":\"mmap 0 shared 4096 0\",\"ret\":0,\"errno\":0,\"events\":[]}\n{\"op\":\"r 0 0\",\"ret\":0,\"errno\":0,\"byte\":9,\"events\":[]}\n");
        CommandResult result = Command.Run("replay", path);
        Assert.That(result.Code, Is.EqualTo(1));
        Assert.That(result.Output, Does.Contain("x, op 3: r 0 0").And.Contain("byte: kernel   9"));
        Assert.That(Command.Run("replay", path + "x").Code, Is.EqualTo(3));
    }

    private static bool IsMapped(Process process, string path) =>
        File.ReadLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/maps")).Any(l => l.Contains(path, StringComparison.Ordinal));
}
