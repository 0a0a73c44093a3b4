using DaxEmu.Core.Checking;

namespace Samples.LockFreeQueue;

/// <summary>Puts the queue under the scheduler: the right one passes, and each flaw is found by the search that must find it.</summary>
internal static class Program
{
    private const int ValueCount = 2;

    private static int Main()
    {
        try
        {
            bool isAsExpected =
                Passes(QueueFlaw.None, MemoryModel.SequentiallyConsistent)
                && Passes(QueueFlaw.None, MemoryModel.TotalStoreOrder)

                // A lost wake-up is a matter of the order of steps alone ...
                && Hangs(QueueFlaw.NoRecheck, MemoryModel.SequentiallyConsistent)

                // ... a missing barrier is not: no order of steps shows it, only a store that stays in its buffer does.
                && Passes(QueueFlaw.NoBarrier, MemoryModel.SequentiallyConsistent)
                && Hangs(QueueFlaw.NoBarrier, MemoryModel.TotalStoreOrder)
                && WorksOnRealThreads();
            return isAsExpected ? 0 : 1;
        }
        catch (InvalidOperationException e)
        {
            Console.Error.WriteLine(e.Message); // the switch is off
            return 3;
        }
    }

    /// <summary>A thread sends two values, another receives them.</summary>
    private static Scenario ScenarioOf(QueueFlaw flaw, MemoryModel model) =>
        new("queue", ProfileOf(flaw), SleepingQueue.WordNames, words =>
        {
            var queue = new SleepingQueue(words, flaw);
            List<ulong> received = [];
            return new ScenarioRun(
                [
                    new ScenarioThread("producer", () =>
                    {
                        for (ulong value = 1; value <= ValueCount; value++)
                        {
                            queue.Enqueue(value);
                        }
                    }),
                    new ScenarioThread("consumer", () =>
                    {
                        for (int i = 0; i < ValueCount; i++)
                        {
                            received.Add(queue.Dequeue());
                        }
                    }),
                ],
                check: () => ScenarioCheck.That(received is [1, 2], $"received {string.Join(", ", received)}"));
        })
        {
            Model = model,
        };

    // As it stands in the schedule string.
    private static string ProfileOf(QueueFlaw flaw) => flaw switch
    {
        QueueFlaw.NoRecheck => "no-recheck",
        QueueFlaw.NoBarrier => "no-barrier",
        _ => "right",
    };

    private static bool Passes(QueueFlaw flaw, MemoryModel model)
    {
        CheckOutcome outcome = CheckRunner.Exhaust(ScenarioOf(flaw, model));
        Console.WriteLine($"{ProfileOf(flaw)}, {model}: {Describe(outcome)}");
        return outcome is CheckPassed { Coverage: Coverage.Everything or Coverage.UpToTheBound };
    }

    private static bool Hangs(QueueFlaw flaw, MemoryModel model)
    {
        Scenario scenario = ScenarioOf(flaw, model);
        CheckOutcome outcome = CheckRunner.Exhaust(scenario);
        Console.WriteLine($"{ProfileOf(flaw)}, {model}: {Describe(outcome)}");

        // The string is all that another process needs.
        return outcome is CheckFailed { Failure.Kind: FailureKind.Hang } failed
            && CheckRunner.Replay(scenario, Schedule.Parse(failed.Schedule.ToString())).Trace.SequenceEqual(failed.Trace);
    }

    private static string Describe(CheckOutcome outcome) => outcome switch
    {
        CheckFailed failed => $"{failed.Failure.Kind}\n  {failed.Schedule}\n  {string.Join("\n  ", failed.Trace)}",
        CheckPassed passed => $"passed, {passed.Coverage}, {passed.Effort.ScheduleCount} schedules",
        _ => $"says nothing: {outcome}",
    };

    /// <summary>The same code on threads that no search owns: its steps are the processor's and the kernel's own.</summary>
    private static bool WorksOnRealThreads()
    {
        const int Rounds = 1000;
        var queue = new SleepingQueue(new SharedWords([.. SleepingQueue.WordNames]), QueueFlaw.None);
        using var capacity = new SemaphoreSlim(SleepingQueue.Capacity);
        ulong sum = 0;
        var consumer = new Thread(() =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                sum += queue.Dequeue();
                capacity.Release();
            }
        });
        consumer.Start();
        for (ulong value = 1; value <= Rounds; value++)
        {
            capacity.Wait();
            queue.Enqueue(value);
        }

        consumer.Join();
        Console.WriteLine($"real threads: {Rounds} values, sum {sum}");
        return sum == Rounds * (Rounds + 1UL) / 2;
    }
}
