using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>A soak's report for programs.</summary>
internal static class SoakJson
{
    public static string Write(SoakSession session)
    {
        SoakReport report = session.Report;
        SoakPlan plan = report.Plan;
        return JsonText.Of(new JsonObject
        {
            ["profile"] = plan.Profile.Name,
            ["seed"] = plan.Seed,
            ["numjobs"] = plan.JobCount,
            ["size"] = plan.SizeBytes,
            ["outcome"] = OutcomeOf(session),
            ["operations"] = report.Operations,
            ["operations_by_kind"] = ByKind(report.OperationCounts),
            ["quiescent_points"] = report.QuiescentPoints,
            ["checks"] = new JsonObject
            {
                ["durable_at_once"] = report.Checks.PromisesKept,
                ["clean_pages_durable"] = report.Checks.CleanPages,
                ["promised_pages_durable"] = report.Checks.PromisedPages,
                ["synced_pages_durable"] = report.Checks.SyncedPages,
            },
            ["stalls"] = report.Stalls,
            ["unrested"] = report.UnrestedCount,
            ["seconds"] = Math.Round(report.Elapsed.TotalSeconds, 1),
            ["control"] = session.Control is { } control ? Control(session, control) : null,
            ["findings"] = Array(report.Findings, Finding),
            ["last_operations"] = Array(report.LastOperations, l => l),
            ["again"] = plan.Command,
            ["samples"] = Array(report.Samples, Sample),
            ["machine"] = Machine(report),
        });
    }

    /// <summary>Counts by the names of their kinds.</summary>
    public static JsonObject ByKind<TKind>(IReadOnlyDictionary<TKind, long> counts)
        where TKind : struct, Enum => new(counts.OrderBy(c => c.Key).Select(c => KeyValuePair.Create(
            JsonNamingPolicy.SnakeCaseLower.ConvertName(c.Key.ToString()), (JsonNode?)c.Value)));

    private static string OutcomeOf(SoakSession session) => session.Report.Outcome switch
    {
        SoakOutcome.Hang => "hang",
        SoakOutcome.Corrupt => "corrupt",
        _ when session.IsControlCorrupt => "corrupt",
        _ when session.IsStopped => "stopped",
        _ => session.IsConclusive ? "clean" : "inconclusive",
    };

    private static JsonObject Control(SoakSession session, SoakReport control) => new()
    {
        ["found"] = session.IsControlFound,
        ["seconds"] = Math.Round(control.Elapsed.TotalSeconds, 1),
        ["operations"] = control.Operations,
        ["findings"] = Array(control.Findings, Finding),
    };

    private static JsonNode Finding(SoakFinding finding) => new JsonObject
    {
        ["kind"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(finding.Kind.ToString()),
        ["text"] = finding.Text,
    };

    private static JsonNode Sample(SoakSample sample) => new JsonObject
    {
        ["seconds"] = Math.Round(sample.Seconds, 1),
        ["operations_per_second"] = Math.Round(sample.OperationsPerSecond),
        ["resident_bytes"] = sample.ResidentBytes,
        ["managed_bytes"] = sample.ManagedBytes,
    };

    private static JsonObject Machine(SoakReport report) => new()
    {
        ["cpus"] = Environment.ProcessorCount,
        ["system"] = RuntimeInformation.OSDescription,
        ["runtime"] = RuntimeInformation.FrameworkDescription,
        ["device"] = report.DeviceName,
    };

    private static JsonArray Array<T>(IEnumerable<T> values, Func<T, JsonNode?> map) => new([.. values.Select(map)]);
}
