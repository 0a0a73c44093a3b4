using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Mm;

/// <summary>
/// A lock for many readers and rare writers: a reader pays one plain store to a line that its thread owns, the writer pays for all.
/// A mapping has three (<see cref="MappingLock"/>).
/// </summary>
/// <remarks>
/// <para>Reader: store the lock's id into the thread's line [L1], a plain store; load the writer's word [L2], a plain load; if a writer
/// is there, withdraw and sleep. Writer: set the word; process-wide barrier [L3]; wait until no line shows the id. If the barrier falls
/// before the reader's load, the load sees the writer. If it falls after, the reader's store came before the barrier too, and the writer
/// sees it. So never both inside.</para>
/// <para>A thread that reads already and enters again (a fault inside a copy on the same file) does not look at the writer's word: the
/// writer waits for its outer hold anyway, and waiting here would be a deadlock.</para>
/// <para>No wait in here can be interrupted (<see cref="Thread.Interrupt"/>) but that of <see cref="EnterWriteInterruptibly"/>, which holds nothing
/// when it throws: a writer that gave up halfway would lock readers out.</para>
/// <para>Order: the invalidate lock, then entry locks, then the lock of the VMAs, under which no thread waits.</para>
/// </remarks>
internal sealed unsafe class AsymmetricLock : IWaitTarget
{
    private const ulong NoWriter = 0;
    private const ulong Writer = 1;

    // What readers show in their line: the mapping's id, and above it which of its locks.
    private const int KindShift = 60;

    private const int LooksBeforeSleep = 100;

    private static readonly TimeSpan InterruptionInterval = TimeSpan.FromMilliseconds(10);

    private readonly long mapping;
    private readonly MappingLock kind;
    private readonly ulong id;
    private readonly ulong* writer;
    private readonly ulong* generation;
    private readonly int way;
    private readonly ReadSide readSide;

    // For the wait graph: no decision depends on it.
    private int writerThreadId;

    /// <param name="mapping">The id of the mapping, at least 1 and below 2^60.</param>
    /// <param name="kind">Which of its locks.</param>
    /// <param name="writerWord">A word of memory that does not move and outlives the lock, 0 at first.</param>
    /// <param name="generation">Such a word that changes with every writer, best in the same line; null for none.</param>
    public AsymmetricLock(long mapping, MappingLock kind, ulong* writerWord, ulong* generation = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(mapping);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(mapping, 1L << KindShift);
        this.mapping = mapping;
        this.kind = kind;
        id = (ulong)mapping | ((ulong)kind << KindShift);
        way = ThreadSlots.WayOf(mapping);
        writer = writerWord;
        this.generation = generation;
        readSide = new ReadSide(id, way, writer);
    }

    /// <summary>What a reader needs, as a value: for a caller that keeps it beside its own fields.</summary>
    public ReadSide ForReaders => readSide;

    /// <summary>Enters for reading until the result is disposed; sleeps while a writer is inside.</summary>
    public ReadHold Read() => new(EnterRead());

    /// <summary>Enters for writing until the result is disposed; see <see cref="EnterWrite"/>.</summary>
    public WriteHold Write()
    {
        EnterWrite();
        return new WriteHold(this);
    }

    /// <summary>As <see cref="Write"/>, interruptible; see <see cref="EnterWriteInterruptibly"/>.</summary>
    public WriteHold WriteInterruptibly()
    {
        EnterWriteInterruptibly();
        return new WriteHold(this);
    }

    /// <summary>Leaves, for a writer that is about to sleep, and enters for writing again when the result is disposed.</summary>
    public WritePause Pause()
    {
        ExitWrite();
        return new WritePause(this);
    }

    /// <summary>Enters for reading; sleeps while a writer is inside.</summary>
    /// <returns>The hold, to be given to <see cref="ExitRead"/> by the same thread.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong* EnterRead() => EnterRead(ReaderSlot.Mine);

    /// <summary>As <see cref="EnterRead()"/>, for a caller that has its thread's lines at hand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ulong* EnterRead(ReaderSlot* lines)
    {
        ulong* hold = readSide.HoldOf(lines);
        return readSide.TryEnter(hold) ? hold : EnterReadSlow(lines + way);
    }

    /// <summary>Leaves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ExitRead(ulong* hold) => Atomic.Store(ref *hold, 0, Site.ExitRead);

