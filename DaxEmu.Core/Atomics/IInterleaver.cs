namespace DaxEmu.Core.Atomics;

/// <summary>
/// Owns the atomic steps of one thread under a scheduler. Each call may stop the thread until the scheduler lets it go on, and then
/// carries the step out. Locations are native memory and do not move.
/// </summary>
internal unsafe interface IInterleaver
{
    /// <summary>How many threads the scheduler has, if they have numbers of its own in <see cref="ThreadSlots"/>; else 0.</summary>
    int ThreadCount => 0;

    /// <summary>The number of the first of them; the others follow.</summary>
    int FirstSlot => 0;

    /// <summary>An acquiring load; sees this thread's own buffered stores.</summary>
    ulong Load(ulong* location, Site site);

    /// <summary>A releasing store; may stay in the thread's store buffer, as on x86-64.</summary>
    void Store(ulong* location, ulong value, Site site);

    /// <summary>A locked compare-and-exchange; empties the store buffer.</summary>
    /// <returns>What the location held before.</returns>
    ulong CompareExchange(ulong* location, ulong value, ulong comparand, Site site);

    /// <summary>A locked exchange; empties the store buffer.</summary>
    ulong Exchange(ulong* location, ulong value, Site site);

    /// <summary>A locked addition; empties the store buffer.</summary>
    /// <returns>What the location holds afterwards.</returns>
    ulong Add(ulong* location, ulong addend, Site site);

    /// <summary>A locked or; empties the store buffer.</summary>
    /// <returns>What the location held before.</returns>
    ulong Or(ulong* location, ulong bits, Site site);

    /// <summary>A locked and; empties the store buffer.</summary>
    /// <returns>What the location held before.</returns>
    ulong And(ulong* location, ulong bits, Site site);

    /// <summary>A full fence in every thread of the process: empties all store buffers.</summary>
    void ProcessWideBarrier(Site site);

    /// <summary>Sleeps if the location holds <paramref name="expected"/>, until <see cref="Wake"/> is called for it.</summary>
    void Wait(ulong* location, ulong expected, Site site);

    /// <summary>Wakes all threads that sleep on the location.</summary>
    void Wake(ulong* location, Site site);

    /// <summary>Spins until the location no longer holds <paramref name="unwanted"/>: not runnable until then.</summary>
    void SpinWhile(ulong* location, ulong unwanted, Site site);

    /// <summary>A line for a trace; not a step.</summary>
    void Note(in InterleavingNote note);

    /// <summary>A word that no protocol without locks is about is read or written by a plain instruction; not a step.</summary>
    void Plain(void* location, Site site, bool isWrite)
    {
    }

    /// <summary>A lock of the runtime is entered, or a field of an object accessed that threads share without one; not a step.</summary>
    void Shared(object owner, string part, bool isWrite)
    {
    }
}
