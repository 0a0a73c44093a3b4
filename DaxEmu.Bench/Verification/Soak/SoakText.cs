using System.Globalization;
using System.Text;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>A soak's report for people.</summary>
internal static class SoakText
{
    public static string Write(SoakSession session)
    {
        SoakReport report = session.Report;
        var text = new StringBuilder();
        if (session.Control is { } control)
        {
            string found = session.IsControlFound ? "the hang of 2019 (v4.20) was found" : "the hang of 2019 (v4.20) was NOT found";
            text.Append(CultureInfo.InvariantCulture, $"Control: {found} after {control.Elapsed.TotalSeconds:0.0} s and {control.Operations} operations.\n");
        }

        if (session.IsControlCorrupt)
        {
            AppendFindings(text.Append("FAIL Something else is wrong in the control.\n"), session.Control!).Append('\n');
        }

        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Operations} operations by {report.Plan.JobCount} threads in {report.Elapsed.TotalSeconds:0.0} s, everything checked at {report.QuiescentPoints} quiescent points.");
        string what = $"{report.Plan.Profile.Name}, seed {report.Plan.Seed}{report.Plan.ShardText}: {line}";
        if (report.Outcome != SoakOutcome.Clean)
        {
            return AppendFindings(text.Append("FAIL ").Append(what).Append('\n'), report).ToString();
        }

        text.Append(session.IsStopped ? "STOPPED " : session.IsConclusive ? "PASS " : "INCONCLUSIVE ").Append(what);
        if (report.Stalls > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $" Threads stood still {report.Stalls} times and went on once the others did.");
        }

        if (session.IsStopped)
        {
            text.Append(" Nothing was found so far.");
            if (report.UnrestedCount > 0)
            {
                text.Append(CultureInfo.InvariantCulture, $" {report.UnrestedCount} threads had not come to rest; whether they hang is not known.");
            }
        }
        else if (!session.IsConclusive)
        {
            text.Append(" Nothing was found, but neither was what had to be. Run it longer, on more cores.");
        }

        SoakCounts checks = report.Checks;
        text.Append(
            CultureInfo.InvariantCulture,
            $"\nDurable: {checks.PromisesKept} pages and lines at once after sync, persist, pin or write; at quiescent points {checks.CleanPages} clean pages before and {checks.SyncedPages} pages after a sync.");
        return AppendCourse(text, report).ToString();
    }

    private static StringBuilder AppendFindings(StringBuilder text, SoakReport report)
    {
        foreach (SoakFinding finding in report.Findings)
        {
            text.Append(NameOf(finding.Kind)).Append(": ").Append(finding.Text).Append('\n');
        }

        text.Append("Last operations, the newest last:\n");
        foreach (string log in report.LastOperations)
        {
            text.Append("  ").Append(log).Append('\n');
        }

        return text.Append("Again: ").Append(report.Plan.Command);
    }

    // From the first quarter to the last: what grows or slows down shows here.
    private static StringBuilder AppendCourse(StringBuilder text, SoakReport report)
    {
        int quarter = report.Samples.Count / 4;
        if (quarter == 0)
        {
            return text;
        }

        SoakSample first = Average(report.Samples.Take(quarter));
        SoakSample last = Average(report.Samples.TakeLast(quarter));
        return text.Append(
            CultureInfo.InvariantCulture,
            $"\nFirst quarter: {first.OperationsPerSecond:0} op/s, {first.ResidentBytes >> 20} MiB resident, {first.ManagedBytes >> 20} MiB managed; last: {last.OperationsPerSecond:0} op/s, {last.ResidentBytes >> 20} MiB, {last.ManagedBytes >> 20} MiB.");
    }

    private static SoakSample Average(IEnumerable<SoakSample> samples) => new(
        samples.Average(s => s.Seconds),
        samples.Average(s => s.OperationsPerSecond),
        (long)samples.Average(s => s.ResidentBytes),
        (long)samples.Average(s => s.ManagedBytes));

    /// <summary>The word for a kind of finding.</summary>
    public static string NameOf(FindingKind kind) => kind switch
    {
        FindingKind.Hang => "hang",
        FindingKind.Lost => "lost",
        FindingKind.Torn => "torn",
        FindingKind.Stale => "stale",
        FindingKind.Undurable => "undurable",
        FindingKind.State => "state",
        _ => "error",
    };
}
