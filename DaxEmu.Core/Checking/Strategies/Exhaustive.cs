using System.Numerics;

namespace DaxEmu.Core.Checking.Strategies;

/// <summary>
/// Tries every schedule with at most so many preemptions, depth first; first those with none, then with one, and so on, so that the
/// first failure that is found needs as few preemptions as any.
/// </summary>
/// <remarks>
/// <para>Taking the turn from a thread that could go on costs one of the bound. A thread that sleeps, spins or has finished gives its turn up
/// for free. Drains of store buffers are free.</para>
/// <para>Four kinds of schedules are left out, because another one with no more preemptions comes to the same: (1) what follows a state seen
/// before with as much of the bound left; (2) a drain right before a step of the same thread; (3) a preemption right before a quiet step
/// (<see cref="ContendedWords"/>), where the words stay in place; (4) a preemption that ends before a conflict, where besides no store is
/// buffered. docs/checking.md has the proofs.</para>
/// </remarks>
internal sealed class Exhaustive : IStrategy
{
    private const int NoDrain = -1;
    private const int MaxSeen = 1 << 23;

    private readonly int maxPreemptions;
    private readonly bool remembersStates;
    private readonly ContendedWords? contended;
    private readonly bool skipsIdlePreemptions;

    // Rule 4: the access that each thread was preempted before, until another one conflicts with it.
    private readonly Access[] preempted = new Access[Choice.MaxThreads];
    private readonly List<Node> path = [];
    private readonly Dictionary<ulong, byte> seen = [];

    private int bound = -1;
    private bool boundCutsSomething = true;
    private int depth;
    private int preemptions;
    private int lastDrain;
    private uint preemptedThreads;
    private bool isPruned;

