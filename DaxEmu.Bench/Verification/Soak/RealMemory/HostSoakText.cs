using System.Globalization;
using System.Text;

namespace DaxEmu.Bench.Verification.Soak.RealMemory;

/// <summary>The report of a soak of real memory for people.</summary>
internal static class HostSoakText
{
    public static string Write(HostSoakSession session)
    {
        HostSoakReport report = session.Report;
        HostSoakReport control = session.Control;
        var text = new StringBuilder();
        string found = session.IsControlFound ? $"was found ({SoakText.NameOf(control.Findings[0].Kind)})" : "was NOT found";
        text.Append(
            CultureInfo.InvariantCulture,
            $"Control: the planted fault '{HostSoakSession.PlantedFault}' {found} after {control.Elapsed.TotalSeconds:0.0} s and {control.Operations} operations.\n");
        string what = string.Create(
            CultureInfo.InvariantCulture,
            $"real memory, {report.Plan.Profile.Name}, seed {report.Plan.Seed}{report.Plan.ShardText}: {report.Operations} operations by {report.Plan.JobCount} threads in {report.Elapsed.TotalSeconds:0.0} s, {report.Collections} forced collections, {report.PagesAtEnd} pages compared at the end.");
        if (report.Outcome != SoakOutcome.Clean)
        {
            text.Append("FAIL ").Append(what).Append('\n');
            foreach (SoakFinding finding in report.Findings)
            {
                text.Append(SoakText.NameOf(finding.Kind)).Append(": ").Append(finding.Text).Append('\n');
            }

            text.Append("Last operations:\n");
            foreach (string last in report.LastOperations)
            {
                text.Append("  ").Append(last).Append('\n');
            }

            return text.Append("Again: ").Append(report.Plan.Command).ToString();
        }

        text.Append(session.IsStopped ? "STOPPED " : session.IsControlFound ? "PASS " : "INCONCLUSIVE ").Append(what);
        text.Append(session.IsStopped ? " Nothing was found so far."
            : session.IsControlFound ? string.Empty
            : " Nothing was found, but neither was what had to be. Run it longer, on more cores.");
        if (report.Stalls > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" Threads stood still {report.Stalls} times and went on once the others did.");
        }

        return text.Append(
            CultureInfo.InvariantCulture,
            $"\nFaults: {report.Faults.PteFaults} of 4 KiB, {report.Faults.PmdFaults} of 2 MiB, {report.Faults.FaultErrors} refused as they had to be; half of them within {report.Faults.MedianNs / 1000.0:0.0} us.").ToString();
    }
}
