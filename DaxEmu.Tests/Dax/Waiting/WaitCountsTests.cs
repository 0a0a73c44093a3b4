using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Waiting;

/// <summary>What is counted when threads wait: one case for each count.</summary>
[NonParallelizable]
public sealed class WaitCountsTests
{
    private static readonly DaxEntry Pte = DaxEntry.Real(new Pfn(3), PageOrder.Pte);
    private static readonly DaxEntry Pmd = DaxEntry.Real(new Pfn(512), PageOrder.Pmd);

    [Test]
    public void ALockThatNobodyContendsCountsNothing()
    {
        WaitCounts counts = Count(WaitProfiles.Fixed, fixture =>
        {
            fixture.Put(1, Pte);
            fixture.Locker.Remove(fixture.Hold(1));
        });
        Assert.That(counts, Is.EqualTo(default(WaitCounts)));
    }

    [Test]
    public void ASleepForAnEntryIsCountedWithItsTimeAndItsWakeUp()
    {
        WaitCounts counts = Count(WaitProfiles.Fixed, fixture =>
        {
            HeldEntry held = fixture.Hold(1);
            Thread sleeper = fixture.StartAndAwaitSleep(() => fixture.Put(1, Pte));
            Thread.Sleep(5);
            fixture.Locker.Unlock(held.Start, Pte);
            sleeper.Join();
        });
        Assert.That(counts.WaitedNs, Is.GreaterThan(4_000_000));
        Assert.That(counts with { WaitedNs = 0 }, Is.EqualTo(new WaitCounts { Waits = 1, Sleeps = 1, WakeCalls = 1 }));
    }

    [Test]
    public void AConflictCountsNoSleep()
    {
        WaitCounts counts = Count(WaitProfiles.Fixed, fixture =>
        {
            fixture.Put(1, Pte);
            Assert.That(fixture.Locker.Grab(new PageIndex(0), PageOrder.Pmd).Outcome, Is.EqualTo(GrabOutcome.Conflict));
        });
        Assert.That(counts, Is.EqualTo(new WaitCounts { Conflicts = 1 }));
    }

    [Test]
    public void AnyOrderSleepsForASmallerEntryForNothing()
    {
        WaitCounts counts = Count(WaitProfiles.KaraAnyOrder, fixture =>
        {
            HeldEntry held = fixture.Hold(1);
            Thread huge = fixture.StartAndAwaitSleep(() => fixture.Locker.Grab(new PageIndex(0), PageOrder.Pmd));
            fixture.Locker.Unlock(held.Start, Pte);
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
        WaitCounts counts = Count(WaitProfiles.KaraAnyOrder, fixture =>
        {
            HeldEntry held = fixture.Hold(1);
            Thread huge = fixture.StartAndAwaitSleep(() => fixture.Put(0, Pmd));
            fixture.Locker.Remove(held);
            huge.Join();
        });
        Assert.That(counts.WaitsForSmaller, Is.EqualTo(1));
        Assert.That(counts.NeedlessWaits, Is.Zero);
        Assert.That(counts.Conflicts, Is.Zero);
    }

    [Test]
    public void OneKeyForAllPagesWakesTheWrongSleeper()
    {
        WaitCounts counts = Count(WaitProfiles.DanNaive, fixture =>
        {
            HeldEntry first = fixture.Hold(1);
            HeldEntry second = fixture.Hold(2);
            Thread sleeper = fixture.StartAndAwaitSleep(() => fixture.Put(2, Pte));
            fixture.Locker.Unlock(first.Start, Pte);
            fixture.Await(() => WaitCounts.Now.SpuriousWakeUps > 0 && fixture.Waits.WaiterCount == 1, "the sleeper does not go back to sleep");
            fixture.Locker.Unlock(second.Start, Pte);
            sleeper.Join();
        });
        Assert.That(counts with { WaitedNs = 0 }, Is.EqualTo(new WaitCounts { Waits = 2, Sleeps = 2, SpuriousWakeUps = 1, RepeatedSleeps = 1, WakeCalls = 2 }));
    }

    [Test]
    public void AnUnlockThatFindsNobodyUnderItsKeyIsCounted()
    {
        WaitCounts counts = Count(WaitProfiles.Fixed, fixture =>
        {
            HeldEntry held = fixture.Hold(1);
            Thread sleeper = fixture.StartAndAwaitSleep(() => fixture.Put(1, Pte));
            fixture.Put(2, Pte);
            fixture.Locker.Unlock(held.Start, Pte);
            sleeper.Join();
        });
        Assert.That(counts with { WaitedNs = 0 }, Is.EqualTo(new WaitCounts { Waits = 1, Sleeps = 1, WakeCalls = 2, EmptyWakeCalls = 1 }));
    }

    private static WaitCounts Count(WaitProfile profile, Action<LockingFixture> action)
    {
        using var fixture = new LockingFixture(profile);
        WaitCounts before = WaitCounts.Now;
        action(fixture);
        return WaitCounts.Now - before;
    }
}
