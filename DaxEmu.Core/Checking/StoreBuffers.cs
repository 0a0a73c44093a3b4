namespace DaxEmu.Core.Checking;

/// <summary>
/// The store buffers of the threads: a store waits here, first in first out, until it is drained to memory. Its own thread reads
/// it from here, the others do not see it. That is total store order, up to <see cref="Depth"/> stores at once.
/// </summary>
internal sealed unsafe class StoreBuffers
{
    /// <summary>The most buffered stores of a thread; one more drains the oldest.</summary>
    public const int Depth = 2;

    private readonly BufferedStore[] stores;
    private readonly int[] counts;

    public StoreBuffers(int threadCount)
    {
        stores = new BufferedStore[threadCount * Depth];
        counts = new int[threadCount];
    }

    /// <summary>How many stores of the thread are buffered.</summary>
    public int Count(int thread) => counts[thread];

    public bool IsFull(int thread) => counts[thread] == Depth;

    /// <summary>Forgets all stores: the run was abandoned.</summary>
    public void Clear() => Array.Clear(counts);

    /// <summary>Adds the youngest store; the buffer must not be full.</summary>
    public void Add(int thread, in BufferedStore store) => stores[(thread * Depth) + counts[thread]++] = store;

    /// <summary>Takes the oldest store out; there must be one.</summary>
    public BufferedStore TakeOldest(int thread)
    {
        int first = thread * Depth;
        BufferedStore oldest = stores[first];
        counts[thread]--;
        for (int i = 0; i < counts[thread]; i++)
        {
            stores[first + i] = stores[first + i + 1];
        }

        return oldest;
    }

    /// <summary>The thread's youngest buffered store to the location, if there is one.</summary>
    public bool TryForward(int thread, ulong* location, out ulong value)
    {
        int first = thread * Depth;
        for (int i = first + counts[thread] - 1; i >= first; i--)
        {
            if (stores[i].Location == location)
            {
                value = stores[i].Value;
                return true;
            }
        }

        value = 0;
        return false;
    }
}
