using DaxEmu.Core.Checking.Strategies;

namespace DaxEmu.Core.Checking;

/// <summary>Checks scenarios: searches their schedules, and makes of a failure a short schedule string and a trace.</summary>
/// <remarks>
/// A search needs the hooks of the scheduler in the code under check, and these are compiled in only where the switch
/// <c>DaxEmu.Interleaving</c> is on: in the project of the program or test,
/// <c>&lt;RuntimeHostConfigurationOption Include="DaxEmu.Interleaving" Value="true" /&gt;</c> in an <c>ItemGroup</c>; or
/// <c>AppContext.SetSwitch("DaxEmu.Interleaving", true)</c> before anything of DaxEmu is used.
/// </remarks>
/// <example>
/// Searches everything, then the same with store buffers; a failure prints what another run needs to replay it:
/// <code>
/// foreach (MemoryModel model in Enum.GetValues&lt;MemoryModel&gt;())
/// {
///     if (CheckRunner.Exhaust(scenario with { Model = model }) is CheckFailed failed)
///     {
///         Console.WriteLine(string.Join('\n', failed.Trace));
///         Console.WriteLine($"again: CheckRunner.Replay(scenario, Schedule.Parse(\"{failed.Schedule}\"))");
///     }
/// }
/// </code>
/// </example>
public static class CheckRunner
{
    /// <summary>Searches every schedule with up to so many preemptions: first those with none, then with one, and so on.</summary>
    /// <param name="scenario">What to search.</param>
    /// <param name="limits">How long; null for as long as it takes.</param>
    /// <param name="maxPreemptions">How often a schedule may take the turn from a thread that could go on, at most 254. Three find nearly every bug.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>The first failure, shrunk; or how much was seen without one.</returns>
    /// <exception cref="InvalidOperationException">The switch is off, the scenario is not deterministic, or it blocks outside the schedule.</exception>
    public static CheckOutcome Exhaust(
        Scenario scenario, RunLimits? limits = null, int maxPreemptions = 3, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        return Check(scenario, Exhaustive.For(scenario, maxPreemptions), limits ?? RunLimits.None, cancellation);
    }

    /// <summary>Tries random schedules: at each step every thread has the same chance.</summary>
    /// <param name="scenario">What to search.</param>
    /// <param name="limits">How long.</param>
    /// <param name="seed">The same seed tries the same schedules.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>The first failure, shrunk; or how much was tried without one.</returns>
    /// <exception cref="InvalidOperationException">As for <see cref="Exhaust"/>.</exception>
    public static CheckOutcome SampleRandom(Scenario scenario, RunLimits limits, ulong seed = 1, CancellationToken cancellation = default) =>
        Check(scenario, new RandomWalk(seed), limits, cancellation);

    /// <summary>
    /// Tries schedules with random priorities that drop at random steps (PCT, probabilistic concurrency testing). In large scenarios it
    /// finds more than <see cref="SampleRandom"/>.
    /// </summary>
    /// <param name="scenario">What to search.</param>
    /// <param name="limits">How long.</param>
    /// <param name="seed">The same seed tries the same schedules.</param>
    /// <param name="changePointCount">How often a priority drops in a schedule: one less than the orders that a bug needs.</param>
    /// <param name="cancellation">Ends it early.</param>
    /// <returns>The first failure, shrunk; or how much was tried without one.</returns>
    /// <exception cref="InvalidOperationException">As for <see cref="Exhaust"/>.</exception>
    public static CheckOutcome SamplePct(
        Scenario scenario, RunLimits limits, ulong seed = 1, int changePointCount = 3, CancellationToken cancellation = default) =>
        Check(scenario, new Pct(changePointCount, seed), limits, cancellation);

    /// <summary>
    /// Searches a scenario; but first a control that is known to fail, by the same search: if that does not fail, a pass means nothing.
    /// </summary>
    /// <param name="control">The scenario with a known bug.</param>
    /// <param name="scenario">The scenario.</param>
    /// <param name="search">Searches one.</param>
    /// <returns>The scenario's outcome; inconclusive if the control did not fail.</returns>
    public static CheckOutcome WithControl(Scenario control, Scenario scenario, Func<Scenario, CheckOutcome> search)
    {
        ArgumentNullException.ThrowIfNull(control);
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(search);
        CheckOutcome seen = search(control);
        return seen is CheckFailed
            ? search(scenario)
            : new CheckInconclusive(
                seen.Effort with { Scenario = scenario.Name, Profile = scenario.Profile },
                $"the control {control.Name} with profile {control.Profile} is known to fail, and did not: the search sees nothing.");
    }

