using System.Diagnostics;
using System.Runtime.InteropServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Dax.Waiting;

/// <summary>
/// The hashed wait table (<c>wait_table</c>, <c>DAX_WAIT_TABLE_BITS</c>): queues of waiters shared by all mappings. Sharing a
/// queue is harmless: a wake-up passes over waiters of other keys.
/// </summary>
/// <remarks>
/// <para>No wake-up is lost between a thread that goes to sleep for a locked entry and the owner that unlocks it:</para>
/// <list type="bullet">
/// <item>Waiter: raise the mapping's waiter count [W1]; process-wide barrier; take the queue's lock; look at the entry again; if it is
/// still locked, link the node; drop the lock; sleep until the node's state changes.</item>
/// <item>Owner: store the entry without its lock bit, a plain store; load the waiter count [W2], a plain load; if it is not 0, take the
/// queue's lock and unlink the waiters to wake.</item>
/// </list>
/// <para>The barrier falls somewhere in the owner's two steps. If it falls before the owner's load, the load sees the raised count, and the
/// owner goes to the queue. If it falls after the load, the owner's store came before the barrier too, and the waiter's second look sees
/// the entry unlocked. At the queue its lock orders the two: either the waiter finds the entry unlocked or the owner finds the node. The
/// price is on the side that sleeps anyhow.</para>
/// <para>The argument needs that only its owner writes a locked entry: a plain store would lose any other thread's change.</para>
/// </remarks>
internal sealed unsafe class WaitTable : IDisposable
{
    /// <summary>Queues of the shared table, as log2 (<c>DAX_WAIT_TABLE_BITS</c>).</summary>
    public const int DefaultBits = 12;

    private const int Batch = 32;

    private readonly ReservedRegion memory;
    private readonly Bucket* buckets;
    private readonly int bits;