    /// <param name="maxPreemptions">The last bound.</param>
    /// <param name="remembersStates">Whether states seen before are left out: <see cref="Scenario.IsOrderedBySteps"/>.</param>
    /// <param name="skipsQuietSteps">Whether preemptions before quiet steps are left out: rule 3.</param>
    /// <param name="skipsIdlePreemptions">Whether preemptions for nothing are left out: rule 4.</param>
    public Exhaustive(int maxPreemptions = 3, bool remembersStates = true, bool skipsQuietSteps = false, bool skipsIdlePreemptions = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxPreemptions);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxPreemptions, byte.MaxValue - 1);
        this.maxPreemptions = maxPreemptions;
        this.remembersStates = remembersStates;
        this.skipsIdlePreemptions = skipsIdlePreemptions;
        contended = skipsQuietSteps ? new ContendedWords() : null;
    }

    /// <summary>As <see cref="CheckRunner"/> makes it for a scenario: leaves out what may be left out there.</summary>
    public static Exhaustive For(Scenario scenario, int maxPreemptions) => new(
        maxPreemptions,
        scenario.IsOrderedBySteps,
        scenario.IsOrderedBySteps && scenario.IsInPlace,
        scenario.IsOrderedBySteps && scenario.IsInPlace && scenario.Model == MemoryModel.SequentiallyConsistent);

    /// <inheritdoc/>
    public ContendedWords? Contended => contended;

    /// <summary>The preemptions that schedules may have now.</summary>
    public int Bound => bound;

    /// <summary>Every schedule up to the last bound was tried, or stands for one that was.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Beyond that: no schedule was left out because of the bound, so there are no others at all.</summary>
    public bool IsUnbounded => IsComplete && !boundCutsSomething;

    /// <summary>Schedules that came to a state seen before, and were not branched from there.</summary>
    public long PrunedCount { get; private set; }

    /// <inheritdoc/>
    public bool NewExecution()
    {
        if (!Backtrack())
        {
            bool isToBeRepeated = contended is not null && contended.Settle();
            if (!isToBeRepeated && (bound == maxPreemptions || !boundCutsSomething))
            {
                IsComplete = true;
                return false;
            }

            bound += isToBeRepeated ? 0 : 1;
            boundCutsSomething = false;
            seen.Clear();
        }

        depth = 0;
        preemptions = 0;
        lastDrain = NoDrain;
        isPruned = false;
        preemptedThreads = 0;
        return true;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The scenario is not deterministic.</exception>
    public Choice NextThread(in Question question)
    {
        Release(question.Last);
        Choice choice = question.IsForced && preemptedThreads == 0 ? question.First : Decide(question);
        if (question.IsPreemption(choice))
        {
            preemptions++;
            Hold(question);
        }

        lastDrain = choice.IsDrain ? choice.Thread : NoDrain;
        return choice;
    }

    /// <inheritdoc/>
    public ulong NextValue(ulong bound)
    {
        if (isPruned || bound == 1)
        {
            return 0;
        }

        if (depth == path.Count)
        {
            path.Add(new Node { IsValue = true, ValueBound = bound });
        }

        Node node = path[depth++];
        return node.IsValue && node.ValueBound == bound ? node.Value : throw NotDeterministic();
    }

    private void Hold(in Question question)
    {
        if (skipsIdlePreemptions)
        {
            preempted[question.Current] = question.Next;
            preemptedThreads |= Choice.StepOf(question.Current).Bit;
        }
    }

    // A step was made: a thread that was preempted before a step that conflicts with it may go on.
    private void Release(Access made)
    {
        for (uint rest = preemptedThreads; rest != 0; rest &= rest - 1)
        {
            Choice held = Question.FirstOf(rest);
            if (preempted[held.Thread].ConflictsWith(made))
            {
                preemptedThreads &= ~held.Bit;
            }
        }
    }

    // Goes back to the last decision with an option left, and takes that.
    private bool Backtrack()
    {
        while (path.Count > 0)
        {
            Node last = path[^1];
            if (last.IsValue ? last.Value + 1 < last.ValueBound : last.Untried != 0)
            {
                if (last.IsValue)
                {
                    last.Value++;
                }
                else
                {
                    last.Chosen = Question.FirstOf(last.Untried);
                    last.Untried &= last.Untried - 1;
                }

                path[^1] = last;
                return true;
            }

            path.RemoveAt(path.Count - 1);
        }

        return false;
    }

    private Choice Decide(in Question question)
    {
        uint options = Allowed(question) & ~preemptedThreads;
        if (options == 0)
        {
            // Every thread that could go on was preempted for nothing: another schedule stands for this one.
            PrunedCount += isPruned ? 0 : 1;
            isPruned = true;
            return question.Default;
        }

        if (BitOperations.IsPow2(options))
        {
            return Question.FirstOf(options);
        }

        Choice first = (options & question.Default.Bit) != 0 ? question.Default : Question.FirstOf(options);
        if (isPruned)
        {
            return first;
        }

        ulong key = HistoryHash.Mix(question.StateHash, (ulong)preemptedThreads << 16 | (uint)((question.Current + 1) << 8) + (uint)(lastDrain + 1));
        if (depth < path.Count)
        {
            Node node = path[depth++];
            return node.Key == key && !node.IsValue && (options & node.Chosen.Bit) != 0 ? node.Chosen : throw NotDeterministic();
        }

        if (WasSeen(key))
        {
            isPruned = true;
            PrunedCount++;
            return first;
        }

        path.Add(new Node { Key = key, Chosen = first, Untried = options & ~first.Bit });
        depth++;
        return first;
    }

    // The options that rule 2 and the bound leave.
    private uint Allowed(in Question question)
    {
        uint options = question.Options;
        if (lastDrain != NoDrain)
        {
            uint others = options & ~Choice.StepOf(lastDrain).Bit;
            bool canSwitch = (others & question.Steps) != 0 || !question.CurrentCanGoOn;
            options = canSwitch && others != 0 ? others : options;
        }

        if (!question.CurrentCanGoOn)
        {
            return options;
        }

        Choice mine = Choice.StepOf(question.Current);
        Choice myDrain = Choice.DrainOf(question.Current);
        if (preemptions >= bound && (options & mine.Bit) != 0)
        {
            uint otherDrains = options & ~question.Steps & ~myDrain.Bit;
            uint within = mine.Bit | otherDrains | (otherDrains != 0 ? options & myDrain.Bit : 0);
            boundCutsSomething |= within != options;
            options = within;
        }

        return options;
    }

    private bool WasSeen(ulong key)
    {
        if (!remembersStates)
        {
            return false;
        }

        byte left = (byte)(bound - preemptions + 1);
        if (seen.TryGetValue(key, out byte before) && before >= left)
        {
            return true;
        }

        if (seen.Count < MaxSeen || before > 0)
        {
            seen[key] = left;
        }

        return false;
    }

    private static InvalidOperationException NotDeterministic() => new(
        "the scenario is not deterministic: the same choices led to another state than before. Look for clocks, random numbers, addresses "
        + "in hashes, state that outlives a run, and locks of the runtime.");

    private struct Node
    {
        public ulong Key;
        public Choice Chosen;
        public uint Untried;
        public bool IsValue;
        public ulong Value;
        public ulong ValueBound;
    }
}
