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
/// </remarks>
/// <param name="inode">The inode whose lock it is, for the wait graph: the id of the file's mapping.</param>
/// <param name="name">What the wait graph calls it.</param>
internal sealed unsafe class RwSemaphore(long inode = 0, string name = "inode lock") : IWaitTarget
{
    private const ulong Writer = 1;
    private const ulong Waiters = 2;
    private const ulong Pending = 4;
    private const ulong Reader = 8;

    private readonly PinnedLines line = new(1);

    // For the wait graph: no decision depends on it.
    private int writerThreadId;

    /// <summary>Whether no thread holds it or waits for it.</summary>
    public bool IsFree => Atomic.Load(ref Word, Site.Inode) == 0;

    private ref ulong Word => ref *line[0];

    /// <summary>Names its word.</summary>
    public void NameLines(LineNames names, string file) => names.Add(line[0], $"{name} of {file}");

    /// <summary>Enters for reading until the result is disposed.</summary>
    public ReadHold Read()
    {
        while (true)
        {
            ulong seen = Atomic.Load(ref Word, Site.Inode);
            if ((seen & (Writer | Pending)) == 0)
            {
                if (Atomic.TryReplace(ref Word, seen + Reader, seen, Site.Inode))
                {
                    return new ReadHold(this);
                }
            }
            else
            {
                SleepOn(seen, seen | Waiters, WaitKind.ToRead);
            }
        }
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
                    return new WriteHold(this);
                }
            }
            else
            {
                SleepOn(seen, seen | Waiters | Pending, WaitKind.ToWrite);
            }
        }
    }

    WaitTargetState IWaitTarget.StateOf(WaitKind kind, long detail)
    {
        ulong seen = *line[0]; // no step of a schedule
        bool isWritten = (seen & Writer) != 0;
        ulong readers = seen / Reader;
        string state = isWritten ? "held for writing" : readers > 0 ? $"held by {readers} {(readers == 1 ? "reader" : "readers")}" : "free";
        return new WaitTargetState($"{name} of file {inode}", state, isWritten ? [writerThreadId] : []);
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

    /// <summary>A thread inside for reading.</summary>
    internal readonly ref struct ReadHold(RwSemaphore owner)
    {
        public void Dispose() => owner.LeaveRead();
    }

    /// <summary>A thread inside for writing.</summary>
    internal readonly ref struct WriteHold(RwSemaphore owner)
    {
        public void Dispose() => owner.LeaveWrite();
    }
}
