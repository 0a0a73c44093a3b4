using System.Globalization;
using System.Text.Json.Nodes;
using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Crash;

/// <summary>What <c>daxemu crash</c> found.</summary>
internal sealed record CrashReport(ICrashWorkload Workload, CrashBug? Bug, int CaseCount, PowerCutReport Found)
{
    private double DistinctPerMinute => Found.Elapsed > TimeSpan.Zero ? Found.DistinctStates / Found.Elapsed.TotalMinutes : 0;

    /// <summary>The report for people.</summary>
    public string ToText()
    {
        List<(string Name, string Value)> rows =
        [
            ("workload", Workload.Name + (Bug is null ? string.Empty : $" with {Bug.Name}")),
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
    public JsonObject ToJson() => new()
    {
        ["workload"] = Workload.Name,
        ["bug"] = Bug?.Name,
        ["cases"] = Found.TestCount,
        ["cases_in_all"] = CaseCount,
        ["cuts"] = Found.CutCount,
        ["states"] = Found.PossibleStates,
        ["distinct_states"] = Found.DistinctStates,
        ["pruned"] = Found.PrunedStates,
        ["incomplete_cuts"] = Found.IncompleteCuts,
        ["seconds"] = Found.Elapsed.TotalSeconds,
        ["distinct_states_per_minute"] = DistinctPerMinute,
        ["complete"] = Found.IsComplete,
        ["failures"] = new JsonArray([.. Found.Failures.Select(f => (JsonNode)ToJson(f))]),
    };

    /// <summary>A failure for programs.</summary>
    public static JsonObject ToJson(PowerCutFailure failure) => new()
    {
        ["case"] = failure.Test,
        ["message"] = failure.Message,
        ["cut"] = failure.Cut.Number,
        ["begun"] = failure.Cut.BegunSteps,
        ["acknowledged"] = failure.Cut.AcknowledgedSteps,
        ["steps"] = new JsonArray([.. failure.StepLabels.Select(s => (JsonNode)s)]),
        ["lost"] = new JsonArray([.. failure.Lost.Select(l => (JsonNode)l)]),
        ["replay"] = failure.Replay,
    };

    private static string Number(double value) => value >= PowerCutReport.MostPossibleStates ? "more than 1e300"
        : value < 1e15 ? value.ToString("#,0", CultureInfo.InvariantCulture) : value.ToString("0.###e0", CultureInfo.InvariantCulture);
}
