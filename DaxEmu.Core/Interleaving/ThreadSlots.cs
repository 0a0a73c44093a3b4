using DaxEmu.Native;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Interleaving;

/// <summary>
/// A number for each thread that uses the core, small and dense, given back when the thread has died. Rooms that keep a line of
/// native memory per thread (readers of the invalidate lock, wait nodes) index it by this number.
/// </summary>
internal static class ThreadSlots
{
    /// <summary>The most threads that can hold a number at once.</summary>
    public const int Capacity = 1 << 14;

    /// <summary>Bytes of a thread's own line: two cache lines, since the prefetcher fetches them in pairs.</summary>
    public const int LineBytes = 128;

    private static readonly Lock Gate = new();
    private static readonly Stack<int> Free = new();
    private static int used;

    [ThreadStatic]
    private static Holder? holder;

    /// <summary>This thread's number.</summary>
    public static int Mine => (holder ??= new Holder(Take())).Slot;

    /// <summary>Every number given out so far is below this.</summary>
    public static int HighWater
    {
        get
        {
            lock (Gate)
            {
                return used;
            }
        }
    }

    /// <summary>Room for a line for every number; committed as lines are touched, never given back.</summary>
    public static ReservedRegion ReserveLines() => ReservedRegion.Reserve((long)Capacity * LineBytes);

    private static int Take()
    {
        lock (Gate)
        {
            if (Free.TryPop(out int slot))
            {
                return slot;
            }

            if (used < Capacity)
            {
                return used++;
            }
        }

        throw new DaxEnvironmentException(
            $"more than {Capacity} threads use the core at once", "End threads that are no longer needed.");
    }

    private sealed class Holder(int slot)
    {
        // Collected only after its thread has died: nobody uses the number then.
        ~Holder()
        {
            lock (Gate)
            {
                Free.Push(Slot);
            }
        }

        public int Slot { get; } = slot;
    }
}
