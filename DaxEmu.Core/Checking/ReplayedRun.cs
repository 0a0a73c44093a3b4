namespace DaxEmu.Core.Checking;

/// <summary>A run that was replayed.</summary>
/// <example><code>Console.WriteLine(string.Join('\n', CheckRunner.Replay(scenario, Schedule.Parse(text)).Steps));</code></example>
/// <param name="Failure">How it failed; null if it did not.</param>
/// <param name="Trace">What happened, as in <see cref="CheckFailed.Trace"/>.</param>
/// <param name="EventCount">How many events that is before lines are left out.</param>
/// <param name="Steps">Every atomic step, a line each.</param>
public sealed record ReplayedRun(RunFailure? Failure, IReadOnlyList<string> Trace, int EventCount, IReadOnlyList<string> Steps);
