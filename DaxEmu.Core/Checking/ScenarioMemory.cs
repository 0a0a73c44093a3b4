using System.Numerics;
using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>
/// The memory of a run as its threads see it: carries out atomic steps through the store buffers, and keeps a hash of what
/// happened so far.
/// </summary>
/// <remarks>
/// <para><b>The hash.</b> Each thread has a history, a hash of its steps so far and of the versions they read. Each word has a version, a
/// hash of the chain of writes to it, in their order, each with its writer's history. So equal histories and versions mean
/// (but for a collision of 64-bit hashes, some 3 in 10,000 among 10^8 states) that each read took its value from the same write,
/// and that the writes to each word came in the same order: the two prefixes differ only in the order of steps that have nothing to do with each other. As threads are
/// deterministic, their local state is the same; so are the words; so is whatever else they share, if that is ordered by steps
/// (<see cref="Scenario.IsOrderedBySteps"/>). A hash of the values alone would not do: two threads that went through a lock in
/// either order leave the same words, but not the same queue behind that lock.</para>
/// <para>Words have no names in it: a thread's history determines which word each of its steps is about. Hence addresses do
/// not matter, and runs may allocate anew.</para>
/// </remarks>
internal sealed unsafe class ScenarioMemory
{
    private const int Capacity = 1 << 14;
    private const ulong StoreMark = 1;
    private const ulong BarrierMark = 2;
    private const ulong ForwardMark = 3;
    private const ulong SleepMark = 5;

    private readonly StoreBuffers buffers;
    private readonly bool buffersStores;
    private readonly ulong[] histories;
    private readonly Word[] words = new Word[Capacity];
    private int run;
    private int wordCount;
    private ulong versionsSum;
    private ContendedWords? contended;

    public ScenarioMemory(int threadCount, MemoryModel model)
    {
        buffers = new StoreBuffers(threadCount);
        histories = new ulong[threadCount];
        buffersStores = model == MemoryModel.TotalStoreOrder;
    }

    /// <summary>A hash of all that happened, in whatever order unrelated steps came.</summary>
    public ulong StateHash
    {
        get
        {
            ulong hash = versionsSum;
            for (int thread = 0; thread < histories.Length; thread++)
            {
                hash = HistoryHash.Mix(hash, histories[thread] + (ulong)buffers.Count(thread));
            }

            return hash;
        }
    }

    /// <summary>Whether stores are buffered.</summary>
    public bool BuffersStores => buffersStores;

    /// <summary>Learns which words the threads contend for; null if it is not wanted.</summary>
    public ContendedWords? Contended
    {
        get => contended;
        set => contended = value;
    }

    /// <summary>
    /// Whether a step on the word comes to the same whatever the others do before it or after it: only one thread has to do with the
    /// word, or none writes it. Where stores are buffered, that goes for loads only: a store may push an older one out of the buffer, and a
    /// locked instruction empties it. A barrier, which has no word, is quiet if there is nothing to empty.
    /// </summary>
    public bool IsQuiet(ulong* location, StepKind kind) => contended is not null
        && (!buffersStores || kind is StepKind.Load or StepKind.SpinWhile)
        && (location == null || WordOf(location).IsQuiet);

    /// <summary>Forgets everything, for a new run.</summary>
    public void Reset()
    {
        run++;
        wordCount = 0;
        versionsSum = 0;
        buffers.Clear();
        for (int thread = 0; thread < histories.Length; thread++)
        {
            histories[thread] = (ulong)thread + 1; // two threads that do the same are not the same
        }
    }

    /// <summary>Whether the thread has buffered stores.</summary>
    public bool HasBuffered(int thread) => buffers.Count(thread) > 0;

    /// <summary>What the thread sees at the location, without a step.</summary>
    public ulong Peek(int thread, ulong* location) => buffers.TryForward(thread, location, out ulong value) ? value : *location;

    /// <summary>The word's number in order of first use: the name that a trace prints.</summary>
    public int Label(ulong* location) => WordOf(location).Label;

    /// <summary>The thread comes to a step. Says nothing new of a deterministic thread, and gives one that is not away.</summary>
    public void Arrive(int thread, StepKind kind, Site site) => Remember(thread, ((ulong)kind << 8) | (ulong)site);

    public ulong Load(int thread, ulong* location)
    {
        if (buffers.TryForward(thread, location, out ulong value))
        {
            Remember(thread, ForwardMark);
            return value;
        }

        Remember(thread, Accessed(thread, location, isWrite: false).Version);
        return *location;
    }

    /// <summary>A load of a quiet word: what it holds follows from the thread's own history, so there is nothing to remember.</summary>
    public ulong QuietLoad(int thread, ulong* location)
    {
        _ = ref Accessed(thread, location, isWrite: false);
        return Peek(thread, location);
    }

    public void Store(int thread, ulong* location, ulong value)
    {
        Remember(thread, StoreMark);
        if (!buffersStores)
        {
            Write(thread, location, value, histories[thread]);
            return;
        }

        if (buffers.IsFull(thread))
        {
            _ = Drain(thread);
        }

        buffers.Add(thread, new BufferedStore(location, value, histories[thread]));
    }

