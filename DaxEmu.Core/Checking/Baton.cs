using DaxEmu.Core.Atomics;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Checking;

/// <summary>Hands the turn from thread to thread: a futex word for each, on lines of their own.</summary>
/// <remarks>The callers are outside the schedule at that moment (<see cref="Atomic.Current"/> is null), so these are real steps.</remarks>
internal sealed unsafe class Baton(int threadCount) : IDisposable
{
    private const ulong Away = 0;
    private const ulong Here = 1;

    private readonly ReservedRegion words = ReservedRegion.Reserve((long)threadCount * ThreadSlots.LineBytes);

    /// <summary>Gives the turn to the thread.</summary>
    public void Give(int thread)
    {
        Atomic.Store(ref Word(thread), Here, Site.Other);
        Atomic.Wake(ref Word(thread), Site.Other);
    }

    /// <summary>Sleeps until the thread is given the turn.</summary>
    public void Await(int thread)
    {
        while (Atomic.Load(ref Word(thread), Site.Other) == Away)
        {
            Atomic.Wait(ref Word(thread), Away, Site.Other);
        }

        Atomic.Store(ref Word(thread), Away, Site.Other);
    }

    /// <inheritdoc/>
    public void Dispose() => words.Dispose();

    // SAFETY: the region has a line for each thread, and lives until no thread waits any more.
    private ref ulong Word(int thread) => ref *(ulong*)(words.Base + (thread * ThreadSlots.LineBytes));
}
