using DaxEmu.Core.Checking.Strategies;

namespace DaxEmu.Core.Checking;

/// <summary>Checks scenarios: searches their schedules, and makes of a failure a short schedule string and a description.</summary>
internal static class CheckRunner
{
    /// <summary>Searches every schedule with up to so many preemptions.</summary>
    public static CheckOutcome Exhaust(Scenario scenario, RunLimits limits, int maxPreemptions = 3, CancellationToken cancellation = default) =>
        Check(scenario, Exhaustive.For(scenario, maxPreemptions), limits, cancellation);

    /// <summary>Tries random schedules.</summary>
    public static CheckOutcome Walk(Scenario scenario, RunLimits limits, ulong seed, CancellationToken cancellation = default) =>
        Check(scenario, new RandomWalk(seed), limits, cancellation);

    /// <summary>Tries schedules with random priorities (<see cref="Pct"/>).</summary>
    public static CheckOutcome Prioritise(
        Scenario scenario, RunLimits limits, ulong seed, int changePointCount = 3, CancellationToken cancellation = default) =>
        Check(scenario, new Pct(changePointCount, seed), limits, cancellation);

    /// <summary>
    /// Searches a scenario; but first a control that is known to be guilty, by the same search: if that stays silent, green means nothing.
    /// </summary>
    /// <returns>The scenario's outcome; inconclusive if the control did not fail.</returns>
    public static CheckOutcome WithControl(Scenario control, Scenario scenario, Func<Scenario, CheckOutcome> search)
    {
        ArgumentNullException.ThrowIfNull(search);
        CheckOutcome seen = search(control);
        return seen is CheckFailed
            ? search(scenario)
            : new CheckInconclusive(
                seen.Effort with { Scenario = scenario.Name, Profile = scenario.Profile },
                $"the control {control.Name} with profile {control.Profile} is known to fail, and did not: the search sees nothing.");
    }

    /// <summary>Searches a scenario with a strategy.</summary>
    /// <exception cref="InvalidOperationException">The scenario is not deterministic, or blocks outside the schedule.</exception>
    public static CheckOutcome Check(Scenario scenario, IStrategy strategy, RunLimits limits, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(strategy);
        using ControlledScheduler scheduler = new(scenario);
        RunReport report = scheduler.Run(strategy, limits, cancellation);
        Exhaustive? exhaustive = strategy as Exhaustive;
        CheckEffort effort = new(
            scenario.Name, scenario.Profile, Describe(strategy), report.ScheduleCount, report.StepCount, exhaustive?.PrunedCount ?? 0);
        if (report.Failure is not null)
        {
            RunReport shrunk = strategy is Replay ? report : new Shrinker(scheduler, scenario).Shrink(report);
            ReplayedRun replayed = Replay(scheduler, scenario, shrunk.Schedule);
            return new CheckFailed(
                effort, shrunk.Failure!, shrunk.Schedule, replayed.Trace, scheduler.ThreadCount, replayed.EventCount, shrunk.Schedule.Choices.Count);
        }

        return report.ScheduleCount == 0
            ? new CheckInconclusive(effort, $"no schedule ran: {report.Stop}.")
            : new CheckPassed(effort, CoverageOf(exhaustive, report.Stop), exhaustive?.Bound);
    }

    /// <summary>Replays a schedule.</summary>
    /// <exception cref="ScheduleMismatchException">It is of another scenario or profile, or the scenario has changed.</exception>
    public static ReplayedRun Replay(Scenario scenario, Schedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        Scenario fitting = schedule.Fit(scenario);
        using ControlledScheduler scheduler = SchedulerOf(fitting);
        RequireThreads(schedule, scheduler.ThreadCount);
        return Replay(scheduler, fitting, schedule);
    }

    // A scenario may begin with what its profile does not do: of v5.3 a 2 MiB fault falls back on an empty range.
    private static ControlledScheduler SchedulerOf(Scenario scenario)
    {
        try
        {
            return new ControlledScheduler(scenario);
        }
        catch (WorldViolationException e)
        {
            throw new ScheduleMismatchException($"scenario '{scenario.Name}' cannot begin with profile '{scenario.Profile}': it is prepared by faults that are not served there.", e);
        }
    }

    private static void RequireThreads(Schedule schedule, int threadCount)
    {
        for (int step = 0; step < schedule.Choices.Count; step++)
        {
            if (schedule.Choices[step].Thread >= threadCount)
            {
                throw new ScheduleMismatchException(
                    $"step {step} of the schedule is '{schedule.Choices[step]}', but scenario '{schedule.Scenario}' has the threads T0 to T{threadCount - 1}: {threadCount} in all.");
            }
        }
    }

    private static ReplayedRun Replay(ControlledScheduler scheduler, Scenario scenario, Schedule schedule)
    {
        TraceRecorder recorder = new();
        scheduler.Recorder = recorder;
        RunReport report = scheduler.Run(new Replay(schedule), RunLimits.One);
        scheduler.Recorder = null;
        if (report.Schedule.Choices.Count != schedule.Choices.Count)
        {
            throw new ScheduleMismatchException(
                $"the run ended after {report.Schedule.Choices.Count} of the schedule's {schedule.Choices.Count} steps. {Strategies.Replay.Reasons}");
        }

        using IScenarioRun named = scenario.Create();
        string[] names = [.. named.Threads.Select(thread => thread.Name)];
        (IReadOnlyList<string> lines, int eventCount) = ScheduleTrace.Render(recorder, names, report.Failure);
        return new ReplayedRun(report.Failure, lines, eventCount, ScheduleTrace.RenderSteps(recorder));
    }

    private static Coverage CoverageOf(Exhaustive? exhaustive, StopReason stop)
    {
        if (exhaustive is { IsComplete: true })
        {
            return exhaustive.IsUnbounded ? Coverage.Everything : Coverage.UpToTheBound;
        }

        return exhaustive is null && stop != StopReason.Cancelled ? Coverage.Sample : Coverage.CutOff;
    }

    private static string Describe(IStrategy strategy) => strategy switch
    {
        Exhaustive => "depth-first",
        Pct => "random priorities",
        RandomWalk => "random walk",
        Strategies.Replay => "replay",
        _ => strategy.GetType().Name,
    };
}

/// <summary>A run that was replayed.</summary>
/// <param name="Failure">How it ended; null if well.</param>
/// <param name="Trace">What happened, in at most ten lines.</param>
/// <param name="EventCount">How many steps of the threads that tells, in the words of the entry table.</param>
/// <param name="Steps">Every atomic step.</param>
internal sealed record ReplayedRun(RunFailure? Failure, IReadOnlyList<string> Trace, int EventCount, IReadOnlyList<string> Steps);
