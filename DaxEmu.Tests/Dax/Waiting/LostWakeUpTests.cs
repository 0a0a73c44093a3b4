using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Waiting;

/// <summary>
/// The small cases of the lost wake-ups of <c>fs/dax.c</c>, on real threads. Each step waits until everybody sleeps or has an answer, so
/// the order is the same in every run. A hang needs no clock: everybody else has left, no entry is locked, and one still sleeps.
/// </summary>
public sealed class LostWakeUpTests
{
    private const long Base = 512;

    private static readonly DaxEntry Pte = DaxEntry.Real(new Pfn(3), PageOrder.Pte);
    private static readonly DaxEntry Pmd = DaxEntry.Real(new Pfn(1024), PageOrder.Pmd);

    private static readonly Case[] Cases =
    [
        new("a 2 MiB fault meets a locked page (23c84eb78375)", APmdFaultMeetsALockedPage, ["v4.20"]),
        new("an invalidation keeps its entry (61c30c98ef17)", AnInvalidationKeepsItsEntry, ["v5.3-rc1"]),
        new("an invalidation removes its entry (61c30c98ef17)", AnInvalidationRemovesItsEntry, ["v5.3-rc1"]),
        new("three invalidations of one page (237388320def)", ThreeInvalidations, ["v5.3-rc1", "v5.3", "v5.4"]),
        new("an invalidation of 2 MiB with faults of two pages (237388320def)", AnInvalidationOfAPmd, ["v5.4"], NeedsPmd: true),
        new("a lock by page finds its page gone", ALockByPageWalksAway, ["v4.19"]),
        new("an unlock by page of 2 MiB (fda490d39fc0)", AnUnlockByPageOfAPmd, ["v4.19"], NeedsPmd: true),
        new("a downgrade with faults of two pages (965d004af540)", ADowngrade, ["v4.10-holes"], NeedsPmd: true),
        new("a woken 2 MiB fault finds another locked page", AWokenPmdFaultFindsAnotherPage, ["key-found"]),
    ];

    private static IEnumerable<TestCaseData> Failing =>
        from c in Cases from name in c.GuiltyProfiles select new TestCaseData(c, name).SetArgDisplayNames(c.Name, name);

    private static IEnumerable<TestCaseData> Innocent =>
        from c in Cases
        from profile in WaitProfiles.All
        where !c.GuiltyProfiles.Contains(profile.Name) && !(c.NeedsPmd && profile.Smaller.RefusesEmptyRange)
        select new TestCaseData(c, profile.Name).SetArgDisplayNames(c.Name, profile.Name);

    [TestCaseSource(nameof(Failing))]
    public void Hangs(object scenarioCase, string profile)
    {
        using EntryFixture fixture = new(WaitProfiles.ByName(profile));
        ParkedGrab victim = ((Case)scenarioCase).Run(fixture);
        fixture.AwaitSettled();
        Assert.That(victim.HasAnswer, Is.False, "this profile must lose the wake-up");
        Assert.That(fixture.Table.Snapshot().Where(e => e.Entry.IsLocked), Is.Empty, "nobody is left who could wake it");

        fixture.Rescue();
        _ = victim.Outcome;
    }

    [TestCaseSource(nameof(Innocent))]
    public void Completes(object scenarioCase, string profile)
    {
        using EntryFixture fixture = new(WaitProfiles.ByName(profile));
        ParkedGrab victim = ((Case)scenarioCase).Run(fixture);
        fixture.AwaitSettled();
        Assert.That(victim.HasAnswer, Is.True, () => fixture.Graph().ToString());
    }

    [Test]
    public void TheHangOf2019IsDiagnosedWithBothKeys()
    {
        using EntryFixture fixture = new(WaitProfiles.ByName("raw"));
        ParkedGrab fault = APmdFaultMeetsALockedPage(fixture);
        Assert.That(fault.GetsAnswerWithin(EntryFixture.LongEnough), Is.False);
        Assert.That(fixture.Table[new PageIndex(Base + 1)].Entry, Is.EqualTo(Pte), "nobody holds the page");

        Assert.That(fixture.Graph().HasLostWaiter, Is.True);
        Assert.That(
            fixture.Graph().ToString(),
            Does.Contain("the entry was unlocked and key 513 was woken, but this thread sleeps on key 512: it will never be woken"));

        fixture.Waits.Wake(new(fixture.Table.MappingId, new PageIndex(Base)), DaxEmu.Core.Dax.Waiting.WakeMode.Next);
        Assert.That(fault.Outcome, Is.EqualTo(GrabOutcome.Conflict));
    }

    [TestCaseSource(typeof(WaitProfiles), nameof(WaitProfiles.All))]
    public void OnlyTheProfilesThatMistakeNothingForAConflictMakeHugeEntries(WaitProfile profile)
    {
        using EntryFixture fixture = new(profile);
        GrabOutcome expected = profile.Name is "v5.3-rc1" or "v5.3" ? GrabOutcome.Conflict : GrabOutcome.Locked;
        Assert.That(fixture.Grab(Base, PageOrder.Pmd).Outcome, Is.EqualTo(expected));
    }

