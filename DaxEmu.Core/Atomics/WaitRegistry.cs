using System.Diagnostics;

namespace DaxEmu.Core.Atomics;

/// <summary>
/// The threads of this process that wait for a lock or for a page's pins: what a wait graph shows beside the waiters for entries.
/// </summary>
/// <remarks>
/// A thread writes its own place, and only when it is about to sleep: an uncontended lock costs nothing. No decision depends on it, so it
/// bypasses the layer of atomics and is no step of a schedule. It takes no lock, since a thread that waits for one can be interrupted.
/// </remarks>
internal static class WaitRegistry
{
    private static readonly Place?[] Places = new Place?[ThreadSlots.Capacity];

    [ThreadStatic]
    private static Place? mine;

    /// <summary>Registers this thread as waiting until the result is disposed. A thread waits for one thing at a time.</summary>
    /// <param name="target">What it waits for.</param>
    /// <param name="kind">In which way.</param>
    /// <param name="detail">Which part of the target.</param>
    public static Registration Enter(IWaitTarget target, WaitKind kind, long detail = 0)
    {
        Place place = mine ??= Take();
        place.Wait = new RegisteredWait(Environment.CurrentManagedThreadId, kind, target, detail, Stopwatch.GetTimestamp());
        return new Registration(place);
    }

    /// <summary>The threads that wait now, the one that waits longest first.</summary>
    public static IReadOnlyList<RegisteredWait> Snapshot()
    {
        var waits = new List<RegisteredWait>();
        foreach (Place? place in Places)
        {
            if (place?.Wait is { } wait)
            {
                waits.Add(wait);
            }
        }

        waits.Sort((a, b) => a.SinceTimestamp.CompareTo(b.SinceTimestamp));
        return waits;
    }

    private static Place Take()
    {
        var place = new Place();
        Places[ThreadSlots.Mine] = place;
        return place;
    }

    /// <summary>A registered wait; the default is none.</summary>
    internal readonly ref struct Registration(Place? place)
    {
        public bool IsNone => place is null;

        public void Dispose()
        {
            if (place is not null)
            {
                place.Wait = null;
            }
        }
    }

    /// <summary>A thread's place.</summary>
    internal sealed class Place
    {
        private volatile RegisteredWait? wait;

        public RegisteredWait? Wait
        {
            get => wait;
            set => wait = value;
        }
    }
}
