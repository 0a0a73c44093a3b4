using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace DaxEmu.Core.Atomics;

/// <summary>
/// A lock for readers and writers that may sleep while they hold it (<c>struct rw_semaphore</c>): the lock of an inode. Not reentrant. A
/// waiting writer keeps later readers out.
/// </summary>
/// <remarks>
/// <para>
/// One word: bit 0 WRITER, bit 1 WAITERS, bit 2 PENDING (a writer waits), bits 3 to 31 the number of readers. Entering is one
/// compare-and-swap. Sleeping: set WAITERS (a writer PENDING too) by compare-and-swap, then sleep on the word that has them. The thread
/// that leaves the lock free clears both bits in the locked instruction that frees it, and wakes all if WAITERS was set.
/// </para>
/// <para>
/// No wake-up is lost: a thread sleeps only on a word with WAITERS set and the lock taken. If the lock is freed before it sleeps, the word
/// has changed and the sleep does not begin; if later, the thread that frees it sees WAITERS and wakes. No wait can be interrupted.
/// </para>
/// <para>
/// <b>The fast way of readers</b>, of a semaphore that is mostly read: no line is written that another thread writes or reads often. While
/// FAST is set, a reader stores the semaphore's id into its thread's line [S1], a plain store, and looks at FAST again [S2], a plain
/// load; if FAST is gone, it withdraws and enters by the word. A writer enters by the word, which keeps out other writers and readers of the
/// word; if FAST is set, it clears it, passes a process-wide barrier [S3], and waits until no line shows the id. If the barrier falls before
/// the reader's second look, that look finds FAST gone; if after, the reader's store came before the barrier too, and the writer sees it. So
/// never both inside. FAST is set by a reader that is inside by the word: no writer is inside then, and one that comes later
/// sees it, since it enters after that reader has left.
/// </para>
/// <para>
/// A barrier costs up to some microseconds. So after one, FAST stays clear for nine times as long as it took: of the time of a file that is
/// written and read in turns a tenth at the most goes there, and one that is only appended to pays for none.
/// </para>
/// </remarks>
/// <param name="inode">The inode whose lock it is, for the wait graph: the id of the file's mapping.</param>
/// <param name="name">What the wait graph calls it.</param>
/// <param name="isMostlyRead">Whether readers have a fast way.</param>
internal sealed unsafe class RwSemaphore(long inode = 0, string name = "inode lock", bool isMostlyRead = false) : IWaitTarget
{
    private const ulong Writer = 1;
    private const ulong Waiters = 2;
    private const ulong Pending = 4;
    private const ulong Reader = 8;

    private const ulong IsFast = 1;
    private const int PausePerBarrier = 9;

    private readonly PinnedLines lines = new(isMostlyRead ? 2 : 1);

    // Which line of each thread shows its readers.
    private readonly int way = ThreadSlots.WayOf(inode);

    // For the wait graph: no decision depends on it.
    private int writerThreadId;

    // When FAST may be set again. Any value is good.
    private long slowUntil;

    /// <summary>Whether no thread holds it or waits for it: for a check when all threads are stopped.</summary>
    public bool IsFree => Atomic.Load(ref Word, Site.Inode) == 0 && FastReaderCount == 0;

    private ref ulong Word => ref *lines[0];

    private ref ulong Fast => ref *lines[1];

    // The word's address: no other semaphore has it as long as this one is there.
    private ulong Id => (ulong)lines[0];

    private int FastReaderCount
    {
        get
        {
            int count = 0;
            (int first, int end) = ThreadSlots.InUse;
            for (int slot = first; isMostlyRead && slot < end; slot++)
            {
                count += SharedHold.At(slot, way)->Semaphore == Id ? 1 : 0; // no step of a schedule
            }

            return count;
        }
    }

    /// <summary>Names its words.</summary>
    public void NameLines(LineNames names, string file)
    {
        names.Add(lines[0], $"{name} of {file}");
        if (isMostlyRead)
        {
            names.Add(lines[1], $"{name} of {file}, way of readers");
        }
    }

    /// <summary>Enters for reading until the result is disposed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ReadHold Read()
    {
        if (isMostlyRead && Atomic.Load(ref Fast, Site.Inode) == IsFast)
        {
            SharedHold* mine = SharedHold.Mine + way;
            if (Atomic.Load(ref mine->Semaphore, Site.EnterRead) == 0)
            {
                Atomic.Store(ref mine->Semaphore, Id, Site.EnterRead); // [S1] matches [S3]
                if (Atomic.Load(ref Fast, Site.Inode) == IsFast) // [S2] matches [S3]
                {
                    return new ReadHold(this, mine);
                }

                Atomic.Store(ref mine->Semaphore, 0, Site.ExitRead);
            }
        }

        return ReadByWord();
    }

