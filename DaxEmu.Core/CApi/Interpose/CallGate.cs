using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary>Keeps the volume in place while a system call works on it, and calls out while it is let go.</summary>
/// <remarks>
/// One word: bit 31 CLOSED, below it the number of calls inside. Each side changes it by a locked instruction and looks at what it got: a call that finds CLOSED
/// leaves again and waits; a thread that closes does so only if no other call is inside. A call may block for long, so closing is tried, never waited for inside
/// the gate.
/// </remarks>
internal sealed class CallGate
{
    private const ulong Closed = 1UL << 31; // in the half of the word that a sleeping thread is woken by

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(1);

    private readonly PinnedLines line = new(1);

    private unsafe ref ulong Word => ref *line[0];

    /// <summary>A call begins; returns when the gate is open.</summary>
    public void Enter()
    {
        while ((Atomic.Add(ref Word, 1, Site.Other) & Closed) != 0)
        {
            ulong left = Atomic.Add(ref Word, -1, Site.Other);
            if ((left & Closed) != 0)
            {
                Atomic.WaitFor(ref Word, left, Pause, Site.Other);
            }
        }
    }

    /// <summary>A call ends.</summary>
    public void Leave() => Atomic.Add(ref Word, -1, Site.Other);

    /// <summary>Closes the gate if no call is inside.</summary>
    /// <param name="inside">How many calls the caller itself is inside of: 0 or 1.</param>
    /// <param name="patience">How long it is tried.</param>
    public bool TryClose(int inside, TimeSpan patience)
    {
        long deadline = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        while (!Atomic.TryReplace(ref Word, Closed | (uint)inside, (uint)inside, Site.Other))
        {
            if (Environment.TickCount64 >= deadline)
            {
                return false;
            }

            Thread.Sleep(Pause);
        }

        return true;
    }

    /// <summary>Opens it again.</summary>
    public void Open()
    {
        Atomic.And(ref Word, ~Closed, Site.Other);
        Atomic.Wake(ref Word, Site.Other);
    }

    /// <summary>In a child of fork: no thread is inside.</summary>
    public void Reset() => Atomic.Store(ref Word, 0, Site.Other);
}