    private static ParkedGrab APmdFaultMeetsALockedPage(EntryFixture fixture)
    {
        ParkedGrab holder = Settled(fixture, fixture.Grab(Base + 1));
        ParkedGrab fault = Settled(fixture, fixture.Grab(Base, PageOrder.Pmd));
        holder.LeaveAs(Pte);
        return fault;
    }

    private static ParkedGrab AnInvalidationKeepsItsEntry(EntryFixture fixture)
    {
        ParkedGrab holder = Settled(fixture, fixture.Grab(Base));
        ParkedGrab invalidation = Settled(fixture, fixture.Take(Base));
        ParkedGrab fault = Settled(fixture, fixture.Grab(Base));
        holder.LeaveAs(Pte);
        invalidation.LeaveByPut();
        return fault;
    }

    private static ParkedGrab AnInvalidationRemovesItsEntry(EntryFixture fixture)
    {
        ParkedGrab holder = Settled(fixture, fixture.Grab(Base));
        ParkedGrab invalidation = Settled(fixture, fixture.Take(Base));
        ParkedGrab fault = Settled(fixture, fixture.Grab(Base));
        holder.LeaveAs(Pte);
        invalidation.LeaveByRemove();
        return fault;
    }

    internal static ParkedGrab ThreeInvalidations(EntryFixture fixture)
    {
        ParkedGrab holder = Settled(fixture, fixture.Grab(Base));
        ParkedGrab first = Settled(fixture, fixture.Take(Base));
        Settled(fixture, fixture.Take(Base));
        ParkedGrab third = Settled(fixture, fixture.Take(Base));
        holder.LeaveAs(Pte);
        first.LeaveByRemove();
        return third;
    }

    internal static ParkedGrab AnInvalidationOfAPmd(EntryFixture fixture)
    {
        ParkedGrab holder = Settled(fixture, fixture.Grab(Base, PageOrder.Pmd));
        ParkedGrab invalidation = Settled(fixture, fixture.Take(Base));
        ParkedGrab inner = Settled(fixture, fixture.Grab(Base + 1));
        ParkedGrab outer = Settled(fixture, fixture.Grab(Base));
        holder.LeaveAs(Pmd);
        invalidation.LeaveByRemove();
        inner.LeaveAs(Pte);
        return outer;
    }

    private static ParkedGrab ALockByPageWalksAway(EntryFixture fixture)
    {
        ParkedGrab holder = Settled(fixture, fixture.Grab(Base));
        Settled(fixture, fixture.WaitFor(Base));
        ParkedGrab fault = Settled(fixture, fixture.Grab(Base));
        holder.LeaveAs(Pte);
        return fault;
    }

    private static ParkedGrab AnUnlockByPageOfAPmd(EntryFixture fixture)
    {
        ParkedGrab holder = Settled(fixture, fixture.Grab(Base, PageOrder.Pmd));
        ParkedGrab fault = Settled(fixture, fixture.Grab(Base + 5));
        holder.LeaveBy(held => fixture.Locker.UnlockByPage(new PageIndex(Base + 5), new HeldEntry(held.Start, Pmd)));
        return fault;
    }

    private static ParkedGrab ADowngrade(EntryFixture fixture)
    {
        fixture.Put(Base, DaxEntry.Zero(PageOrder.Pmd));
        ParkedGrab downgrader = Settled(fixture, fixture.Grab(Base + 1, downgrades: false));
        ParkedGrab first = Settled(fixture, fixture.Grab(Base + 1));
        ParkedGrab second = Settled(fixture, fixture.Grab(Base + 2));
        downgrader.LeaveBy(pmd =>
        {
            HeldEntry held = fixture.Locker.FinishDowngrade(pmd, new PageIndex(Base + 1));
            fixture.Locker.Unlock(held.Start, Pte);
        });
        first.LeaveAs(Pte);
        return second;
    }

    internal static ParkedGrab AWokenPmdFaultFindsAnotherPage(EntryFixture fixture)
    {
        ParkedGrab holder = Settled(fixture, fixture.Grab(Base + 1));
        Settled(fixture, fixture.Grab(Base, PageOrder.Pmd));
        ParkedGrab fault = Settled(fixture, fixture.Grab(Base + 1));
        ParkedGrab other = Settled(fixture, fixture.Grab(Base));
        holder.LeaveAs(Pte);
        fixture.AwaitSettled();
        other.LeaveAs(Pte);
        return fault;
    }

    internal static ParkedGrab Settled(EntryFixture fixture, ParkedGrab thread)
    {
        fixture.AwaitSettled();
        return thread;
    }

    /// <summary>A small case.</summary>
    /// <param name="Name">Its description in a few words.</param>
    /// <param name="Run">Plays it and returns the thread that the failing profiles leave asleep.</param>
    /// <param name="GuiltyProfiles">The profiles that lose the wake-up.</param>
    /// <param name="NeedsPmd">Whether it begins with a 2 MiB entry, which not every profile makes.</param>
    internal sealed record Case(string Name, Func<EntryFixture, ParkedGrab> Run, string[] GuiltyProfiles, bool NeedsPmd = false);
}
