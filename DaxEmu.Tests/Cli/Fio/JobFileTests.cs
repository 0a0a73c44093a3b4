using DaxEmu.Bench.Cli.Fio;
using DaxEmu.Bench.Commands;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Cli.Fio;

/// <summary>fio's job files.</summary>
[NonParallelizable]
public sealed class JobFileTests
{
    private const string Two = """
        ; two jobs
        [global]
        bs=4k
        size=4m         # of the device
        numjobs=1
        time_based
        direct=1

        [first]
        rw=write
        [second]
        stonewall
        rw=randread
        bs=2m
        """;

    [Test]
    public void ASectionIsAJobWithTheOptionsOfAllUnderItsOwn()
    {
        string[][] jobs = [.. JobFile.Parse(Two, "two.fio", BenchCommand.Create()).Select(j => j.Words.ToArray())];
        Assert.That(jobs[0], Is.EqualTo(new[] { "--bs=4k", "--size=4m", "--numjobs=1", "--time-based", "--name=first", "--rw=write" }));
        Assert.That(jobs[1], Is.EqualTo(new[] { "--size=4m", "--numjobs=1", "--time-based", "--name=second", "--stonewall", "--rw=randread", "--bs=2m" }));
    }

    [TestCase("[a]\nbs=4k\nrwx=read\n", "x.fio, line 3: 'rwx' is no option of a job. Did you mean 'rw'?")]
    [TestCase("[a]\n\niodepth=8\n", "x.fio, line 3: iodepth=8 of fio is not possible here")]
    [TestCase("[a]\nrw=raed\n", "x.fio, line 2: --rw: 'raed' is not known. Did you mean 'read'?")]
    [TestCase("[a]\nsize=4q\n", "x.fio, line 2: --size: '4q' is not a size")]
    [TestCase("[a]\noutput=f\n", "x.fio, line 2: 'output' holds for a whole run")]
    [TestCase("[a]\nsize=${SIZE}\n", "x.fio, line 2: '${SIZE}' has a variable")]
    [TestCase("[a]\nstonewall=maybe\n", "x.fio, line 2: 'stonewall=maybe'")]
    [TestCase("bs=4k\n[a]\n", "x.fio, line 1: ")]
    [TestCase("[a]\n[a]\n", "x.fio, line 2: ")]
    [TestCase("[a\n", "x.fio, line 1: ")]
    [TestCase("[global]\nbs=4k\n", "x.fio: it has no job")]
    [TestCase("", "x.fio: it has no job")]
    public void WhatIsWrongIsNamedWithFileLineAndValue(string text, string expected) => Assert.That(
        () => JobFile.Parse(text, "x.fio", BenchCommand.Create()), Throws.TypeOf<FormatException>().With.Message.StartsWith(expected));

    [Test]
    public void TheCommandRunsItAndItsOwnOptionsWin()
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllText(scratch["two.fio"], Two);
        Assert.That(Command.RunHere("bench", scratch["two.fio"], "--parse-only").Output, Is.EqualTo("first: 4k write refault, 4m, 1 job\nsecond: 2m randread refault, 4m, 1 job\n"));
        Assert.That(Command.RunHere("bench", scratch["two.fio"], "--parse-only", "--bs", "4k", "--section", "second").Output, Is.EqualTo("second: 4k randread refault, 4m, 1 job\n"));
        CommandResult run = Command.RunHere("bench", scratch["two.fio"], "--loops", "2", "--ramp_time", "1ms", "--engine", "emu", "--section", "first");
        Assert.That(run.Code, Is.EqualTo(2), "loops and time_based");
        Assert.That(run.Error, Does.Contain("exclude each other"));
    }

    [TestCase("--section third", "Did you mean")]
    [TestCase("--name other", "--section")]
    public void WhatDoesNotGoWithAFileIsRefused(string options, string expected)
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllText(scratch["two.fio"], Two.Replace("second", "thirty", StringComparison.Ordinal));
        CommandResult result = Command.RunHere(["bench", scratch["two.fio"], .. options.Split(' ')]);
        Assert.That(result.Code, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain(expected));
    }

    [Test]
    public void JobsThatFioWouldRunAtOnceAreRefused()
    {
        using var scratch = new ScratchDirectory();
        File.WriteAllText(scratch["two.fio"], Two.Replace("stonewall", string.Empty, StringComparison.Ordinal));
        CommandResult result = Command.RunHere("bench", scratch["two.fio"]);
        Assert.That(result.Code, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain("'second'").And.Contain("stonewall"));
    }
}
