using DaxEmu.Bench.Benchmark.Engines;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>Runs a plan: engines take turns in short rounds, so that a machine that changes its speed changes it for all of them.</summary>
internal sealed class BenchRunner(BenchPlan plan, EngineSetup setup, Action<string, double> progress, CancellationToken cancellation)
{
    private const long SmallBytes = 4 << 20;
    private const long LargeUnits = 1 << 16;
    private static readonly TimeSpan FirstWarmUp = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan SmallWarmUp = TimeSpan.FromMilliseconds(10);

    private readonly List<CaseResult> results = [];
    private readonly HashSet<string> warm = [];

    /// <summary>Runs all cases, or as many as there were before the cancellation.</summary>
    public IReadOnlyList<CaseResult> Run()
    {
        for (int number = 0; number < plan.Cases.Count && !cancellation.IsCancellationRequested; number++)
        {
            int i = number;
            FaultCase load = plan.Cases[i];
            progress(load.Name, (double)i / plan.Cases.Count);
            try
            {
                RunCase(load, share => progress(load.Name, (i + share) / plan.Cases.Count));
            }
            catch (OperationCanceledException)
            {
                break; // while a device was made for the case
            }
        }

        return results;
    }

    private void RunCase(FaultCase load, Action<double> done)
    {
        using var team = new JobTeam(load.JobCount, plan.Cpus);
        using var alone = new JobTeam(1, plan.Cpus);
        var runs = new List<ICaseRun>();
        var ofCase = new List<CaseResult>();
        foreach (string name in plan.Engines.Where(e => EngineCatalog.Serves(e, load.Phase)))
        {
            if (setup.RefusalOf(name, load) is { } tooLarge)
            {
                ofCase.Add(new CaseResult(name, load) { Refusal = tooLarge });
                continue;
            }

            if (name == EngineCatalog.Fio)
            {
                runs.Add(new FioRun(setup.Fio(load), load));
                continue;
            }

            IFaultEngine engine = setup.Get(name, load);
            (FaultCase fitted, IReadOnlyList<UnitOrder> units) = setup.Fit(name, load);
            bool isOwn = !EngineSetup.IsHost(name);
            bool isWeighed = isOwn && load.Phase == FaultPhase.Insert;
            bool isLarge = load.SizeBytes / load.UnitBytes > LargeUnits;
            if (isWeighed || (isOwn && isLarge && load.Phase == FaultPhase.Refault))
            {
                bool isFirst = isLarge && warm.Add($"{name} {load.Order} {load.Phase} {load.Pattern}");
                WarmSmall(engine, load, team, isFirst ? FirstWarmUp : SmallWarmUp);
            }

            long? before = isWeighed ? TableWeight.ResidentBytes() : null;
            IReadOnlyList<IFaultJob>? jobs = engine.Start(fitted, units, out string? refusal);
            if (jobs is null)
            {
                ofCase.Add(new CaseResult(name, load) { Refusal = refusal });
                continue;
            }

            var run = new PassRun(engine, jobs, fitted, team, cancellation);
            runs.Add(run);
            if (before is not null)
            {
                run.WeighTables(before);
            }
        }

        foreach (ICaseRun run in runs)
        {
            // The first time, the just-in-time compiler needs a while to get at its best code.
            run.Warm(warm.Add(run.Engine) && plan.RampTime < FirstWarmUp ? FirstWarmUp : plan.RampTime);
        }

        var controls = new List<double>();
        int rounds = Math.Min(plan.Rounds, plan.Loops ?? plan.Rounds);
        for (int round = 0; round < rounds && !cancellation.IsCancellationRequested; round++)
        {
            done((double)round / rounds);
            long passes = plan.Loops is { } loops ? ((long)loops * (round + 1) / rounds) - ((long)loops * round / rounds) : long.MaxValue;
            controls.Add(load.JobCount > 1 ? MachineControl.Measure(alone, team) : 1);
            foreach (ICaseRun run in runs)
            {
                run.Measure(plan.Runtime / rounds, passes);
            }
        }

        controls.Sort();
        foreach (ICaseRun run in runs)
        {
            if (run.HasFigures)
            {
                ofCase.Add(run.ToResult(load, controls[controls.Count / 2], measuresLatencies: !cancellation.IsCancellationRequested));
            }
            else if (!cancellation.IsCancellationRequested)
            {
                ofCase.Add(new CaseResult(run.Engine, load) { Refusal = "no touch came to a fault: the host maps everything at once, or keeps what it has mapped" });
            }
        }

        results.AddRange(ofCase.OrderBy(r => plan.Engines.ToList().IndexOf(r.Engine)).Select(
            r => plan.AssertsPmd ? r with { PmdProblem = PmdCheck.ProblemOf(r, setup.DeviceOf(r.Engine, load)) } : r));
    }

    // Passes over a small mapping. The just-in-time compiler lays code out for what it saw in its first tenths of a second, and over a large mapping that is
    // one pass, all inserts. And code that is compiled later would take memory, which would be taken for the tables'.
    private void WarmSmall(IFaultEngine engine, FaultCase load, JobTeam team, TimeSpan time)
    {
        FaultCase small = load with { SizeBytes = Math.Min(load.SizeBytes, SmallBytes * load.JobCount) };
        if (engine.Start(small, UnitOrder.Share(small, plan.Seed), out _) is { } jobs)
        {
            new PassRun(engine, jobs, small, team, cancellation).Warm(time);
        }
    }
}
