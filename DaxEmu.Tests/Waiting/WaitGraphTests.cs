using DaxEmu.Core.Entries;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting;
using DaxEmu.Core.Waiting.Profiles;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Waiting;

public sealed class WaitGraphTests
{
    private static readonly DaxEntry Pte = DaxEntry.Real(new Pfn(3), PageOrder.Pte);

    [Test]
    public void NobodySleeps()
    {
        using EntryWorld world = new();
        Assert.That(world.Graph().Sleepers, Is.Empty);
        Assert.That(world.Graph().HasLostSleeper, Is.False);
        Assert.That(world.Graph().ToString(), Is.EqualTo("Nobody sleeps for an entry."));
    }

    [Test]
    public void ASleeperWaitsForTheOwner()
    {
        using EntryWorld world = new();
        ParkedGrab holder = world.Grab(513);
        world.AwaitSettled();
        ParkedGrab sleeper = world.Grab(513);
        world.AwaitSettled();

        WaitGraphSleeper seen = world.Graph(_ => "the first").Sleepers.Single();
        Assert.That((seen.ManagedThreadId, seen.ThreadName), Is.EqualTo((sleeper.ThreadId, sleeper.Name)));
        Assert.That(seen.Reason, Is.EqualTo(new SleepReason(new PageIndex(513), PageOrder.Pte, new PageIndex(513), PageOrder.Pte)));
        Assert.That(
            (seen.State, seen.Verdict, seen.IsLost, seen.IsExclusive),
            Is.EqualTo((SleptForState.Locked, SleeperVerdict.WaitsForOwner, false, true)));
        Assert.That(
            world.Graph(_ => "the first").ToString(),
            Does.Contain("entry at page 513, 4 KiB, locked by the first; slept on under key 513")
            .And.Contain($"thread {sleeper.ThreadId} 'grab 513 order 0' looks for page 513, 4 KiB, exclusive"));
        holder.LeaveAs(Pte);
    }

    [Test]
    public void ASleeperOnTheWrongKeyIsLostEvenBeforeTheOwnerLetsGo()
    {
        using EntryWorld world = new(WaitProfiles.ByName("raw"));
        ParkedGrab holder = world.Grab(513);
        world.AwaitSettled();
        world.Grab(512, PageOrder.Pmd);
        world.AwaitSettled();

        Assert.That(world.Graph().Sleepers.Single().Verdict, Is.EqualTo(SleeperVerdict.OwnerWillWakeAnotherKey));
        holder.LeaveAs(Pte);
        WaitGraphSleeper sleeper = world.Graph().Sleepers.Single();
        Assert.That(
            (sleeper.State, sleeper.Verdict, sleeper.IsLost),
            Is.EqualTo((SleptForState.Unlocked, SleeperVerdict.AnotherKeyWasWoken, true)));
        Assert.That(sleeper.LastWake?.Key.Start.Value, Is.EqualTo(513));
        world.Remove(513);
        Assert.That(world.Graph().ToString(), Does.Contain("the entry is gone and key 513 was woken"));
        world.Rescue();
    }

    [Test]
    public void ASharedKeyIsNoWrongKey()
    {
        using EntryWorld world = new(WaitProfiles.ByName("mask-all"));
        ParkedGrab holder = world.Grab(513);
        world.AwaitSettled();
        world.Grab(512, PageOrder.Pmd);
        world.AwaitSettled();
        WaitGraphSleeper sleeper = world.Graph().Sleepers.Single();
        Assert.That(
            (sleeper.Key.Start.Value, sleeper.Reason.EntryStart.Value, sleeper.Verdict),
            Is.EqualTo((512L, 513L, SleeperVerdict.WaitsForOwner)));
        holder.LeaveAs(Pte);
    }

    [Test]
    public void AWakeUpThatWentToAnotherIsToldFromOneThatWasNeverSent()
    {
        using EntryWorld world = new(WaitProfiles.ByName("v4.19"));
        ParkedGrab holder = world.Grab(513);
        world.AwaitSettled();
        world.WaitFor(513);
        world.AwaitSettled();
        world.Grab(513);
        world.AwaitSettled();
        holder.LeaveAs(Pte);
        world.AwaitSettled();
        Assert.That(world.Graph().Sleepers.Single().Verdict, Is.EqualTo(SleeperVerdict.WakeUpWentToAnother));
        world.Rescue();
        world.AwaitSettled();

        // And one that was never sent: let go of without a word.
        ParkedGrab second = world.Grab(600);
        world.AwaitSettled();
        world.Grab(600);
        world.AwaitSettled();
        world.Table.SlotOf(new PageIndex(600)) = second.Held.Entry.Word;
        Assert.That(world.Graph().Sleepers.Single().Verdict, Is.EqualTo(SleeperVerdict.NoWakeUpKnown));
        world.Rescue();
        world.AwaitSettled();
        second.LeaveBy(_ => { });
    }

    [Test]
    public void AMappingThatNobodyToldOfIsUnknown()
    {
        using EntryWorld world = new();
        ParkedGrab holder = world.Grab(513);
        world.AwaitSettled();
        world.Grab(513);
        world.AwaitSettled();
        WaitGraphSleeper sleeper = WaitGraph.Capture(world.Waits, []).Sleepers.Single();
        Assert.That(
            (sleeper.State, sleeper.Verdict, sleeper.ThreadName),
            Is.EqualTo((SleptForState.Unknown, SleeperVerdict.Unknown, (string?)null)));
        holder.LeaveAs(Pte);
    }

    [Test]
    public void ACrowdIsToldInAboutTenLines()
    {
        using EntryWorld world = new();
        ParkedGrab holder = world.Grab(513);
        world.AwaitSettled();
        for (int i = 0; i < 20; i++)
        {
            world.Grab(513).Leave();
        }

        world.AwaitSleepers(20);
        string text = world.Graph().ToString();
        Assert.That(text, Does.StartWith("20 threads sleep for an entry:").And.Contain("and 16 more"));
        Assert.That(text.Split('\n'), Has.Length.LessThanOrEqualTo(10));
        Assert.That(world.Graph().Sleepers.Select(s => s.SinceTimestamp), Is.Ordered, "who sleeps longest comes first");
        holder.LeaveAs(Pte);
    }
}