    /// <summary>Forgets all that this thread holds: for a checker that stopped it in the middle.</summary>
    public static void Forget()
    {
        for (int i = 0; i < ThreadSlots.Ways; i++)
        {
            new Span<ulong>(&(ReaderSlot.Mine + i)->Hold0, ReaderSlot.Holds).Clear();
        }
    }

    /// <summary>Whether no thread is inside: for a check when all threads are stopped, not for a decision.</summary>
    public bool IsFree
    {
        get
        {
            bool isFree = Atomic.Load(ref *writer, Site.Writer) == NoWriter;
            (int first, int end) = ThreadSlots.InUse;
            for (int i = first; i < end; i++)
            {
                isFree &= !HoldsOf(i).Contains(id);
            }

            return isFree;
        }
    }

    /// <summary>Enters for writing: returns when no reader is inside. Not to be entered twice by a thread, nor while it reads.</summary>
    public void EnterWrite()
    {
        while (!Atomic.TryReplace(ref *writer, Writer, NoWriter, Site.Writer))
        {
            using WaitRegistry.Registration registration = WaitRegistry.Enter(this, WaitKind.ToWrite);
            Atomic.Wait(ref *writer, Writer, Site.Writer);
        }

        AwaitReaders(isInterruptible: false);
    }

    /// <summary>
    /// As <see cref="EnterWrite"/>, for a caller that has changed nothing yet: an interruption (<see cref="Thread.Interrupt"/>) ends the wait, and
    /// nothing is held then.
    /// </summary>
    /// <exception cref="ThreadInterruptedException">The thread was interrupted.</exception>
    public void EnterWriteInterruptibly()
    {
        if (Atomic.Current is not null)
        {
            EnterWrite(); // a scheduler's threads are not interrupted
            return;
        }

        while (!Atomic.TryReplace(ref *writer, Writer, NoWriter, Site.Writer))
        {
            using WaitRegistry.Registration registration = WaitRegistry.Enter(this, WaitKind.ToWrite);
            Atomic.WaitFor(ref *writer, Writer, InterruptionInterval, Site.Writer);
            if (Atomic.Load(ref *writer, Site.Writer) == Writer)
            {
                Thread.Sleep(1); // throws if the thread was interrupted
            }
        }

        try
        {
            AwaitReaders(isInterruptible: true);
        }
        catch
        {
            ExitWrite();
            throw;
        }
    }

