using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Commands;
using DaxEmu.Core;
using DaxEmu.Native;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Benchmark;

/// <summary>The plan of a run is made once, from the command line and what lies at its path.</summary>
public sealed class BenchPlanTests
{
    [Test]
    public void AFileThatIsThereGivesItsSizeToThePlanAndItsCases()
    {
        using var scratch = new ScratchDirectory();
        string path = scratch.SparseFile("device", 6 << 20);
        BenchPlan plan = PlanOf("--filename", path, "--bs", "4k,2m", "--numjobs", "1");
        Assert.That(plan.SizeBytes, Is.EqualTo(6 << 20));
        Assert.That(plan.Cases.Select(c => c.SizeBytes), Is.All.EqualTo(6 << 20));
        Assert.That(plan.Cases.Select(c => c.Order), Is.EqualTo(new[] { PageOrder.Pte, PageOrder.Pmd }));
    }

    [Test]
    public void AnotherSizeThanTheFileHasIsRefused()
    {
        using var scratch = new ScratchDirectory();
        string path = scratch.SparseFile("device", 6 << 20);
        Assert.That(
            () => PlanOf("--filename", path, "--size", "8m"),
            Throws.InstanceOf<DaxEnvironmentException>().With.Message.Contains("6291456").And.Message.Contains("8388608"));
        Assert.That(PlanOf("--filename", path, "--size", "6m").SizeBytes, Is.EqualTo(6 << 20));
    }

    [Test]
    public void AFileThatIsToBeMadeGetsTheSizeAskedFor()
    {
        using var scratch = new ScratchDirectory();
        Assert.That(PlanOf("--filename", scratch["new"], "--size", "8m").SizeBytes, Is.EqualTo(8 << 20));
        Assert.That(PlanOf().SizeBytes, Is.EqualTo(512 << 20));
        Assert.That(PlanOf().Cases.Select(c => c.SizeBytes), Has.Some.EqualTo(64L << 30), "2 MiB faults on what no cache holds, too");
    }

    [Test]
    public void ThePolicyIsAProfileAndTheFrameworksEnginesAreAskedFor()
    {
        Assert.That(PlanOf("--policy", "any-order").Policy, Is.EqualTo(WaitProfiles.ByName("any-order")));
        Assert.That(PlanOf().Engines, Is.EqualTo(EngineCatalog.DefaultsOf([FaultPhase.Refault, FaultPhase.Insert])).And.None.StartsWith("mmf"));
        Assert.That(PlanOf("--engine", "emu,mmf").Engines, Is.EqualTo(new[] { "emu", "mmf" }));
    }

    [Test]
    public void EachPhaseGetsTheSizesAndPatternsThatMeanSomethingInIt()
    {
        string[] names = [.. PlanOf("--phase", "refault,pread,pwrite,writeback", "--bs", "4k,64k", "--rw", "read,randwrite,write", "--numjobs", "1").Cases.Select(c => c.Name[..c.Name.IndexOf(',', StringComparison.Ordinal)])];
        Assert.That(names, Is.EqualTo(new[]
        {
            "4k read refault", "4k randwrite refault", "4k write refault",
            "4k read pread", "64k read pread",
            "4k randwrite pwrite", "4k write pwrite", "64k randwrite pwrite", "64k write pwrite",
            "4k write writeback",
        }));
    }

    [TestCase("refault", "emu locked-radix kernel floor")]
    [TestCase("writeback", "emu kernel floor")]
    [TestCase("access", "emu floor")]
    [TestCase("scan", "emu locked-radix floor")]
    [TestCase("pread", "emu kernel copy")]
    [TestCase("pread,truncate", "emu locked-radix kernel floor copy")]
    public void EnginesThatNobodyNamesAreThoseWithAPartInThePhase(string phases, string engines) =>
        Assert.That(PlanOf("--phase", phases).Engines, Is.EqualTo(engines.Split(' ')));

    [TestCase("--phase refault --bs 64k", "--bs 64k", "pread")]
    [TestCase("--phase pread,zap --bs 64k", "--phase zap", "2m")]
    [TestCase("--phase pread --rw write", "--rw write", "randread")]
    [TestCase("--phase pwrite --rw read", "--rw read", "randwrite")]
    [TestCase("--phase writeback --rw read", "--rw read", "give write")]
    [TestCase("--phase populate --rw randwrite", "--rw randwrite", "give read or write")]
    [TestCase("--phase pread,pwrite --rw read", "--phase pwrite", "randwrite")]
    [TestCase("--phase pread --engine locked-radix", "--engine locked-radix", "populate")]
    [TestCase("--phase pread,scan --engine locked-radix", "--phase pread", "copy")]
    [TestCase("--phase scan --engine kernel", "--engine kernel", "pread")]
    [TestCase("--phase pread --bs 1g --size 4m", "--bs 1g", "smaller")]
    [TestCase("--phase pread --bs 2g --size 4g", "--bs 2g", "smaller")]
    public void WhatMeansNothingIsRefusedWithItsNameAndWhatWouldDo(string line, string named, string remedy) =>
        Assert.That(() => PlanOf(line.Split(' ')), Throws.ArgumentException.With.Message.Contains(named).And.Message.Contains(remedy));

    [Test]
    public void TheEmulatorsTablesLieInPagesOfTheSizeAskedFor() =>
        Assert.That((PlanOf().HasHugeTables, PlanOf("--table-pages", "4k").HasHugeTables, PlanOf("--table-pages", "2M").HasHugeTables), Is.EqualTo((true, false, true)));

    private static BenchPlan PlanOf(params string[] line) => BenchCommand.PlanOf(BenchCommand.Create().Parse(line));
}
