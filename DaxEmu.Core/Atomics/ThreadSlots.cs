using DaxEmu.Native;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Atomics;

/// <summary>
/// A number for each thread that uses the core, small and dense, given back when the thread has died. Lines of native memory per thread
/// (reader slots, wait nodes) are indexed by it.
/// </summary>
/// <remarks>
/// A number comes back when the collector finds that its thread is gone. If the numbers run out before a collection, those of dead threads
/// are taken back at once.
/// </remarks>
internal static class ThreadSlots
{
    /// <summary>The most threads that can hold a number at once.</summary>
    public const int Capacity = 1 << 14;

    /// <summary>The most threads of a scheduler: it gives them the numbers of a range of its own (<see cref="Adopt"/>).</summary>
    public const int SchedulerCapacity = 8;

    /// <summary>The most schedulers at once.</summary>
    public const int SchedulerCount = 32;

    /// <summary>
    /// Lines of a thread in the tables of readers, where a file's id says which is used: so a writer of one file looks only at a line in each thread
    /// that the readers of few other files write.
    /// </summary>
    public const int Ways = 8;

    /// <summary>Bytes of a thread's own line: two cache lines, since the prefetcher fetches them in pairs.</summary>
    public const int LineBytes = 128;

    private static readonly Lock Gate = new();
    private static readonly Stack<int> Free = new();

    // The thread of each number, and how often the number was given back: a holder whose number was taken back before gives back nothing.
    private static readonly WeakReference<Thread>?[] Threads = new WeakReference<Thread>?[Capacity];
    private static readonly int[] Turns = new int[Capacity];

    // The first numbers belong to the schedulers, so that a thread looks through the same lines in each run.
    private static volatile int used = InterleavingSwitch.On ? SchedulerCapacity * SchedulerCount : 0;

    [ThreadStatic]
    private static Holder? holder;

    /// <summary>This thread's number.</summary>
    public static int Mine => (holder ??= Take()).Slot;

    /// <summary>The numbers that may be in use: all that were given out so far; for a thread under a scheduler, those of that scheduler's threads.</summary>
    public static (int First, int End) InUse
    {
        get
        {
            if (Atomic.Current is { ThreadCount: > 0 } owner)
            {
                return (owner.FirstSlot, owner.FirstSlot + owner.ThreadCount);
            }

            // No lock, which an interruption could end. The caller has stored its own word and then passed a process-wide barrier. A thread
            // counts its number in before it writes to its line: if that write came before the barrier, so did the count, and it is seen
            // here. If it comes after, the thread sees the caller's word, and gives way.
            return (0, used);
        }
    }

    /// <summary>Which of a thread's <see cref="Ways"/> lines is that of a file.</summary>
    public static int WayOf(long file) => (int)(file % Ways);

    /// <summary>Reserves lines for every number; committed at first use, never given back.</summary>
    /// <param name="linesPerThread">How many each has.</param>
    public static ReservedRegion ReserveLines(int linesPerThread = 1) => ReservedRegion.Reserve((long)Capacity * linesPerThread * LineBytes);

    /// <summary>The thread that has a number; null if none has, or it is a scheduler's.</summary>
    public static Thread? ThreadOf(int slot) => Threads[slot] is { } thread && thread.TryGetTarget(out Thread? living) && living.IsAlive ? living : null;

    /// <summary>What a thread is called that has a number: by its place among the scheduler's threads, for one of those.</summary>
    public static string NameOf(long slot) =>
        InterleavingSwitch.On && slot < SchedulerCapacity * SchedulerCount ? $"thread {(slot % SchedulerCapacity) + 1}" : $"thread in slot {slot}";

    /// <summary>Gives this thread the number of a scheduler's thread, once; the scheduler ensures that no living thread has it.</summary>
    public static void Adopt(int slot)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(slot);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(slot, SchedulerCapacity * SchedulerCount);
        holder = new Holder(slot, turn: -1);
    }

    private static Holder Take()
    {
        var mine = new WeakReference<Thread>(Thread.CurrentThread);
        lock (Gate)
        {
            if (Free.Count == 0 && used == Capacity)
            {
                TakeBackFromDead();
            }

            if (Free.Count > 0 || used < Capacity)
            {
                int slot = Free.Count > 0 ? Free.Peek() : used;
                var taken = new Holder(slot, Turns[slot]);
                Threads[slot] = mine;
                if (!Free.TryPop(out _))
                {
                    used++;
                }

                return taken;
            }
        }

        throw new DaxEnvironmentException(
            $"more than {Capacity} threads use the core at once", "End threads that are no longer needed.");
    }

    private static void TakeBackFromDead()
    {
        for (int slot = 0; slot < Capacity; slot++)
        {
            if (Threads[slot] is { } thread && !(thread.TryGetTarget(out Thread? living) && living.IsAlive))
            {
                GiveBack(slot);
            }
        }
    }

    private static void GiveBack(int slot)
    {
        Threads[slot] = null;
        Turns[slot] = (Turns[slot] + 1) & int.MaxValue;
        Free.Push(slot);
    }

    private sealed class Holder(int slot, int turn)
    {
        // Collected only after its thread has died: no thread uses the number then.
        ~Holder()
        {
            if (turn < 0)
            {
                return; // a scheduler's
            }

            lock (Gate)
            {
                if (Turns[Slot] == turn)
                {
                    GiveBack(Slot);
                }
            }
        }

        public int Slot { get; } = slot;
    }
}
