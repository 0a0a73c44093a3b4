using DaxEmu.Core.Entries;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting.Profiles;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Waiting;

/// <summary>
/// Each way in which a woken thread can walk away, in a world where nothing but its passing the wake-up on helps the next: removals wake
/// one only.
/// </summary>
public sealed class PassOnTests
{
    private const long Base = 512;

    private static readonly DaxEntry Pte = DaxEntry.Real(new Pfn(3), PageOrder.Pte);
    private static readonly WaitProfile OneOnDelete = WaitProfiles.Fixed with { RemovalWake = new WakeOneOnDelete() };
    private static readonly WaitProfile OneOnDowngrade = WaitProfiles.Fixed with { RemovalWake = new WakeOneOnDowngrade() };

    [Test]
    public void WhoWalksAwayWakesTheNext([Values] LeaveOccasion occasion)
    {
        (WaitProfile profile, Func<EntryWorld, ParkedGrab> scenario) = CaseFor(occasion);
        using EntryWorld world = new(profile);
        ParkedGrab next = scenario(world);
        world.AwaitSettled();
        Assert.That(next.HasAnswer, Is.True, () => world.Graph().ToString());
    }

    [Test]
    public void WithoutThatTheNextSleepsForEver([Values] LeaveOccasion occasion)
    {
        (WaitProfile profile, Func<EntryWorld, ParkedGrab> scenario) = CaseFor(occasion);
        using EntryWorld world = new(profile with { PassOn = new NeverPassOn() });
        ParkedGrab next = scenario(world);
        world.AwaitSettled();
        Assert.That(next.HasAnswer, Is.False, "else the case does not show what passing on is for");
        world.Rescue();
    }

    private static (WaitProfile Profile, Func<EntryWorld, ParkedGrab> Scenario) CaseFor(LeaveOccasion occasion) => occasion switch
    {
        LeaveOccasion.SleepsAgain => (WaitProfiles.KaraAnyOrder, LostWakeUpTests.AWokenPmdFaultFindsAnotherPage),
        LeaveOccasion.LockedAnother => (OneOnDelete, LostWakeUpTests.AnInvalidationOfAPmd),
        LeaveOccasion.HasNoUse => (WaitProfiles.KaraAnyOrder, AWokenPmdFaultFindsItsPageUnlocked),
        LeaveOccasion.FoundNothing => (OneOnDelete, LostWakeUpTests.ThreeInvalidations),
        LeaveOccasion.Refused => (OneOnDowngrade, AWokenPmdFaultFindsATable),
        _ => throw new ArgumentOutOfRangeException(nameof(occasion)),
    };

    private static ParkedGrab AWokenPmdFaultFindsItsPageUnlocked(EntryWorld world)
    {
        ParkedGrab holder = LostWakeUpTests.Settled(world, world.Grab(Base + 1));
        ParkedGrab huge = LostWakeUpTests.Settled(world, world.Grab(Base, PageOrder.Pmd));
        ParkedGrab fault = LostWakeUpTests.Settled(world, world.Grab(Base + 1));
        holder.LeaveAs(Pte);
        Assert.That(huge.Outcome, Is.EqualTo(GrabOutcome.Conflict));
        return fault;
    }

    private static ParkedGrab AWokenPmdFaultFindsATable(EntryWorld world)
    {
        world.Put(Base, DaxEntry.Zero(PageOrder.Pmd));
        ParkedGrab downgrader = LostWakeUpTests.Settled(world, world.Grab(Base + 1, downgrades: false));
        ParkedGrab huge = LostWakeUpTests.Settled(world, world.Grab(Base, PageOrder.Pmd));
        ParkedGrab fault = LostWakeUpTests.Settled(world, world.Grab(Base + 2));
        downgrader.LeaveBy(pmd =>
        {
            HeldEntry held = world.Locker.FinishDowngrade(pmd, new PageIndex(Base + 1));
            world.Locker.Unlock(held.Start, Pte);
        });
        Assert.That(huge.Outcome, Is.EqualTo(GrabOutcome.Conflict));
        return fault;
    }
}
