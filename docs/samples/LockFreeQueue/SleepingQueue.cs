using DaxEmu.Core.Checking;

namespace Samples.LockFreeQueue;

/// <summary>A queue from one thread to another. The consumer sleeps while it is empty; the producer makes no system call unless the consumer sleeps.</summary>
/// <remarks>
/// Both sides store, then look at the other's word: the producer publishes a value and looks for a waiter [Q1], the consumer announces its sleep
/// and looks for a value [Q2]. At least one must see the other's store. That takes a full fence on each side: the consumer's is its exchange.
/// </remarks>
internal sealed class SleepingQueue(SharedWords words, QueueFlaw flaw)
{
    private const int Tail = 0;
    private const int Asleep = 1;
    private const int FirstSlot = 2;

    private const ulong Awake = 0;
    private const ulong Sleeps = 1;

    private static readonly string[] Names = ["tail", "asleep", "slot 0", "slot 1", "slot 2", "slot 3"];

    // Each side alone knows how far it is; the consumer learns of new values from the tail.
    private ulong written;
    private ulong read;

    /// <summary>The names of the words that the queue needs.</summary>
    public static IReadOnlyList<string> WordNames => Names;

    /// <summary>How many values may be under way; the caller sees to it that there are no more.</summary>
    public static int Capacity => Names.Length - FirstSlot;

    /// <summary>Appends a value; one thread at a time.</summary>
    public void Enqueue(ulong value)
    {
        words.Store(SlotOf(written), value, "write the value");
        words.Store(Tail, ++written, "publish it");
        if (flaw != QueueFlaw.NoBarrier)
        {
            words.Fence("barrier [Q1]"); // [Q1] matches [Q2]
        }

        if (words.Load(Asleep, "look for a waiter") == Sleeps)
        {
            words.Store(Asleep, Awake, "take the announcement back");
            words.Wake(Asleep, "wake the consumer");
        }
    }

    /// <summary>Takes the oldest value, and sleeps until there is one; one thread at a time.</summary>
    public ulong Dequeue()
    {
        while (words.Load(Tail, "look for a value") == read)
        {
            words.Exchange(Asleep, Sleeps, "announce a sleep [Q2]"); // [Q2] matches [Q1]
            if (flaw == QueueFlaw.NoRecheck || words.Load(Tail, "look again") == read)
            {
                words.Wait(Asleep, Sleeps, "sleep");
            }

            words.Store(Asleep, Awake, "be awake");
        }

        return words.Load(SlotOf(read++), "read the value");
    }

    private static int SlotOf(ulong position) => FirstSlot + (int)(position % (ulong)Capacity);
}
