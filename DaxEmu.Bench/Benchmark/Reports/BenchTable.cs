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

    public static void Write(BenchReport report, IAnsiConsole console)
    {
        console.MarkupLine(Markup.Escape(Facts(report)));
        var table = new Table().Border(TableBorder.Simple);
        table.AddColumn("case");
        table.AddColumn("engine");
        foreach (string name in (string[])["faults/s", "ns/fault", "min-max", "p50", "p99", "p99.9", .. report.Baselines.Select(e => e == "locked-radix" ? "x radix" : "x " + e), "x 1 job"])
        {
            table.AddColumn(new TableColumn(name).RightAligned().NoWrap());
        }

        FaultCase? last = null;
        foreach (CaseResult result in report.Results)
        {
            string name = result.Load == last ? string.Empty : result.Load.Name;
            last = result.Load;
            table.AddRow([Markup.Escape(name), result.Engine, .. Cells(report, result)]);
        }

        console.Write(table);
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

    private static string[] Cells(BenchReport report, CaseResult result)
    {
        if (result.Refusal is not null)
        {
            return [.. Enumerable.Repeat("-", 7 + report.Baselines.Count)];
        }

        return
        [
            Rate(result.FaultsPerSecond),
            Number(result.NsPerFault, "0.0"),
            $"{Number(result.NsPerFaultRounds[0], "0.0")}-{Number(result.NsPerFaultRounds[^1], "0.0")}",
            Percentile(result, 50),
            Percentile(result, 99),
            Percentile(result, 99.9),
            .. report.Baselines.Select(e => Ratio(report.Ratio(result, e))),
            Ratio(report.Scaling(result)),
        ];
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

        foreach (IGrouping<FaultCase, CaseResult> group in report.Results.Where(r => r.Load.JobCount > 1 && r.Refusal is null).GroupBy(r => r.Load))
        {
            double control = group.First().Control;
            yield return MachineControl.IsGood(control)
                ? $"Control, {group.Key.Name}: {Number(control, "0.00")} (work in registers takes that much longer per job than alone; near 1, so the figures count)."
                : $"Control, {group.Key.Name}: {Number(control, "0.00")} - the CPUs are not the jobs' own; do not judge by these figures.";
        }

        foreach (CaseResult result in report.Results.Where(r => r.Spread > WideSpread))
        {
            yield return $"{result.Engine}, {result.Load.Name}: the rounds lie {Number(100 * result.Spread, "0")} % apart; the machine is noisy.";
        }

        foreach (string note in report.Notes)
        {
            yield return note;
        }
    }

    private static string Rate(double perSecond) => perSecond >= 1e6 ? Number(perSecond / 1e6, "0.00") + " M" : Number(perSecond / 1e3, "0.0") + " k";

    private static string Percentile(CaseResult result, double percentile) =>
        result.Latencies is { TotalCount: > 0 } latencies ? Number(latencies.GetValueAtPercentile(percentile), "0") : "-";

    private static string Ratio(double? ratio) => ratio is { } value ? Number(value, "0.0") : "-";

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
