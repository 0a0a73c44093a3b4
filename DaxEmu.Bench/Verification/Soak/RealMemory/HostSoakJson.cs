using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Verification.Soak.RealMemory;

/// <summary>The report of a soak of real memory for programs: the fields of <see cref="SoakJson"/>, and the faults.</summary>
internal static class HostSoakJson
{
    public static string Write(HostSoakSession session)
    {
        HostSoakReport report = session.Report;
        SoakPlan plan = report.Plan;
        return JsonText.Of(new JsonObject
        {
            ["mmu"] = "host",
            ["profile"] = plan.Profile.Name,
            ["seed"] = plan.Seed,
            ["numjobs"] = plan.JobCount,
            ["size"] = plan.SizeBytes,
            ["outcome"] = OutcomeOf(session),
            ["operations"] = report.Operations,
            ["operations_by_kind"] = SoakJson.ByKind(report.OperationCounts),
            ["collections"] = report.Collections,
            ["pages_at_end"] = report.PagesAtEnd,
            ["faults"] = new JsonObject
            {
                ["pte"] = report.Faults.PteFaults,
                ["pmd"] = report.Faults.PmdFaults,
                ["major"] = report.Faults.MajorFaults,
                ["refused"] = report.Faults.FaultErrors,
                ["median_ns"] = report.Faults.MedianNs,
                ["p99_ns"] = report.Faults.P99Ns,
            },
            ["stalls"] = report.Stalls,
            ["seconds"] = Math.Round(report.Elapsed.TotalSeconds, 1),
            ["control"] = new JsonObject
            {
                ["planted_fault"] = HostSoakSession.PlantedFault,
                ["found"] = session.IsControlFound,
                ["seconds"] = Math.Round(session.Control.Elapsed.TotalSeconds, 1),
                ["operations"] = session.Control.Operations,
                ["findings"] = Array(session.Control.Findings, Finding),
            },
            ["findings"] = Array(report.Findings, Finding),
            ["last_operations"] = Array(report.LastOperations, l => l),
            ["again"] = plan.Command,
            ["machine"] = new JsonObject
            {
                ["cpus"] = Environment.ProcessorCount,
                ["system"] = RuntimeInformation.OSDescription,
                ["runtime"] = RuntimeInformation.FrameworkDescription,
            },
        });
    }

    private static string OutcomeOf(HostSoakSession session) => session.Report.Outcome switch
    {
        SoakOutcome.Hang => "hang",
        SoakOutcome.Corrupt => "corrupt",
        _ when session.IsStopped => "stopped",
        _ => session.IsControlFound ? "clean" : "inconclusive",
    };

    private static JsonNode Finding(SoakFinding finding) => new JsonObject
    {
        ["kind"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(finding.Kind.ToString()),
        ["text"] = finding.Text,
    };

    private static JsonArray Array<T>(IEnumerable<T> values, Func<T, JsonNode?> map) => new([.. values.Select(map)]);
}
