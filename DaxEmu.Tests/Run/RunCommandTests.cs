using System.Diagnostics;
using System.Text;
using DaxEmu.Bench.Running;
using DaxEmu.Core;
using DaxEmu.Core.CApi.Interpose.Dispatch;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Native;
using DaxEmu.Native.Libc;
using DaxEmu.Tests.CApi;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Run;

/// <summary>The command around the program: exit codes, refusals, the report, the watchdog.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class RunCommandTests
{
    [Test]
    public void TheExitCodeIsThePrograms()
    {
        CommandResult ended = RunFixture.Run("--", "sh", "-c", "exit 5");
        Assert.That(ended.Code, Is.EqualTo(5), ended.Error);
        Assert.That(ended.Error, Does.Contain("no process used /dax"));
        Assert.That(RunFixture.Run("--", "sh", "-c", "kill -TERM $$").Code, Is.EqualTo(128 + 15));
    }

    [Test]
    public void ASignalReachesTheProgramWhichDecides()
    {
        RunFixture.RequireLibrary();
        using Process command = Command.Start("run", "--", "sh", "-c", "trap 'echo term; exit 6' TERM; echo ready; while :; do sleep 0.01; done");
        Assert.That(command.StandardOutput.ReadLine(), Is.EqualTo("ready"));
        ChildProcess.Signal(command.Id, 15);
        Assert.That(command.StandardOutput.ReadToEnd(), Is.EqualTo("term\n"));
        command.WaitForExit();
        Assert.That(command.ExitCode, Is.EqualTo(6));
    }

    [Test]
    public void WhatCannotBeStartedIsRefusedWithItsName()
    {
        CommandResult missing = RunFixture.Run("--", "no-such-program");
        Assert.That((missing.Code, missing.Error), Is.EqualTo((3, missing.Error)));
        Assert.That(missing.Error, Does.Contain("'no-such-program'"));
        Assert.That(RunFixture.Run("--volume", "/dev/shm/no-such-volume", "--", "true").Error, Does.Contain("no-such-volume"));
        Assert.That(RunFixture.Run("--at", "dax", "--", "true").Code, Is.EqualTo(2));
        Assert.That(RunFixture.Run("--size", "3m", "--", "true").Code, Is.EqualTo(2));
        Assert.That(RunFixture.Run("--fault-around", "5k", "--", "true").Code, Is.EqualTo(2));
        Assert.That(RunFixture.Run().Code, Is.EqualTo(2));
    }

    [Test]
    public void WithoutTheLibraryItSaysWhichPackageMakesIt()
    {
        using var scratch = new ScratchDirectory();
        DaxEnvironmentException refusal = Assert.Throws<DaxEnvironmentException>(() => PreloadLibrary.Find(scratch.Directory))!;
        Assert.That(refusal.Message, Does.Contain("apt-get install gcc"));
    }

    [Test]
    public void AStaticProgramIsRecognized()
    {
        using var scratch = new ScratchDirectory();
        byte[] header = new byte[64 + 56];
        "\u007fELF\u0002"u8.CopyTo(header);
        header[18] = 62; // x86-64
        header[32] = 64; // where its segments stand
        header[54] = 56;
        header[56] = 1;
        header[64] = 1; // one that is loaded
        File.WriteAllBytes(scratch["static"], header);
        header[64] = 3; // the name of a loader
        File.WriteAllBytes(scratch["dynamic"], header);
        File.WriteAllText(scratch["script"], "#!/bin/sh\n");
        Assert.That(ProgramFile.Examine(scratch["static"]), Is.False);
        Assert.That(ProgramFile.Examine(scratch["dynamic"]), Is.True);
        Assert.That(ProgramFile.Examine(scratch["script"]), Is.Null);
        Assert.That(() => ProgramFile.RefuseStatic(scratch["static"]), Throws.TypeOf<DaxEnvironmentException>().With.Message.Contain("linked statically"));
    }

    [Test]
    public void TheHangOf2019IsFoundInAProgramThatKnowsNothingOfIt()
    {
        using var scratch = new ScratchDirectory();
        string program = RunFixture.Compile(scratch, "crossing");
        CommandResult fixedKeys = RunFixture.Run("--hold", "200ms", "--watchdog", "30s", "--", program, "/dax/x");
        Assert.That((fixedKeys.Code, fixedKeys.Output), Is.EqualTo((0, "both\n")), fixedKeys.Error);
        CommandResult oldKeys = RunFixture.Run("--profile", "v4.20", "--hold", "200ms", "--watchdog", "500ms", "--", "sh", "-c", $"{program} /dax/x; echo $?");
        Assert.That(oldKeys.Code, Is.EqualTo(1), oldKeys.Error);
        Assert.That(oldKeys.Output, Is.EqualTo("1\n"));
        Assert.That(oldKeys.Error, Does.Contain("key 7 was woken, but this thread sleeps on key 0: it will never be woken"));
    }

    [Test]
    public void TheTraceHasTheFaultsInTheKernelsWords()
    {
        CCompiler.Require("python3", "python3");
        using var scratch = new ScratchDirectory();
        CommandResult result = RunFixture.Run(
            "--trace", scratch["trace"], "--", "python3", "-c", "import mmap; f = open('/dax/t', 'w+b'); f.truncate(2 << 20); m = mmap.mmap(f.fileno(), 2 << 20); m[4096] = 1; m.close()");
        Assert.That(result.Code, Is.Zero, result.Error);
        Assert.That(File.ReadAllText(scratch["trace"]), Does.Contain("dax_pmd_fault_done"));
    }

    [Test]
    public void TheLastLineOfEachProgramCountsAndACutOneDoesNot()
    {
        byte[] lines = Encoding.UTF8.GetBytes(
            """
            {"pid":1,"image":1,"program":"a","hang":null,"pte":1,"pmd":1,"waits":3,"fallbacks":{"BehindVma":1},"latencies":[[1000,1]]}
            {"pid":1,"image":1,"program":"a","hang":null,"pte":512,"pmd":2,"waits":4,"fallbacks":{"BehindVma":2},"latencies":[[1000,98]]}
            {"pid":1,"image":2,"program":"b","hang":null,"pte":512,"pmd":0,"waits":1,"fallbacks":{"BehindVma":3,"EntryConflict":1},"latencies":[[5000,2]]}
            {"pid":2,"image":1,"program":"c","hang":null,"pte":
            """);
        var report = RunReport.Read(lines);
        Assert.That(report.HasHang, Is.False);
        string text = report.ToText("/dax");
        Assert.That(text, Does.StartWith("daxemu: a, b used /dax.\n").And.Contain("1024 of 4 KiB, 2 of 2 MiB").And.Contain("50.0 %").And.Contain("BehindVma 5, EntryConflict 1").And.Contain("5 for entries"));
        Assert.That((long)report.ToJson()["clat_ns"]!["percentile"]!["50.000000"]!, Is.EqualTo(1000).Within(2).Percent);
        Assert.That((long)report.ToJson()["clat_ns"]!["percentile"]!["99.000000"]!, Is.EqualTo(5000).Within(2).Percent);
    }

    [Test]
    public void ALineOfAProcessIsReadAsItIsWritten()
    {
        var counts = new HostFaultCounts();
        counts.CountSignal(isWrite: true, 4096);
        counts.CountBus();
        var report = RunReport.Read(ProcessReport.Format(7, 8, "p", "a graph", counts, new WaitCounts() with { Waits = 6 }));
        Assert.That(report.HasHang);
        Assert.That(report.ToText("/dax"), Does.Contain("1 were stores, 1 ended in SIGBUS").And.Contain("6 for entries").And.Contain("p50 4.1 us"));
    }

    [Test]
    public void TheEnvironmentOfAProcessIsReadOrRefused()
    {
        var variables = new Dictionary<string, string>();
        DispatchSettings? Read() => DispatchSettings.Read(name => variables.GetValueOrDefault(name));
        Assert.That(Read(), Is.Null);
        variables[DispatchVariables.Volume] = "/dev/shm/v";
        Assert.That(Read(), Is.EqualTo(new DispatchSettings("/dev/shm/v", false, "/dax", WaitProfiles.Fixed, TimeSpan.Zero, null, TimeSpan.Zero, null, 0)));
        variables[DispatchVariables.Profile] = "v4.20";
        variables[DispatchVariables.Hold] = "500";
        Assert.That((Read()!.Profile, Read()!.Hold), Is.EqualTo((WaitProfiles.V4_20, TimeSpan.FromMicroseconds(50))));
        variables[DispatchVariables.Hold] = "soon";
        Assert.That(Read, Throws.TypeOf<FormatException>().With.Message.Contain("DAXEMU_HOLD"));
    }
}
