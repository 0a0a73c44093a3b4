using DaxEmu.Bench.Verification.Crash;
using DaxEmu.Bench.Verification.Crash.Volume;
using DaxEmu.Core.Checking;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Crash;

/// <summary>The small workloads of <c>daxemu crash</c>: right as they are, and each bug is found, small and soon. Whole by <c>daxemu crash</c>.</summary>
public sealed class CrashWorkloadTests
{
    private const int MostStepsOfABug = 3;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    // A case of a volume takes longer: it has tests of its own.
    private static IEnumerable<ICrashWorkload> Small => CrashWorkloads.All.Where(w => w is not VolumeWorkload);

    private static IEnumerable<TestCaseData> Workloads() => Small.Select(w => new TestCaseData(w).SetArgDisplayNames(w.Name));

    private static IEnumerable<TestCaseData> BugsOfAll() =>
        from workload in Small from bug in workload.Bugs select new TestCaseData(workload, bug).SetArgDisplayNames(workload.Name, bug.Name);

    [TestCaseSource(nameof(Workloads))]
    public void AWorkloadSurvivesEveryCut(object workload)
    {
        PowerCutTest[] cases = [.. ((ICrashWorkload)workload).Cases(null, seed: 1).TakeWhile(c => c.FirstStep <= 2)];
        PowerCutReport report = PowerCutRunner.Explore(cases);
        Assert.That(report.Failures.Select(f => f.ToString()), Is.Empty);
        Assert.That(report.IsComplete);
        Assert.That(report.DistinctStates, Is.GreaterThan(cases.Length));
    }

    [TestCaseSource(nameof(BugsOfAll))]
    public void EachBugIsFoundWithAtMostThreeStepsAndReplayed(object workload, object bug)
    {
        var options = new PowerCutOptions();
        IReadOnlyList<PowerCutTest> cases = ((ICrashWorkload)workload).Cases((CrashBug)bug, seed: 1);
        PowerCutReport report = PowerCutRunner.Explore(cases, options);
        PowerCutFailure failure = report.Failures.Single();
        Assert.That(failure.StepLabels, Has.Count.AtMost(MostStepsOfABug), failure.ToString());
        Assert.That(report.Elapsed, Is.LessThan(Limit));
        Assert.That(PowerCutRunner.Replay(cases.Single(c => c.Name == failure.Test), failure.Replay)!.ToString(), Is.EqualTo(failure.ToString()));
        Assert.That(failure.Lost.Count, Is.LessThanOrEqualTo(1), "the smallest case");
    }

    // Of each bug up to its failure, and of the right workloads a part: brute force has a limit of states.
    [TestCaseSource(nameof(BugsOfAll))]
    public void PrunedAndBruteForceSearchesGiveTheSameVerdict(object workload, object bug)
    {
        const double MostStates = 1 << 12;
        IEnumerable<PowerCutTest> all = ((ICrashWorkload)workload).Cases((CrashBug)bug, seed: 1).TakeWhile(c => c.FirstStep <= 1);
        PowerCutTest[] cases = [.. all.Take(Effort.IsThorough ? int.MaxValue : 10)];
        foreach (PowerCutTest test in cases)
        {
            PowerCutReport pruned = PowerCutRunner.Explore(test);
            if (pruned.PossibleStates <= MostStates)
            {
                PowerCutReport brute = PowerCutRunner.Explore(test, new PowerCutOptions { IsBruteForce = true });
                Assert.That(brute.Failures.Select(f => (f.Cut, f.Lost.Count)), Is.EqualTo(pruned.Failures.Select(f => (f.Cut, f.Lost.Count))), test.Name);
            }
        }
    }

    [Test]
    public void NamesOfCasesAreUnique() => Assert.That(CrashWorkloads.All.SelectMany(w => w.Cases(null, 1)).Select(c => c.Name), Is.Unique);
}
