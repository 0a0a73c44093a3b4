using DaxEmu.Bench.Verification.Scenarios;
using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Tests.Mutation;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Verification.Scenarios;

/// <summary>
/// Scenarios over the real fault path: the search finds nothing in them, and finds it at once if one precaution is left out. A scenario that
/// has no failing variant here proves nothing by passing.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed class MappingScenarioTests
{
    private static readonly RunLimits Plenty = new(long.MaxValue, TimeSpan.FromSeconds(60));

    private static readonly (string Scenario, MappingFixtureState State, MappingOperation[][] Threads, string Finds)[] Failing =
    [
        ("fault-or-truncate", MappingFixtureState.Unmapped,
            [[MappingOperation.WriteFault(1)], [BrokenOperations.PunchUnlocked(1)], [MappingOperation.Look]], "given up"),
        ("fault-or-truncate", MappingFixtureState.DirtyPages,
            [[MappingOperation.WriteFault(0)], [BrokenOperations.PunchThatUnmapsLast(1)], [MappingOperation.Look]], "is mapped and has no entry"),
        ("writeback-or-fault", MappingFixtureState.DirtyPages,
            [[BrokenOperations.WritebackThatLocksLast(1)], [MappingOperation.WriteFault(1)], [MappingOperation.Look]], "its entry is clean"),
        ("writeback-two-views", MappingFixtureState.DirtyPmd,
            [[BrokenOperations.WritebackOfOneView], [MappingOperation.WriteFault(1)], [MappingOperation.Look]], "its entry is clean"),
        ("pmd-over-ptes", MappingFixtureState.Unmapped,
            [[BrokenOperations.HugeFaultThatStoresBlindly], [MappingOperation.WriteFault(1, MappedBy.Whole)]], ""),
        ("pinned-page", MappingFixtureState.DirtyPages,
            [[MappingOperation.PinAndUnpin(1)], [BrokenOperations.PunchThatLooksForNoPins(1)]], "given up"),
        ("pinned-page", MappingFixtureState.DirtyPages,
            [[BrokenOperations.PinWithoutSecondLook(1)], [MappingOperation.Punch(1)]], "pinned, and given up"),
        ("two-faults-one-page", MappingFixtureState.Hole,
            [[BrokenOperations.ReadFaultThatAsksFirst(MappedBy.Whole)], [MappingOperation.WriteFault(1)], [MappingOperation.Look]], "zero page"),
        ("downgrade-mapped", MappingFixtureState.ZeroPmd,
            [[BrokenOperations.WriteFaultThatLeavesTheZeroPage(0)], [MappingOperation.WriteFault(1)], [MappingOperation.Look]], "is mapped"),
        ("copy-or-read", MappingFixtureState.SharedPage,
            [[BrokenOperations.CopyThatUnmapsNothing(1)], [MappingOperation.ReadFault(1, MappedBy.Whole)], [MappingOperation.Look]], "given up"),
        ("split-shared-pmd", MappingFixtureState.SharedPmd,
            [[BrokenOperations.CopyThatUnmapsNothing(0)], [MappingOperation.WriteFault(1)], [MappingOperation.Look]], "given up"),
        ("copy-or-writeback", MappingFixtureState.SharedPage,
            [[MappingOperation.WriteFault(1)], [BrokenOperations.WritebackThatStoresWhatItSaw(1)], [MappingOperation.Look]], "its entry is"),
        ("hole-becomes-pages", MappingFixtureState.Hole,
            [[MappingOperation.HugeReadFault], [BrokenOperations.WriteFaultThatUnmapsTooEarly(1)]], "is mapped"),
        ("invalidate-or-fault", MappingFixtureState.CleanPage,
            [[BrokenOperations.InvalidateThatUnmapsFirst(1)], [MappingOperation.ReadFault(1, MappedBy.Whole)]], "is mapped and has no entry"),
        ("hole-or-write", MappingFixtureState.Hole,
            [[BrokenOperations.ReadFaultThatAsksFirst(MappedBy.Piece)], [MappingOperation.Write(1)]], "the file has"),
        ("poison-or-fault", MappingFixtureState.DirtyPages,
            [[MappingOperation.WriteFault(1)], [BrokenOperations.PoisonUnlocked(1)]], "poisoned"),
        ("lock-by-page-or-punch", MappingFixtureState.DirtyPages,
            [[BrokenOperations.LockByPageWithoutSecondLook(1)], [MappingOperation.Punch(1), MappingOperation.WriteFault(1)]], "locked by block"),
        ("huge-fault-or-punch", MappingFixtureState.Unmapped,
            [[MappingOperation.HugeWriteFault], [BrokenOperations.PunchUnlocked(1)], [MappingOperation.Look]], "is mapped and has no entry"),
    ];

    private static IEnumerable<TestCaseData> FailingCases => Failing.Select((g, i) => new TestCaseData(i).SetArgDisplayNames(
        g.Scenario, g.Threads.SelectMany(t => t).First(o => IsBroken(o)).Name));

    // Those of runs of entries always: a wake-up or a wait that a run leaves out shows nowhere else.
    private static IEnumerable<string> Names => Effort.Part(MappingScenarios.Names, every: 12).Union(["refresh-or-remove", "lock-by-page-or-punch"]);

    private static IEnumerable<string> BugIds => MappingScenarios.Bugs.Select(b => b.Id);

    [TestCaseSource(nameof(FailingCases))]
    public void APrecautionThatIsLeftOutIsFound(int number)
    {
        (string name, MappingFixtureState state, MappingOperation[][] threads, string finds) = Failing[number];
        Scenario scenario = MappingScenarios.Make(name + "-broken", string.Empty, WaitProfiles.Fixed, state, threads);
        var failed = CheckRunner.Exhaust(scenario, Plenty) as CheckFailed;
        Assert.That(failed, Is.Not.Null, "the search sees nothing");
        TestContext.Out.WriteLine($"{failed!.Effort}\n{failed.Failure.Message}\n{failed.Schedule}\n{string.Join('\n', failed.Trace)}");
        Assert.That(failed.Failure.Message, Does.Contain(finds));
        Assert.That(CheckRunner.Replay(scenario, Schedule.Parse(failed.Schedule.ToString())).Failure?.Message, Is.EqualTo(failed.Failure.Message));
    }

    [TestCaseSource(nameof(Names))]
    public void TheRealFaultPathHasNoneOfIt(string name)
    {
        CheckOutcome outcome = CheckRunner.Exhaust(MappingScenarios.Named(name, WaitProfiles.Fixed), Plenty, maxPreemptions: 2);
        Assert.That(outcome, Is.InstanceOf<CheckPassed>(), outcome.ToString());
        Assert.That(((CheckPassed)outcome).Coverage, Is.Not.EqualTo(Coverage.CutOff));
    }

    [Test]
    public void NorHasItWithStoreBuffers()
    {
        foreach (Scenario scenario in Effort.Part(MappingScenarios.Buffered(WaitProfiles.Fixed), every: 6))
        {
            CheckOutcome outcome = CheckRunner.Exhaust(scenario, Plenty, maxPreemptions: 2);
            Assert.That(outcome, Is.InstanceOf<CheckPassed>(), outcome.ToString());
            TestContext.Out.WriteLine($"{outcome.Effort} {((CheckPassed)outcome).Coverage}");
        }
    }

    [Test]
    public void AWriterOfTheInvalidateLockNeedsItsBarrierOnlyWithStoreBuffers()
    {
        Scenario scenario = MappingScenarios.Make(
            "no-barrier", string.Empty, WaitProfiles.Fixed, MappingFixtureState.Unmapped, [MappingOperation.WriteFault(1)], [BrokenOperations.PunchWithoutBarrier(1)]);
        Assert.That(CheckRunner.Exhaust(scenario, Plenty, maxPreemptions: 2), Is.InstanceOf<CheckPassed>());
        Assert.That(CheckRunner.Exhaust(scenario with { Model = MemoryModel.TotalStoreOrder }, Plenty), Is.InstanceOf<CheckFailed>());
    }

    [TestCaseSource(nameof(BugIds))]
    public void TheHistoricBugIsFoundInItsProfileAndOnlyThere(string id)
    {
        HistoricBug bug = MappingScenarios.Bugs.Single(b => b.Id == id);
        var failed = CheckRunner.Exhaust(MappingScenarios.Named(bug.Scenario, bug.Profile), Plenty) as CheckFailed;
        Assert.That(failed, Is.Not.Null, "the search sees nothing");
        Assert.That(failed!.Failure.Kind, Is.EqualTo(FailureKind.Hang));
        Assert.That(failed.Effort.ScheduleCount, Is.LessThan(100));
        foreach (WaitProfile other in WaitProfiles.All.Where(p => p != bug.Profile))
        {
            Assert.That(CheckRunner.Exhaust(MappingScenarios.Named(bug.Scenario, other), Plenty, maxPreemptions: 1), Is.InstanceOf<CheckPassed>(), other.Name);
        }
    }

    [Test]
    public void EveryScenarioIsSeenToFail() => Assert.That(
        Names.Except(Failing.Select(g => g.Scenario)).Except(MappingScenarios.Bugs.Select(b => b.Scenario)).Except(MutationTests.Mutants.Select(m => m.Scenario)), Is.Empty);

    [Test]
    public void AnUnknownScenarioIsAnsweredWithAllNames() => Assert.That(
        () => SmallScenarios.Named("no-such", WaitProfiles.Fixed),
        Throws.ArgumentException.With.Message.Contains("pmd-behind-pte").And.Message.Contains("fault-or-truncate"));

    // The real operations are made anew at each mention, so their class's name in the delegate distinguishes them.
    private static bool IsBroken(MappingOperation operation) =>
        operation.Run.Method.DeclaringType!.FullName!.Contains(nameof(BrokenOperations), StringComparison.Ordinal);
}
