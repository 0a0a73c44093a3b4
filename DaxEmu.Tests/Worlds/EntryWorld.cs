using DaxEmu.Core.Checking;
using DaxEmu.Core.Entries;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting;
using DaxEmu.Core.Waiting.Profiles;

namespace DaxEmu.Tests.Worlds;

/// <summary>Threads that grab and release entries of one table, under a wait profile.</summary>
internal sealed class EntryWorld : IWorldRun
{
    private readonly WaitTable waits = new(bits: 4);
    private readonly EntryTable table = new(mappingId: 1, pageCapacity: 512);
    private readonly EntryLocker locker;

    private EntryWorld(WaitProfile profile, Func<EntryWorld, IReadOnlyList<WorldThread>> threads)
    {
        locker = new EntryLocker(table, waits, profile);
        Threads = threads(this);
    }

    public IReadOnlyList<WorldThread> Threads { get; }

    public static World Of(string name, WaitProfile profile, Func<EntryWorld, IReadOnlyList<WorldThread>> threads) =>
        new(name, profile.Name, profile.Story, () => new EntryWorld(profile, threads));

    /// <summary>A fault: grabs an entry, and puts it back.</summary>
    public WorldThread Fault(long page, PageOrder order) => new($"{(order == PageOrder.Pmd ? "2 MiB" : "4 KiB")} fault @{page}", () =>
    {
        Grab grab = locker.Grab(new PageIndex(page), order);
        if (grab.Outcome == GrabOutcome.NeedsDowngrade)
        {
            HeldEntry held = locker.FinishDowngrade(grab.Held, new PageIndex(page));
            locker.Unlock(held.Start, held.Entry);
        }
        else if (grab.Outcome == GrabOutcome.Locked)
        {
            locker.Unlock(grab.Held.Start, grab.Held.Entry);
        }
    });

    /// <summary>Looks at whatever covers a page, and leaves it as it is.</summary>
    public WorldThread Look(long page) => new($"look @{page}", () =>
    {
        if (locker.TakeAny(new PageIndex(page), out HeldEntry held))
        {
            locker.Put(held);
        }
    });

    /// <summary>Removes whatever covers a page.</summary>
    public WorldThread Delete(long page) => new($"delete @{page}", () =>
    {
        if (locker.TakeAny(new PageIndex(page), out HeldEntry held))
        {
            locker.Remove(held);
        }
    });

    public void Check() => WorldCheck.That(waits.SleeperCount == 0, "somebody is still queued");

    public void Dispose()
    {
        table.Dispose();
        waits.Dispose();
    }
}
