namespace DaxEmu.Core.Checking;

/// <summary>What a check of a scenario came to.</summary>
/// <param name="Effort">What was searched, and how much of it.</param>
internal abstract record CheckOutcome(CheckEffort Effort);

/// <summary>No schedule failed.</summary>
/// <param name="Effort">What was searched, and how much of it.</param>
/// <param name="Coverage">How much that says.</param>
/// <param name="Bound">The last preemption bound that was searched, or begun if the search was cut off; null where there is none.</param>
internal sealed record CheckPassed(CheckEffort Effort, Coverage Coverage, int? Bound) : CheckOutcome(Effort);

/// <summary>A schedule failed.</summary>
/// <param name="Effort">What was searched until then.</param>
/// <param name="Failure">How it failed.</param>
/// <param name="Schedule">The schedule, shrunk: its string replays it.</param>
/// <param name="Trace">What happens in it, in at most ten lines.</param>
/// <param name="ThreadCount">Threads of the scenario.</param>
/// <param name="EventCount">What the threads do in it, counted in the words of the entry table: locks, sleeps, unlocks, wakes.</param>
/// <param name="StepCount">Atomic steps of the schedule.</param>
internal sealed record CheckFailed(
    CheckEffort Effort, RunFailure Failure, Schedule Schedule, IReadOnlyList<string> Trace, int ThreadCount, int EventCount, int StepCount)
    : CheckOutcome(Effort);

/// <summary>The check says nothing.</summary>
/// <param name="Effort">What was searched.</param>
/// <param name="Reason">Why it says nothing.</param>
internal sealed record CheckInconclusive(CheckEffort Effort, string Reason) : CheckOutcome(Effort);

/// <summary>What a search did.</summary>
/// <param name="Scenario">The scenario's name.</param>
/// <param name="Profile">The scenario's profile.</param>
/// <param name="Strategy">How it was searched, in words.</param>
/// <param name="ScheduleCount">Schedules that ran; those of the shrinker do not count.</param>
/// <param name="StepCount">Their steps.</param>
/// <param name="PrunedCount">Of the schedules, those that came to a state seen before and were not branched from there.</param>
internal sealed record CheckEffort(string Scenario, string Profile, string Strategy, long ScheduleCount, long StepCount, long PrunedCount);

/// <summary>How much of a scenario was seen.</summary>
internal enum Coverage
{
    /// <summary>Every schedule, whatever its preemptions.</summary>
    Everything,

    /// <summary>Every schedule up to the preemption bound.</summary>
    UpToTheBound,

    /// <summary>As many random schedules as asked for.</summary>
    Sample,

    /// <summary>A search that was to be complete met the limit of schedules or of time, or was cancelled.</summary>
    CutOff,
}
