using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Dax.Waiting;
using NUnit.Framework;

namespace DaxEmu.Tests.Support;

/// <summary>An entry table with its locks and a wait table of its own, checked when it is left.</summary>
internal sealed class LockingFixture : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly List<Thread> threads = [];

    public LockingFixture(WaitProfile? profile = null, long pageCapacity = 4 * DaxConstants.PagesPerPmd, int waitBits = 6)
    {
        Table = new EntryTable(mappingId: 1, pageCapacity);
        Waits = new WaitTable(waitBits);
        Locker = new EntryLocker(Table, Waits, profile ?? WaitProfiles.Fixed);
    }

    public EntryTable Table { get; }

    public WaitTable Waits { get; }

    public EntryLocker Locker { get; }

    public WaitGraph Graph => WaitGraph.Capture(Waits, [Locker], []);

    /// <summary>Starts an operation on a thread of its own and returns when it sleeps, or has ended.</summary>
    public Thread StartAndAwaitSleep(Action operation)
    {
        int before = Waits.WaiterCount;
        var thread = new Thread(() => operation()) { IsBackground = true };
        threads.Add(thread);
        thread.Start();
        Await(() => Waits.WaiterCount > before || !thread.IsAlive, "the operation neither sleeps nor ends");
        return thread;
    }

    /// <summary>Starts threads that the fixture waits for when it is left.</summary>
    public Thread[] Start(IEnumerable<Action> operations)
    {
        Thread[] started = [.. operations.Select(o => new Thread(() => o()) { IsBackground = true })];
        threads.AddRange(started);
        Array.ForEach(started, t => t.Start());
        return started;
    }

    public void Await(Func<bool> condition, string otherwise)
    {
        DateTime end = DateTime.UtcNow + Patience;
        while (!condition())
        {
            Assert.That(DateTime.UtcNow, Is.LessThan(end), $"{otherwise}\n{Graph}");
            Thread.Sleep(1);
        }
    }

    /// <summary>Whether a thread is still asleep after a time in which it would long have gone on.</summary>
    public static bool IsStuck(Thread thread) => !thread.Join(TimeSpan.FromMilliseconds(300));

    /// <summary>Wakes everybody, until all operations have ended: what a hung test does before it leaves.</summary>
    public void Rescue()
    {
        DateTime end = DateTime.UtcNow + Patience;
        while (threads.Any(t => t.IsAlive) && DateTime.UtcNow < end)
        {
            foreach (WaitGraphWaiter sleeper in Graph.Waiters)
            {
                Waits.Wake(sleeper.Key, WakeMode.All);
            }

            Thread.Sleep(1);
        }
    }

    public HeldEntry Hold(long page, PageOrder order = PageOrder.Pte)
    {
        Grab grab = Locker.Grab(new PageIndex(page), order);
        Assert.That(grab.Outcome, Is.EqualTo(GrabOutcome.Locked));
        return grab.Held;
    }

    /// <summary>Makes an unlocked entry.</summary>
    public void Put(long page, DaxEntry entry)
    {
        HeldEntry held = Hold(page, entry.Order);
        if (entry is { IsDirty: true, IsPmd: false })
        {
            Table.NoteDirty(held.Start);
        }

        Locker.Unlock(held.Start, entry);
    }

    public void Dispose()
    {
        Rescue();
        try
        {
            Assert.That(threads.Where(t => t.IsAlive), Is.Empty, "threads are left behind");
            Assert.That(Table.Verify(), Is.Empty, Table.Dump());
            Assert.That(Waits.WaiterCount, Is.Zero);
        }
        finally
        {
            // If a thread hangs, the memory stays: it may still look at it.
            if (threads.TrueForAll(t => !t.IsAlive))
            {
                Waits.Dispose();
                Table.Dispose();
            }
        }
    }
}
