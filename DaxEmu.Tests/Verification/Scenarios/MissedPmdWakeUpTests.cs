using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Tests.Checking;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Scenarios;

/// <summary>
/// The hang of 2019 (23c84eb78375): a 2 MiB fault sleeps on the first page of its range, the 4 KiB fault it waits for wakes its own page.
/// </summary>
public sealed class MissedPmdWakeUpTests
{
    private static readonly RunLimits Limits = new(300_000, TimeSpan.FromSeconds(30));

    [Test]
    public void A2MiBFaultBesideA4KiBFaultHangsInV4_20AndNotInFixed()
    {
        Scenario failing = EntryScenario.Of("missed-pmd-wakeup", WaitProfiles.V4_20, Faults);
        Scenario clean = EntryScenario.Of("missed-pmd-wakeup", WaitProfiles.Fixed, Faults);

        CheckFailed failed = ToyCheckerTests.Failed(CheckRunner.Exhaust(failing, Limits));
        TestContext.Out.WriteLine($"{failed.Effort}\n{failed.Schedule}\n{string.Join('\n', failed.Trace)}");
        Assert.That(failed.Trace, Is.EqualTo(new[]
        {
            "T0 4 KiB fault @1: inserts a locked entry at 1",
            "T1 2 MiB fault @0: sleeps on key 0",
            "T0 4 KiB fault @1: unlocks the entry at 1",
            "T0 4 KiB fault @1: wakes one waiter of key 1",
            "T1 2 MiB fault @0 sleeps for ever on key 0",
            "keys that were woken: 1",
        }));

        CheckPassed passed = ToyCheckerTests.Passed(CheckRunner.Exhaust(clean, Limits, maxPreemptions: 2));
        TestContext.Out.WriteLine($"{passed.Effort} {passed.Coverage}");
        Assert.That(passed.Coverage, Is.Not.EqualTo(Coverage.CutOff));
    }

    private static IReadOnlyList<ScenarioThread> Faults(EntryScenario scenario) => [scenario.Fault(1, PageOrder.Pte), scenario.Fault(0, PageOrder.Pmd)];
}
