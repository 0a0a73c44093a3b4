using System.Diagnostics;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking.Strategies;

namespace DaxEmu.Core.Checking;

/// <summary>
/// Runs a scenario schedule by schedule, one thread at a time, as a strategy decides. The threads are used again from run to run. A thread
/// that stops asks the strategy which thread goes on: there is no scheduler thread, and one that is chosen itself does not stop at all.
/// </summary>
/// <remarks>
/// <para>Only the thread that has the turn accesses the state. The turn is handed over through a futex word of the thread that gets it
/// (<see cref="Baton"/>), which orders everything.</para>
/// <para>The last thread to finish a run checks it, makes the next run and gives the first turn. If the run ends before its threads (none can
/// go on, or something failed), each unfinished thread gets the turn once more and leaves by an exception.</para>
/// <para>Each scheduler of the process has its own <see cref="SchedulerPlace"/>, thread numbers in <see cref="ThreadSlots"/> and a core, so
/// that several can search side by side.</para>
/// </remarks>
internal sealed unsafe partial class ControlledScheduler : IDisposable
{
    private static readonly TimeSpan BreathEvery = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan StuckAfter = TimeSpan.FromSeconds(20);

    private readonly Scenario scenario;
    private readonly SchedulerPlace place;
    private readonly ScenarioMemory memory;
    private readonly ScheduledThread[] threads;
    private readonly Thread[] workers;
    private readonly Baton batons;
    private readonly DirectInterleaver direct;
    private readonly List<Choice> choices = [];
    private readonly List<ulong> values = [];
    private readonly ManualResetEventSlim seriesIsOver = new();

    private IStrategy strategy = null!;
    private RunLimits limits;
    private CancellationToken cancellation;
    private long startedAt;
    private long breathedAt;
    private IScenarioRun? run;
    private int current;
    private Access lastAccess;
    private long scheduleCount;
    private long stepCount;
    private RunFailure? failure;
    private Exception? problem;
    private StopReason stopReason;
    private bool isClosing;
    private bool isBroken;

    /// <summary>Starts the threads; they wait.</summary>
    /// <exception cref="InvalidOperationException">The hooks are not compiled in, or the scenario has too many threads.</exception>
    public ControlledScheduler(Scenario scenario)
    {
        ArgumentNullException.ThrowIfNull(scenario);
        if (!InterleavingSwitch.Touch())
        {
            throw new InvalidOperationException(
                $"schedules need the switch {InterleavingSwitch.Name}. Add <RuntimeHostConfigurationOption Include=\"{InterleavingSwitch.Name}\" Value=\"true\" /> "
                + $"to an ItemGroup of the program's project, or call AppContext.SetSwitch(\"{InterleavingSwitch.Name}\", true) before anything of DaxEmu is used.");
        }

        place = SchedulerPlace.Take();
        try
        {
            this.scenario = scenario;
            ThreadCount = CountThreads(scenario);
            direct = new DirectInterleaver(ThreadCount, FirstSlot);
            memory = new ScenarioMemory(ThreadCount, scenario.Model);
            batons = new Baton(ThreadCount);
            threads = [.. Enumerable.Range(0, ThreadCount).Select(index => new ScheduledThread(this, index, memory))];
            workers = [.. threads.Select(StartWorker)];
        }
        catch
        {
            batons?.Dispose();
            place.Dispose();
            throw;
        }
    }

    /// <summary>Threads of the scenario.</summary>
    public int ThreadCount { get; }

    /// <summary>The number of the first of its threads in <see cref="ThreadSlots"/>.</summary>
    public int FirstSlot => place.FirstSlot;

    /// <summary>The run is over, though its threads may not have finished: they leave at their next step.</summary>
    public bool IsAbandoned { get; private set; }

    /// <summary>Writes down what happens, for a trace; null for speed.</summary>
    public TraceRecorder? Recorder { get; set; }

    /// <summary>Runs schedules until the strategy has no more, one fails, or a limit is reached.</summary>
    /// <exception cref="ScheduleMismatchException">The schedule to be replayed does not fit the scenario.</exception>
    /// <exception cref="InvalidOperationException">The scenario is not deterministic, or a thread blocks outside the schedule.</exception>
    public RunReport Run(IStrategy strategy, RunLimits limits, CancellationToken cancellation = default)
    {
        ObjectDisposedException.ThrowIf(isClosing, this);
        this.strategy = strategy;
        memory.Contended = strategy.Contended;
        this.limits = limits;
        this.cancellation = cancellation;
        scheduleCount = 0;
        stepCount = 0;
        failure = null;
        problem = null;
        startedAt = Stopwatch.GetTimestamp();
        breathedAt = startedAt;
        seriesIsOver.Reset();
        Atomic.Current = direct;
        int first = NextRun();
        Atomic.Current = null;
        if (first >= 0)
        {
            batons.Give(first);
            AwaitEnd();
        }

        return problem is null
            ? new RunReport(stopReason, scheduleCount, stepCount, failure, Schedule.Of(scenario, choices, values))
            : throw Rethrown(problem);
    }

    /// <summary>Ends the threads.</summary>
    public void Dispose()
    {
        if (isClosing)
        {
            return;
        }

        isClosing = true;
        if (isBroken)
        {
            return; // a thread still runs the scenario's code: it keeps its number and its memory, and the place is not given back
        }

        for (int thread = 0; thread < ThreadCount; thread++)
        {
            batons.Give(thread);
        }

        foreach (Thread worker in workers)
        {
            worker.Join();
        }

        batons.Dispose();
        seriesIsOver.Dispose();
        place.Dispose();
    }

    private static int CountThreads(Scenario scenario)
    {
        using IScenarioRun run = scenario.Create();
        int count = run.Threads.Count;
        return count is > 0 and <= Choice.MaxThreads
            ? count
            : throw new InvalidOperationException($"scenario {scenario.Name} has {count} threads: there must be 1 to {Choice.MaxThreads}.");
    }

    // The problem happened on another thread: keep its type where callers look for it, and its stack as the inner one.
    private static Exception Rethrown(Exception problem) => problem is ScheduleMismatchException mismatch
        ? new ScheduleMismatchException(mismatch.Message, mismatch)
        : new InvalidOperationException(problem.Message, problem);

    private Thread StartWorker(ScheduledThread thread)
    {
        Thread worker = new(() => Work(thread)) { IsBackground = true, Name = $"schedule T{thread.Index}" };
        worker.Start();
        return worker;
    }

    private void AwaitEnd()
    {
        long seen = -1;
        while (!seriesIsOver.Wait(StuckAfter))
        {
            long now = stepCount + choices.Count;
            if (now == seen)
            {
                isBroken = true;
                ScheduledThread holder = threads[Math.Max(current, 0)];
                throw new InvalidOperationException(
                    $"scenario {scenario.Name}: T{holder.Index} does not come back from step {choices.Count} ({holder.Pending} {(holder.Label.Text is { } label ? $"in '{label}'" : $"at {holder.Site}")}). "
                    + "It blocks or loops outside the schedule: perhaps on a lock of the runtime whose owner was stopped.");
            }

            seen = now;
        }
    }
}
