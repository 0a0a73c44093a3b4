using System.Text;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Cli;
using HdrHistogram;

namespace DaxEmu.Bench.Benchmark.Reports;

/// <summary>Latencies as HdrHistogram's percentile table (<c>.hgrm</c>), which its plotters read.</summary>
internal static class HistogramFile
{
    /// <summary>Writes a file for each case: the name itself if there is one case, else with engine and case in it.</summary>
    /// <returns>The files written.</returns>
    public static IReadOnlyList<string> Write(BenchReport report, string path)
    {
        CaseResult[] results = [.. report.Results.Where(r => r.Latencies is not null)];
        var written = new List<string>();
        foreach (CaseResult result in results)
        {
            string name = results.Length == 1 ? path : Path.Combine(
                Path.GetDirectoryName(path) ?? string.Empty,
                $"{Path.GetFileNameWithoutExtension(path)}.{CaseName(result)}{Path.GetExtension(path)}");
            using var writer = new StreamWriter(name, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
            result.Latencies!.OutputPercentileDistribution(writer, percentileTicksPerHalfDistance: 5, outputValueUnitScalingRatio: 1);
            written.Add(name);
        }

        return written;
    }

    // All that tells cases apart: two of one name would overwrite each other.
    private static string CaseName(CaseResult result) => string.Join(
        '.',
        result.Engine,
        result.Load.BlockSize,
        result.Load.Pattern,
        result.Load.PhaseName,
        SizeText.Format(result.Load.SizeBytes),
        result.Load.JobCount);
}
