namespace DaxEmu.Core.Atomics;

/// <summary>
/// A lock for readers and writers that may sleep while they hold it (<c>struct rw_semaphore</c>): the lock of an inode. Not reentrant. A
/// waiting writer keeps later readers out.
/// </summary>
/// <remarks>
/// <para>
/// One word: bit 0 WRITER, bit 1 SLEEPERS, bit 2 PENDING (a writer waits), bits 3 to 31 the number of readers. Entering is one
/// compare-and-swap. Sleeping: set SLEEPERS (a writer PENDING too) by compare-and-swap, then sleep on the word that has them. Whoever
/// leaves the lock free takes both bits off in the same locked instruction that frees it, and wakes all if SLEEPERS was set.
/// </para>
/// <para>
/// No wake-up is lost: a thread sleeps only on a word with SLEEPERS set and the lock taken. If the lock is freed before it sleeps, the
/// word has changed and the sleep does not begin; if later, the thread that frees it sees SLEEPERS and wakes. No wait can be interrupted.
/// </para>
/// </remarks>
internal sealed unsafe class RwSemaphore
{
    private const ulong Writer = 1;
    private const ulong Sleepers = 2;
    private const ulong Pending = 4;
    private const ulong Reader = 8;

    private readonly PinnedLines line = new(1);

    /// <summary>Whether nobody holds it or waits for it.</summary>
    public bool IsFree => Atomic.Load(ref Word, Site.Inode) == 0;

    private ref ulong Word => ref *line[0];

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
                SleepOn(seen, seen | Sleepers);
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
                // Nobody holds it: marks of those that wait stay, for who frees it next.
                if (Atomic.TryReplace(ref Word, (seen & Sleepers) | Writer, seen, Site.Inode))
                {
                    return new WriteHold(this);
                }
            }
            else
            {
                SleepOn(seen, seen | Sleepers | Pending);
            }
        }
    }

    private void SleepOn(ulong seen, ulong asleep)
    {
        if (seen == asleep || Atomic.TryReplace(ref Word, asleep, seen, Site.Inode))
        {
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
                WakeIf(isLast && (seen & Sleepers) != 0);
                return;
            }
        }
    }

    private void LeaveWrite() => WakeIf((Atomic.Exchange(ref Word, 0, Site.Inode) & Sleepers) != 0);

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
