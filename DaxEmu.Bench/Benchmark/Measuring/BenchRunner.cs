using System.Diagnostics;
using DaxEmu.Bench.Benchmark.Engines;
using HdrHistogram;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>Runs a plan: engines take turns in short rounds, so that a machine that changes its speed changes it for all of them.</summary>
internal sealed class BenchRunner(BenchPlan plan, EngineSetup setup, Action<string, double> progress, CancellationToken cancellation)
{
    private const int WarmPasses = 30;
    private static readonly TimeSpan LatencyTime = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan FirstWarmUp = TimeSpan.FromMilliseconds(300);

    private readonly List<CaseResult> results = [];
    private readonly HashSet<string> warm = [];

    /// <summary>Runs all cases, or as many as there were before the cancellation.</summary>
    public IReadOnlyList<CaseResult> Run()
    {
        for (int i = 0; i < plan.Cases.Count && !cancellation.IsCancellationRequested; i++)
        {
            FaultCase load = plan.Cases[i];
            progress(load.Name, (double)i / plan.Cases.Count);
            try
            {
                RunCase(load);
            }
            catch (OperationCanceledException)
            {
                break; // while a device was made for the case
            }
        }

        return results;
    }

    private void RunCase(FaultCase load)
    {
        using var team = new JobTeam(load.JobCount);
        using var alone = new JobTeam(1);
        var runs = new List<EngineRun>();
        var ofCase = new List<CaseResult>();
        foreach (string name in plan.Engines.Where(e => EngineCatalog.Serves(e, load.Phase)))
        {
            if (setup.RefusalOf(name, load) is { } tooLarge)
            {
                ofCase.Add(new CaseResult(name, load) { Refusal = tooLarge });
                continue;
            }

            IFaultEngine engine = setup.Get(name, load);
            (FaultCase fitted, IReadOnlyList<UnitOrder> units) = setup.Fit(name, load);
            IReadOnlyList<IFaultJob>? jobs = engine.Start(fitted, units, out string? refusal);
            if (jobs is null)
            {
                ofCase.Add(new CaseResult(name, load) { Refusal = refusal });
                continue;
            }

            runs.Add(new EngineRun(engine, jobs, fitted, team, cancellation));
        }

        foreach (EngineRun run in runs)
        {
            // The first time, the just-in-time compiler needs a while to get at its best code.
            run.Warm(warm.Add(run.Engine.Name) && plan.RampTime < FirstWarmUp ? FirstWarmUp : plan.RampTime, WarmPasses);
        }

        var controls = new List<double>();
        for (int round = 0; round < plan.Rounds && !cancellation.IsCancellationRequested; round++)
        {
            controls.Add(load.JobCount > 1 ? MachineControl.Measure(alone, team) : 1);
            foreach (EngineRun run in runs)
            {
                run.Measure(plan.Runtime / plan.Rounds);
            }
        }

        controls.Sort();
        foreach (EngineRun run in runs)
        {
            if (run.HasFigures)
            {
                LongHistogram? latencies = cancellation.IsCancellationRequested ? null : run.MeasureLatencies(LatencyTime);
                ofCase.Add(run.ToResult(load, controls[controls.Count / 2]) with { Latencies = latencies });
            }
            else if (!cancellation.IsCancellationRequested)
            {
                ofCase.Add(new CaseResult(run.Engine.Name, load) { Refusal = "no touch came to a fault: the host maps everything at once, or keeps what it has mapped" });
            }
        }

        results.AddRange(ofCase.OrderBy(r => plan.Engines.ToList().IndexOf(r.Engine)));
    }

    /// <summary>One engine's part in a case.</summary>
    private sealed class EngineRun(IFaultEngine engine, IReadOnlyList<IFaultJob> jobs, FaultCase load, JobTeam team, CancellationToken cancellation)
    {
        private readonly FaultCounts counts = new();
        private readonly List<double> rounds = [];
        private double seconds;
        private long allocated;

        public IFaultEngine Engine => engine;

        public bool HasFigures => rounds.Count > 0;

        public void Warm(TimeSpan time, int passes)
        {
            long start = Stopwatch.GetTimestamp();
            for (int pass = 0; (pass < passes || Stopwatch.GetElapsedTime(start) < time) && !cancellation.IsCancellationRequested; pass++)
            {
                Pass(out _, out _);
                if (Stopwatch.GetElapsedTime(start) > time * 2 && pass > 1)
                {
                    return; // a slow engine is not what the compiler would make faster
                }
            }
        }

        public void Measure(TimeSpan time)
        {
            long begin = Stopwatch.GetTimestamp();
            double wall = 0;
            long faults = 0;
            do
            {
                FaultCounts pass = Pass(out TimeSpan took, out long bytes);
                wall += took.TotalNanoseconds;
                faults += pass.Total;
                allocated += bytes;
                counts.Add(pass);
            }
            while (Stopwatch.GetElapsedTime(begin) < time && !cancellation.IsCancellationRequested);
            seconds += wall / 1e9;
            if (faults > 0)
            {
                rounds.Add(wall * load.JobCount / faults);
            }
        }

        public LongHistogram MeasureLatencies(TimeSpan time)
        {
            var all = new LongHistogram(1, TimeSpan.NanosecondsPerTick * TimeSpan.FromSeconds(10).Ticks, 3);
            var each = jobs.Select(_ => new LongHistogram(1, TimeSpan.NanosecondsPerTick * TimeSpan.FromSeconds(10).Ticks, 3)).ToArray();
            long begin = Stopwatch.GetTimestamp();
            do
            {
                engine.Reset(load.Phase);
                team.Run(job => jobs[job].RunTimedPass(new FaultCounts(), each[job]));
            }
            while (Stopwatch.GetElapsedTime(begin) < time);
            foreach (LongHistogram part in each)
            {
                all.Add(part);
            }

            return all;
        }

        public CaseResult ToResult(FaultCase asked, double control)
        {
            rounds.Sort();
            return new CaseResult(engine.Name, asked)
            {
                NsPerFaultRounds = rounds,
                Seconds = seconds,
                Counts = counts,
                MeasuredBytes = load.SizeBytes,
                AllocatedBytesPerFault = (double)allocated / Math.Max(1, counts.Total),
                Control = control,
            };
        }

        private FaultCounts Pass(out TimeSpan took, out long allocatedBytes)
        {
            engine.Reset(load.Phase);
            var each = jobs.Select(_ => new FaultCounts()).ToArray();
            long bytes = 0;
            took = team.Run(job =>
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                jobs[job].RunPass(each[job]);
                Interlocked.Add(ref bytes, GC.GetAllocatedBytesForCurrentThread() - before);
            });
            var total = new FaultCounts();
            foreach (FaultCounts part in each)
            {
                total.Add(part);
            }

            allocatedBytes = bytes;
            return total;
        }
    }
}
