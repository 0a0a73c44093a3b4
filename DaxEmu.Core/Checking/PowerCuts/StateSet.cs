namespace DaxEmu.Core.Checking.PowerCuts;

/// <summary>The states that were seen, by their hashes, each with the first cut that left it.</summary>
/// <remarks>Two states of a test are taken for one with a probability of 2^-80 or so at ten million states.</remarks>
internal sealed class StateSet
{
    private const int FirstCapacity = 1024;

    private readonly Lock gate = new();
    private StateHash[] states = new StateHash[FirstCapacity];
    private int[] firstCuts = new int[FirstCapacity];
    private int count;

    /// <summary>Adds a state that a cut leaves; it may be there.</summary>
    public void Add(StateHash state, int cut)
    {
        // An empty slot is zero.
        state = state == default ? new StateHash(1, 1) : state;
        lock (gate)
        {
            int at = Find(states, state);
            if (states[at] == state)
            {
                firstCuts[at] = Math.Min(firstCuts[at], cut);
                return;
            }

            states[at] = state;
            firstCuts[at] = cut;
            if (++count > states.Length / 2)
            {
                Grow();
            }
        }
    }

    /// <summary>How many states the cuts up to one leave.</summary>
    public long CountTo(int lastCut)
    {
        long found = 0;
        for (int i = 0; i < states.Length; i++)
        {
            found += states[i] != default && firstCuts[i] <= lastCut ? 1 : 0;
        }

        return found;
    }

    public void Clear()
    {
        if (count > 0)
        {
            Array.Clear(states);
        }

        count = 0;
    }

    private static int Find(StateHash[] states, StateHash state)
    {
        int mask = states.Length - 1;
        int at = (int)state.Low & mask;
        while (states[at] != default && states[at] != state)
        {
            at = (at + 1) & mask;
        }

        return at;
    }

    private void Grow()
    {
        var larger = new StateHash[states.Length * 2];
        var cuts = new int[larger.Length];
        for (int i = 0; i < states.Length; i++)
        {
            if (states[i] != default)
            {
                int at = Find(larger, states[i]);
                larger[at] = states[i];
                cuts[at] = firstCuts[i];
            }
        }

        states = larger;
        firstCuts = cuts;
    }
}
