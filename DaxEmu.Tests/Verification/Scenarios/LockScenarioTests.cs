using DaxEmu.Bench.Verification.Scenarios;
using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Checking.Strategies;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Scenarios;

/// <summary>The historic wake-up bugs on the real entry table, found by searching schedules; and not found where they are fixed.</summary>
public sealed class LockScenarioTests
{
    private static readonly RunLimits Plenty = new(long.MaxValue, TimeSpan.FromSeconds(60));

    private static IEnumerable<string> Bugs => LockScenarios.Bugs.Select(b => b.Id);

    [TestCase(1, 1)]
    [TestCase(2, 1)]
    [TestCase(3, 1)]
    [TestCase(2, 2)]
    public void AllScenariosOfASizeAreAsManyAsCounted(int threadCount, int operationCount) => Assert.That(
        LockScenarios.All(WaitProfiles.Fixed, threadCount, operationCount).Count(), Is.EqualTo(LockScenarios.Count(threadCount, operationCount)));

    [TestCaseSource(nameof(Bugs))]
    public void EveryHistoricBugIsFoundInItsProfileAndReplays(string id)
    {
        HistoricBug bug = LockScenarios.Bugs.Single(b => b.Id == id);
        Scenario scenario = LockScenarios.Named(bug.Scenario, bug.Profile) with { Model = MemoryModel.SequentiallyConsistent };
        var failed = CheckRunner.Exhaust(scenario, Plenty) as CheckFailed;
        Assert.That(failed, Is.Not.Null, "the search sees nothing");
        Assert.That(failed!.Trace, Has.Count.LessThanOrEqualTo(10));
        for (int again = 0; again < 10; again++)
        {
            ReplayedRun run = CheckRunner.Replay(scenario, Schedule.Parse(failed.Schedule.ToString()));
            Assert.That(run.Trace, Is.EqualTo(failed.Trace));
        }
    }

    [TestCaseSource(nameof(Bugs))]
    public void NoHistoricBugIsLeftWhereAllAreFixed(string id)
    {
        HistoricBug bug = LockScenarios.Bugs.Single(b => b.Id == id);
        Scenario scenario = LockScenarios.Named(bug.Scenario, WaitProfiles.Fixed) with { Model = MemoryModel.SequentiallyConsistent };
        CheckOutcome outcome = CheckRunner.Exhaust(scenario, Plenty, maxPreemptions: 2);
        Assert.That(outcome, Is.InstanceOf<CheckPassed>(), outcome.ToString());
        Assert.That(((CheckPassed)outcome).Coverage, Is.Not.EqualTo(Coverage.CutOff));
    }

    [TestCaseSource(nameof(Bugs))]
    public void EveryHistoricBugNeedsAsManyPreemptionsWhereIdleOnesAreLeftOut(string id)
    {
        HistoricBug bug = LockScenarios.Bugs.Single(b => b.Id == id);
        Scenario scenario = LockScenarios.Named(bug.Scenario, bug.Profile) with { Model = MemoryModel.SequentiallyConsistent };
        for (int bound = 0; bound <= 2; bound++)
        {
            CheckOutcome with = CheckRunner.Check(scenario, new Exhaustive(bound, skipsQuietSteps: true, skipsIdlePreemptions: true), Plenty);
            CheckOutcome without = CheckRunner.Check(scenario, new Exhaustive(bound), Plenty);
            Assert.That(with, Is.InstanceOf(without.GetType()), $"up to {bound} preemptions");
        }
    }

    [Test]
    public void SeveralSearchesSideBySideAnswerAsOneAfterTheOther()
    {
        Scenario[] scenarios = [.. LockScenarios.All(WaitProfiles.V4_20, 2, 1).Select(w => w with { Model = MemoryModel.SequentiallyConsistent })];
        IReadOnlyList<CheckOutcome> Search(int members) =>
            CheckTeam.Search(scenarios, (w, wanted) => CheckRunner.Exhaust(w, Plenty, 2, wanted), members, _ => { }, CancellationToken.None);
        IReadOnlyList<CheckOutcome> alone = Search(1);
        IReadOnlyList<CheckOutcome> team = Search(4);
        Assert.That(alone[^1], Is.InstanceOf<CheckFailed>());
        Assert.That(team.Select(o => o.Effort), Is.EqualTo(alone.Select(o => o.Effort)));
        Assert.That(((CheckFailed)team[^1]).Schedule.ToString(), Is.EqualTo(((CheckFailed)alone[^1]).Schedule.ToString()));
    }

    [Test]
    public void TheTraceOf2019NamesBothKeys()
    {
        Scenario scenario = LockScenarios.Named("pmd-behind-pte", WaitProfiles.V4_20);
        var failed = (CheckFailed)CheckRunner.Exhaust(scenario, Plenty);
        Assert.That(failed.Failure.Kind, Is.EqualTo(FailureKind.Hang));
        Assert.That(failed.Trace[^2], Does.Contain("sleeps for ever on key 0"));
        Assert.That(failed.Trace[^1], Does.Contain("keys that were woken: 1"));
    }

    [Test]
    public void TheTraceInTheDocumentationIsTheOneThatTheSearchFinds()
    {
        string text = File.ReadAllText(Path.Combine(Solution.Root, "docs", "the-2019-bug.md"));
        var failed = (CheckFailed)CheckRunner.Exhaust(
            LockScenarios.Named("pmd-behind-pte", WaitProfiles.V4_20) with { Model = MemoryModel.SequentiallyConsistent }, Plenty);
        Assert.That(text, Does.Contain(string.Join('\n', failed.Trace.Select(l => "  " + l))));
        Assert.That(text, Does.Contain($"{failed.ThreadCount} threads, {failed.EventCount} steps ({failed.StepCount} atomic ones)"));
    }

    [TestCase("conflict")]
    [TestCase("mask-all")]
    [TestCase("any-order")]
    [TestCase("return-locked")]
    public void EveryLiveAnswerOf2019LetsThePmdFaultGoOn(string policy)
    {
        Scenario scenario = LockScenarios.Named("pmd-behind-pte", WaitProfiles.ByName(policy));
        Assert.That(CheckRunner.Exhaust(scenario, Plenty, maxPreemptions: 2), Is.InstanceOf<CheckPassed>());
    }
}