    /// <summary>Enters for writing until the result is disposed.</summary>
    public WriteHold Write()
    {
        while (true)
        {
            ulong seen = Atomic.Load(ref Word, Site.Inode);
            if (seen < Reader && (seen & Writer) == 0)
            {
                // No thread holds it. The mark of the waiters stays, for the thread that frees it next.
                if (Atomic.TryReplace(ref Word, (seen & Waiters) | Writer, seen, Site.Inode))
                {
                    writerThreadId = Environment.CurrentManagedThreadId;
                    if (isMostlyRead && Atomic.Load(ref Fast, Site.Inode) == IsFast)
                    {
                        AwaitFastReaders();
                    }

                    return new WriteHold(this);
                }
            }
            else
            {
                SleepOn(seen, seen | Waiters | Pending, WaitKind.ToWrite);
            }
        }
    }

    /// <summary>Forgets what this thread holds in the fast way: for a checker that stopped it in the middle.</summary>
    public static void Forget()
    {
        for (int i = 0; i < ThreadSlots.Ways; i++)
        {
            (SharedHold.Mine + i)->Semaphore = 0;
        }
    }

    WaitTargetState IWaitTarget.StateOf(WaitKind kind, long detail)
    {
        ulong seen = *lines[0]; // no step of a schedule
        bool isWritten = (seen & Writer) != 0;
        ulong readers = (seen / Reader) + (ulong)FastReaderCount;
        string held = $"held by {readers} {(readers == 1 ? "reader" : "readers")}";
        string state = isWritten && kind == WaitKind.ForReaders ? held : isWritten ? "held for writing" : readers > 0 ? held : "free";
        return new WaitTargetState($"{name} of file {inode}", state, isWritten && kind != WaitKind.ForReaders ? [writerThreadId] : []);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private ReadHold ReadByWord()
    {
        while (true)
        {
            ulong seen = Atomic.Load(ref Word, Site.Inode);
            if ((seen & (Writer | Pending)) != 0)
            {
                SleepOn(seen, seen | Waiters, WaitKind.ToRead);
            }
            else if (Atomic.TryReplace(ref Word, seen + Reader, seen, Site.Inode))
            {
                if (isMostlyRead && (Atomic.Current is not null || Stopwatch.GetTimestamp() > slowUntil))
                {
                    Atomic.Store(ref Fast, IsFast, Site.Inode);
                }

                return new ReadHold(this, null);
            }
        }
    }

    private void AwaitFastReaders()
    {
        long start = Stopwatch.GetTimestamp();
        Atomic.Store(ref Fast, 0, Site.Inode);
        Atomic.ProcessWideBarrier(Site.WriterBarrier); // [S3] matches [S1] and [S2]
        WaitRegistry.Registration registration = default;
        try
        {
            (int first, int end) = ThreadSlots.InUse;
            for (int slot = first; slot < end; slot++)
            {
                ref ulong held = ref SharedHold.At(slot, way)->Semaphore;

                // A plain read, which is no step of a schedule: it only decides whether the wait graph shows this thread.
                if (held == Id && registration.IsNone)
                {
                    registration = WaitRegistry.Enter(this, WaitKind.ForReaders);
                }

                Atomic.SpinWhile(ref held, Id, Site.AwaitReader);
            }
        }
        finally
        {
            registration.Dispose();
        }

        long now = Stopwatch.GetTimestamp();
        slowUntil = now + (PausePerBarrier * (now - start));
    }

    private void SleepOn(ulong seen, ulong asleep, WaitKind kind)
    {
        if (seen == asleep || Atomic.TryReplace(ref Word, asleep, seen, Site.Inode))
        {
            using WaitRegistry.Registration registration = WaitRegistry.Enter(this, kind);
            Atomic.Wait(ref Word, asleep, Site.Inode);
        }
    }

    private void LeaveRead()
    {
        while (true)
        {
            ulong seen = Atomic.Load(ref Word, Site.Inode);
            ulong left = seen - Reader;
            bool isLast = left < Reader;
            if (Atomic.TryReplace(ref Word, isLast ? 0 : left, seen, Site.Inode))
            {
                WakeIf(isLast && (seen & Waiters) != 0);
                return;
            }
        }
    }

    private void LeaveWrite() => WakeIf((Atomic.Exchange(ref Word, 0, Site.Inode) & Waiters) != 0);

    private void WakeIf(bool areThere)
    {
        if (areThere)
        {
            Atomic.Wake(ref Word, Site.Inode);
        }
    }

    /// <summary>A thread inside for reading. Lives on the stack, as only its own thread may leave.</summary>
    internal readonly ref struct ReadHold(RwSemaphore owner, SharedHold* line)
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose()
        {
            if (line != null)
            {
                Atomic.Store(ref line->Semaphore, 0, Site.ExitRead);
            }
            else
            {
                owner.LeaveRead();
            }
        }
    }

    /// <summary>A thread inside for writing.</summary>
    internal readonly ref struct WriteHold(RwSemaphore owner)
    {
        public void Dispose() => owner.LeaveWrite();
    }
}
