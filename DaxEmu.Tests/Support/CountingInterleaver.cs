using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking;

namespace DaxEmu.Tests.Support;

/// <summary>Carries a thread's steps out and counts its entries of locks for reading, by the lock's id.</summary>
internal sealed unsafe class CountingInterleaver : IInterleaver
{
    private readonly DirectInterleaver steps = new(0, 0);
    private readonly Dictionary<ulong, int> entries = [];
    private int lockedSteps;
    private Action? beforeShared;

    /// <summary>How often the work enters the lock of that id for reading.</summary>
    public static int EntriesOf(long lockId, Action work) => Run(work).entries.GetValueOrDefault((ulong)lockId);

    /// <summary>How many locked instructions the work has.</summary>
    public static int LockedStepsOf(Action work) => Run(work).lockedSteps;

    /// <summary>Does something each time that the work is about to enter a lock of the runtime, or has come to a shared field.</summary>
    public static void Before(Action step, Action work) => Run(work, step);

    private static CountingInterleaver Run(Action work, Action? step = null)
    {
        var counter = new CountingInterleaver { beforeShared = step };
        Atomic.Current = counter;
        try
        {
            work();
        }
        finally
        {
            Atomic.Current = null;
        }

        return counter;
    }

    public ulong Load(ulong* location, Site site) => steps.Load(location, site);

    public void Store(ulong* location, ulong value, Site site)
    {
        if (site == Site.EnterRead)
        {
            entries[value] = entries.GetValueOrDefault(value) + 1;
        }

        steps.Store(location, value, site);
    }

    public ulong CompareExchange(ulong* location, ulong value, ulong comparand, Site site) => Locked(steps.CompareExchange(location, value, comparand, site));

    public ulong Exchange(ulong* location, ulong value, Site site) => Locked(steps.Exchange(location, value, site));

    public ulong Add(ulong* location, ulong addend, Site site) => Locked(steps.Add(location, addend, site));

    public ulong Or(ulong* location, ulong bits, Site site) => Locked(steps.Or(location, bits, site));

    public ulong And(ulong* location, ulong bits, Site site) => Locked(steps.And(location, bits, site));

    private ulong Locked(ulong result)
    {
        lockedSteps++;
        return result;
    }

    public void ProcessWideBarrier(Site site) => steps.ProcessWideBarrier(site);

    public void Wait(ulong* location, ulong expected, Site site) => steps.Wait(location, expected, site);

    public void Wake(ulong* location, Site site) => steps.Wake(location, site);

    public void SpinWhile(ulong* location, ulong unwanted, Site site) => steps.SpinWhile(location, unwanted, site);

    public void Note(in InterleavingNote note)
    {
    }

    public void Shared(object owner, string part, bool isWrite)
    {
        Atomic.Current = null; // what is done here is another thread's
        beforeShared?.Invoke();
        Atomic.Current = this;
    }
}
