using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Dax.Waiting;

namespace DaxEmu.Tests.Verification.Scenarios;

/// <summary>Threads that grab and release entries of one table, under a wait profile.</summary>
internal sealed class EntryScenario : IScenarioRun
{
    private readonly WaitTable waits = new(bits: 4);
    private readonly EntryTable table = new(mappingId: 1, pageCapacity: 512);
    private readonly EntryLocker locker;

    private EntryScenario(WaitProfile profile, Func<EntryScenario, IReadOnlyList<ScenarioThread>> threads)
    {
        locker = new EntryLocker(table, waits, profile);
        Threads = threads(this);
    }

    public IReadOnlyList<ScenarioThread> Threads { get; }

    public static Scenario Of(string name, WaitProfile profile, Func<EntryScenario, IReadOnlyList<ScenarioThread>> threads) =>
        new(name, profile.Name, profile.Description, () => new EntryScenario(profile, threads));

    /// <summary>A fault: grabs an entry, and puts it back.</summary>
    public ScenarioThread Fault(long page, PageOrder order) => new($"{(order == PageOrder.Pmd ? "2 MiB" : "4 KiB")} fault @{page}", () =>
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
    public ScenarioThread Look(long page) => new($"look @{page}", () =>
    {
        if (locker.LockAny(new PageIndex(page), out HeldEntry held))
        {
            locker.Put(held);
        }
    });

    /// <summary>Removes whatever covers a page.</summary>
    public ScenarioThread Delete(long page) => new($"delete @{page}", () =>
    {
        if (locker.LockAny(new PageIndex(page), out HeldEntry held))
        {
            locker.Remove(held);
        }
    });

    public void Check() => ScenarioCheck.That(waits.WaiterCount == 0, "a thread is still queued");

    public void Dispose()
    {
        table.Dispose();
        waits.Dispose();
    }
}
