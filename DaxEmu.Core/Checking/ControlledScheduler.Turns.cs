using System.Diagnostics;
using DaxEmu.Core.Atomics;
using DaxEmu.Native.Cpu;

namespace DaxEmu.Core.Checking;

/// <content>The turn: the thread that has it passes it on, finishes, ends the run or begins the next.</content>
internal sealed unsafe partial class ControlledScheduler
{
    private const int NoThread = -1;

    /// <summary>Lets the strategy decide which thread makes the next step; returns when it is <paramref name="me"/>.</summary>
    /// <exception cref="RunAbandonedException">The run is over.</exception>
    public void PassTurn(ScheduledThread me)
    {
        if (IsAbandoned)
        {
            throw new RunAbandonedException();
        }

        int next = ChooseNext();
        if (next == NoThread)
        {
            throw new RunAbandonedException();
        }

        if (next != me.Index)
        {
            Atomic.Current = null;
            batons.Give(next);
            batons.Await(me.Index);
            Atomic.Current = me;
            if (IsAbandoned)
            {
                throw new RunAbandonedException();
            }
        }

        me.HasTurn = true;
    }

    /// <summary>Lets the thread, if it made the last step, make a quiet one without asking the strategy.</summary>
    /// <returns>Whether it may.</returns>
    public bool GoesOnQuietly(ScheduledThread me)
    {
        if (current != me.Index || IsAbandoned || choices.Count >= scenario.StepLimit)
        {
            return false;
        }

        choices.Add(Choice.StepOf(me.Index));
        return true;
    }

    /// <summary>The thread makes a step.</summary>
    public void Makes(Access access) => lastAccess = access;

    /// <summary>Wakes every thread that sleeps on the word.</summary>
    /// <returns>How many.</returns>
    public int WakeWaiters(ulong* location)
    {
        int count = 0;
        foreach (ScheduledThread thread in threads)
        {
            if (thread.Status == ThreadStatus.Sleeping && thread.Location == location)
            {
                thread.Status = ThreadStatus.Woken;
                count++;
            }
        }

        return count;
    }

    /// <summary>Asks the strategy for a value.</summary>
    public ulong NextValue(ulong bound)
    {
        ulong value;
        try
        {
            value = strategy.NextValue(bound);
        }
        catch (Exception thrown)
        {
            Stop(thrown);
            throw new RunAbandonedException();
        }

        values.Add(value);
        return value;
    }

    // A thread of the scheduler: a run of its body whenever it is given the turn.
    private void Work(ScheduledThread me)
    {
        ThreadSlots.Adopt(FirstSlot + me.Index);
        using CpuPin? pin = place.Pin();
        int next = NoThread;
        while (true)
        {
            if (next != me.Index)
            {
                batons.Await(me.Index);
            }

            if (isClosing)
            {
                return;
            }

            RunBody(me, run!.Threads[me.Index]);
            next = Leave();
            if (next != NoThread && next != me.Index)
            {
                batons.Give(next);
            }
        }
    }

    private void RunBody(ScheduledThread me, ScenarioThread thread)
    {
        if (!IsAbandoned)
        {
            me.HasTurn = true;
            Atomic.Current = me;
            try
            {
                thread.Body();
            }
            catch (RunAbandonedException)
            {
            }
            catch (Exception thrown)
            {
                Fail(FailureOf(thrown, $"T{me.Index} {thread.Name}"));
            }
        }

        Atomic.Current = direct;
        me.Status = ThreadStatus.Finished;
        try
        {
            thread.AfterRun?.Invoke();
        }
        catch (Exception thrown)
        {
            Stop(thrown);
        }

        Atomic.Current = null;
    }

    // A thread has finished: the next one of this run, or the first of the next run. NoThread if the series is over.
    private int Leave()
    {
        if (!IsAbandoned)
        {
            int next = ChooseNext();
            if (next != NoThread)
            {
                return next;
            }
        }

        // The others leave one after the other, before their memory is given back.
        foreach (ScheduledThread thread in threads)
        {
            if (thread.Status != ThreadStatus.Finished)
            {
                return thread.Index;
            }
        }

        Atomic.Current = direct;
        EndRun();
        int first = NextRun();
        Atomic.Current = null;
        if (first == NoThread)
        {
            seriesIsOver.Set();
        }

        return first;
    }

