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

    /// <summary>The most threads of a scheduler: it gives them the numbers of a range of its own (<see cref="Adopt"/>).</summary>
    public const int SchedulerCapacity = 8;

    /// <summary>The most schedulers at once.</summary>
    public const int SchedulerCount = 32;

    /// <summary>Bytes of a thread's own line: two cache lines, since the prefetcher fetches them in pairs.</summary>
    public const int LineBytes = 128;

    private static readonly Lock Gate = new();
    private static readonly Stack<int> Free = new();

    // The first numbers belong to the schedulers, so that the lines which a thread looks through are the same in each run.
    private static int used = InterleavingSwitch.On ? SchedulerCapacity * SchedulerCount : 0;

    [ThreadStatic]
    private static Holder? holder;

    /// <summary>This thread's number.</summary>
    public static int Mine => (holder ??= new Holder(Take())).Slot;

    /// <summary>The numbers that may be in use: all that were given out so far; for a thread under a scheduler, those of that scheduler's threads.</summary>
    public static (int First, int End) InUse
    {
        get
        {
            if (Atomic.Current is { ThreadCount: > 0 } owner)
            {
                return (owner.FirstSlot, owner.FirstSlot + owner.ThreadCount);
            }

            lock (Gate)
            {
                return (0, used);
            }
        }
    }

    /// <summary>Room for a line for every number; committed as lines are touched, never given back.</summary>
    public static ReservedRegion ReserveLines() => ReservedRegion.Reserve((long)Capacity * LineBytes);

    /// <summary>Gives this thread the number of a scheduler's thread, once; the scheduler sees to it that no living thread has it.</summary>
    public static void Adopt(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, SchedulerCapacity * SchedulerCount);
        holder = new Holder(slot, isAdopted: true);
    }

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

    private sealed class Holder(int slot, bool isAdopted = false)
    {
        // Collected only after its thread has died: nobody uses the number then.
        ~Holder()
        {
            if (isAdopted)
            {
                return;
            }

            lock (Gate)
            {
                Free.Push(Slot);
            }
        }

        public int Slot { get; } = slot;
    }
}
