using DaxEmu.Core.Entries;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting;
using DaxEmu.Core.Waiting.Profiles;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Waiting;

/// <summary>What is counted when threads wait: one case for each count.</summary>
[NonParallelizable]
public sealed class WaitCountsTests
{
    private static readonly DaxEntry Pte = DaxEntry.Real(new Pfn(3), PageOrder.Pte);
    private static readonly DaxEntry Pmd = DaxEntry.Real(new Pfn(512), PageOrder.Pmd);

    [Test]
    public void ALockThatNobodyContendsCountsNothing()
    {
        WaitCounts counts = Count(WaitProfiles.Fixed, world =>
        {
            world.Put(1, Pte);
            world.Locker.Remove(world.Hold(1));
        });
        Assert.That(counts, Is.EqualTo(default(WaitCounts)));
    }

    [Test]
    public void ASleepForAnEntryIsCountedWithItsTimeAndItsWakeUp()
    {
        WaitCounts counts = Count(WaitProfiles.Fixed, world =>
        {
            HeldEntry held = world.Hold(1);
            Thread sleeper = world.StartAndAwaitSleep(() => world.Put(1, Pte));
            Thread.Sleep(5);
            world.Locker.Unlock(held.Start, Pte);
            sleeper.Join();
        });
        Assert.That(counts.WaitedNs, Is.GreaterThan(4_000_000));
        Assert.That(counts with { WaitedNs = 0 }, Is.EqualTo(new WaitCounts { Waits = 1, Sleeps = 1, WakeCalls = 1 }));
    }

    [Test]
    public void AConflictCountsNoSleep()
    {
        WaitCounts counts = Count(WaitProfiles.Fixed, world =>
        {
            world.Put(1, Pte);
            Assert.That(world.Locker.Grab(new PageIndex(0), PageOrder.Pmd).Outcome, Is.EqualTo(GrabOutcome.Conflict));
        });
        Assert.That(counts, Is.EqualTo(new WaitCounts { Conflicts = 1 }));
    }

    [Test]
    public void AnyOrderSleepsForASmallerEntryForNothing()
    {
        WaitCounts counts = Count(WaitProfiles.KaraAnyOrder, world =>
        {
            HeldEntry held = world.Hold(1);
            Thread huge = world.StartAndAwaitSleep(() => world.Locker.Grab(new PageIndex(0), PageOrder.Pmd));
            world.Locker.Unlock(held.Start, Pte);
            huge.Join();
        });

        // It found the entry unlocked, had no use for it and passed the wake-up on, to nobody.
        Assert.That(counts with { WaitedNs = 0 }, Is.EqualTo(new WaitCounts
        {
            Waits = 1,
            Sleeps = 1,
            WaitsForSmaller = 1,
            NeedlessWaits = 1,
            Conflicts = 1,
            PassedOn = 1,
            WakeCalls = counts.WakeCalls,
            EmptyWakeCalls = counts.WakeCalls - 1,
        }));
    }

    [Test]
    public void ASleepForASmallerEntryThatGoesAwayIsNotNeedless()
    {
        WaitCounts counts = Count(WaitProfiles.KaraAnyOrder, world =>
        {
            HeldEntry held = world.Hold(1);
            Thread huge = world.StartAndAwaitSleep(() => world.Put(0, Pmd));
            world.Locker.Remove(held);
            huge.Join();
        });
        Assert.That(counts.WaitsForSmaller, Is.EqualTo(1));
        Assert.That(counts.NeedlessWaits, Is.Zero);
        Assert.That(counts.Conflicts, Is.Zero);
    }

    [Test]
    public void OneKeyForAllPagesWakesTheWrongSleeper()
    {
        WaitCounts counts = Count(WaitProfiles.DanNaive, world =>
        {
            HeldEntry first = world.Hold(1);
            HeldEntry second = world.Hold(2);
            Thread sleeper = world.StartAndAwaitSleep(() => world.Put(2, Pte));
            world.Locker.Unlock(first.Start, Pte);
            world.Await(() => WaitCounts.Now.WrongWakeUps > 0 && world.Waits.SleeperCount == 1, "the sleeper does not go back to sleep");
            world.Locker.Unlock(second.Start, Pte);
            sleeper.Join();
        });
        Assert.That(counts with { WaitedNs = 0 }, Is.EqualTo(new WaitCounts { Waits = 2, Sleeps = 2, WrongWakeUps = 1, FutileWakeUps = 1, WakeCalls = 2 }));
    }

    [Test]
    public void AnUnlockThatFindsNobodyUnderItsKeyIsCounted()
    {
        WaitCounts counts = Count(WaitProfiles.Fixed, world =>
        {
            HeldEntry held = world.Hold(1);
            Thread sleeper = world.StartAndAwaitSleep(() => world.Put(1, Pte));
            world.Put(2, Pte);
            world.Locker.Unlock(held.Start, Pte);
            sleeper.Join();
        });
        Assert.That(counts with { WaitedNs = 0 }, Is.EqualTo(new WaitCounts { Waits = 1, Sleeps = 1, WakeCalls = 2, EmptyWakeCalls = 1 }));
    }

    private static WaitCounts Count(WaitProfile profile, Action<LockWorld> action)
    {
        using var world = new LockWorld(profile);
        WaitCounts before = WaitCounts.Now;
        action(world);
        return WaitCounts.Now - before;
    }
}
