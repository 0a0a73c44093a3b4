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
        Assert.That(PlanOf().Engines, Is.EqualTo(EngineSetup.Defaults).And.None.StartsWith("mmf"));
        Assert.That(PlanOf("--engine", "emu,mmf").Engines, Is.EqualTo(new[] { "emu", "mmf" }));
    }

    private static BenchPlan PlanOf(params string[] line) => BenchCommand.PlanOf(BenchCommand.Create().Parse(line));
}
