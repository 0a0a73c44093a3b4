using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Dax.Waiting;
using NUnit.Framework;

namespace DaxEmu.Tests.Support;

/// <summary>
/// An entry table with a wait table of its own, and the threads that work on it. When it is disposed of, everybody must have left: no
/// sleeper, no lock, and the counts as a recount finds them.
/// </summary>
internal sealed class EntryFixture : IDisposable
{
    /// <summary>How long a test waits for a thing that is to happen at once, before it says that it hangs.</summary>
    public static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    /// <summary>How long a test watches a thread that must never wake up. Long against a wake-up, which takes microseconds.</summary>
    public static readonly TimeSpan LongEnough = TimeSpan.FromMilliseconds(300);

    private readonly List<ParkedGrab> threads = [];

    public EntryFixture(WaitProfile? profile = null, int regionCount = 4, int waitBits = 6)
    {
        Table = new EntryTable(7, (long)regionCount * DaxConstants.PagesPerPmd);
        Waits = new WaitTable(waitBits);
        Locker = new EntryLocker(Table, Waits, profile ?? WaitProfiles.Fixed);
    }

    public EntryTable Table { get; }

    public WaitTable Waits { get; }

    public EntryLocker Locker { get; }

    /// <summary>Waits until exactly so many threads sleep.</summary>
    public void AwaitSleepers(int count) =>
        Assert.That(
            SpinWait.SpinUntil(() => Waits.WaiterCount == count, Soon), Is.True, () => $"{Waits.WaiterCount} threads sleep, not {count}");

    /// <summary>Waits until every thread either has its answer or sleeps.</summary>
    public void AwaitSettled() =>
        Assert.That(
            SpinWait.SpinUntil(() => Waits.WaiterCount == threads.Count(t => !t.HasAnswer), Soon),
            Is.True,
            () => $"somebody neither sleeps nor answers. {Graph()}");

    /// <summary>Who sleeps, and why.</summary>
    public WaitGraph Graph(Func<WaitKey, string?>? holderOf = null) =>
        WaitGraph.Capture(Waits, [Locker], [], holderOf, id => threads.Find(t => t.ThreadId == id)?.Name);

    /// <summary>Wakes everybody who sleeps, as no rule would, so that a test of a lost wake-up can end.</summary>
    public void Rescue()
    {
        foreach (WaitGraphWaiter sleeper in Graph().Waiters)
        {
            Waits.Wake(sleeper.Key, WakeMode.All);
        }
    }

    /// <summary>A thread that grabs the entry and holds it until told to leave.</summary>
    public ParkedGrab Grab(long page, PageOrder order = PageOrder.Pte, bool downgrades = true) =>
        Start($"grab {page} order {(int)order}", locker =>
        {
            Grab grab = locker.Grab(new PageIndex(page), order);
            return grab.Outcome == GrabOutcome.NeedsDowngrade && downgrades
                ? new Grab(GrabOutcome.Locked, locker.FinishDowngrade(grab.Held, new PageIndex(page)))
                : grab;
        });

    /// <summary>A thread that takes whatever covers the page, as an invalidation does.</summary>
    public ParkedGrab Take(long page) =>
        Start($"take {page}", locker => locker.LockAny(new PageIndex(page), out HeldEntry held)
            ? new Grab(GrabOutcome.Locked, held)
            : DaxEmu.Core.Dax.Entries.Grab.Missing);

    /// <summary>A thread that waits for the entry and claims nothing, as a lock by page does whose page may be gone.</summary>
    public ParkedGrab WaitFor(long page) =>
        Start($"wait {page}", locker =>
        {
            _ = locker.WaitWithoutLocking(new PageIndex(page));
            return DaxEmu.Core.Dax.Entries.Grab.Missing;
        });

    public ParkedGrab Start(string name, Func<EntryLocker, Grab> enter)
    {
        var thread = new ParkedGrab(name, Locker, enter);
        threads.Add(thread);
        return thread;
    }

    /// <summary>Makes an unlocked entry.</summary>
    public void Put(long page, DaxEntry entry)
    {
        Grab grab = Locker.Grab(new PageIndex(page), entry.Order);
        Assert.That(grab.Outcome, Is.EqualTo(GrabOutcome.Locked));
        if (entry is { IsDirty: true, IsPmd: false })
        {
            Table.NoteDirty(grab.Held.Start);
        }

        Locker.Unlock(grab.Held.Start, entry);
    }

    /// <summary>Takes the entry out that covers the page.</summary>
    public void Remove(long page)
    {
        Assert.That(Locker.LockAny(new PageIndex(page), out HeldEntry held), Is.True);
        Locker.Remove(held);
    }

    public void Dispose()
    {
        try
        {
            foreach (ParkedGrab thread in threads)
            {
                thread.Leave();
            }

            foreach (ParkedGrab thread in threads)
            {
                Assert.That(thread.Join(Soon), Is.True, () => $"'{thread.Name}' hangs");
            }

            Assert.That(Waits.WaiterCount, Is.Zero);
            Assert.That(Table.Verify(), Is.Empty);
        }
        finally
        {
            // If a thread hangs, the memory stays: it may still look at it.
            if (threads.TrueForAll(t => t.Join(TimeSpan.Zero)))
            {
                Waits.Dispose();
                Table.Dispose();
            }
        }
    }
}
