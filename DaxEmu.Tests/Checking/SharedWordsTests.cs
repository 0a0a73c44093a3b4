using DaxEmu.Core.Checking;
using NUnit.Framework;

namespace DaxEmu.Tests.Checking;

/// <summary>Scenarios as an author writes them: words, labels, and nothing of the core.</summary>
public sealed class SharedWordsTests
{
    private const int One = 0;
    private const int Other = 1;

    private static readonly string[] Two = ["one", "other"];
    private static readonly RunLimits Plenty = new(200_000, TimeSpan.FromSeconds(30));

    [Test]
    public void ATraceHasTheAuthorsThreadsLabelsAndWords()
    {
        CheckFailed failed = ToyCheckerTests.Failed(CheckRunner.Exhaust(LostUpdate with { Model = MemoryModel.SequentiallyConsistent }));

        Assert.That(failed.Trace, Is.EqualTo(new[]
        {
            "T0 adder: read (one is 0)",
            "T1 adder: read (one is 0)",
            "T1 adder: write (one <- 1)",
            "T0 adder: write (one <- 1)",
            "Violation: an addition is lost",
        }));
        Assert.That(failed.EventCount, Is.EqualTo(4));
        Assert.That(failed.Schedule.ToString(), Is.EqualTo("dax1:lost-update:plain:sc:ab2a"));
        ReplayedRun replayed = CheckRunner.Replay(LostUpdate, Schedule.Parse("dax1:lost-update:plain:sc:ab2a"));
        Assert.That(replayed.Trace, Is.EqualTo(failed.Trace));
        Assert.That(replayed.Steps, Has.Count.EqualTo(4).And.Contains("T1 write (one <- 1)"));
    }

    [Test]
    public void EachStepIsTracedWithWhatItDid()
    {
        Scenario scenario = new("steps", "plain", Two, words => new ScenarioRun([new("all", () =>
        {
            words.Store(One, 5000, "store");
            words.Exchange(One, 3, "exchange");
            words.CompareExchange(One, 4, 3, "succeed");
            words.CompareExchange(One, 4, 3, "fail");
            words.Add(One, -1, "add");
            words.Store(Other, 1, "leave in the buffer");
            words.Fence("fence");
            SharedWords.ProcessWideBarrier("barrier");
            words.Wait(One, 9, "wait");
            words.Wake(One, "wake");
            words.SpinWhile(One, 9, "spin");
            words.Load(One, "load");
            ScenarioCheck.That(false, "end");
        })]));

        Assert.That(ToyCheckerTests.Failed(CheckRunner.Exhaust(scenario)).Trace, Is.EqualTo(new[]
        {
            "T0 all: store (one <- 0x1388, buffered)",
            "T0 all: exchange (one was 0x1388, <- 3)",
            "T0 all: succeed (one was 3, <- 4)",
            "T0 all: fail (not done, one is 4)",
            "T0 all: add (one <- 3)",
            "T0 all: leave in the buffer (other <- 1, buffered)",
            "T0 all: fence",
            "T0 all: barrier",
            "T0 all: wait (does not sleep, one is not 9)",
            "T0 all: wake (wakes 0 on one)",
            "T0 all: spin (one is 3)",
            "T0 all: load (one is 3)",
            "Violation: end",
        }));
    }

    [TestCase("nothing", false)]
    [TestCase("one fence", false)]
    [TestCase("two fences", true)]
    [TestCase("one process-wide barrier", true)]
    public void AFenceIsOneThreadsAndAProcessWideBarrierIsEveryThreads(string between, bool isEnough)
    {
        Scenario scenario = new("dekker", "plain", Two, words =>
        {
            ulong first = 0;
            ulong second = 0;
            return new ScenarioRun(
                [
                    new("first", () =>
                    {
                        words.Store(One, 1, "store mine");
                        Pass(words, between == "one process-wide barrier" ? between : between == "two fences" ? "fence" : "nothing");
                        first = words.Load(Other, "look at the other's");
                    }),
                    new("second", () =>
                    {
                        words.Store(Other, 1, "store mine");
                        Pass(words, between.EndsWith('s') || between == "one fence" ? "fence" : "nothing");
                        second = words.Load(One, "look at the other's");
                    }),
                ],
                check: () => ScenarioCheck.That(first + second > 0, "neither saw the other's store"));
        });

        CheckOutcome outcome = CheckRunner.Exhaust(scenario, Plenty, maxPreemptions: 20);
        Assert.That(outcome, isEnough ? Is.InstanceOf<CheckPassed>() : Is.InstanceOf<CheckFailed>());
        if (outcome is CheckPassed passed)
        {
            Assert.That(passed.Coverage, Is.EqualTo(Coverage.Everything));
        }
        else
        {
            Assert.That(((CheckFailed)outcome).Trace, Has.Some.EndsWith("buffered store reaches memory (one <- 1)"));
        }
    }

    [Test]
    public void AHangNamesTheLabelAndIsNotTheHangOfAnotherLabel()
    {
        CheckFailed failed = ToyCheckerTests.Failed(CheckRunner.Exhaust(Waiters));

        Assert.That(failed.Failure.Kind, Is.EqualTo(FailureKind.Hang));
        Assert.That(failed.Trace.TakeLast(2), Is.EqualTo(new[] { "T0 left sleeps for ever in 'sleep on the left'", "T1 right sleeps for ever in 'sleep on the right'" }));
        var here = new RunFailure(FailureKind.Hang, "", [new StuckThread(0, StepKind.Wait, default, "here")]);
        Assert.That(here.IsLike(new RunFailure(FailureKind.Hang, "", [new StuckThread(1, StepKind.Wait, default, "here")])), "the same step of a thread alike");
        Assert.That(here.IsLike(new RunFailure(FailureKind.Hang, "", [new StuckThread(0, StepKind.Wait, default, "there")])), Is.False);
    }

