using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Engines.Fio;
using HdrHistogram;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>fio's part in a case: a process a round, which faults its mapping in before its timed time.</summary>
/// <param name="program">How it is run.</param>
/// <param name="load">The case.</param>
internal sealed class FioRun(FioProgram program, FaultCase load) : ICaseRun
{
    // fio reports whole milliseconds, and faults about a gigabyte a second in.
    private static readonly TimeSpan LeastRuntime = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan RampPerGigabyte = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeastRamp = TimeSpan.FromMilliseconds(300);

    private readonly LongHistogram latencies = new(1, TimeSpan.NanosecondsPerTick * TimeSpan.FromSeconds(10).Ticks, 3);
    private readonly FaultCounts counts = new();
    private readonly List<double> rounds = [];
    private double seconds;

    public string Engine => "fio";

    public bool HasFigures => rounds.Count > 0;

    // Each process has to begin anew.
    public void Warm(TimeSpan time)
    {
    }

    // It has a time: passes are not counted.
    public void Measure(TimeSpan time, long passes = long.MaxValue)
    {
        TimeSpan ramp = LeastRamp + (RampPerGigabyte * (load.SizeBytes / (double)(1L << 30)));
        FioFigures figures;
        try
        {
            figures = program.Run(load, ramp, time > LeastRuntime ? time : LeastRuntime);
        }
        catch (OperationCanceledException)
        {
            return;
        }

        if (figures.TotalIos > 0)
        {
            rounds.Add(load.JobCount * 1e9 / figures.Iops);
            seconds += figures.Seconds;
            counts.Served(load.Order, figures.TotalIos);
            figures.AddTo(latencies);
        }
    }

    public CaseResult ToResult(FaultCase asked, double control, bool measuresLatencies)
    {
        return new CaseResult(Engine, asked)
        {
            Rounds = rounds,
            Seconds = seconds,
            Counts = counts,
            MeasuredBytes = load.SizeBytes,
            Control = control,
            Latencies = latencies,
        };
    }
}
