using System.Globalization;
using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Cli;
using Spectre.Console;

namespace DaxEmu.Bench.Benchmark.Reports;

/// <summary>A run as a table for people: engines side by side, with their ratios.</summary>
internal static class BenchTable
{
    private const double WideSpread = 0.3;
    private static readonly double[] DefaultPercentiles = [50, 99, 99.9];

    public static void Write(BenchReport report, IAnsiConsole console)
    {
        console.MarkupLine(Markup.Escape(Facts(report)));
        (string Header, Func<CaseResult, string> Cell)[] columns = [.. Columns(report)];
        var table = new WideTable("case", keyCount: 1, ["engine", .. columns.Select(c => c.Header)]);
        foreach (CaseResult result in report.Results)
        {
            table.Add(result.Load.Name, [result.Engine, .. columns.Select(c => result.Refusal is null ? c.Cell(result) : "-")]);
        }

        table.Write(console, TableBorder.Simple);
        foreach (string note in Notes(report))
        {
            console.MarkupLine(Markup.Escape(note));
        }
    }

    private static string Facts(BenchReport report)
    {
        string sync = report.Device.MapSync.IsSupported ? "MAP_SYNC" : $"no MAP_SYNC ({report.Device.MapSync.Reason})";
        string pages = string.Join(" and ", report.Device.PageSizesBytes.Select(b => SizeText.Format(b)));
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{report.DeviceName} on {report.Device.FileSystem}, {report.Plan.SizeBytes >> 20} MiB, pages of {pages}, {sync}; {report.CpuCount} CPUs; a clock reading costs {report.TimerCostNs:0.0} ns (in the latencies, not in the rates).");
    }

    // A ratio that there is no other figure for is a dash. Columns that no engine of the run can fill are left out.
    private static IEnumerable<(string Header, Func<CaseResult, string> Cell)> Columns(BenchReport report)
    {
        string unit = report.Results.All(r => PhaseFacts.IsFault(r.Load.Phase)) ? "fault" : "unit";
        yield return ($"{unit}s/s", r => Rate(r.FaultsPerSecond));
        if (report.Results.Any(r => r.Load.DataBytes is not null))
        {
            yield return ("GB/s", r => r.Load.DataBytes is { } bytes ? Number(r.FaultsPerSecond * bytes / 1e9, "0.0") : "-");
        }

        yield return ($"ns/{unit}", r => Time(r.NsPerFault));
        yield return ("min-max", r => $"{Time(r.NsPerFaultRounds[0])}-{Time(r.NsPerFaultRounds[^1])}");
        foreach (double percentile in report.Plan.Percentiles ?? DefaultPercentiles)
        {
            yield return ($"p{Number(percentile, "0.######")}", r => Percentile(r, percentile));
        }

        yield return ("B", r => Bytes(r.AllocatedBytesPerFault));
        foreach (string engine in report.Baselines.Where(e => report.Plan.Engines.Contains(e)))
        {
            yield return ("x " + (engine == "locked-radix" ? "radix" : engine), r => Ratio(report.Ratio(r, engine)));
        }

        if (report.Plan.Engines.Contains(BenchReport.Floor))
        {
            yield return ("x floor", r => Ratio(report.DistanceToFloor(r)));
        }

        if (report.Results.Any(r => r.Load.JobCount > 1))
        {
            yield return ("x 1 job", r => Ratio(report.Scaling(r)));
        }
    }

    private static IEnumerable<string> Notes(BenchReport report)
    {
        foreach (CaseResult result in report.Results.Where(r => r.Refusal is not null))
        {
            yield return $"{result.Engine}, {result.Load.Name}: left out, since {result.Refusal}.";
        }

        foreach (CaseResult result in report.Results.Where(r => r.Refusal is null && !r.Counts.IsFaultPerTouch))
        {
            double unitsPerFault = (double)result.Counts.Touches / result.Counts.Total;
            yield return $"{result.Engine}, {result.Load.Name}: {result.Counts.Touches} touches came to {result.Counts.Total} faults, since one maps {Number(unitsPerFault, "0.0")} units here. "
                + $"Figures and ratios are those of a fault; a unit touched took {Number(result.NsPerFault / unitsPerFault, "0.0")} ns.";
        }

        foreach (CaseResult result in report.Results.Where(r => r.Refusal is null && r.MeasuredBytes != r.Load.SizeBytes))
        {
            yield return $"{result.Engine}, {result.Load.Name}: measured on {SizeText.Format(result.MeasuredBytes)}, the memory that the device has.";
        }

        foreach (IGrouping<FaultCase, CaseResult> group in report.Results.Where(r => r.TableBytesPerUnit is not null).GroupBy(r => r.Load))
        {
            string each = string.Join(", ", group.Select(r => $"{r.Engine} {Number(r.TableBytesPerUnit!.Value, "0.0")}"));
            yield return $"Memory of the tables, {group.Key.Name}, bytes an entry with its translation: {each}.";
        }

        if (report.Results.Any(r => r.Refusal is null && PhaseFacts.IsRange(r.Load.Phase)))
        {
            yield return "Latencies of populate, writeback, zap and truncate are those of a call for 2 MiB, of scan and remap those of a call for a job's whole slice; figures are per unit.";
        }

        foreach (IGrouping<FaultCase, CaseResult> group in report.Results.Where(r => r.Load.JobCount > 1 && r.Refusal is null).GroupBy(r => r.Load))
        {
            double control = group.First().Control;
            yield return MachineControl.IsGood(control)
                ? $"Control, {group.Key.Name}: {Number(control, "0.00")} (work in registers takes that much longer per job than alone; near 1, so the figures count)."
                : $"Control, {group.Key.Name}: {Number(control, "0.00")} - the CPUs are not the jobs' own; do not judge by these figures.";
        }

        foreach (CaseResult result in report.Results.Where(r => r.Load.Phase == FaultPhase.Append && report.ScalingByCpuTime(r) is not null))
        {
            yield return $"{result.Engine}, {result.Load.Name}: {Number(report.ScalingByCpuTime(result)!.Value, "0.00")} x 1 job by the processor time that the jobs used, "
                + $"{Number(result.CpuNsPerFault!.Value, "0")} ns a block.";
        }

        foreach (CaseResult result in report.Results.Where(r => r.Spread > WideSpread))
        {
            yield return $"{result.Engine}, {result.Load.Name}: the rounds lie {Number(100 * result.Spread, "0")} % apart; the machine is noisy.";
        }

        foreach (string note in report.Notes.Concat(report.Media?.Notes() ?? []))
        {
            yield return note;
        }
    }

    private static string Rate(double perSecond) => perSecond >= 1e6 ? Number(perSecond / 1e6, "0.00") + " M" : Number(perSecond / 1e3, "0.0") + " k";

    private static string Percentile(CaseResult result, double percentile) =>
        result.Latencies is { TotalCount: > 0 } latencies ? Number(latencies.GetValueAtPercentile(percentile), "0") : "-";

    // Nanoseconds; what is less than one has its digits behind the point.
    private static string Time(double ns) => Number(ns, ns >= 1 ? "0.0" : ns >= 0.1 ? "0.00" : "0.0000");

    // Managed bytes per unit: most paths allocate none, and what a call for many units allocates is little for each.
    private static string Bytes(double bytes) => bytes == 0 ? "0" : Number(bytes, bytes >= 0.1 ? "0.0" : "0.0000");

    private static string Ratio(double? ratio) => ratio is { } value ? Number(value, value is < 10 and >= 0.1 ? "0.00" : "0.0") : "-";

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
