using System.Diagnostics;
using System.Globalization;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Verification.Scenarios;
using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Checks;

/// <summary>Every historic wake-up bug, searched in its profile: the table of <c>check --all</c>.</summary>
internal sealed class HistoricBugTable
{
    private const int Preemptions = 3;
    private static readonly RunLimits Limits = new(long.MaxValue, TimeSpan.FromSeconds(20));

    private readonly List<(HistoricBug Bug, CheckOutcome Outcome, double Milliseconds)> rows = [];

    /// <summary>Whether every bug was found. One that was not means that the checker sees nothing.</summary>
    public bool IsComplete => rows.Count == SmallScenarios.Bugs.Count && rows.TrueForAll(r => r.Outcome is CheckFailed);

    /// <summary>Searches them one after the other.</summary>
    /// <param name="progress">Told what is searched, and how much of the whole is done.</param>
    /// <param name="cancellation">Ends the search.</param>
    public static HistoricBugTable Search(Action<string, double> progress, CancellationToken cancellation)
    {
        var table = new HistoricBugTable();
        foreach (HistoricBug bug in SmallScenarios.Bugs)
        {
            if (cancellation.IsCancellationRequested)
            {
                break; // what was not searched has no row
            }

            progress($"{bug.Id} in {bug.Profile.Name}", (double)table.rows.Count / SmallScenarios.Bugs.Count);
            long begin = Stopwatch.GetTimestamp();
            Scenario scenario = SmallScenarios.Named(bug.Scenario, bug.Profile) with { Model = MemoryModel.SequentiallyConsistent };
            CheckOutcome outcome = CheckRunner.Exhaust(scenario, Limits, Preemptions, cancellation);
            table.rows.Add((bug, outcome, Stopwatch.GetElapsedTime(begin).TotalMilliseconds));
        }

        return table;
    }

    /// <summary>For people.</summary>
    public WideTable Rows()
    {
        var table = new WideTable(groupHeader: null, keyCount: 1, "bug", "profile", "fixed by", "scenario", "threads", "steps", "atomic", "schedules", "ms", "found") { LeftCount = 4 };
        foreach ((HistoricBug bug, CheckOutcome outcome, double ms) in rows)
        {
            var failed = outcome as CheckFailed;
            table.Add(
                string.Empty, bug.Id, bug.Profile.Name, bug.Commit, bug.Scenario, Text(failed?.ThreadCount), Text(failed?.EventCount), Text(failed?.StepCount), Text(outcome.Effort.ScheduleCount), Text((long)ms), failed is null ? "NO" : "yes");
        }

        return table;
    }

    /// <summary>For programs.</summary>
    public IReadOnlyList<HistoricBugDocument> ToDocument() => [.. rows.Select(r => ToDocument(r.Bug, r.Outcome, r.Milliseconds))];

    private static HistoricBugDocument ToDocument(HistoricBug bug, CheckOutcome outcome, double ms)
    {
        var failed = outcome as CheckFailed;
        return new HistoricBugDocument
        {
            Bug = bug.Id,
            Profile = bug.Profile.Name,
            Scenario = bug.Scenario,
            Found = failed is not null,
            Threads = failed?.ThreadCount,
            Steps = failed?.EventCount,
            AtomicSteps = failed?.StepCount,
            Schedules = outcome.Effort.ScheduleCount,
            Ms = Math.Round(ms),
            Schedule = failed?.Schedule.ToString(),
            Trace = failed?.Trace ?? [],
        };
    }

    private static string Text(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "-";
}
