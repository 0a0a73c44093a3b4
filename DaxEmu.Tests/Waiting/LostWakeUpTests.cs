using DaxEmu.Core.Entries;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting.Profiles;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Waiting;

/// <summary>The lost wake-ups of this code's history, on real threads: each hangs under its profile, and under no other that is live.</summary>
/// <remarks>The order of steps is forced by looking at who sleeps, never by waiting for luck.</remarks>
public sealed class LostWakeUpTests
{
    private static IEnumerable<WaitProfile> LiveProfiles => [WaitProfiles.Fixed, WaitProfiles.Upstream, WaitProfiles.DanNaive, WaitProfiles.KaraAnyOrder, WaitProfiles.ReturnsLocked];

    [Test]
    [CancelAfter(60_000)]
    public void ThePmdFaultOf2019SleepsForEver()
    {
        // T0 inserts a locked 4 KiB entry at 1; T1's 2 MiB fault sleeps on key 0; T0 unlocks; T0 wakes key 1.
        using var world = new EntryWorld(WaitProfiles.V4_20);
        HeldEntry held = world.Hold(1);
        Thread sleeper = world.StartAndAwaitSleep(() => world.Locker.Grab(new PageIndex(0), PageOrder.Pmd));
        Assert.That(world.Waits.SleeperCount, Is.EqualTo(1));
        world.Locker.Unlock(held.Start, held.Entry);
        Assert.That(EntryWorld.IsStuck(sleeper), Is.True, "the wake-up of key 1 reached a thread that sleeps on key 0");
        string diagnosis = world.Graph.ToString();
        TestContext.Out.WriteLine(diagnosis);
        Assert.That(diagnosis, Does.Contain("key 1 was woken, but the thread sleeps on key 0"));
    }

    [TestCaseSource(nameof(LiveProfiles))]
    [CancelAfter(60_000)]
    public void ThePmdFaultGoesOnUnderEveryAnswer(WaitProfile profile)
    {
        using var world = new EntryWorld(profile);
        HeldEntry held = world.Hold(1);
        Thread thread = world.StartAndAwaitSleep(() => world.Locker.Grab(new PageIndex(0), PageOrder.Pmd));
        world.Locker.Unlock(held.Start, held.Entry);
        Assert.That(thread.Join(TimeSpan.FromSeconds(20)), Is.True, world.Graph.ToString());
    }

    [TestCase("conflict", false)]
    [TestCase("fixed", false)]
    [TestCase("return-locked", false)]
    [TestCase("mask-all", true)]
    [TestCase("any-order", true)]
    [CancelAfter(60_000)]
    public void OnlyTheWaitingAnswersWaitForALockOfASmallerEntry(string policy, bool waits)
    {
        using var world = new EntryWorld(WaitProfiles.ByName(policy));
        HeldEntry held = world.Hold(7);
        Thread thread = world.StartAndAwaitSleep(() => world.Locker.Grab(new PageIndex(0), PageOrder.Pmd));
        Assert.That(world.Waits.SleeperCount, Is.EqualTo(waits ? 1 : 0));
        world.Locker.Unlock(held.Start, held.Entry);
        Assert.That(thread.Join(TimeSpan.FromSeconds(20)), Is.True);
    }

    [TestCase("v5.3-rc1", true)]
    [TestCase("v5.4", true)]
    [TestCase("conflict", false)]
    [TestCase("fixed", false)]
    [CancelAfter(60_000)]
    public void ThreeInvalidatorsOfOneEntry(string profile, bool hangs)
    {
        // The owner wakes A; A deletes and wakes B at the most; B finds nothing. C depends on what a removal wakes.
        using var world = new EntryWorld(WaitProfiles.ByName(profile));
        HeldEntry held = world.Hold(3);
        Thread[] invalidators = [.. Enumerable.Range(0, 3).Select(_ => world.StartAndAwaitSleep(() => Delete(world, 3)))];
        Assert.That(world.Waits.SleeperCount, Is.EqualTo(3));
        world.Locker.Unlock(held.Start, held.Entry);
        Assert.That(invalidators.Any(EntryWorld.IsStuck), Is.EqualTo(hangs), world.Graph.ToString());
    }

    [TestCase("v5.3-rc1", true)]
    [TestCase("fixed", false)]
    [CancelAfter(60_000)]
    public void AnInvalidatorThatKeepsADirtyEntryPassesTheWakeUpOn(string profile, bool hangs)
    {
        using var world = new EntryWorld(WaitProfiles.ByName(profile));
        HeldEntry held = world.Hold(3);
        Thread first = world.StartAndAwaitSleep(() => PutBack(world, 3));
        Thread second = world.StartAndAwaitSleep(() => PutBack(world, 3));
        world.Locker.Unlock(held.Start, held.Entry);
        Assert.That(first.Join(TimeSpan.FromSeconds(20)), Is.True);
        Assert.That(EntryWorld.IsStuck(second), Is.EqualTo(hangs), world.Graph.ToString());
    }

