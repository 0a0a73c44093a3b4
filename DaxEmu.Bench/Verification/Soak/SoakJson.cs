using System.Text.Json;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Devices;
using DaxEmu.Bench.Documents;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>A soak's report for programs.</summary>
internal static class SoakJson
{
    public static string Write(SoakSession session)
    {
        SoakReport report = session.Report;
        SoakPlan plan = report.Plan;
        return JsonText.Of(
            new SoakDocument
            {
                Profile = plan.Profile.Name,
                Seed = plan.Seed,
                Shard = ShardDocument.Of(plan.Shard),
                Numjobs = plan.JobCount,
                Size = plan.SizeBytes,
                Outcome = OutcomeOf(session),
                Operations = report.Operations,
                OperationsByKind = ByKind(report.OperationCounts),
                QuiescentPoints = report.QuiescentPoints,
                Checks = new SoakChecks
                {
                    DurableAtOnce = report.Checks.PromisesKept,
                    CleanPagesDurable = report.Checks.CleanPages,
                    PromisedPagesDurable = report.Checks.PromisedPages,
                    SyncedPagesDurable = report.Checks.SyncedPages,
                },
                Stalls = report.Stalls,
                Unrested = report.UnrestedCount,
                Seconds = Math.Round(report.Elapsed.TotalSeconds, 1),
                Control = session.Control is not { } control ? null : new SoakControl
                {
                    Found = session.IsControlFound,
                    Seconds = Math.Round(control.Elapsed.TotalSeconds, 1),
                    Operations = control.Operations,
                    Findings = Findings(control.Findings),
                },
                Findings = Findings(report.Findings),
                LastOperations = report.LastOperations,
                Again = plan.Command,
                Samples = Samples(report.Samples),
                Machine = Machine(report.DeviceName),
            },
            DocumentJson.Default.SoakDocument);
    }

    /// <summary>Counts by the names of their kinds.</summary>
    public static Dictionary<string, long> ByKind<TKind>(IReadOnlyDictionary<TKind, long> counts)
        where TKind : struct, Enum => counts.OrderBy(c => c.Key).ToDictionary(c => NameOf(c.Key), c => c.Value);

    /// <summary>What was found.</summary>
    public static IReadOnlyList<SoakFindingDocument> Findings(IReadOnlyList<SoakFinding> findings) =>
        [.. findings.Select(f => new SoakFindingDocument { Kind = NameOf(f.Kind), Text = f.Text })];

    /// <summary>The course.</summary>
    public static IReadOnlyList<SoakSampleDocument> Samples(IReadOnlyList<SoakSample> samples) => [.. samples.Select(s => new SoakSampleDocument
    {
        Seconds = Math.Round(s.Seconds, 1),
        OperationsPerSecond = Math.Round(s.OperationsPerSecond),
        ResidentBytes = s.ResidentBytes,
        ManagedBytes = s.ManagedBytes,
    })];

    /// <summary>The machine.</summary>
    public static SoakMachine Machine(string? device) => new()
    {
        Cpus = Environment.ProcessorCount,
        CpuModel = MachineFacts.CpuModel,
        Kernel = MachineFacts.Kernel,
        System = MachineFacts.System,
        Runtime = MachineFacts.Runtime,
        Device = device,
    };

    private static string NameOf<TKind>(TKind kind)
        where TKind : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());

    private static string OutcomeOf(SoakSession session) => session.Report.Outcome switch
    {
        SoakOutcome.Hang => "hang",
        SoakOutcome.Corrupt => "corrupt",
        _ when session.IsControlCorrupt => "corrupt",
        _ when session.IsStopped => "stopped",
        _ => session.IsConclusive ? "clean" : "inconclusive",
    };
}
