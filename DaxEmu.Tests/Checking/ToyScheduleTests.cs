using DaxEmu.Core.Checking;
using DaxEmu.Core.Checking.Strategies;
using NUnit.Framework;

namespace DaxEmu.Tests.Checking;

public sealed class ToyScheduleTests
{
    private static readonly RunLimits Some = new(5_000, TimeSpan.FromSeconds(30));

    private static readonly Scenario[] FailingScenarios =
        [ToyScenarios.LostWakeUp, ToyScenarios.Deadlock, ToyScenarios.LostUpdate(3), ToyScenarios.Dekker("plain", null, null), ToyScenarios.Values];

    private static IEnumerable<string> FailingNames => FailingScenarios.Select(scenario => scenario.Name);

    [TestCaseSource(nameof(FailingNames))]
    public void AScheduleStringReplaysTheSameTenTimesOfTen(string name)
    {
        Scenario scenario = FailingScenarios.Single(scenario => scenario.Name == name);
        CheckFailed failed = ToyCheckerTests.Failed(CheckRunner.SampleRandom(scenario, Some, seed: 3));
        Schedule schedule = Schedule.Parse(failed.Schedule.ToString());

        ReplayedRun[] replays = [.. Enumerable.Range(0, 10).Select(_ => CheckRunner.Replay(scenario, schedule))];
        Assert.That(replays.Select(replay => replay.Trace), Is.All.EqualTo(failed.Trace));
        Assert.That(replays.Select(replay => replay.Steps), Is.All.EqualTo(replays[0].Steps));
        Assert.That(replays.Select(replay => replay.Failure!.Kind), Is.All.EqualTo(failed.Failure.Kind));
    }

    [TestCaseSource(nameof(FailingNames))]
    public void AShrunkScheduleFailsAlikeAndIsNotLonger(string name)
    {
        Scenario scenario = FailingScenarios.Single(scenario => scenario.Name == name);
        using ControlledScheduler scheduler = new(scenario);
        for (ulong seed = 0; seed < 5; seed++)
        {
            RunReport found = scheduler.Run(new RandomWalk(seed), Some);
            Assert.That(found.Failure, Is.Not.Null);
            RunReport shrunk = new Shrinker(scheduler, scenario).Shrink(found);

            Assert.That(shrunk.Failure!.IsLike(found.Failure!), Is.True);
            Assert.That(shrunk.Schedule.SwitchCount, Is.LessThanOrEqualTo(found.Schedule.SwitchCount));
            RunReport replayed = scheduler.Run(new Replay(shrunk.Schedule), RunLimits.One);
            Assert.That(replayed.Failure!.IsLike(found.Failure!), Is.True);
            Assert.That(replayed.Schedule.ToString(), Is.EqualTo(shrunk.Schedule.ToString()));
        }
    }

    [Test]
    public void ATraceHasAtMostTenLines()
    {
        CheckFailed failed = ToyCheckerTests.Failed(CheckRunner.Exhaust(ToyScenarios.LostWakeUp, Some));

        Assert.That(failed.Trace, Has.Count.LessThanOrEqualTo(ScheduleTrace.MaxLines).And.Count.GreaterThan(1));
    }

    [TestCase("dax0:deadlock:fixed:tso:a", "version 'dax0'")]
    [TestCase("hello", "no schedule string")]
    [TestCase("dax1:deadlock:fixed:tso", "parts")]
    [TestCase("dax1:deadlock:fixed:arm:a", "memory model 'arm'")]
    [TestCase("dax1:deadlock:fixed:tso:a3?", "'?'")]
    [TestCase("dax1:deadlock:fixed:tso:i", "'i'")]
    [TestCase("dax1:deadlock:fixed:tso:a0", "'0'")]
    [TestCase("dax1:deadlock:fixed:tso:a99999999999", "'99999999999'")]
    [TestCase("dax1:deadlock:fixed:tso:a:x", "'x'")]
    public void AWrongScheduleStringSaysWhatIsWrong(string text, string message) =>
        Assert.That(() => Schedule.Parse(text), Throws.InstanceOf<FormatException>().With.Message.Contains(message));

    [Test]
    public void AScheduleOfAnotherScenarioOrProfileIsRefused()
    {
        Assert.That(
            () => CheckRunner.Replay(ToyScenarios.NoDeadlock, Schedule.Parse("dax1:lost-wake-up:fixed:tso:a")),
            Throws.InstanceOf<ScheduleMismatchException>().With.Message.Contains("lost-wake-up").And.Message.Contains("deadlock"));
        Assert.That(
            () => CheckRunner.Replay(ToyScenarios.NoDeadlock, Schedule.Parse("dax1:deadlock:opposite-order:tso:a")),
            Throws.InstanceOf<ScheduleMismatchException>().With.Message.Contains("opposite-order"));
    }

    [TestCase("dax1:deadlock:fixed:tso:a2b99", "step")]
    [TestCase("dax1:deadlock:fixed:tso:c", "step 0")]
    [TestCase("dax1:deadlock:fixed:tso:a2", "ends after 2 steps")]
    [TestCase("dax1:deadlock:fixed:tso:A", "'T0', 'T1' can come next")]
    public void AScheduleThatDoesNotFitNamesTheStep(string text, string message) => Assert.That(
        () => CheckRunner.Replay(ToyScenarios.NoDeadlock, Schedule.Parse(text)),
        Throws.InstanceOf<ScheduleMismatchException>().With.Message.Contains(message));

    [Test]
    public void TheStringRoundTripsAllItsParts()
    {
        const string text = "dax1:lost-wake-up:check-outside:sc:a12b3Aa5hH2:0.3.18446744073709551615";
        Schedule schedule = Schedule.Parse(text);

        Assert.That(schedule.ToString(), Is.EqualTo(text));
        Assert.That(schedule.Choices, Has.Count.EqualTo(24));
        Assert.That(schedule.DrainCount, Is.EqualTo(3));
        Assert.That(schedule.Model, Is.EqualTo(MemoryModel.SequentiallyConsistent));
    }
}
