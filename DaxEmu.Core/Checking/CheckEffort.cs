namespace DaxEmu.Core.Checking;

/// <summary>What a search did.</summary>
/// <example><code>Console.WriteLine($"{outcome.Effort.ScheduleCount} schedules, {outcome.Effort.StepCount} steps");</code></example>
/// <param name="Scenario">The scenario's name.</param>
/// <param name="Profile">The scenario's profile.</param>
/// <param name="Strategy">How it was searched, in words.</param>
/// <param name="ScheduleCount">Schedules that ran; those of the shrinker do not count.</param>
/// <param name="StepCount">Their steps.</param>
/// <param name="PrunedCount">Of the schedules, those that came to a state seen before and were not branched from there.</param>
public sealed record CheckEffort(string Scenario, string Profile, string Strategy, long ScheduleCount, long StepCount, long PrunedCount);
