using System.Runtime.ExceptionServices;

namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>One call of <see cref="PowerCutRunner.Explore(IReadOnlyList{PowerCutTest}, PowerCutOptions, Action{double}, CancellationToken)"/>.</summary>
internal sealed class Exploration(IReadOnlyList<PowerCutTest> tests, PowerCutOptions options, Action<double>? progress, CancellationToken cancellation)
{
    private readonly Lock gate = new();
    private readonly TestOutcome?[] outcomes = new TestOutcome?[tests.Count];
    private int next;
    private int end = tests.Count;
    private int done;

    /// <summary>Explores, and reports all but the time.</summary>
    public PowerCutReport Run()
    {
        // Few tests: their cuts are shared out. Many: each is one worker's.
        if (tests.Count < options.WorkerCount)
        {
            var workers = new CutWorker?[options.WorkerCount];
            for (int i = 0; i < end && !cancellation.IsCancellationRequested; i++)
            {
                Finish(i, Together(tests[i], workers));
            }
        }
        else
        {
            InParallel(_ => WorkOnTests());
        }

        TestOutcome[] counted = [.. outcomes.Take(end).TakeWhile(o => o is not null).Select(o => o!)];
        return new PowerCutReport(
            counted.Length,
            counted.Sum(o => o.CutCount),
            counted.Sum(o => o.PossibleStates),
            counted.Sum(o => o.DistinctStates),
            counted.Sum(o => o.IncompleteCuts),
            TimeSpan.Zero,
            [.. counted.Where(o => o.Failure is not null).Select(o => o.Failure!)],
            cancellation.IsCancellationRequested);
    }

    private void WorkOnTests()
    {
        var worker = new CutWorker();
        var seen = new StateSet();
        while (!cancellation.IsCancellationRequested && Begin(out int index))
        {
            Finish(index, Alone(tests[index], worker, seen));
        }
    }

    private bool Begin(out int index)
    {
        lock (gate)
        {
            index = next++;
            return index < end;
        }
    }

    private void Finish(int index, TestOutcome outcome)
    {
        int finished;
        lock (gate)
        {
            outcomes[index] = outcome;
            finished = ++done;
            if (outcome.Failure is not null && !options.ContinuesAfterFailure)
            {
                end = Math.Min(end, index + 1);
            }
        }

        progress?.Invoke((double)finished / tests.Count);
    }

    private TestOutcome Alone(PowerCutTest test, CutWorker worker, StateSet seen)
    {
        using var recording = Recording.Of(test);
        seen.Clear();
        var outcome = new TestOutcome();
        foreach (int place in recording.Chosen(options))
        {
            outcome.Add(worker.Explore(recording, place, seen, options, cancellation));
            if (outcome.Failure is not null || cancellation.IsCancellationRequested)
            {
                break;
            }
        }

        outcome.DistinctStates = seen.CountTo(int.MaxValue);
        return outcome;
    }

    private TestOutcome Together(PowerCutTest test, CutWorker?[] workers)
    {
        using var recording = Recording.Of(test);
        int[] places = recording.Chosen(options);
        var cuts = new CutOutcome?[places.Length];
        var seen = new StateSet();
        int nextCut = 0;
        int lastCut = places.Length;
        InParallel(member =>
        {
            CutWorker worker = workers[member] ??= new CutWorker();
            worker.Unload();
            while (!cancellation.IsCancellationRequested)
            {
                int i;
                lock (gate)
                {
                    i = nextCut++;
                    if (i >= lastCut)
                    {
                        return;
                    }
                }

                CutOutcome outcome = worker.Explore(recording, places[i], seen, options, cancellation);
                lock (gate)
                {
                    cuts[i] = outcome;
                    lastCut = outcome.Failure is null ? lastCut : Math.Min(lastCut, i + 1);
                }

                if (tests.Count == 1)
                {
                    progress?.Invoke((double)i / places.Length);
                }
            }
        });

        var sum = new TestOutcome();
        foreach (CutOutcome? cut in cuts.Take(lastCut))
        {
            if (cut is not null)
            {
                sum.Add(cut);
            }
        }

        sum.DistinctStates = seen.CountTo(lastCut < places.Length || sum.Failure is not null ? places[lastCut - 1] : int.MaxValue);
        return sum;
    }

    private void InParallel(Action<int> work)
    {
        try
        {
            Task.WaitAll([.. Enumerable.Range(0, options.WorkerCount).Select(member =>
                Task.Factory.StartNew(() => work(member), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))]);
        }
        catch (AggregateException problems)
        {
            ExceptionDispatchInfo.Throw(problems.InnerExceptions[0]);
        }
    }

    private sealed class TestOutcome
    {
        public long CutCount { get; private set; }

        public double PossibleStates { get; private set; }

        public long DistinctStates { get; set; }

        public long IncompleteCuts { get; private set; }

        public PowerCutFailure? Failure { get; private set; }

        public void Add(CutOutcome cut)
        {
            CutCount++;
            PossibleStates += cut.PossibleStates;
            IncompleteCuts += cut.IsIncomplete ? 1 : 0;
            Failure ??= cut.Failure;
        }
    }
}
