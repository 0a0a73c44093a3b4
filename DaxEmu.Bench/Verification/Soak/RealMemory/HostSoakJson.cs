using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Documents;

namespace DaxEmu.Bench.Verification.Soak.RealMemory;

/// <summary>The report of a soak of real memory for programs: the fields of <see cref="SoakJson"/>, and the faults.</summary>
internal static class HostSoakJson
{
    public static string Write(HostSoakSession session)
    {
        HostSoakReport report = session.Report;
        SoakPlan plan = report.Plan;
        return JsonText.Of(
            new SoakDocument
            {
                Mmu = "host",
                Profile = plan.Profile.Name,
                Seed = plan.Seed,
                Shard = ShardDocument.Of(plan.Shard),
                Numjobs = plan.JobCount,
                Size = plan.SizeBytes,
                Outcome = OutcomeOf(session),
                Operations = report.Operations,
                OperationsByKind = SoakJson.ByKind(report.OperationCounts),
                Collections = report.Collections,
                PagesAtEnd = report.PagesAtEnd,
                Faults = new SoakFaults
                {
                    Pte = report.Faults.PteFaults,
                    Pmd = report.Faults.PmdFaults,
                    Major = report.Faults.MajorFaults,
                    Refused = report.Faults.FaultErrors,
                    MedianNs = report.Faults.MedianNs,
                    P99Ns = report.Faults.P99Ns,
                },
                Stalls = report.Stalls,
                Seconds = Math.Round(report.Elapsed.TotalSeconds, 1),
                Control = new SoakControl
                {
                    PlantedFault = HostSoakSession.PlantedFault,
                    Found = session.IsControlFound,
                    Seconds = Math.Round(session.Control.Elapsed.TotalSeconds, 1),
                    Operations = session.Control.Operations,
                    Findings = SoakJson.Findings(session.Control.Findings),
                },
                Findings = SoakJson.Findings(report.Findings),
                LastOperations = report.LastOperations,
                Again = plan.Command,
                Samples = SoakJson.Samples(report.Samples),
                Machine = SoakJson.Machine(device: null),
            },
            DocumentJson.Default.SoakDocument);
    }

    private static string OutcomeOf(HostSoakSession session) => session.Report.Outcome switch
    {
        SoakOutcome.Hang => "hang",
        SoakOutcome.Corrupt => "corrupt",
        _ when session.IsStopped => "stopped",
        _ => session.IsControlFound ? "clean" : "inconclusive",
    };
}