    [TestCase("v4.19", true)]
    [TestCase("fixed", false)]
    [CancelAfter(60_000)]
    public void WhoMayGiveUpMustNotSwallowAWakeUp(string profile, bool hangs)
    {
        using var world = new EntryWorld(WaitProfiles.ByName(profile));
        HeldEntry held = world.Hold(3);
        Thread leaver = world.StartAndAwaitSleep(() => world.Locker.WaitWithoutClaim(new PageIndex(3)));
        Thread next = world.StartAndAwaitSleep(() => PutBack(world, 3));
        world.Locker.Unlock(held.Start, held.Entry);
        Assert.That(leaver.Join(TimeSpan.FromSeconds(20)), Is.True);
        Assert.That(EntryWorld.IsStuck(next), Is.EqualTo(hangs), world.Graph.ToString());
    }

    [TestCase("v4.19", true)]
    [TestCase("fixed", false)]
    [CancelAfter(60_000)]
    public void AnUnlockByPageUsesTheSizeOfTheEntry(string profile, bool hangs)
    {
        using var world = new EntryWorld(WaitProfiles.ByName(profile));
        world.Put(0, DaxEntry.Real(new Pfn(512), PageOrder.Pmd));
        HeldEntry held = world.Hold(0, PageOrder.Pmd);
        Thread next = world.StartAndAwaitSleep(() => PutBack(world, 0));
        world.Locker.UnlockByPage(new PageIndex(9), held);
        Assert.That(EntryWorld.IsStuck(next), Is.EqualTo(hangs), world.Graph.ToString());
    }

    [TestCase("v4.10-holes", true)]
    [TestCase("fixed", false)]
    [CancelAfter(60_000)]
    public void ADowngradeWakesEverybody(string profile, bool hangs)
    {
        using var world = new EntryWorld(WaitProfiles.ByName(profile));
        world.Put(0, DaxEntry.Zero(PageOrder.Pmd));
        Grab grab = world.Locker.Grab(new PageIndex(5), PageOrder.Pte);
        Assert.That(grab.Outcome, Is.EqualTo(GrabOutcome.NeedsDowngrade));
        Thread[] others = [.. ((long[])[6, 7]).Select(p => world.StartAndAwaitSleep(() => PutBack(world, p, create: true)))];
        HeldEntry mine = world.Locker.FinishDowngrade(grab.Held, new PageIndex(5));
        world.Locker.Unlock(mine.Start, mine.Entry);
        Assert.That(others.Any(EntryWorld.IsStuck), Is.EqualTo(hangs), world.Graph.ToString());
    }

    [TestCase("v5.3", true)]
    [TestCase("v5.3-rc1", true)]
    [TestCase("v5.4", false)]
    [TestCase("fixed", false)]
    public void AnEmptyRangeIsNoConflict(string profile, bool isRefused)
    {
        using var world = new EntryWorld(WaitProfiles.ByName(profile));
        Grab grab = world.Locker.Grab(new PageIndex(0), PageOrder.Pmd);
        Assert.That(grab.Outcome, Is.EqualTo(isRefused ? GrabOutcome.Conflict : GrabOutcome.Locked), "refused, no 2 MiB entry is ever made");
        if (grab.Outcome == GrabOutcome.Locked)
        {
            world.Locker.Unlock(grab.Held.Start, grab.Held.Entry);
        }
    }

    [TestCase("key-found", true)]
    [TestCase("kara-any-order", false)]
    [CancelAfter(60_000)]
    public void AWokenPmdWaiterPassesOnUnderTheKeyItSleptOn(string profile, bool hangs)
    {
        // A 2 MiB waiter and a 4 KiB waiter sleep on key 1. The wake-up goes to the first, who then meets a locked entry at 0.
        using var world = new EntryWorld(WaitProfiles.ByName(profile));
        HeldEntry one = world.Hold(1);
        Thread pmd = world.StartAndAwaitSleep(() => world.Locker.Grab(new PageIndex(0), PageOrder.Pmd));
        Thread pte = world.StartAndAwaitSleep(() => PutBack(world, 1));
        HeldEntry zero = world.Hold(0);
        world.Locker.Unlock(one.Start, one.Entry);
        world.Await(() => world.Graph.Sleepers.Any(s => s.KeyStart.Value == 0), "the 2 MiB waiter does not come to the entry at 0");
        Assert.That(EntryWorld.IsStuck(pte), Is.EqualTo(hangs), world.Graph.ToString());
        world.Locker.Unlock(zero.Start, zero.Entry);
        Assert.That(pmd.Join(TimeSpan.FromSeconds(20)), Is.True);
    }

    private static void Delete(EntryWorld world, long page)
    {
        if (world.Locker.TakeAny(new PageIndex(page), out HeldEntry held))
        {
            world.Locker.Remove(held);
        }
    }

    private static void PutBack(EntryWorld world, long page, bool create = false)
    {
        if (create)
        {
            Grab grab = world.Locker.Grab(new PageIndex(page), PageOrder.Pte);
            world.Locker.Put(grab.Held);
        }
        else if (world.Locker.TakeAny(new PageIndex(page), out HeldEntry held))
        {
            world.Locker.Put(held);
        }
    }
}