    [Test]
    public void ALongScheduleIsShrunkToTheSameFailure()
    {
        Scenario scenario = LostUpdate with { Model = MemoryModel.SequentiallyConsistent };
        var longer = Schedule.Parse("dax1:lost-update:plain:sc:baba");
        CheckFailed shrunk = CheckRunner.Shrink(scenario, longer);

        Assert.That(shrunk.Failure.Message, Is.EqualTo("an addition is lost"));
        Assert.That(shrunk.Schedule.ToString(), Is.EqualTo("dax1:lost-update:plain:sc:ba2b"));
        Assert.That(
            () => CheckRunner.Shrink(scenario, Schedule.Parse("dax1:lost-update:plain:sc:a2b2")),
            Throws.ArgumentException.With.Message.Contains("a2b2").And.Message.Contains("does not fail"));
    }

    [Test]
    public void OfAVeryLongTraceTheEndIsShown()
    {
        Scenario scenario = new("long", "plain", Two, words => new ScenarioRun([new("loop", () =>
        {
            for (int i = 0; i < 100; i++)
            {
                words.Store(One, (ulong)i, $"step {i}");
            }

            ScenarioCheck.That(false, "end");
        })]))
        { Model = MemoryModel.SequentiallyConsistent };
        CheckFailed failed = ToyCheckerTests.Failed(CheckRunner.Exhaust(scenario));

        Assert.That(failed.Trace, Has.Count.EqualTo(ScheduleTrace.MaxLabelledLines));
        Assert.That(failed.Trace[0], Is.EqualTo("(left out: 62)"));
        Assert.That(failed.Trace[^2], Is.EqualTo("T0 loop: step 99 (one <- 99)"));
        Assert.That(failed.EventCount, Is.EqualTo(100));
    }

    [Test]
    public void EachRunBeginsWithZeroes()
    {
        Scenario scenario = new("clean", "plain", Two, words =>
        {
            ScenarioCheck.That(words.Load(One, "begin") == 0 && words.Load(Other, "begin") == 0, "the words of another run");
            return new ScenarioRun([new("one", () => words.Store(One, 1, "store")), new("other", () => words.Store(Other, 1, "store"))]);
        });

        Assert.That(ToyCheckerTests.Passed(CheckRunner.Exhaust(scenario)).Effort.ScheduleCount, Is.GreaterThan(1));
    }

    [Test]
    public void AFinalCheckThatWouldWaitNamesTheLabel()
    {
        Scenario scenario = new(
            "left-locked", "plain", Two,
            words => new ScenarioRun([new("locks", () => words.Store(One, 1, "lock"))], () => words.SpinWhile(One, 1, "take the lock")));

        Assert.That(ToyCheckerTests.Failed(CheckRunner.Exhaust(scenario)).Failure.Message, Does.Contain("final check").And.Contain("'take the lock'"));
    }

    [TestCase("Queue", "plain")]
    [TestCase("a:b", "plain")]
    [TestCase("queue", "")]
    [TestCase("queue", "no barrier")]
    public void ANameThatNoScheduleStringCouldHaveIsRefused(string name, string profile) => Assert.That(
        () => new Scenario(name, profile, Two, _ => new ScenarioRun([])),
        Throws.ArgumentException.With.Message.Contains("lower-case letters, digits, dots and hyphens"));

    [Test]
    public void WordsThatAreNotThereAreRefused()
    {
        Assert.That(() => new Scenario("queue", "plain", [], _ => new ScenarioRun([])), Throws.ArgumentException.With.Message.Contains("at least one"));
        Assert.That(() => new SharedWords("a", " "), Throws.ArgumentException.With.Message.Contains("name each"));
        var words = new SharedWords(Two);
        Assert.That(words.Count, Is.EqualTo(2));
        Assert.That(() => words.Load(2, "load"), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => words.Store(-1, 0, "store"), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void OnOtherThreadsTheStepsAreReal()
    {
        const int Rounds = 100_000; // long enough for the threads to meet
        var words = new SharedWords("lock", "sum");
        using var start = new Barrier(3);
        void Work()
        {
            start.SignalAndWait();
            for (int i = 0; i < Rounds; i++)
            {
                while (words.CompareExchange(One, 1, 0, "take the lock") != 0)
                {
                    words.Wait(One, 1, "sleep");
                }

                words.Store(Other, words.Load(Other, "read") + 1, "write");
                words.Exchange(One, 0, "drop the lock");
                words.Wake(One, "wake");
                words.Fence("fence");
            }
        }

        Thread[] threads = [new(Work), new(Work), new(Work)];
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        Assert.That(words.Load(Other, "end"), Is.EqualTo(3UL * Rounds));
    }

    private static Scenario LostUpdate { get; } = new("lost-update", "plain", Two, words =>
    {
        void Add() => words.Store(One, words.Load(One, "read") + 1, "write");
        return new ScenarioRun(
            [new("adder", Add), new("adder", Add)],
            check: () => ScenarioCheck.That(words.Load(One, "end") == 2, "an addition is lost"));
    });

    private static Scenario Waiters { get; } = new("waiters", "plain", Two, words => new ScenarioRun(
        [
            new("left", () => words.Wait(One, 0, "sleep on the left")),
            new("right", () => words.Wait(Other, 0, "sleep on the right")),
        ]));

    private static void Pass(SharedWords words, string barrier)
    {
        if (barrier == "fence")
        {
            words.Fence("fence");
        }
        else if (barrier == "one process-wide barrier")
        {
            SharedWords.ProcessWideBarrier("barrier");
        }
    }
}
