using System.Diagnostics;
using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Native.Libc;
using HdrHistogram;
using MathNet.Numerics.Statistics;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>The part of an engine of this process: passes of its jobs, each after an untimed reset.</summary>
internal sealed class PassRun(IFaultEngine engine, IReadOnlyList<IFaultJob> jobs, FaultCase load, JobTeam team, CancellationToken cancellation) : ICaseRun
{
    private const int WarmPasses = 30;
    private const double QuietShare = 0.1;
    private static readonly TimeSpan LatencyTime = TimeSpan.FromMilliseconds(30);

    private readonly FaultCounts counts = new();
    private readonly List<double> rounds = [];
    private readonly List<double> quietRounds = [];
    private double seconds;
    private long allocated;
    private double cpuNs;
    private double? tableBytes;

    public string Engine => engine.Name;

    public bool HasFigures => rounds.Count > 0;

    /// <summary>Runs a pass and looks how much memory the process has more than before the engine's start.</summary>
    public void WeighTables(long? before)
    {
        FaultCounts pass = Pass(out _, out _, out _);
        tableBytes = TableWeight.PerUnit(before, TableWeight.ResidentBytes(), pass.Total);
    }

    public void Warm(TimeSpan time)
    {
        long start = Stopwatch.GetTimestamp();
        for (int pass = 0; (pass < WarmPasses || Stopwatch.GetElapsedTime(start) < time) && !cancellation.IsCancellationRequested; pass++)
        {
            Pass(out _, out _, out _);
            if (Stopwatch.GetElapsedTime(start) > time * 2 && pass > 1)
            {
                return; // a slow engine is not what the compiler would make faster
            }
        }
    }

    public void Measure(TimeSpan time, long mostPasses = long.MaxValue)
    {
        long left = mostPasses;
        long begin = Stopwatch.GetTimestamp();
        double wall = 0;
        long faults = 0;
        var ofPasses = new List<double>();
        do
        {
            FaultCounts pass = Pass(out TimeSpan took, out long bytes, out TimeSpan cpu);
            cpuNs += cpu.TotalNanoseconds;
            wall += took.TotalNanoseconds;
            faults += pass.Total;
            if (pass.Total > 0)
            {
                ofPasses.Add(took.TotalNanoseconds * load.JobCount / pass.Total);
            }

            allocated += bytes;
            counts.Add(pass);
        }
        while (--left > 0 && Stopwatch.GetElapsedTime(begin) < time && !cancellation.IsCancellationRequested);
        seconds += wall / 1e9;
        if (faults > 0)
        {
            rounds.Add(wall * load.JobCount / faults);
            quietRounds.Add(ofPasses.Quantile(QuietShare));
        }
    }

    // All latencies; of a mix those of the reads and of the writes, too.
    private (LongHistogram All, LongHistogram? Reads, LongHistogram? Writes) MeasureLatencies(TimeSpan time)
    {
        LongHistogram[] reads = [.. jobs.Select(_ => NewHistogram())];
        LongHistogram[] writes = [.. jobs.Select(_ => NewHistogram())];
        long begin = Stopwatch.GetTimestamp();
        do
        {
            engine.Reset(load.Phase);
            team.Run(job => jobs[job].RunTimedPass(new FaultCounts(), reads[job], writes[job]));
        }
        while (Stopwatch.GetElapsedTime(begin) < time);
        LongHistogram read = Sum(reads);
        LongHistogram write = Sum(writes);
        return load.ReadPercent is null ? (read, null, null) : (Sum([read, write]), read, write);

        static LongHistogram NewHistogram() => new(1, TimeSpan.NanosecondsPerTick * TimeSpan.FromSeconds(10).Ticks, 3);

        static LongHistogram Sum(LongHistogram[] parts)
        {
            LongHistogram all = NewHistogram();
            Array.ForEach(parts, all.Add);
            return all;
        }
    }

    public CaseResult ToResult(FaultCase asked, double control, bool measuresLatencies)
    {
        (LongHistogram? latencies, LongHistogram? reads, LongHistogram? writes) = measuresLatencies ? MeasureLatencies(LatencyTime) : default;
        return new CaseResult(engine.Name, asked)
        {
            Rounds = rounds,
            QuietRounds = quietRounds,
            Seconds = seconds,
            Counts = counts,
            MeasuredBytes = load.SizeBytes,
            CpuNsPerFault = cpuNs / Math.Max(1, counts.Total),
            AllocatedBytesPerFault = (double)allocated / Math.Max(1, counts.Total),
            Control = control,
            Latencies = latencies,
            ReadLatencies = reads,
            WriteLatencies = writes,
            TableBytesPerUnit = tableBytes,
        };
    }

    private FaultCounts Pass(out TimeSpan took, out long allocatedBytes, out TimeSpan cpu)
    {
        engine.Reset(load.Phase);
        var each = jobs.Select(_ => new FaultCounts()).ToArray();
        long bytes = 0;
        long ticks = 0;
        took = team.Run(job =>
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            TimeSpan cpuBefore = FaultCounter.CpuTimeOfThisThread();
            jobs[job].RunPass(each[job]);
            Interlocked.Add(ref ticks, (FaultCounter.CpuTimeOfThisThread() - cpuBefore).Ticks);
            Interlocked.Add(ref bytes, GC.GetAllocatedBytesForCurrentThread() - before);
        });
        var total = new FaultCounts();
        foreach (FaultCounts part in each)
        {
            total.Add(part);
        }

        allocatedBytes = bytes;
        cpu = TimeSpan.FromTicks(ticks);
        return total;
    }
}
