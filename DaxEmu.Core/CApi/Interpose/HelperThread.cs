using DaxEmu.Core.Atomics;
using DaxEmu.Native.Interpose;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary>A thread of the library's own, which works at intervals and ends before the process is forked.</summary>
/// <remarks>
/// A child of fork has one thread, and in its memory what the C# runtime knew of all others. If one of them was running, the child's next collection of garbage
/// waits for ever until it stops; if one was waiting for the end of a collection, the child's next such wait never ends. So these threads end first, to
/// their last instruction: the kernel is asked.
/// </remarks>
internal sealed unsafe class HelperThread
{
    private const ulong Running = 0;
    private const ulong Ending = 1;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly PinnedLines line = new(1);
    private volatile int id;

    private HelperThread()
    {
    }

    private ref ulong Word => ref *line[0];

    /// <summary>Starts one. No signal of the program reaches it.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="work">What it does; returns when <see cref="Sleep"/> says so.</param>
    public static HelperThread Start(string name, Action<HelperThread> work)
    {
        var helper = new HelperThread();
        using (BlockedSignals.All())
        {
            new Thread(() => helper.Run(work)) { IsBackground = true, Name = name }.Start();
        }

        return helper;
    }

    /// <summary>Sleeps; called by the thread itself.</summary>
    /// <returns>False if it is to end.</returns>
    public bool Sleep(TimeSpan time)
    {
        Atomic.WaitFor(ref Word, Running, time, Site.Other);
        return Atomic.Load(ref Word, Site.Other) == Running;
    }

    /// <summary>Ends it: returns when it is gone, or has worked on for a second.</summary>
    public void End()
    {
        Atomic.Store(ref Word, Ending, Site.Other);
        Atomic.Wake(ref Word, Site.Other);
        long begin = Environment.TickCount64;
        for (int looks = 0; !IsGone() && Environment.TickCount64 - begin < (long)Patience.TotalMilliseconds; looks++)
        {
            if (looks < 100)
            {
                Thread.Yield();
            }
            else
            {
                Thread.Sleep(1);
            }
        }
    }

    private void Run(Action<HelperThread> work)
    {
        id = (int)RawSystemCall.Invoke(Sys.Gettid);
        work(this);
    }

    // A signal with the number 0 is none: it asks whether there is such a thread.
    private bool IsGone() => id != 0 && RawSystemCall.Invoke(Sys.Tgkill, (nint)RawSystemCall.Invoke(Sys.Getpid), id) == -Errno.Esrch;
}
