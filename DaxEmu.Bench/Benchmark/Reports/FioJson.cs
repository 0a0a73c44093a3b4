using System.Globalization;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Cli;
using HdrHistogram;

namespace DaxEmu.Bench.Benchmark.Reports;

/// <summary>A run in the shape of fio's JSON, where one I/O is one fault.</summary>
internal static class FioJson
{
    private static readonly double[] Percentiles = [1, 5, 10, 50, 90, 95, 99, 99.9, 99.99];

    public static string Write(BenchReport report)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        var root = new JsonObject
        {
            ["fio version"] = "daxemu-" + typeof(FioJson).Assembly.GetName().Version?.ToString(3),
            ["timestamp"] = now.ToUnixTimeSeconds(),
            ["timestamp_ms"] = now.ToUnixTimeMilliseconds(),
            ["time"] = now.ToString("ddd MMM dd HH:mm:ss yyyy", CultureInfo.InvariantCulture),
            ["global options"] = Options(report),
            ["environment"] = Environment(report),
            ["jobs"] = new JsonArray([.. report.Results.Select(r => (JsonNode)Job(report, r))]),
        };
        return JsonText.Of(root);
    }

    private static JsonObject Options(BenchReport report) => new()
    {
        ["size"] = report.Plan.SizeBytes,
        ["runtime_ms"] = report.Plan.Runtime.TotalMilliseconds,
        ["ramp_time_ms"] = report.Plan.RampTime.TotalMilliseconds,
        ["randseed"] = report.Plan.Seed,
        ["policy"] = report.Plan.Policy.Name,
        ["table_pages"] = report.Plan.HasHugeTables ? "2m" : "4k",
        ["filename"] = report.Plan.FileName,
        ["rounds"] = report.Plan.Rounds,
    };

    private static JsonObject Environment(BenchReport report) => new()
    {
        ["device"] = report.DeviceName,
        ["file_system"] = report.Device.FileSystem.ToString(),
        ["map_sync"] = report.Device.MapSync.IsSupported,
        ["map_sync_reason"] = report.Device.MapSync.Reason,
        ["page_sizes"] = new JsonArray([.. report.Device.PageSizesBytes.Select(b => (JsonNode)b)]),
        ["cpus"] = report.CpuCount,
        ["timer_cost_ns"] = Math.Round(report.TimerCostNs, 2),
        ["media"] = report.Media is { } media ? Media(media) : null,
        ["notes"] = new JsonArray([.. report.Notes.Select(n => (JsonNode)n)]),
    };

    private static JsonObject Media(MediaFacts media) => new()
    {
        ["name"] = media.Profile.Name,
        ["read_ns"] = media.Profile.ReadNs,
        ["sequential_read_ns"] = media.Profile.SequentialReadNs,
        ["write_ns"] = media.Profile.WriteNs,
        ["flush_ns"] = media.Profile.FlushNs,
        ["fence_ns"] = media.Profile.FenceNs,
        ["read_bytes_per_second"] = media.Profile.ReadBytesPerSecond,
        ["write_bytes_per_second"] = media.Profile.WriteBytesPerSecond,
        ["line_bytes"] = media.Profile.LineBytes,
        ["eadr"] = media.Profile.HasEadr,
        ["calibration"] = new JsonObject
        {
            ["least_ns"] = Math.Round(media.Calibration.LeastNs, 1),
            ["overhead_ns"] = media.Calibration.OverheadNs,
            ["problem"] = media.Calibration.Problem,
            ["delays"] = new JsonArray([.. media.Calibration.Delays.Select(d => (JsonNode)new JsonObject
            {
                ["target_ns"] = d.TargetNs,
                ["reached_ns"] = Math.Round(d.ReachedNs, 1),
                ["spread_ns"] = Math.Round(d.SpreadNs, 1),
            })]),
        },
        ["charged"] = new JsonObject
        {
            ["reads"] = media.Totals.Reads,
            ["writes"] = media.Totals.Writes,
            ["flushes"] = media.Totals.Flushes,
            ["fences"] = media.Totals.Fences,
            ["read_bytes"] = media.Totals.ReadBytes,
            ["written_bytes"] = media.Totals.WrittenBytes,
            ["rewrites"] = media.Totals.Rewrites,
            ["delays"] = media.Totals.Delays,
            ["disturbed"] = media.Totals.Disturbed,
            ["target_ns"] = media.Totals.TargetNs,
            ["reached_ns"] = media.Totals.ReachedNs,
        },
    };

    private static JsonObject Job(BenchReport report, CaseResult result)
    {
        FaultCase load = result.Load;
        var job = new JsonObject
        {
            ["jobname"] = $"{result.Engine}: {load.Name}",
            ["groupid"] = 0,
            ["error"] = result.Refusal is null ? 0 : (int)ExitCode.Inconclusive,
            ["engine"] = result.Engine,
            ["bs"] = load.BlockSize,
            ["rw"] = load.Pattern,
            ["numjobs"] = load.JobCount,
            ["phase"] = load.PhaseName,
            ["size"] = load.SizeBytes,
            ["mapping"] = load.IsSeparate ? "separate" : "shared",
        };
        if (result.Refusal is not null)
        {
            job["refused"] = result.Refusal;
            return job;
        }

        job["measured_size"] = result.MeasuredBytes;
        job["iops"] = Math.Round(result.FaultsPerSecond);
        if (load.DataBytes is { } blockBytes)
        {
            job["bw_bytes"] = Math.Round(result.FaultsPerSecond * blockBytes);
        }

        job["runtime"] = Math.Round(result.Seconds * 1000);
        job["total_ios"] = result.Counts.Total;
        job["ns_per_fault"] = RoundTime(result.NsPerFault);
        job["ns_per_fault_min"] = RoundTime(result.NsPerFaultRounds[0]);
        job["ns_per_fault_max"] = RoundTime(result.NsPerFaultRounds[^1]);
        job["allocated_bytes_per_fault"] = Math.Round(result.AllocatedBytesPerFault, 6);
        job["table_bytes_per_entry"] = Round(result.TableBytesPerUnit);
        job["control"] = Round(result.Control);
        job["control_is_good"] = MachineControl.IsGood(result.Control);
        job["ratios"] = Ratios(report, result);
        job["x_floor"] = Round(report.DistanceToFloor(result));
        job["faults"] = Faults(result.Counts);
        job["clat_ns"] = Latency(result.Latencies);
        return job;
    }

    private static JsonObject Ratios(BenchReport report, CaseResult result)
    {
        var ratios = new JsonObject();
        foreach (string engine in report.Baselines)
        {
            ratios[engine] = Round(report.Ratio(result, engine));
        }

        ratios["one_job"] = Round(report.Scaling(result));
        ratios["one_job_cpu_time"] = Round(report.ScalingByCpuTime(result));
        return ratios;
    }

    private static JsonObject Faults(FaultCounts counts) => new()
    {
        ["touches"] = counts.Touches,
        ["pte"] = counts.Pte,
        ["pmd"] = counts.Pmd,
        ["major"] = counts.Major,
        ["failed"] = counts.Failed,
        ["fallback"] = new JsonObject(counts.Fallbacks.Select(f => KeyValuePair.Create(f.Key.ToString(), (JsonNode?)f.Value))),
    };

    private static JsonObject? Latency(LongHistogram? histogram) => histogram is null || histogram.TotalCount == 0 ? null : new JsonObject
    {
        ["min"] = histogram.HighestEquivalentValue(histogram.RecordedValues().First().ValueIteratedTo),
        ["max"] = histogram.GetMaxValue(),
        ["mean"] = Round(histogram.GetMean()),
        ["stddev"] = Round(histogram.GetStdDeviation()),
        ["N"] = histogram.TotalCount,
        ["percentile"] = new JsonObject(Percentiles.Select(p => KeyValuePair.Create(
            p.ToString("0.000000", CultureInfo.InvariantCulture), (JsonNode?)histogram.GetValueAtPercentile(p)))),
    };

    // What is less than a nanosecond has its digits behind the point.
    private static double RoundTime(double value) => Math.Round(value, value < 1 ? 5 : 2);

    private static double? Round(double? value) => value is { } number && double.IsFinite(number) ? Math.Round(number, 2) : null;
}