    // Drains what the strategy drains, and finds the next thread. NoThread: the run is over.
    private int ChooseNext()
    {
        while (true)
        {
            uint options = 0;
            bool isFinished = true;
            for (int thread = 0; thread < threads.Length; thread++)
            {
                isFinished &= threads[thread].Status == ThreadStatus.Finished;
                options |= threads[thread].CanGoOn ? Choice.StepOf(thread).Bit : 0;
                options |= memory.HasBuffered(thread) ? Choice.DrainOf(thread).Bit : 0;
            }

            if (options == 0)
            {
                if (isFinished)
                {
                    IsAbandoned = true;
                }
                else
                {
                    Fail(FailureKind.Hang, "no thread can go on");
                }

                return NoThread;
            }

            if (choices.Count >= scenario.StepLimit)
            {
                Fail(
                    FailureKind.Livelock,
                    $"{scenario.StepLimit} steps and no end: if a thread loops until another has done something, it must wait with SpinWhile");
                return NoThread;
            }

            if (!TryAsk(options, out Choice choice))
            {
                return NoThread;
            }

            choices.Add(choice);
            if (!choice.IsDrain)
            {
                current = choice.Thread;
                return choice.Thread;
            }

            BufferedStore store = memory.Drain(choice.Thread);
            Recorder?.Drain(choice.Thread, memory.Label(store.Location), store.Value);
        }
    }

    private bool TryAsk(uint options, out Choice choice)
    {
        try
        {
            Question question = new(choices.Count, options, current, memory.StateHash, lastAccess, current < 0 ? default : threads[current].NextAccess);
            choice = strategy.NextThread(question);
            if (question.Has(choice))
            {
                return true;
            }

            throw new InvalidOperationException($"the strategy chose {choice} for step {choices.Count}, which cannot happen.");
        }
        catch (Exception thrown)
        {
            Stop(thrown);
            choice = default;
            return false;
        }
    }

    // All threads have finished. A run that was abandoned is not checked.
    private void EndRun()
    {
        if (failure is null && problem is null)
        {
            try
            {
                run!.Check();
            }
            catch (Exception thrown)
            {
                failure = FailureOf(thrown, "final check");
            }
        }

        try
        {
            run!.Dispose();
        }
        catch (WouldWaitException) when (failure is not null || problem is not null)
        {
        }
        catch (Exception thrown)
        {
            Stop(thrown);
        }

        run = null;
        stepCount += choices.Count;
        scheduleCount++;
    }

    // Makes the next run. Returns its first thread; NoThread if the series is over.
    private int NextRun()
    {
        if (failure is not null || problem is not null)
        {
            stopReason = StopReason.Failed;
            return NoThread;
        }

        try
        {
            Breathe();
            if (IsOverLimit() || !strategy.NewExecution())
            {
                return NoThread;
            }

            run = scenario.Create();
            if (run.Threads.Count != ThreadCount)
            {
                throw new InvalidOperationException($"scenario {scenario.Name} has {run.Threads.Count} threads now and had {ThreadCount} before.");
            }
        }
        catch (Exception thrown)
        {
            Stop(thrown);
            return NoThread;
        }

        choices.Clear();
        values.Clear();
        memory.Reset();
        Recorder?.Clear();
        IsAbandoned = false;
        current = NoThread;
        lastAccess = default;
        foreach (ScheduledThread thread in threads)
        {
            thread.Reset();
        }

        int first = ChooseNext();
        if (first == NoThread)
        {
            EndRun(); // the strategy's first choice did not fit: no thread has begun
        }

        return first;
    }

    // Threads that hand the turn to each other on one core, millions of times, starve the other threads of that core: leave it to them now
    // and then.
    private void Breathe()
    {
        if ((scheduleCount & 63) == 0 && Stopwatch.GetElapsedTime(breathedAt) > BreathEvery)
        {
            Thread.Sleep(Breath);
            breathedAt = Stopwatch.GetTimestamp();
        }
    }

    private bool IsOverLimit()
    {
        stopReason = StopReason.StrategyIsDone;
        if (scheduleCount >= limits.Schedules)
        {
            stopReason = StopReason.ScheduleLimit;
        }
        else if (cancellation.IsCancellationRequested)
        {
            stopReason = StopReason.Cancelled;
        }
        else if ((scheduleCount & 63) == 0 && Stopwatch.GetElapsedTime(startedAt) >= limits.Time)
        {
            stopReason = StopReason.TimeLimit;
        }

        return stopReason != StopReason.StrategyIsDone;
    }

    private void Fail(FailureKind kind, string message) => Fail(new RunFailure(kind, message, []));

    private void Fail(RunFailure how)
    {
        IsAbandoned = true;
        failure ??= how with
        {
            Stuck = [.. threads.Where(thread => thread.Status != ThreadStatus.Finished)
                .Select(thread => new StuckThread(thread.Index, thread.Pending, thread.Site, thread.Label.Text))],
        };
    }

    private static RunFailure FailureOf(Exception thrown, string where) => thrown is ScenarioViolationException
        ? new RunFailure(FailureKind.Violation, thrown.Message, [])
        : new RunFailure(FailureKind.Exception, $"{where}: {thrown.GetType().Name}: {thrown.Message}", []);

    private void Stop(Exception thrown)
    {
        IsAbandoned = true;
        problem ??= thrown;
    }
}
