using System.Globalization;
using System.Text;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Benchmark.Reports;

/// <summary>Faults a second against the number of threads, in will-it-scale's CSV.</summary>
internal static class ScalingCsv
{
    /// <summary>A table for each engine and kind of case: <c>tasks,processes,processes_idle,threads,threads_idle,linear</c>.</summary>
    /// <remarks>Only threads are measured; the columns of processes are 0.</remarks>
    public static string Write(BenchReport report)
    {
        var text = new StringBuilder();
        foreach (var group in report.Results.Where(r => r.Refusal is null).GroupBy(r => (r.Engine, Load: r.Load with { JobCount = 1 })))
        {
            text.Append(CultureInfo.InvariantCulture, $"# {group.Key.Engine}: {group.Key.Load.BlockSize} {group.Key.Load.Pattern} {group.Key.Load.PhaseName}, {SizeText.Format(group.Key.Load.SizeBytes)}\n");
            text.Append("tasks,processes,processes_idle,threads,threads_idle,linear\n0,0,100,0,100,0\n");
            CaseResult[] rows = [.. group.OrderBy(r => r.Load.JobCount)];
            double one = rows[0].FaultsPerSecond / rows[0].Load.JobCount;
            foreach (CaseResult row in rows)
            {
                int jobs = row.Load.JobCount;
                double idle = 100.0 * Math.Max(0, report.CpuCount - jobs) / report.CpuCount;
                text.Append(CultureInfo.InvariantCulture, $"{jobs},0,0,{row.FaultsPerSecond:0},{idle:0.00},{one * jobs:0}\n");
            }
        }

        return text.ToString();
    }
}
