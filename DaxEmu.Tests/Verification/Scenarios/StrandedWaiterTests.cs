using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Tests.Checking;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Scenarios;

/// <summary>Lost wake-ups that need three or four threads: a woken thread must lock or pass on, and a removal wakes all.</summary>
public sealed class StrandedWaiterTests
{
    private static readonly RunLimits Limits = new(100_000, TimeSpan.FromSeconds(20));

    /// <summary>61c30c98ef17: a woken thread that only looked put the entry back and woke none.</summary>
    [Test]
    public void AThreadThatPutsAnEntryBackWakesTheNext() => FailsInHistoryAndPassesFixed(
        "missed-wakeup-in-put", WaitProfiles.V5_3Rc1, w => [w.Fault(0, PageOrder.Pte), w.Look(0), w.Fault(0, PageOrder.Pte)]);

    /// <summary>237388320def: the first of three deletions woke one, which found nothing and woke none.</summary>
    [Test]
    public void ARemovalWakesAll() => FailsInHistoryAndPassesFixed(
        "wake-one-on-delete", WaitProfiles.V5_4, w => [w.Fault(0, PageOrder.Pte), w.Delete(0), w.Delete(0), w.Delete(0)]);

    private static void FailsInHistoryAndPassesFixed(string name, WaitProfile historic, Func<EntryScenario, IReadOnlyList<ScenarioThread>> threads)
    {
        CheckFailed failed = ToyCheckerTests.Failed(CheckRunner.Exhaust(EntryScenario.Of(name, historic, threads), Limits));
        TestContext.Out.WriteLine($"{failed.Effort}\n{failed.Schedule}\n{string.Join('\n', failed.Trace)}");
        Assert.That(failed.Failure.Kind, Is.EqualTo(FailureKind.Hang));
        Assert.That(failed.Trace, Has.Count.LessThanOrEqualTo(ScheduleTrace.MaxLines).And.Some.Contains("sleeps for ever on key 0"));

        CheckPassed passed = ToyCheckerTests.Passed(
            CheckRunner.Exhaust(EntryScenario.Of(name, WaitProfiles.Fixed, threads), Limits, maxPreemptions: 1));
        TestContext.Out.WriteLine($"{passed.Effort} {passed.Coverage}");
        Assert.That(passed.Coverage, Is.EqualTo(Coverage.UpToTheBound));
    }
}
