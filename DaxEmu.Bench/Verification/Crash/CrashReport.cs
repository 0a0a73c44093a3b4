using System.Globalization;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Documents;
using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Crash;

/// <summary>What <c>daxemu crash</c> found.</summary>
internal sealed record CrashReport(ICrashWorkload Workload, CrashBug? Bug, int CaseCount, PowerCutReport Found)
{
    /// <summary>The seed of the data and of what is chosen.</summary>
    public long Seed { get; init; }

    /// <summary>The most power cuts of a case; null for all.</summary>
    public int? MostCuts { get; init; }

    /// <summary>Which part of the cases.</summary>
    public Shard Shard { get; init; } = Shard.Whole;

    /// <summary>How many cases all shards have together.</summary>
    public int CaseCountOfAllShards { get; init; }

    private double DistinctPerMinute => Found.Elapsed > TimeSpan.Zero ? Found.DistinctStates / Found.Elapsed.TotalMinutes : 0;

    /// <summary>The report for people.</summary>
    public string ToText()
    {
        List<(string Name, string Value)> rows =
        [
            ("workload", Workload.Name + (Bug is null ? string.Empty : $" with {Bug.Name}")),
            ("shard", Shard.IsWhole ? "all" : string.Create(CultureInfo.InvariantCulture, $"{Shard}, of {Number(CaseCountOfAllShards)} cases")),
            ("cases", Found.TestCount == CaseCount ? Number(CaseCount) : $"{Number(Found.TestCount)} of {Number(CaseCount)}"),
            ("power cuts", Number(Found.CutCount)),
            ("possible states", Number(Found.PossibleStates)),
            ("distinct states run", Number(Found.DistinctStates)),
            ("pruned", Number(Found.PrunedStates)),
            ("seconds", Found.Elapsed.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture)),
            ("distinct states a minute", Number(DistinctPerMinute)),
            ("failures", Number(Found.Failures.Count)),
        ];
        IEnumerable<string> lines = rows.Select(r => $"{r.Name,-24} {r.Value}");
        if (Found.IncompleteCuts > 0)
        {
            lines = lines.Append($"{Number(Found.IncompleteCuts)} power cuts leave more states than were run: of these a sample was.");
        }

        foreach (PowerCutFailure failure in Found.Failures)
        {
            lines = lines.Append(string.Empty).Append(failure.ToString());
        }

        if (Found.Failures.Count > 0)
        {
            string bug = Bug is null ? string.Empty : $" --bug {Bug.Name}";
            lines = lines.Append($"again: daxemu crash --workload {Workload.Name}{bug} --replay {Found.Failures[0].Replay}");
        }

        return string.Join('\n', lines);
    }

    /// <summary>The report for programs.</summary>
    public CrashDocument ToDocument() => new()
    {
        Workload = Workload.Name,
        Bug = Bug?.Name,
        Seed = Seed,
        Points = MostCuts,
        Shard = ShardDocument.Of(Shard),
        Cases = Found.TestCount,
        CasesInAll = CaseCount,
        CasesOfAllShards = Shard.IsWhole ? null : CaseCountOfAllShards,
        Cuts = Found.CutCount,
        States = Found.PossibleStates,
        DistinctStates = Found.DistinctStates,
        Pruned = Found.PrunedStates,
        IncompleteCuts = Found.IncompleteCuts,
        Seconds = Found.Elapsed.TotalSeconds,
        DistinctStatesPerMinute = DistinctPerMinute,
        Complete = Found.IsComplete,
        Failures = [.. Found.Failures.Select(ToDocument)],
    };

    /// <summary>A failure for programs.</summary>
    public static CrashFailureDocument ToDocument(PowerCutFailure failure) => new()
    {
        Case = failure.Test,
        Message = failure.Message,
        Cut = failure.Cut.Number,
        Begun = failure.Cut.BegunSteps,
        Acknowledged = failure.Cut.AcknowledgedSteps,
        Steps = failure.StepLabels,
        Lost = failure.Lost,
        Replay = failure.Replay,
    };

    private static string Number(double value) => value >= PowerCutReport.MostPossibleStates ? "more than 1e300"
        : value < 1e15 ? value.ToString("#,0", CultureInfo.InvariantCulture) : value.ToString("0.###e0", CultureInfo.InvariantCulture);
}
