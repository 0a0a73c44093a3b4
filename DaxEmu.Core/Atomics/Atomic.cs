using System.Runtime.CompilerServices;
using DaxEmu.Native;

namespace DaxEmu.Core.Atomics;

/// <summary>
/// The one place of the core that names <see cref="Interlocked"/>, <see cref="Volatile"/> and the futex: every atomic step, sleep and
/// wake-up goes through here, so that a scheduler can own them (<see cref="InterleavingSwitch"/>).
/// </summary>
/// <remarks>
/// All words are 64 bits wide and lie in native memory. <see cref="Store"/> is a plain store on x86-64 and may stay in the store buffer
/// past later loads; every locked operation is a full fence. If a store must be visible before a later load of the same thread, pair it with
/// <see cref="ProcessWideBarrier"/> on the other side and label both ends (docs/ordering.md).
/// </remarks>
internal static unsafe class Atomic
{
    private const int SpinsBeforeSleep = 100;

    [ThreadStatic]
    private static IInterleaver? current;

    /// <summary>Owns this thread's steps; null outside a checker.</summary>
    public static IInterleaver? Current
    {
        get => InterleavingSwitch.On ? current : null;
        set => current = value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Load(ref ulong location, Site site)
    {
        if (InterleavingSwitch.On && current is { } owner)
        {
            return owner.Load(Pointer(ref location), site);
        }

        return Volatile.Read(ref location);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ref ulong location, ulong value, Site site)
    {
        if (InterleavingSwitch.On && current is { } owner)
        {
            owner.Store(Pointer(ref location), value, site);
            return;
        }

        Volatile.Write(ref location, value);
    }

    /// <returns>What the location held before.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong CompareExchange(ref ulong location, ulong value, ulong comparand, Site site)
    {
        if (InterleavingSwitch.On && current is { } owner)
        {
            return owner.CompareExchange(Pointer(ref location), value, comparand, site);
        }

        return Interlocked.CompareExchange(ref location, value, comparand);
    }

    /// <returns>Whether the location held <paramref name="comparand"/> and now holds <paramref name="value"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryReplace(ref ulong location, ulong value, ulong comparand, Site site) =>
        CompareExchange(ref location, value, comparand, site) == comparand;

    /// <returns>What the location held before.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Exchange(ref ulong location, ulong value, Site site)
    {
        if (InterleavingSwitch.On && current is { } owner)
        {
            return owner.Exchange(Pointer(ref location), value, site);
        }

        return Interlocked.Exchange(ref location, value);
    }

    /// <returns>What the location holds afterwards.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Add(ref ulong location, long addend, Site site)
    {
        if (InterleavingSwitch.On && current is { } owner)
        {
            return owner.Add(Pointer(ref location), (ulong)addend, site);
        }

        return Interlocked.Add(ref location, (ulong)addend);
    }

    /// <returns>What the location held before.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Or(ref ulong location, ulong bits, Site site)
    {
        if (InterleavingSwitch.On && current is { } owner)
        {
            return owner.Or(Pointer(ref location), bits, site);
        }

        return Interlocked.Or(ref location, bits);
    }

    /// <returns>What the location held before.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong And(ref ulong location, ulong bits, Site site)
    {
        if (InterleavingSwitch.On && current is { } owner)
        {
            return owner.And(Pointer(ref location), bits, site);
        }

        return Interlocked.And(ref location, bits);
    }

    /// <summary>
    /// Replaces a word by a function of itself, by compare-and-swap until no other thread changed it meanwhile: a load, then one step a try.
    /// </summary>
    /// <param name="location">The word.</param>
    /// <param name="argument">Given to <paramref name="next"/>, which then captures nothing.</param>
    /// <param name="next">The new word for one that was seen; null to leave it as it is.</param>
    /// <param name="read">The load's name.</param>
    /// <param name="replace">The compare-and-swap's name.</param>
    /// <returns>Whether it was replaced; false if <paramref name="next"/> returned null.</returns>
    public static bool Update<T>(ref ulong location, T argument, Func<ulong, T, ulong?> next, Site read, Site replace)
    {
        ulong seen = Load(ref location, read);
        while (next(seen, argument) is { } wanted)
        {
            ulong before = CompareExchange(ref location, wanted, seen, replace);
            if (before == seen)
            {
                return true;
            }

            seen = before;
        }

        return false;
    }

    /// <summary>Raises a word to at least <paramref name="least"/>.</summary>
    public static void RaiseTo(ref ulong location, ulong least, Site site) =>
        Update(ref location, least, static (seen, wanted) => seen < wanted ? wanted : null, site, site);

    /// <summary>A full fence in every thread of this process, at the cost of this one (membarrier).</summary>
    public static void ProcessWideBarrier(Site site)
    {
        if (InterleavingSwitch.On && current is { } owner)
        {
            owner.ProcessWideBarrier(site);
            return;
        }

        Interlocked.MemoryBarrierProcessWide();
    }

    /// <summary>Sleeps if the location holds <paramref name="expected"/>, until woken; may return early. The values must differ in their low 32 bits.</summary>
    public static void Wait(ref ulong location, ulong expected, Site site)
    {
        if (InterleavingSwitch.On && current is { } owner)
        {
            owner.Wait(Pointer(ref location), expected, site);
            return;
        }

        Futex.Wait((int*)Pointer(ref location), (int)expected);
    }

    /// <summary>As <see cref="Wait"/>, for at most a time, which a scheduler does not know.</summary>
    public static void WaitFor(ref ulong location, ulong expected, TimeSpan time, Site site)
    {
        if (InterleavingSwitch.On && current is { } owner)
        {
            owner.Wait(Pointer(ref location), expected, site);
            return;
        }

        Futex.Wait((int*)Pointer(ref location), (int)expected, time);
    }

    /// <summary>Wakes all threads that sleep on the location.</summary>
    public static void Wake(ref ulong location, Site site)
    {
        if (InterleavingSwitch.On && current is { } owner)
        {
            owner.Wake(Pointer(ref location), site);
            return;
        }

        Futex.Wake((int*)Pointer(ref location), int.MaxValue);
    }

    /// <summary>Returns when the location no longer holds <paramref name="unwanted"/>: for waits that are short unless the other thread was preempted.</summary>
    public static void SpinWhile(ref ulong location, ulong unwanted, Site site)
    {
        if (InterleavingSwitch.On && current is { } owner)
        {
            owner.SpinWhile(Pointer(ref location), unwanted, site);
            return;
        }

        // No Thread.Sleep: Thread.Interrupt would end it with an exception, and callers hold locks. After a while it sleeps 1 ms at a time.
        SpinWait spinner = default;
        while (Volatile.Read(ref location) == unwanted)
        {
            if (spinner.Count < SpinsBeforeSleep)
            {
                spinner.SpinOnce(sleep1Threshold: -1);
            }
            else
            {
                _ = Futex.Wait((int*)Pointer(ref location), (int)unwanted, TimeSpan.FromMilliseconds(1));
            }
        }
    }

    /// <summary>A line for the trace of a schedule; nothing outside a checker.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Note(in InterleavingNote note)
    {
        if (InterleavingSwitch.On && current is { } owner)
        {
            owner.Note(note);
        }
    }

    /// <summary>
    /// The caller reads or writes a word by a plain instruction, under a lock or on a line that only its thread writes; nothing outside a checker.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Plain(void* location, Site site, bool isWrite)
    {
        if (InterleavingSwitch.On && current is { } owner)
        {
            owner.Plain(location, site, isWrite);
        }
    }

    /// <summary>
    /// A lock of the runtime is entered, or a field of an object accessed that threads share without a lock; nothing outside a checker. Only
    /// <see cref="PlainLock"/>, <see cref="Published{T}"/> and their like call it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Shared(object owner, string part, bool isWrite)
    {
        if (InterleavingSwitch.On && current is { } interleaver)
        {
            interleaver.Shared(owner, part, isWrite);
        }
    }

    // SAFETY: every word lies in native memory (see the remarks above), so no garbage collection moves it.
    private static ulong* Pointer(ref ulong location) => (ulong*)Unsafe.AsPointer(ref location);
}
