using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Dax.Waiting.Policies;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Waiting;

/// <summary>
/// Each way in which a woken thread can walk away, in a scenario where nothing but its passing the wake-up on helps the next: removals wake
/// one only.
/// </summary>
public sealed class PassOnTests
{
    private const long Base = 512;

    private static readonly DaxEntry Pte = DaxEntry.Real(new Pfn(3), PageOrder.Pte);
    private static readonly WaitProfile OneOnDelete = WaitProfiles.Fixed with { RemovalWake = new WakeOneOnDelete() };
    private static readonly WaitProfile OneOnDowngrade = WaitProfiles.Fixed with { RemovalWake = new WakeOneOnDowngrade() };

    [Test]
    public void WhoWalksAwayWakesTheNext([ValueSource(nameof(AbandonReasons))] object occasion)
    {
        (WaitProfile profile, Func<EntryFixture, ParkedGrab> scenario) = CaseFor((AbandonReason)occasion);
        using EntryFixture fixture = new(profile);
        ParkedGrab next = scenario(fixture);
        fixture.AwaitSettled();
        Assert.That(next.HasAnswer, Is.True, () => fixture.Graph().ToString());
    }

    [Test]
    public void WithoutThatTheNextSleepsForEver([ValueSource(nameof(AbandonReasons))] object occasion)
    {
        (WaitProfile profile, Func<EntryFixture, ParkedGrab> scenario) = CaseFor((AbandonReason)occasion);
        using EntryFixture fixture = new(profile with { PassOn = new NeverPassOn() });
        ParkedGrab next = scenario(fixture);
        fixture.AwaitSettled();
        Assert.That(next.HasAnswer, Is.False, "else the case does not show what passing on is for");
        fixture.Rescue();
    }

    private static (WaitProfile Profile, Func<EntryFixture, ParkedGrab> Scenario) CaseFor(AbandonReason occasion) => occasion switch
    {
        AbandonReason.SleepsAgain => (WaitProfiles.KaraAnyOrder, LostWakeUpTests.AWokenPmdFaultFindsAnotherPage),
        AbandonReason.LockedAnother => (OneOnDelete, LostWakeUpTests.AnInvalidationOfAPmd),
        AbandonReason.HasNoUse => (WaitProfiles.KaraAnyOrder, AWokenPmdFaultFindsItsPageUnlocked),
        AbandonReason.FoundNothing => (OneOnDelete, LostWakeUpTests.ThreeInvalidations),
        AbandonReason.Refused => (OneOnDowngrade, AWokenPmdFaultFindsATable),
        _ => throw new ArgumentOutOfRangeException(nameof(occasion)),
    };

    private static ParkedGrab AWokenPmdFaultFindsItsPageUnlocked(EntryFixture scenario)
    {
        ParkedGrab holder = LostWakeUpTests.Settled(scenario, scenario.Grab(Base + 1));
        ParkedGrab huge = LostWakeUpTests.Settled(scenario, scenario.Grab(Base, PageOrder.Pmd));
        ParkedGrab fault = LostWakeUpTests.Settled(scenario, scenario.Grab(Base + 1));
        holder.LeaveAs(Pte);
        Assert.That(huge.Outcome, Is.EqualTo(GrabOutcome.Conflict));
        return fault;
    }

    private static ParkedGrab AWokenPmdFaultFindsATable(EntryFixture scenario)
    {
        scenario.Put(Base, DaxEntry.Zero(PageOrder.Pmd));
        ParkedGrab downgrader = LostWakeUpTests.Settled(scenario, scenario.Grab(Base + 1, downgrades: false));
        ParkedGrab huge = LostWakeUpTests.Settled(scenario, scenario.Grab(Base, PageOrder.Pmd));
        ParkedGrab fault = LostWakeUpTests.Settled(scenario, scenario.Grab(Base + 2));
        downgrader.LeaveBy(pmd =>
        {
            HeldEntry held = scenario.Locker.FinishDowngrade(pmd, new PageIndex(Base + 1));
            scenario.Locker.Unlock(held.Start, Pte);
        });
        Assert.That(huge.Outcome, Is.EqualTo(GrabOutcome.Conflict));
        return fault;
    }

    private static IEnumerable<object> AbandonReasons => Enum.GetValues<AbandonReason>().Cast<object>();
}
