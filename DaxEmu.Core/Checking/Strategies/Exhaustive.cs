using System.Numerics;

namespace DaxEmu.Core.Checking.Strategies;

/// <summary>
/// Tries every schedule with at most so many preemptions, depth first; first those with none, then with one, and so on, so that the
/// first failure that is found needs as few preemptions as any.
/// </summary>
/// <remarks>
/// <para><b>What costs.</b> Taking the turn from a thread that could go on costs one of the bound. A thread that sleeps, spins or has
/// finished gives its turn up for free. Drains of store buffers are free.</para>
/// <para><b>What is left out, and why nothing is missed.</b></para>
/// <para>1. <i>States seen before.</i> If the question's state hash, the current thread and the last drain are as in an earlier question
/// that was asked with at least as much of the bound left, then all that can follow here can follow there, and was or will be
/// tried there: a prefix with the same hash differs only in the order of unrelated steps (<see cref="WorldMemory"/>). The current
/// thread is part of the key, since it decides what costs; so is what is left of the bound, since less of it leads to fewer
/// schedules. Values of the words alone would not do. Off if the world says that it is not ordered by its steps.</para>
/// <para>2. <i>A drain right before a step of the same thread.</i> A thread reads its own lingering stores, so its step cannot tell whether
/// the store was drained before; the schedule with the two exchanged comes to the same (a locked instruction drains
/// anyhow), and needs no more preemptions. So a drain of a thread is followed by another drain or by somebody else's step; and while
/// the thread could go on it is only tried if the bound leaves a preemption, or another thread's store may be drained after it.</para>
/// <para>Sleep sets are not used: together with a preemption bound they lose schedules.</para>
/// </remarks>
internal sealed class Exhaustive : IStrategy
{
    private const int NoDrain = -1;
    private const int MaxSeen = 1 << 23;

    private readonly int maxPreemptions;
    private readonly bool remembersStates;
    private readonly List<Node> path = [];
    private readonly Dictionary<ulong, byte> seen = [];

    private int bound = -1;
    private bool boundCutsSomething = true;
    private int depth;
    private int preemptions;
    private int lastDrain;
    private bool isPruned;

    /// <param name="maxPreemptions">The last bound.</param>
    /// <param name="remembersStates">Whether states seen before are left out: <see cref="World.IsOrderedBySteps"/>.</param>
    public Exhaustive(int maxPreemptions = 3, bool remembersStates = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(maxPreemptions);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(maxPreemptions, byte.MaxValue - 1);
        this.maxPreemptions = maxPreemptions;
        this.remembersStates = remembersStates;
    }

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
            if (bound == maxPreemptions || !boundCutsSomething)
            {
                IsComplete = true;
                return false;
            }

            bound++;
            boundCutsSomething = false;
            seen.Clear();
        }

        depth = 0;
        preemptions = 0;
        lastDrain = NoDrain;
        isPruned = false;
        return true;
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The world is not deterministic.</exception>
    public Choice NextThread(in Question question)
    {
        Choice choice = question.IsForced ? question.First : Decide(question);
        preemptions += question.IsPreemption(choice) ? 1 : 0;
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

    // Goes back to the last decision that has another answer left, and takes that.
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
        uint options = Allowed(question);
        if (BitOperations.IsPow2(options))
        {
            return Question.FirstOf(options);
        }

        Choice first = (options & question.Default.Bit) != 0 ? question.Default : Question.FirstOf(options);
        if (isPruned)
        {
            return first;
        }

        ulong key = HistoryHash.Mix(question.StateHash, (ulong)(((question.Current + 1) << 8) + lastDrain + 1));
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

    // The options that the bound and rule 2 leave.
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
        "the world is not deterministic: the same choices led to another state than before. Look for clocks, random numbers, addresses "
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
