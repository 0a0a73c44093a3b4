using DaxEmu.Core.Atomics;
using DaxEmu.Native.Interpose;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary>A thread of the library's own, which works at intervals, and ends before the process is forked.</summary>
/// <remarks>
/// A child of fork has one thread, and in its memory what the C# runtime knew of all others. If one of them was running, the child's next collection of garbage
/// waits for ever until it stops; if one was waiting for the end of a collection, the child's next such wait never ends. So these threads end first, to
/// their last instruction: the kernel is asked.
/// </remarks>
/// <param name="name">What the thread is called.</param>
/// <param name="work">What it does, given how to sleep; returns when a sleep returns false.</param>
internal sealed class HelperThread(string name, Action<Func<TimeSpan, bool>> work)
{
    private Lock gate = new();
    private Run? run;

    /// <summary>Starts the thread, unless it runs. No signal of the program reaches it.</summary>
    public void Begin()
    {
        lock (gate)
        {
            if (run is null)
            {
                run = new Run();
                run.Start(name, work);
            }
        }
    }

    /// <summary>Ends the thread: returns when it is gone, or has worked on for a second.</summary>
    public void End()
    {
        Run? ending;
        lock (gate)
        {
            ending = run;
            run = null;
        }

        ending?.End();
    }

    /// <summary>In a child of fork: there is no such thread, nor one that holds the lock.</summary>
    public void Forget()
    {
        gate = new Lock();
        run = null;
    }

    private sealed unsafe class Run
    {
        private const ulong Running = 0;
        private const ulong Ending = 1;

        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

        private readonly PinnedLines line = new(1);
        private volatile int id;

        private ref ulong Word => ref *line[0];

        public void Start(string name, Action<Func<TimeSpan, bool>> work)
        {
            using (BlockedSignals.All())
            {
                new Thread(() =>
                {
                    id = (int)RawSystemCall.Invoke(Sys.Gettid);
                    work(Sleep);
                })
                { IsBackground = true, Name = name }.Start();
            }
        }

        public void End()
        {
            Atomic.Store(ref Word, Ending, Site.Other);
            Atomic.Wake(ref Word, Site.Other);
            _ = SpinWait.SpinUntil(IsGone, Patience);
        }

        private bool Sleep(TimeSpan time)
        {
            Atomic.WaitFor(ref Word, Running, time, Site.Other);
            return Atomic.Load(ref Word, Site.Other) == Running;
        }

        // A signal with the number 0 is none: it asks whether there is such a thread.
        private bool IsGone() => id != 0 && RawSystemCall.Invoke(Sys.Tgkill, (nint)RawSystemCall.Invoke(Sys.Getpid), id) == -Errno.Esrch;
    }
}