    /// <summary>Changes with every writer: a reader that finds it as it was knows that no writer was inside meanwhile. To be read while inside.</summary>
    public ulong Generation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => *generation;
    }

    /// <summary>Leaves and lets the readers in.</summary>
    public void ExitWrite()
    {
        if (generation != null)
        {
            // Before the writer's word: a reader that sees that one 0 sees the new generation too. No step of a schedule: the lock orders it.
            (*generation)++;
        }

        Atomic.Store(ref *writer, NoWriter, Site.Writer);
        Atomic.Wake(ref *writer, Site.Writer);
    }

    WaitTargetState IWaitTarget.StateOf(WaitKind waitKind, long detail)
    {
        string name = kind switch
        {
            MappingLock.Areas => $"VMA lock of mapping {mapping}",
            MappingLock.Lifetime => $"lifetime lock of mapping {mapping}",
            _ => $"invalidate lock of mapping {mapping}",
        };
        if (waitKind != WaitKind.ForReaders)
        {
            return *writer == NoWriter
                ? new WaitTargetState(name, "free", [])
                : new WaitTargetState(name, "held for writing", [writerThreadId]);
        }

        var threads = new List<int>();
        int readerCount = 0;
        (int first, int end) = ThreadSlots.InUse;
        for (int slot = first; slot < end; slot++)
        {
            if (HoldsOf(slot).Contains(id))
            {
                readerCount++;
                if (ThreadSlots.ThreadOf(slot) is { } thread)
                {
                    threads.Add(thread.ManagedThreadId);
                }
            }
        }

        string state = readerCount == 0 ? "no reader is inside" : $"held by {readerCount} {(readerCount == 1 ? "reader" : "readers")}";
        return new WaitTargetState(name, state, threads);
    }

    // What a thread shows in the line of this lock's mapping.
    private ReadOnlySpan<ulong> HoldsOf(int slot) => new(&(ReaderSlot.At(slot) + way)->Hold0, ReaderSlot.Holds);

    private void AwaitReaders(bool isInterruptible)
    {
        Atomic.ProcessWideBarrier(Site.WriterBarrier); // [L3] matches [L1] and [L2]
        writerThreadId = Environment.CurrentManagedThreadId;
        WaitRegistry.Registration registration = default;
        try
        {
            (int first, int end) = ThreadSlots.InUse;
            for (int i = first; i < end; i++)
            {
                for (int hold = 0; hold < ReaderSlot.Holds; hold++)
                {
                    AwaitReader(ref (&(ReaderSlot.At(i) + way)->Hold0)[hold], isInterruptible, ref registration);
                }
            }
        }
        finally
        {
            registration.Dispose();
        }
    }

    private void AwaitReader(ref ulong hold, bool isInterruptible, ref WaitRegistry.Registration registration)
    {
        // A plain read, which is no step of a schedule: it only decides whether the wait graph shows this thread.
        if (hold == id && registration.IsNone)
        {
            registration = WaitRegistry.Enter(this, WaitKind.ForReaders);
        }

        for (int looks = 0; isInterruptible && Atomic.Load(ref hold, Site.AwaitReader) == id; looks++)
        {
            if (looks < LooksBeforeSleep)
            {
                Thread.Yield();
            }
            else
            {
                Thread.Sleep(1);
            }
        }

        Atomic.SpinWhile(ref hold, id, Site.AwaitReader);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ulong* EnterReadSlow(ReaderSlot* line)
    {
        ulong* holds = &line->Hold0;
        int free = -1;
        bool isNested = false;
        for (int i = ReaderSlot.Holds - 1; i >= 0; i--)
        {
            ulong hold = Atomic.Load(ref holds[i], Site.EnterRead);
            isNested |= hold == id;
            free = hold == 0 ? i : free;
        }

        if (free < 0)
        {
            throw new InvalidOperationException($"a thread holds more than {ReaderSlot.Holds} locks of files at once, one inside the other.");
        }

        while (true)
        {
            Atomic.Store(ref holds[free], id, Site.EnterRead);
            if (isNested || Atomic.Load(ref *writer, Site.ReadWriter) == NoWriter)
            {
                return &holds[free];
            }

            Atomic.Store(ref holds[free], 0, Site.ExitRead);
            using WaitRegistry.Registration registration = WaitRegistry.Enter(this, WaitKind.ToRead);
            Atomic.Wait(ref *writer, Writer, Site.ReadWriter);
        }
    }

    /// <summary>The words that a reader meets.</summary>
    internal readonly struct ReadSide(ulong id, int way, ulong* writer)
    {
        private readonly ulong id = id;
        private readonly nint offset = way * sizeof(ReaderSlot);
        private readonly ulong* writer = writer;

        /// <summary>A thread's first hold.</summary>
        /// <param name="lines">The thread's lines.</param>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public ulong* HoldOf(ReaderSlot* lines) => (ulong*)((byte*)lines + offset);

        /// <summary>Enters, if no writer is inside and the thread's first hold is free.</summary>
        /// <param name="hold">It (<see cref="HoldOf"/>).</param>
        /// <returns>False if it is not so, and the lock's own <see cref="EnterRead(ReaderSlot*)"/> must be called.</returns>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool TryEnter(ulong* hold)
        {
            if (Atomic.Load(ref *hold, Site.EnterRead) != 0)
            {
                return false;
            }

            Atomic.Store(ref *hold, id, Site.EnterRead); // [L1] matches [L3]
            if (Atomic.Load(ref *writer, Site.ReadWriter) == NoWriter) // [L2] matches [L3]
            {
                return true;
            }

            Atomic.Store(ref *hold, 0, Site.ExitRead);
            return false;
        }
    }

    /// <summary>A thread inside for reading. Lives on the stack, as only its own thread may leave.</summary>
    internal readonly ref struct ReadHold(ulong* hold)
    {
        /// <summary>A full fence of this thread, at the price of a locked instruction on its own line.</summary>
        public void Fence() => Atomic.Or(ref *hold, 0, Site.Fence);

        public void Dispose() => ExitRead(hold);
    }

    /// <summary>A thread inside for writing.</summary>
    internal readonly ref struct WriteHold(AsymmetricLock? owner)
    {
        public void Dispose() => owner?.ExitWrite();
    }

    /// <summary>A writer that has left for the time of a sleep.</summary>
    internal readonly ref struct WritePause(AsymmetricLock owner)
    {
        public void Dispose() => owner.EnterWrite();
    }
}
