using DaxEmu.Bench.Verification.Crash;
using DaxEmu.Bench.Verification.Crash.Volume;
using DaxEmu.Core.Checking;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Crash;

/// <summary>The volume of <c>daxemu crash</c>: it survives every cut, and each bug is found. All sequences by <c>daxemu crash --workload volume</c>.</summary>
public sealed class VolumeWorkloadTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly VolumeWorkload Volume = new();

    private static IEnumerable<TestCaseData> Bugs() => Volume.Bugs.Select(bug => new TestCaseData(bug).SetArgDisplayNames(bug.Name));

    [Test]
    public void AVolumeSurvivesEveryCut()
    {
        // All single operations, and of the pairs a part.
        IReadOnlyList<PowerCutTest> all = Volume.Cases(null, seed: 1);
        PowerCutTest[] single = [.. all.Where(c => !c.Name.Contains('-', StringComparison.Ordinal) || c.Name.StartsWith("full-log.", StringComparison.Ordinal))];
        PowerCutReport report = PowerCutRunner.Explore([.. single, .. Effort.Part(all.Except(single), every: 25)]);
        Assert.That(report.Failures.Select(f => f.ToString()), Is.Empty);
        Assert.That(report.IsComplete);
        Assert.That(report.CutCount, Is.GreaterThan(500));
    }

    [TestCaseSource(nameof(Bugs))]
    public void EachBugIsFoundWithTwoOperationsAndReplayed(object bug)
    {
        IReadOnlyList<PowerCutTest> cases = Volume.Cases((CrashBug)bug, seed: 1);
        PowerCutReport report = PowerCutRunner.Explore(cases);
        PowerCutFailure failure = report.Failures.Single();
        TestContext.Out.WriteLine(failure);
        Assert.That(PowerCutRunner.Replay(cases.Single(c => c.Name == failure.Test), failure.Replay)!.ToString(), Is.EqualTo(failure.ToString()));
        Assert.That(report.Elapsed, Is.LessThan(Limit));

        // Both tails, or both slots: the mount believes either.
        Assert.That(failure.Lost.Count, Is.LessThanOrEqualTo(2), "the smallest case");
    }

    [Test]
    public void PrunedAndBruteForceSearchesGiveTheSameVerdict()
    {
        int compared = 0;
        foreach (CrashBug? bug in Effort.IsThorough ? Volume.Bugs.Prepend(null) : [null])
        {
            foreach (PowerCutTest test in Volume.Cases(bug, seed: 1).Where(test => !test.Name.Contains('-', StringComparison.Ordinal)))
            {
                PowerCutReport pruned = PowerCutRunner.Explore(test);
                if (pruned.PossibleStates <= 1 << 12) // up to 65,536 by daxemu crash --cross-check
                {
                    compared++;
                    PowerCutReport brute = PowerCutRunner.Explore(test, new PowerCutOptions { IsBruteForce = true });
                    Assert.That(brute.Failures.Select(f => (f.Cut, f.Lost.Count)), Is.EqualTo(pruned.Failures.Select(f => (f.Cut, f.Lost.Count))), test.Name);
                }
            }
        }

        TestContext.Out.WriteLine($"{compared} cases compared");
        Assert.That(compared, Is.GreaterThan(0));
    }
}