    /// <summary>Writes the thread's oldest buffered store to memory; there must be one.</summary>
    public BufferedStore Drain(int thread)
    {
        BufferedStore store = buffers.TakeOldest(thread);
        Write(thread, store.Location, store.Value, store.History);
        return store;
    }

    public ulong CompareExchange(int thread, ulong* location, ulong value, ulong comparand)
    {
        ulong before = LockedRead(thread, location);
        if (before == comparand)
        {
            Write(thread, location, value, histories[thread]);
        }

        return before;
    }

    /// <summary>A locked instruction that always writes.</summary>
    public ulong Modify(int thread, ulong* location, StepKind kind, ulong operand)
    {
        ulong before = LockedRead(thread, location);
        ulong after = kind switch
        {
            StepKind.Exchange => operand,
            StepKind.Add => before + operand,
            StepKind.Or => before | operand,
            StepKind.And => before & operand,
            _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "not a locked instruction"),
        };
        Write(thread, location, after, histories[thread]);
        return kind == StepKind.Add ? after : before;
    }

    /// <summary>A full fence in every thread.</summary>
    public void Barrier(int thread)
    {
        for (int other = 0; other < histories.Length; other++)
        {
            DrainAll(other);
        }

        Remember(thread, BarrierMark);
    }

    /// <summary>The test of a futex wait: whether the thread goes to sleep. As the system call, it looks at 32 bits.</summary>
    public bool BeginsSleep(int thread, ulong* location, ulong expected)
    {
        DrainAll(thread);
        ref Word word = ref Accessed(thread, location, isWrite: true); // the order of sleeps matters, as with writes
        Remember(thread, word.Version);
        if ((uint)*location != (uint)expected)
        {
            return false;
        }

        Remember(thread, SleepMark);
        ChangeQueue(thread, ref word);
        return true;
    }

    /// <summary>The waker's half of a wake-up.</summary>
    public void Wake(int thread, ulong* location, bool reachesWaiter)
    {
        ref Word word = ref Accessed(thread, location, isWrite: true);
        if (reachesWaiter)
        {
            ChangeQueue(thread, ref word);
        }
    }

    /// <summary>The waiter's half of a wake-up.</summary>
    public void Woken(int thread, ulong* location) => Remember(thread, WordOf(location).Queue);

    /// <summary>The thread took a value of the strategy's.</summary>
    public void Value(int thread, ulong value) => Remember(thread, value);

    /// <summary>Empties the thread's buffer, as a locked instruction or a system call does.</summary>
    public void DrainAll(int thread)
    {
        while (buffers.Count(thread) > 0)
        {
            _ = Drain(thread);
        }
    }

    private ulong LockedRead(int thread, ulong* location)
    {
        DrainAll(thread);
        Remember(thread, Accessed(thread, location, isWrite: false).Version);
        return *location;
    }

    private void Remember(int thread, ulong what) => histories[thread] = HistoryHash.Mix(histories[thread], what);

    private void Write(int thread, ulong* location, ulong value, ulong writer)
    {
        ref Word word = ref Accessed(thread, location, isWrite: true);
        versionsSum -= word.Version;
        word.Version = HistoryHash.Mix(word.Version, writer);
        versionsSum += word.Version;
        *location = value;
    }

    // Sleeping and waking on a word come in one order, which both sides remember.
    private void ChangeQueue(int thread, ref Word word)
    {
        Remember(thread, word.Queue);
        versionsSum -= word.Queue;
        word.Queue = HistoryHash.Mix(word.Queue, histories[thread]);
        versionsSum += word.Queue;
    }

    // A reader of a word that was written contends for it; readers alone do not.
    private ref Word Accessed(int thread, ulong* location, bool isWrite)
    {
        ref Word word = ref WordOf(location);
        if (contended is not null)
        {
            word.Threads |= 1u << thread;
            word.IsWritten |= isWrite;
            if (word.IsWritten && !BitOperations.IsPow2(word.Threads))
            {
                contended.Learn((nint)location);
            }
        }

        return ref word;
    }

    private ref Word WordOf(ulong* location)
    {
        int place = (int)((((ulong)location >> 3) * 0x9E3779B97F4A7C15UL) >> 50);
        while (true)
        {
            ref Word word = ref words[place];
            if (word.Run != run)
            {
                if (wordCount == Capacity / 2)
                {
                    throw new InvalidOperationException($"a scenario may use {Capacity / 2} atomic words at most: make it smaller.");
                }

                word = new Word { Location = (nint)location, Run = run, Label = wordCount++, IsQuiet = contended?.IsQuiet((nint)location) ?? false };
                return ref word;
            }

            if (word.Location == (nint)location)
            {
                return ref word;
            }

            place = (place + 1) & (Capacity - 1);
        }
    }

    private struct Word
    {
        public nint Location;
        public ulong Version;
        public ulong Queue;
        public int Run;
        public int Label;
        public uint Threads;
        public bool IsQuiet;
        public bool IsWritten;
    }
}
