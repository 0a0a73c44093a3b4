namespace DaxEmu.Core.Checking;

/// <summary>A schedule failed.</summary>
/// <example>See <see cref="CheckOutcome"/>.</example>
/// <param name="Effort">What was searched until then.</param>
/// <param name="Failure">How it failed.</param>
/// <param name="Schedule">The schedule, shrunk: its string replays it.</param>
/// <param name="Trace">
/// What happens in it, a line each, and at the end what is wrong: the labelled steps of a protocol on <see cref="SharedWords"/>, at most 40
/// lines; else what the threads do to entries, at most ten.
/// </param>
/// <param name="ThreadCount">Threads of the scenario.</param>
/// <param name="EventCount">What the threads do in it, counted as the trace does before lines are left out.</param>
/// <param name="StepCount">Atomic steps of the schedule.</param>
public sealed record CheckFailed(
    CheckEffort Effort, RunFailure Failure, Schedule Schedule, IReadOnlyList<string> Trace, int ThreadCount, int EventCount, int StepCount)
    : CheckOutcome(Effort);
