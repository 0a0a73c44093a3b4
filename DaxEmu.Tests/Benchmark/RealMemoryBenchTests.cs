using DaxEmu.Bench.Benchmark.RealMemory;
using DaxEmu.Tests.CApi;
using DaxEmu.Tests.EndToEnd;
using DaxEmu.Tests.Run;
using NUnit.Framework;

namespace DaxEmu.Tests.Benchmark;

/// <summary><c>bench --mmu host</c>. Its ratios are judged where a machine is idle, not here.</summary>
public sealed class RealMemoryBenchTests
{
    [Test]
    public void EachCaseIsMeasuredBesideItsFloor()
    {
        RunFixture.RequireLibrary();
        CCompiler.Require("gcc", "gcc");
        var plan = new RealMemoryPlan { MappedBytes = 32 << 20, CalledBytes = 4 << 20, Rounds = 1 };
        IReadOnlyList<RealMemoryCase> cases = new RealMemoryBench(plan, (_, _) => { }, CancellationToken.None).Run();
        Assert.That(cases, Has.Count.EqualTo(6));
        Assert.Multiple(() =>
        {
            foreach (RealMemoryCase c in cases)
            {
                Assert.That(c.Nanoseconds, Is.Positive, c.Name);
                Assert.That(c.Floor is null || c.FloorNanoseconds > 0, c.Name);
            }

            // What no load of the machine turns round: a fault takes system calls, fault-around few of them.
            Assert.That(cases[0].Nanoseconds, Is.GreaterThan(500));
            Assert.That(cases[1].Nanoseconds, Is.LessThan(cases[0].Nanoseconds / 2));
            Assert.That(cases[2].Nanoseconds, Is.LessThan(cases[0].Nanoseconds / 2));
        });
    }

    [Test]
    public void ARatioAboveItsLimitIsMarked()
    {
        RealMemoryCase[] cases = [new("a fault", 130, "a floor", 100, 1.2), new("a store", 11, "a floor", 100, 0.12), new("a start", 90e6, null, 0, 100e6)];
        string[] lines = RealMemoryTable.Text(cases).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Multiple(() =>
        {
            Assert.That(lines[1], Does.Match("130.0 ns .*100.0 ns +1.30 +1.20  above$"));
            Assert.That(lines[2], Does.Match("0.11 +0.12$"));
            Assert.That(lines[3], Does.Match("90.0 ms +100.0 ms$"));
            Assert.That(RealMemoryTable.Json(cases), Does.Contain("\"ratio\": 1.3").And.Contain("\"within\": false").And.Contain("\"floor\": null"));
        });
    }

    [TestCase("--engine", "emu", "--engine has no meaning with --mmu host")]
    [TestCase("--size", "3m", "--size 3145728 is not what --mmu host takes")]
    public void WhatHasNoMeaningThereIsRefused(string option, string value, string message)
    {
        CommandResult result = Command.RunHere("bench", "--mmu", "host", option, value);
        Assert.That(result.Code, Is.EqualTo(2));
        Assert.That(result.Error, Does.Contain(message));
    }
}