    /// <summary>A table of 2^<paramref name="bits"/> queues.</summary>
    public WaitTable(int bits = DefaultBits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, 20);
        _ = InterleavingSwitch.Touch();
        this.bits = bits;
        memory = ReservedRegion.Reserve((long)sizeof(Bucket) << bits);
        buckets = (Bucket*)memory.Base;
    }

    /// <summary>The table of the process.</summary>
    public static WaitTable Shared { get; } = new();

    /// <summary>How many threads sleep in the table now.</summary>
    public int WaiterCount
    {
        get
        {
            int count = 0;
            ForEachWaiter((in WaitNode _) => count++);
            return count;
        }
    }

    /// <summary>Names the queues.</summary>
    public void NameLines(LineNames names) => names.Add(buckets, 1L << bits, sizeof(Bucket), queue => $"wait queue {queue}");

    /// <summary>Called for each waiter, under the lock of its queue.</summary>
    public delegate void WaiterVisitor(in WaitNode node);

    /// <summary>Sleeps on <paramref name="key"/> while <paramref name="condition"/> holds, until a wake-up chooses this thread.</summary>
    /// <param name="key">The key to sleep on.</param>
    /// <param name="isExclusive">Whether a wake-next may stop at this thread; false for a thread that may neither lock the entry afterwards nor pass the wake-up on.</param>
    /// <param name="waiters">The mapping's waiter count, in native memory: owners read it when they unlock.</param>
    /// <param name="condition">Evaluated under the queue's lock, after the waiter was counted.</param>
    /// <param name="reason">For the wait graph.</param>
    /// <returns>True if the thread slept and was woken; false if the condition no longer held.</returns>
    public bool Park<TCondition>(in WaitKey key, bool isExclusive, ref ulong waiters, ref TCondition condition, in WaitReason reason)
        where TCondition : struct, IParkCondition
    {
        WaitNode* node = WaitNode.Mine;
        ref Bucket bucket = ref BucketOf(key);

        Atomic.Add(ref waiters, 1, Site.CountWaiters); // [W1] matches [W2] in EntryLocker.Unlock
        Atomic.ProcessWideBarrier(Site.WaiterBarrier);

        Enter(ref bucket);
        if (!condition.StillHolds())
        {
            Leave(ref bucket);
            Atomic.Add(ref waiters, -1, Site.CountWaiters);
            return false;
        }

        Describe(node, key, isExclusive, reason);
        Link(ref bucket, node);
        Leave(ref bucket);

        while (Atomic.Load(ref node->State, Site.NodeState) == WaitNode.Waiting)
        {
            Atomic.Wait(ref node->State, WaitNode.Waiting, Site.Sleep);
        }

        Atomic.Add(ref waiters, -1, Site.CountWaiters);
        Count(node);
        return true;
    }

    /// <summary>Wakes waiters of <paramref name="key"/>, first come first served.</summary>
    /// <param name="key">The key to wake.</param>
    /// <param name="mode">Which of its waiters.</param>
    /// <param name="cause">The entry it is sent for; null for none in particular.</param>
    /// <returns>How many were woken.</returns>
    public int Wake(in WaitKey key, WakeMode mode, WakeCause? cause = null)
    {
        if (mode == WakeMode.None)
        {
            return 0;
        }

        ref Bucket bucket = ref BucketOf(key);
        WaitNode** woken = stackalloc WaitNode*[Batch];
        int total = 0;
        bool isDone;
        do
        {
            Enter(ref bucket);
            bucket.LastWakeMapping = key.Mapping;
            bucket.LastWakeStart = key.Start.Value;
            bucket.LastWakeMode = mode;
            bucket.LastWakeThread = Environment.CurrentManagedThreadId;
            bucket.LastWakeTimestamp = Stopwatch.GetTimestamp();
            int count = UnlinkChosen(ref bucket, key, mode, cause ?? WakeCause.PassedOn, woken, out isDone);
            Leave(ref bucket);

            // The system call comes after the lock is dropped, so that the woken thread does not contend for it.
            for (int i = 0; i < count; i++)
            {
                Atomic.Wake(ref woken[i]->State, Site.WakeWaiter);
            }

            total += count;
        }
        while (!isDone);
        WaitTally* tally = WaitTally.Mine;
        tally->WakeCalls++;
        tally->EmptyWakeCalls += total == 0 ? 1 : 0;
        return total;
    }

    /// <summary>Calls <paramref name="visitor"/> for every waiter, queue by queue; it must not sleep or wake.</summary>
    public void ForEachWaiter(WaiterVisitor visitor)
    {
        for (int i = 0; i < 1 << bits; i++)
        {
            ref Bucket bucket = ref buckets[i];
            if (bucket.First == null)
            {
                continue; // read without the lock: good enough for a snapshot, which decides nothing
            }

            Enter(ref bucket);
            for (WaitNode* node = bucket.First; node != null; node = node->Next)
            {
                visitor(in *node);
            }

            Leave(ref bucket);
        }
    }

    /// <summary>The last wake-up of the queue of <paramref name="key"/>, if it was for this key.</summary>
    public LastWake? LastWakeOf(in WaitKey key)
    {
        ref Bucket bucket = ref BucketOf(key);
        Enter(ref bucket);
        LastWake? last = bucket.LastWakeThread != 0 && bucket.LastWakeMapping == key.Mapping && bucket.LastWakeStart == key.Start.Value
            ? new LastWake(key, bucket.LastWakeMode, bucket.LastWakeThread, bucket.LastWakeTimestamp)
            : null;
        Leave(ref bucket);
        return last;
    }

    /// <summary>Forgets every waiter: for a checker that uses one table for many runs. No other thread may use it meanwhile.</summary>
    public void Reset() => new Span<Bucket>(buckets, 1 << bits).Clear();

    /// <inheritdoc/>
    public void Dispose() => memory.Dispose();

    // Unlinks the waiters that the wake-up chooses, at most a batch; under the queue's lock.
    private static int UnlinkChosen(ref Bucket bucket, in WaitKey key, WakeMode mode, WakeCause cause, WaitNode** woken, out bool isDone)
    {
        int count = 0;
        isDone = true;
        for (WaitNode* node = bucket.First; node != null;)
        {
            WaitNode* next = node->Next;
            if (node->Mapping == key.Mapping && node->KeyStart == key.Start.Value)
            {
                if (count == Batch)
                {
                    isDone = false;
                    break;
                }

                bool isLast = mode == WakeMode.Next && node->IsExclusive;
                Unlink(ref bucket, node);
                node->WokenForStart = cause.Start;
                node->WokenForOrder = cause.Order;
                Atomic.Store(ref node->State, WaitNode.Woken, Site.NodeState);
                woken[count++] = node;
                if (isLast)
                {
                    break;
                }
            }

            node = next;
        }

        return count;
    }

    // The thread was woken: the node is its thread's again.
    private static void Count(WaitNode* node)
    {
        WaitTally* tally = WaitTally.Mine;
        tally->Sleeps++;
        bool isForAnother = node->WokenForStart >= 0 && (node->WokenForStart != node->EntryStart || node->WokenForOrder != node->EntryOrder);
        tally->SpuriousWakeUps += isForAnother ? 1 : 0;
    }

    private static void Describe(WaitNode* node, in WaitKey key, bool isExclusive, in WaitReason reason)
    {
        node->Mapping = key.Mapping;
        node->KeyStart = key.Start.Value;
        node->IsExclusive = isExclusive;
        node->EntryStart = reason.EntryStart.Value;
        node->EntryOrder = reason.EntryOrder;
        node->SearchedIndex = reason.SearchedIndex.Value;
        node->SearchedOrder = reason.SearchedOrder;
        node->ManagedThreadId = Environment.CurrentManagedThreadId;
        node->SinceTimestamp = Stopwatch.GetTimestamp();
        Atomic.Store(ref node->State, WaitNode.Waiting, Site.NodeState);
    }

    // Exclusive waiters go to the end; the others to the front, so that a wake-next reaches all of them.
    private static void Link(ref Bucket bucket, WaitNode* node)
    {
        if (node->IsExclusive)
        {
            node->Next = null;
            node->Previous = bucket.Last;
            if (bucket.Last == null)
            {
                bucket.First = node;
            }
            else
            {
                bucket.Last->Next = node;
            }

            bucket.Last = node;
            return;
        }

        node->Previous = null;
        node->Next = bucket.First;
        if (bucket.First == null)
        {
            bucket.Last = node;
        }
        else
        {
            bucket.First->Previous = node;
        }

        bucket.First = node;
    }

    private static void Unlink(ref Bucket bucket, WaitNode* node)
    {
        if (node->Previous == null)
        {
            bucket.First = node->Next;
        }
        else
        {
            node->Previous->Next = node->Next;
        }

        if (node->Next == null)
        {
            bucket.Last = node->Previous;
        }
        else
        {
            node->Next->Previous = node->Previous;
        }
    }

    private static void Enter(ref Bucket bucket) => WordLock.Enter(ref bucket.Gate, Site.LockBucket);

    private static void Leave(ref Bucket bucket) => WordLock.Leave(ref bucket.Gate, Site.UnlockBucket);

    // SAFETY: the bucket's number has at most 'bits' bits, and the memory has a bucket for each.
    private ref Bucket BucketOf(in WaitKey key) => ref buckets[key.Bucket(bits)];

    /// <summary>A queue: its lock, its waiters in order, and its last wake-up, for the wait graph.</summary>
    [StructLayout(LayoutKind.Explicit, Size = ThreadSlots.LineBytes)]
    private struct Bucket
    {
        [FieldOffset(0)]
        public ulong Gate;

        [FieldOffset(8)]
        public WaitNode* First;

        [FieldOffset(16)]
        public WaitNode* Last;

        [FieldOffset(24)]
        public long LastWakeMapping;

        [FieldOffset(32)]
        public long LastWakeStart;

        [FieldOffset(40)]
        public long LastWakeTimestamp;

        [FieldOffset(48)]
        public int LastWakeThread;

        [FieldOffset(52)]
        public WakeMode LastWakeMode;
    }
}
