using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>One thread of a scenario under the scheduler: stops before each of its steps until its turn comes, then carries it out.</summary>
internal sealed unsafe class ScheduledThread(ControlledScheduler scheduler, int index, ScenarioMemory memory) : IInterleaver, ILabelledSteps
{
    private StepLabel announced;

    /// <summary>Its number in the scenario.</summary>
    public int Index => index;

    /// <inheritdoc/>
    public int ThreadCount => scheduler.ThreadCount;

    /// <inheritdoc/>
    public int FirstSlot => scheduler.FirstSlot;

    public ThreadStatus Status { get; set; }

    /// <summary>The step that the thread stopped before, or sleeps in.</summary>
    public StepKind Pending { get; set; }

    /// <summary>Where in the code that is.</summary>
    public Site Site { get; set; }

    /// <summary>What the author calls that step.</summary>
    public StepLabel Label { get; private set; }

    /// <summary>The word that it is about.</summary>
    public ulong* Location { get; set; }

    /// <summary>For <see cref="StepKind.SpinWhile"/>: what the word must no longer hold.</summary>
    public ulong Unwanted { get; set; }

    /// <summary>The thread has the turn and has not made its step: what it does before its first step, or after it was woken, is no step.</summary>
    public bool HasTurn { get; set; }

    /// <summary>Whether it can make a step now.</summary>
    public bool CanGoOn => Status switch
    {
        ThreadStatus.AtStep => Pending != StepKind.SpinWhile || memory.Peek(index, Location) != Unwanted,
        ThreadStatus.NotStarted or ThreadStatus.Woken => true,
        _ => false,
    };

    /// <summary>What its next step will access.</summary>
    public Access NextAccess => Status == ThreadStatus.AtStep ? new Access((nint)Location, Pending is not (StepKind.Load or StepKind.SpinWhile)) : default;

    /// <summary>Ready for a new run.</summary>
    public void Reset()
    {
        Status = ThreadStatus.NotStarted;
        Pending = StepKind.None;
        Site = Site.Other;
        Location = null;
        HasTurn = false;
        Label = default;
        announced = default;
    }

    /// <inheritdoc/>
    public void Announce(StepLabel label) => announced = label;

    /// <inheritdoc/>
    public ulong Load(ulong* location, Site site)
    {
        if (!HasTurn && memory.IsQuiet(location, StepKind.Load) && scheduler.GoesOnQuietly(this))
        {
            announced = default;
            return memory.QuietLoad(index, location);
        }

        Stop(StepKind.Load, location, site);
        ulong value = memory.Load(index, location);
        scheduler.Recorder?.Step(index, StepKind.Load, site, Label, memory.Label(location), value);
        return value;
    }

    /// <inheritdoc/>
    public void Store(ulong* location, ulong value, Site site)
    {
        Stop(StepKind.Store, location, site);
        memory.Store(index, location, value);
        scheduler.Recorder?.Step(index, StepKind.Store, site, Label, memory.Label(location), value, 0, memory.BuffersStores);
    }

    /// <inheritdoc/>
    public ulong CompareExchange(ulong* location, ulong value, ulong comparand, Site site)
    {
        Stop(StepKind.CompareExchange, location, site);
        ulong before = memory.CompareExchange(index, location, value, comparand);
        scheduler.Recorder?.Step(index, StepKind.CompareExchange, site, Label, memory.Label(location), before, value, before == comparand);
        return before;
    }

    /// <inheritdoc/>
    public ulong Exchange(ulong* location, ulong value, Site site) => Modify(StepKind.Exchange, location, value, site);

    /// <inheritdoc/>
    public ulong Add(ulong* location, ulong addend, Site site) => Modify(StepKind.Add, location, addend, site);

    /// <inheritdoc/>
    public ulong Or(ulong* location, ulong bits, Site site) => Modify(StepKind.Or, location, bits, site);

    /// <inheritdoc/>
    public ulong And(ulong* location, ulong bits, Site site) => Modify(StepKind.And, location, bits, site);

    /// <inheritdoc/>
    public void ProcessWideBarrier(Site site)
    {
        Stop(StepKind.ProcessWideBarrier, null, site);
        memory.Barrier(index);
        scheduler.Recorder?.Step(index, StepKind.ProcessWideBarrier, site, Label, -1, 0);
    }

    /// <inheritdoc/>
    public void Wait(ulong* location, ulong expected, Site site)
    {
        Stop(StepKind.Wait, location, site);
        bool sleeps = memory.BeginsSleep(index, location, expected);
        scheduler.Recorder?.Step(index, StepKind.Wait, site, Label, memory.Label(location), expected, 0, sleeps);
        if (sleeps)
        {
            Status = ThreadStatus.Sleeping;
            scheduler.PassTurn(this);
            memory.Woken(index, location);
        }
    }

    /// <inheritdoc/>
    public void Wake(ulong* location, Site site)
    {
        Stop(StepKind.Wake, location, site);
        memory.DrainAll(index);
        int count = scheduler.WakeWaiters(location);
        memory.Wake(index, location, reachesWaiter: count > 0);
        scheduler.Recorder?.Step(index, StepKind.Wake, site, Label, memory.Label(location), (ulong)count);
    }

    /// <inheritdoc/>
    public void SpinWhile(ulong* location, ulong unwanted, Site site)
    {
        Unwanted = unwanted;
        Stop(StepKind.SpinWhile, location, site);

        // The first step after a start or a wake-up is made without asking, so the word was not compared yet.
        while (memory.Peek(index, location) == unwanted)
        {
            scheduler.PassTurn(this);
            HasTurn = false;
        }

        ulong value = memory.Load(index, location);
        scheduler.Recorder?.Step(index, StepKind.SpinWhile, site, Label, memory.Label(location), value);
    }

    /// <inheritdoc/>
    public void Note(in InterleavingNote note) => scheduler.Recorder?.Note(index, note);

    /// <summary>A value that the strategy chooses; not a step.</summary>
    public ulong NextValue(ulong bound)
    {
        ulong value = scheduler.NextValue(bound);
        memory.Value(index, value);
        return value;
    }

    private ulong Modify(StepKind kind, ulong* location, ulong operand, Site site)
    {
        Stop(kind, location, site);
        ulong result = memory.Modify(index, location, kind, operand);
        scheduler.Recorder?.Step(index, kind, site, Label, memory.Label(location), result, operand);
        return result;
    }

    // Returns when the step may be made.
    private void Stop(StepKind kind, ulong* location, Site site)
    {
        Status = ThreadStatus.AtStep;
        Pending = kind;
        Location = location;
        Site = site;
        Label = announced;
        announced = default;
        if (HasTurn || !CanGoOn || !memory.IsQuiet(location, kind) || !scheduler.GoesOnQuietly(this))
        {
            if (!HasTurn || scheduler.IsAbandoned)
            {
                scheduler.PassTurn(this);
            }

            scheduler.Makes(NextAccess);
        }

        HasTurn = false;
        memory.Arrive(index, kind, site);
    }
}
