using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Checking.Strategies;
using NUnit.Framework;

namespace DaxEmu.Tests.Checking;

public sealed class ToyCheckerTests
{
    private static readonly RunLimits Plenty = new(200_000, TimeSpan.FromSeconds(30));
    private static readonly RunLimits Some = new(2_000, TimeSpan.FromSeconds(30));

    [TestCase("depth-first")]
    [TestCase("depth-first without memory")]
    [TestCase("random priorities")]
    [TestCase("random walk")]
    public void ALostWakeUpIsFoundByEveryStrategy(string strategy)
    {
        CheckFailed failed = Failed(CheckRunner.Check(ToyScenarios.LostWakeUp, StrategyOf(strategy), Some));

        Assert.That(failed.Failure.Kind, Is.EqualTo(FailureKind.Hang));
        Assert.That(failed.ThreadCount, Is.EqualTo(2));
        Assert.That(failed.StepCount, Is.EqualTo(failed.Schedule.Choices.Count).And.LessThanOrEqualTo(7));
        Assert.That(failed.Trace[^2], Is.EqualTo("T0 sleeper sleeps for ever on key 0"));
        Assert.That(failed.Trace[^1], Is.EqualTo("no key was woken"));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void TheFixedWakeUpIsExhausted(bool buffersStores)
    {
        MemoryModel model = buffersStores ? MemoryModel.TotalStoreOrder : MemoryModel.SequentiallyConsistent;
        CheckPassed passed = Passed(CheckRunner.Exhaust(ToyScenarios.KeptWakeUp with { Model = model }, Plenty, maxPreemptions: 20));

        Assert.That(passed.Coverage, Is.EqualTo(Coverage.Everything));
        Assert.That(passed.Effort.ScheduleCount, Is.GreaterThan(3));
        Assert.That(passed.Effort.StepCount, Is.GreaterThan(passed.Effort.ScheduleCount));
    }

    [TestCase("depth-first")]
    [TestCase("depth-first without memory")]
    [TestCase("random priorities")]
    [TestCase("random walk")]
    public void ADeadlockIsAHangOfBoth(string strategy)
    {
        CheckFailed failed = Failed(CheckRunner.Check(ToyScenarios.Deadlock, StrategyOf(strategy), Some));

        Assert.That(failed.Failure.Kind, Is.EqualTo(FailureKind.Hang));
        Assert.That(failed.Failure.Stuck.Select(stuck => stuck.Thread), Is.EqualTo(new[] { 0, 1 }));
        Assert.That(failed.Trace, Has.All.Contains("spins for ever"));
    }

    [Test]
    public void LocksInOneOrderNeverDeadlock() => Assert.That(
        Passed(CheckRunner.Exhaust(ToyScenarios.NoDeadlock, Plenty, maxPreemptions: 20)).Coverage, Is.EqualTo(Coverage.Everything));

    [Test]
    public void ALoopWithoutAnEndIsALivelock()
    {
        CheckFailed failed = Failed(CheckRunner.Exhaust(ToyScenarios.Livelock, Plenty));

        Assert.That(failed.Failure.Kind, Is.EqualTo(FailureKind.Livelock));
        Assert.That(failed.Failure.Message, Does.Contain("500 steps").And.Contain("SpinWhile"));
    }

    [Test]
    public void ALostUpdateNeedsOnePreemption()
    {
        Scenario scenario = ToyScenarios.LostUpdate(2) with { Model = MemoryModel.SequentiallyConsistent };

        Assert.That(Passed(CheckRunner.Exhaust(scenario, Plenty, maxPreemptions: 0)).Coverage, Is.EqualTo(Coverage.UpToTheBound));
        CheckFailed failed = Failed(CheckRunner.Exhaust(scenario, Plenty, maxPreemptions: 1));
        Assert.That(failed.Failure.Kind, Is.EqualTo(FailureKind.Violation));
        Assert.That(failed.Failure.Message, Is.EqualTo("2 additions gave 1"));
        Assert.That(failed.Schedule.ToString(), Is.EqualTo("dax1:lost-update:2-threads:sc:ab2a"));
    }

    [Test]
    public void AnExceptionOfAThreadIsAFailureThatNamesTheThread()
    {
        Scenario scenario = ToyScenarios.Of("throws", "plain", 1, w => [new("quiet", () => w[0] = 1), new("loud", () => throw new FormatException("no"))]);

        CheckFailed failed = Failed(CheckRunner.Exhaust(scenario, Plenty));
        Assert.That(failed.Failure.Kind, Is.EqualTo(FailureKind.Exception));
        Assert.That(failed.Failure.Message, Is.EqualTo("T1 loud: FormatException: no"));
    }

    [Test]
    public void AFinalCheckThatWouldWaitIsAFailure()
    {
        Scenario scenario = ToyScenarios.Of(
            "left-locked", "plain", 1, w => [new("locks", () => WordLock.Enter(ref w.Ref(0), Site.Other))], null,
            w => WordLock.Enter(ref w.Ref(0), Site.LockBucket));

        Assert.That(Failed(CheckRunner.Exhaust(scenario, Plenty)).Failure.Message, Does.Contain("final check").And.Contain("LockBucket"));
    }

    [TestCase(2)]
    [TestCase(3)]
    public void StatesSeenBeforeAreLeftOutAndCounted(int threadCount)
    {
        Scenario scenario = ToyScenarios.Counter(threadCount);
        CheckPassed with = Passed(CheckRunner.Check(scenario, new Exhaustive(2), Plenty));
        CheckPassed without = Passed(CheckRunner.Check(scenario, new Exhaustive(2, remembersStates: false), Plenty));

        TestContext.Out.WriteLine($"{with.Effort}\n{without.Effort}");
        Assert.That(with.Coverage, Is.EqualTo(without.Coverage).And.Not.EqualTo(Coverage.CutOff));
        Assert.That(with.Effort.PrunedCount, Is.GreaterThan(0));
        Assert.That(without.Effort.PrunedCount, Is.Zero);
        Assert.That(with.Effort.ScheduleCount, Is.LessThan(without.Effort.ScheduleCount));
    }

    /// <summary>The order of critical sections shows in no word of memory: a search that compared words would leave schedules out.</summary>
    [Test]
    public void EveryOrderThroughALockIsTriedThoughTheWordsAreTheSame()
    {
        foreach (int[] order in new int[][] { [0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0] })
        {
            Assert.That(
                CheckRunner.Exhaust(ToyScenarios.HiddenOrder(3, order), Plenty, maxPreemptions: 1), Is.InstanceOf<CheckFailed>(),
                $"order {string.Join(' ', order)} was not tried");
        }
    }

    [Test]
    public void ValuesAreEnumeratedAndReplayed()
    {
        CheckFailed failed = Failed(CheckRunner.Exhaust(ToyScenarios.Values, Plenty));

        Assert.That(failed.Schedule.Values, Is.EqualTo(new[] { 3UL, 6UL }));
        Assert.That(failed.Schedule.ToString(), Does.EndWith(":3.6"));
        Assert.That(CheckRunner.Replay(ToyScenarios.Values, Schedule.Parse(failed.Schedule.ToString())).Failure, Is.Not.Null);
    }

    [Test]
    public void ASearchThatIsCutOffSaysSo()
    {
        CheckPassed passed = Passed(CheckRunner.Exhaust(ToyScenarios.Counter(3), new RunLimits(10, TimeSpan.MaxValue)));

        Assert.That(passed.Coverage, Is.EqualTo(Coverage.CutOff));
        Assert.That(passed.Effort.ScheduleCount, Is.EqualTo(10));
        Assert.That(Passed(CheckRunner.SampleRandom(ToyScenarios.Counter(3), new RunLimits(10, TimeSpan.MaxValue), 1)).Coverage, Is.EqualTo(Coverage.Sample));
    }

    [Test]
    public void APassIsInconclusiveIfTheControlDoesNotFail()
    {
        CheckOutcome Search(Scenario scenario) => CheckRunner.Exhaust(scenario, Plenty);

        CheckOutcome silent = CheckRunner.WithControl(ToyScenarios.NoDeadlock, ToyScenarios.KeptWakeUp, Search);
        Assert.That(silent, Is.InstanceOf<CheckInconclusive>());
        Assert.That(((CheckInconclusive)silent).Reason, Does.Contain("deadlock").And.Contain("did not"));
        Assert.That(CheckRunner.WithControl(ToyScenarios.LostWakeUp, ToyScenarios.KeptWakeUp, Search), Is.InstanceOf<CheckPassed>());
    }

    [Test]
    public void AScenarioThatIsNotDeterministicIsRefused()
    {
        int run = 0;
        Scenario scenario = ToyScenarios.Of("moody", "plain", 2, w =>
        {
            int mood = run++;
            return [new("moody", () => w[1] = mood % 2 == 0 ? w[0] : w.Exchange(0, 1)), new("other", () => w[0] = w[1])];
        });

        Assert.That(
            () => CheckRunner.Exhaust(scenario, Plenty), Throws.InvalidOperationException.With.Message.Contains("not deterministic"));
    }

    private static IStrategy StrategyOf(string name) => name switch
    {
        "depth-first" => new Exhaustive(),
        "depth-first without memory" => new Exhaustive(remembersStates: false),
        "random priorities" => new Pct(3, 1),
        _ => new RandomWalk(1),
    };

    internal static CheckFailed Failed(CheckOutcome outcome)
    {
        Assert.That(outcome, Is.InstanceOf<CheckFailed>(), outcome.ToString());
        return (CheckFailed)outcome;
    }

    internal static CheckPassed Passed(CheckOutcome outcome)
    {
        Assert.That(outcome, Is.InstanceOf<CheckPassed>(), outcome is CheckFailed failed ? string.Join('\n', failed.Trace) : outcome.ToString());
        return (CheckPassed)outcome;
    }
}
