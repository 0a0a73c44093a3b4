using System.Globalization;
using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Devices;
using DaxEmu.Bench.Documents;
using HdrHistogram;

namespace DaxEmu.Bench.Benchmark.Reports;

/// <summary>A run in the shape of fio's JSON, where one I/O is one fault.</summary>
internal static class FioJson
{
    private const int WholePercent = 100;
    private static readonly double[] DefaultPercentiles = [1, 5, 10, 50, 90, 95, 99, 99.9, 99.99];

    /// <param name="report">The run.</param>
    /// <param name="hasBins">Whether latencies have all their bins (<c>json+</c>).</param>
    public static string Write(BenchReport report, bool hasBins = false) => JsonText.Of(
        Document() with
        {
            GlobalOptions = Options(report.Plan),
            Environment = Environment(report),
            Jobs = [.. report.Results.Select(r => Job(report, r, hasBins))],
        },
        DocumentJson.Default.BenchDocument);

    /// <summary>A run that was stopped before it had a device.</summary>
    public static string WriteNothing() => JsonText.Of(Document(), DocumentJson.Default.BenchDocument);

    private static BenchDocument Document()
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return new BenchDocument
        {
            FioVersion = "daxemu-" + typeof(FioJson).Assembly.GetName().Version?.ToString(3),
            Timestamp = now.ToUnixTimeSeconds(),
            TimestampMs = now.ToUnixTimeMilliseconds(),
            Time = now.ToString("ddd MMM dd HH:mm:ss yyyy", CultureInfo.InvariantCulture),
            Jobs = [],
        };
    }

    private static BenchOptions Options(BenchPlan plan) => new()
    {
        Size = plan.SizeBytes,
        RuntimeMs = plan.Runtime.TotalMilliseconds,
        RampTimeMs = plan.RampTime.TotalMilliseconds,
        Randseed = plan.Seed,
        Policy = plan.Policy.Name,
        TablePages = plan.HasHugeTables ? "2m" : "4k",
        Filename = plan.FileName,
        Rounds = plan.Rounds,
    };

    private static BenchEnvironment Environment(BenchReport report) => new()
    {
        Device = report.DeviceName,
        FileSystem = report.Device.FileSystem.ToString(),
        MapSync = report.Device.MapSync.IsSupported,
        MapSyncReason = report.Device.MapSync.Reason,
        PageSizes = [.. report.Device.PageSizesBytes],
        Cpus = report.CpuCount,
        CpuModel = MachineFacts.CpuModel,
        Kernel = MachineFacts.Kernel,
        System = MachineFacts.System,
        Runtime = MachineFacts.Runtime,
        TimerCostNs = Math.Round(report.TimerCostNs, 2),
        Media = report.Media is { } media ? MediaJson.Of(media) : null,
        Notes = report.Notes,
    };

    private static BenchJob Job(BenchReport report, CaseResult result, bool hasBins)
    {
        FaultCase load = result.Load;
        var job = new BenchJob
        {
            Jobname = $"{result.Engine}: {load.Name}",
            Groupid = 0,
            JobOptions = load.JobOptions,
            Error = result.Refusal is null ? 0 : (int)ExitCode.Inconclusive,
            Engine = result.Engine,
            Bs = load.BlockSize,
            Rw = load.Pattern,
            Numjobs = load.JobCount,
            Phase = load.PhaseName,
            Size = load.SizeBytes,
            Mapping = load.IsSeparate ? "separate" : "shared",
            Refused = result.Refusal,
            Read = FioDirection.None,
            Write = FioDirection.None,
            Trim = FioDirection.None,
        };
        if (result.Refusal is not null)
        {
            return job;
        }

        IReadOnlyList<double> percentiles = report.Plan.Percentiles ?? DefaultPercentiles;
        FioLatency? latency = Latency(result.Latencies, percentiles, hasBins);
        (FioDirection read, FioDirection write) = load.ReadPercent is { } percent
            ? (Direction(result, Latency(result.ReadLatencies, percentiles, hasBins), percent), Direction(result, Latency(result.WriteLatencies, percentiles, hasBins), WholePercent - percent))
            : load.IsWrite ? (FioDirection.None, Direction(result, latency, WholePercent))
            : (Direction(result, latency, WholePercent), FioDirection.None);
        return job with
        {
            MeasuredSize = result.MeasuredBytes,
            Iops = Math.Round(result.FaultsPerSecond),
            BwBytes = load.DataBytes is { } blockBytes ? Math.Round(result.FaultsPerSecond * blockBytes) : null,
            Runtime = Math.Round(result.Seconds * 1000),
            TotalIos = result.Counts.Total,
            NsPerFault = RoundTime(result.NsPerFault),
            NsPerFaultMin = RoundTime(result.NsPerFaultRounds[0]),
            NsPerFaultMax = RoundTime(result.NsPerFaultRounds[^1]),
            NsPerFaultRounds = [.. result.Rounds.Select(RoundTime)],
            NsPerFaultQuietRounds = result.QuietRounds.Count == 0 ? null : [.. result.QuietRounds.Select(RoundTime)],
            AllocatedBytesPerFault = Math.Round(result.AllocatedBytesPerFault, 6),
            TableBytesPerEntry = Round(result.TableBytesPerUnit),
            Control = Round(result.Control),
            ControlIsGood = MachineControl.IsGood(result.Control),
            Ratios = Ratios(report, result),
            XFloor = Round(report.DistanceToFloor(result)),
            Faults = Faults(result.Counts),
            ClatNs = latency,
            Read = read,
            Write = write,
        };
    }

    // fio's bytes are those of its blocks: here of the units that were faulted in, read or written.
    // Of a mix each direction has its share of them.
    private static FioDirection Direction(CaseResult result, FioLatency? latency, int percent)
    {
        long count = result.Counts.Total * percent / WholePercent;
        double rate = result.FaultsPerSecond * percent / WholePercent;
        long bytes = count * result.Load.UnitBytes;
        double perSecond = rate * result.Load.UnitBytes;
        return FioDirection.None with
        {
            IoBytes = bytes,
            IoKbytes = bytes >> 10,
            BwBytes = (long)perSecond,
            Bw = (long)perSecond >> 10,
            Iops = Math.Round(rate),
            Runtime = (long)Math.Round(result.Seconds * 1000),
            TotalIos = count,
            ClatNs = latency ?? FioLatency.None,
        };
    }

    private static Dictionary<string, double?> Ratios(BenchReport report, CaseResult result)
    {
        Dictionary<string, double?> ratios = report.Baselines.ToDictionary(engine => engine, engine => Round(report.Ratio(result, engine)));
        ratios["one_job"] = Round(report.Scaling(result));
        ratios["one_job_cpu_time"] = Round(report.ScalingByCpuTime(result));
        return ratios;
    }

    private static BenchFaults Faults(FaultCounts counts) => new()
    {
        Touches = counts.Touches,
        Pte = counts.Pte,
        Pmd = counts.Pmd,
        Major = counts.Major,
        Failed = counts.Failed,
        Fallback = counts.Fallbacks.ToDictionary(f => f.Key.ToString(), f => f.Value),
    };

    private static FioLatency? Latency(LongHistogram? histogram, IReadOnlyList<double> percentiles, bool hasBins) => histogram is null || histogram.TotalCount == 0 ? null : new FioLatency
    {
        Min = histogram.HighestEquivalentValue(histogram.RecordedValues().First().ValueIteratedTo),
        Max = histogram.GetMaxValue(),
        Mean = Math.Round(histogram.GetMean(), 2),
        Stddev = Math.Round(histogram.GetStdDeviation(), 2),
        N = histogram.TotalCount,
        Percentile = percentiles.ToDictionary(p => p.ToString("0.000000", CultureInfo.InvariantCulture), p => histogram.GetValueAtPercentile(p)),
        Bins = hasBins
            ? histogram.RecordedValues().ToDictionary(v => v.ValueIteratedTo.ToString(CultureInfo.InvariantCulture), v => v.CountAddedInThisIterationStep)
            : null,
    };

    // What is less than a nanosecond has its digits behind the point.
    private static double RoundTime(double value) => Math.Round(value, value < 1 ? 5 : 2);

    private static double? Round(double? value) => value is { } number && double.IsFinite(number) ? Math.Round(number, 2) : null;
}