    /// <summary>Replays a schedule.</summary>
    /// <param name="scenario">The scenario that it is of; its memory model does not matter, the schedule has one.</param>
    /// <param name="schedule">What to replay.</param>
    /// <returns>What happened.</returns>
    /// <exception cref="FormatException">It is of another scenario or profile, or the code has changed: the message names the first step that does not fit.</exception>
    /// <exception cref="InvalidOperationException">The switch is off.</exception>
    public static ReplayedRun Replay(Scenario scenario, Schedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        Scenario fitting = schedule.Fit(scenario);
        using ControlledScheduler scheduler = SchedulerOf(fitting);
        RequireThreads(schedule, scheduler.ThreadCount);
        return Replay(scheduler, fitting, schedule);
    }

    /// <summary>Makes a failing schedule shorter: fewer preemptions, fewer drains, fewer steps, the same failure. Searches do so by themselves.</summary>
    /// <param name="scenario">The scenario that it is of.</param>
    /// <param name="schedule">A schedule that fails.</param>
    /// <returns>The failure with its shortest schedule.</returns>
    /// <exception cref="ArgumentException">The schedule does not fail.</exception>
    /// <exception cref="FormatException">As for <see cref="Replay(Scenario, Schedule)"/>.</exception>
    /// <exception cref="InvalidOperationException">The switch is off.</exception>
    public static CheckFailed Shrink(Scenario scenario, Schedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        Scenario fitting = schedule.Fit(scenario);
        using ControlledScheduler scheduler = SchedulerOf(fitting);
        RequireThreads(schedule, scheduler.ThreadCount);
        IStrategy strategy = new Replay(schedule);
        RunReport report = scheduler.Run(strategy, RunLimits.One);
        return report.Failure is not null
            ? FailedOf(scheduler, fitting, EffortOf(fitting, strategy, report), new Shrinker(scheduler, fitting).Shrink(report))
            : throw new ArgumentException($"the schedule {schedule} does not fail: there is nothing to shrink.", nameof(schedule));
    }

    /// <summary>Searches a scenario with a strategy.</summary>
    /// <exception cref="InvalidOperationException">The scenario is not deterministic, or blocks outside the schedule.</exception>
    internal static CheckOutcome Check(Scenario scenario, IStrategy strategy, RunLimits limits, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        ArgumentNullException.ThrowIfNull(strategy);
        using ControlledScheduler scheduler = new(scenario);
        RunReport report = scheduler.Run(strategy, limits, cancellation);
        CheckEffort effort = EffortOf(scenario, strategy, report);
        if (report.Failure is not null)
        {
            return FailedOf(scheduler, scenario, effort, strategy is Replay ? report : new Shrinker(scheduler, scenario).Shrink(report));
        }

        Exhaustive? exhaustive = strategy as Exhaustive;
        return report.ScheduleCount == 0
            ? new CheckInconclusive(effort, $"no schedule ran: {report.Stop}.")
            : new CheckPassed(effort, CoverageOf(exhaustive, report.Stop), exhaustive?.Bound);
    }

    private static CheckEffort EffortOf(Scenario scenario, IStrategy strategy, RunReport report) => new(
        scenario.Name, scenario.Profile, Describe(strategy), report.ScheduleCount, report.StepCount, (strategy as Exhaustive)?.PrunedCount ?? 0);

    private static CheckFailed FailedOf(ControlledScheduler scheduler, Scenario scenario, CheckEffort effort, RunReport report)
    {
        ReplayedRun replayed = Replay(scheduler, scenario, report.Schedule);
        return new CheckFailed(
            effort, report.Failure!, report.Schedule, replayed.Trace, scheduler.ThreadCount, replayed.EventCount, report.Schedule.Choices.Count);
    }

    // A scenario may begin with what its profile does not do: of v5.3 a 2 MiB fault falls back on an empty range.
    private static ControlledScheduler SchedulerOf(Scenario scenario)
    {
        try
        {
            return new ControlledScheduler(scenario);
        }
        catch (ScenarioViolationException e)
        {
            throw new ScheduleMismatchException($"scenario '{scenario.Name}' cannot begin with profile '{scenario.Profile}': {e.Message}.", e);
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
