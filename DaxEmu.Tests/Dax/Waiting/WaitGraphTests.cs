using DaxEmu.Core;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Waiting;

public sealed class WaitGraphTests
{
    private static readonly DaxEntry Pte = DaxEntry.Real(new Pfn(3), PageOrder.Pte);

    [Test]
    public void NobodySleeps()
    {
        using EntryFixture fixture = new();
        Assert.That(fixture.Graph().Waiters, Is.Empty);
        Assert.That(fixture.Graph().HasLostWaiter, Is.False);
        Assert.That(fixture.Graph().ToString(), Is.EqualTo("No thread waits."));
    }

    [Test]
    public void ASleeperWaitsForTheOwner()
    {
        using EntryFixture fixture = new();
        ParkedGrab holder = fixture.Grab(513);
        fixture.AwaitSettled();
        ParkedGrab sleeper = fixture.Grab(513);
        fixture.AwaitSettled();

        WaitGraphWaiter seen = fixture.Graph(_ => "the first").Waiters.Single();
        Assert.That((seen.ManagedThreadId, seen.ThreadName), Is.EqualTo((sleeper.ThreadId, sleeper.Name)));
        Assert.That(seen.Reason, Is.EqualTo(new WaitReason(new PageIndex(513), PageOrder.Pte, new PageIndex(513), PageOrder.Pte)));
        Assert.That(
            (seen.State, seen.Verdict, seen.IsLost, seen.IsExclusive),
            Is.EqualTo((AwaitedState.Locked, WaiterVerdict.WaitsForOwner, false, true)));
        Assert.That(
            fixture.Graph(_ => "the first").ToString(),
            Does.Contain("entry at page 513, 4 KiB, locked by the first; slept on under key 513")
            .And.Contain($"thread {sleeper.ThreadId} 'grab 513 order 0' looks for page 513, 4 KiB, exclusive"));
        holder.LeaveAs(Pte);
    }

    [Test]
    public void ASleeperOnTheWrongKeyIsLostEvenBeforeTheOwnerLetsGo()
    {
        using EntryFixture fixture = new(WaitProfiles.ByName("raw"));
        ParkedGrab holder = fixture.Grab(513);
        fixture.AwaitSettled();
        fixture.Grab(512, PageOrder.Pmd);
        fixture.AwaitSettled();

        Assert.That(fixture.Graph().Waiters.Single().Verdict, Is.EqualTo(WaiterVerdict.OwnerWillWakeAnotherKey));
        holder.LeaveAs(Pte);
        WaitGraphWaiter sleeper = fixture.Graph().Waiters.Single();
        Assert.That(
            (sleeper.State, sleeper.Verdict, sleeper.IsLost),
            Is.EqualTo((AwaitedState.Unlocked, WaiterVerdict.AnotherKeyWasWoken, true)));
        Assert.That(sleeper.LastWake?.Key.Start.Value, Is.EqualTo(513));
        fixture.Remove(513);
        Assert.That(fixture.Graph().ToString(), Does.Contain("the entry is gone and key 513 was woken"));
        fixture.Rescue();
    }

    [Test]
    public void ASharedKeyIsNoWrongKey()
    {
        using EntryFixture fixture = new(WaitProfiles.ByName("mask-all"));
        ParkedGrab holder = fixture.Grab(513);
        fixture.AwaitSettled();
        fixture.Grab(512, PageOrder.Pmd);
        fixture.AwaitSettled();
        WaitGraphWaiter sleeper = fixture.Graph().Waiters.Single();
        Assert.That(
            (sleeper.Key.Start.Value, sleeper.Reason.EntryStart.Value, sleeper.Verdict),
            Is.EqualTo((512L, 513L, WaiterVerdict.WaitsForOwner)));
        holder.LeaveAs(Pte);
    }

    [Test]
    public void AWakeUpThatWentToAnotherIsToldFromOneThatWasNeverSent()
    {
        using EntryFixture fixture = new(WaitProfiles.ByName("v4.19"));
        ParkedGrab holder = fixture.Grab(513);
        fixture.AwaitSettled();
        fixture.WaitFor(513);
        fixture.AwaitSettled();
        fixture.Grab(513);
        fixture.AwaitSettled();
        holder.LeaveAs(Pte);
        fixture.AwaitSettled();
        Assert.That(fixture.Graph().Waiters.Single().Verdict, Is.EqualTo(WaiterVerdict.WakeUpWentToAnother));
        fixture.Rescue();
        fixture.AwaitSettled();

        // And one that was never sent: let go of without a word.
        ParkedGrab second = fixture.Grab(600);
        fixture.AwaitSettled();
        fixture.Grab(600);
        fixture.AwaitSettled();
        fixture.Table.SlotOf(new PageIndex(600)) = second.Held.Entry.Word;
        Assert.That(fixture.Graph().Waiters.Single().Verdict, Is.EqualTo(WaiterVerdict.NoWakeUpKnown));
        fixture.Rescue();
        fixture.AwaitSettled();
        second.LeaveBy(_ => { });
    }

    [Test]
    public void AMappingThatNobodyToldOfIsUnknown()
    {
        using EntryFixture fixture = new();
        ParkedGrab holder = fixture.Grab(513);
        fixture.AwaitSettled();
        fixture.Grab(513);
        fixture.AwaitSettled();
        WaitGraphWaiter sleeper = WaitGraph.Capture(fixture.Waits, [], []).Waiters.Single();
        Assert.That(
            (sleeper.State, sleeper.Verdict, sleeper.ThreadName),
            Is.EqualTo((AwaitedState.Unknown, WaiterVerdict.Unknown, (string?)null)));
        holder.LeaveAs(Pte);
    }

    [Test]
    public void ACrowdIsToldInAboutTenLines()
    {
        using EntryFixture fixture = new();
        ParkedGrab holder = fixture.Grab(513);
        fixture.AwaitSettled();
        for (int i = 0; i < 20; i++)
        {
            fixture.Grab(513).Leave();
        }

        fixture.AwaitSleepers(20);
        string text = fixture.Graph().ToString();
        Assert.That(text, Does.StartWith("20 threads wait for an entry:").And.Contain("and 16 more"));
        Assert.That(text.Split('\n'), Has.Length.LessThanOrEqualTo(10));
        Assert.That(fixture.Graph().Waiters.Select(s => s.SinceTimestamp), Is.Ordered, "who sleeps longest comes first");
        holder.LeaveAs(Pte);
    }
}
