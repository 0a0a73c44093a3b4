using DaxEmu.Core.Entries;
using DaxEmu.Core.Units;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Entries;

public sealed class EntryMarksTests
{
    private static readonly DaxEntry DirtyPmd = DaxEntry.Real(new Pfn(1024), PageOrder.Pmd).WithDirty();
    private static readonly DaxEntry CleanPte = DaxEntry.Real(new Pfn(7), PageOrder.Pte);
    private static readonly DaxEntry DirtyPte = CleanPte.WithDirty();

    [Test]
    public void APassThatBeginsInTheMiddleOfAPmdChoosesAllOfIt()
    {
        using EntryWorld world = new();
        world.Put(512, DirtyPmd);
        world.Table.TagTowrite(new PageRange(new PageIndex(700), 1));
        Assert.That(Chosen(world), Is.EqualTo(new long[] { 512 }));
    }

    [Test]
    public void APassChoosesTheDirtyPagesOfItsRangeAndNoOthers()
    {
        using EntryWorld world = new();
        foreach (long page in (long[])[0, 1, 63, 64, 511, 512, 600, 1535])
        {
            world.Put(page, DirtyPte);
        }

        world.Put(2, CleanPte);
        world.Table.TagTowrite(PageRange.Between(new PageIndex(1), new PageIndex(600)));
        Assert.That(Chosen(world), Is.EqualTo(new long[] { 1, 63, 64, 511, 512 }));
    }

    [Test]
    public void AnEmptyRangeChoosesNothing()
    {
        using EntryWorld world = new();
        world.Put(0, DirtyPte);
        world.Table.TagTowrite(new PageRange(new PageIndex(0), 0));
        Assert.That(Chosen(world), Is.Empty);
    }

    [Test]
    public void ChosenEntriesAreFoundAcrossGapsOfManyRanges()
    {
        using EntryWorld world = new(regionCount: 1000);
        long[] pages = [5, 511, 512 * 3, (512 * 700) + 64, (512 * 999) + 511];
        foreach (long page in pages)
        {
            world.Put(page, DirtyPte);
        }

        world.Put(512 * 10, DirtyPmd);
        world.Table.TagTowrite(PageRange.All);
        Assert.That(Chosen(world), Is.EqualTo((long[])[5, 511, 512 * 3, 512 * 10, (512 * 700) + 64, (512 * 999) + 511]));

        Assert.That(world.Table.NextTowrite(new PageIndex(6), new PageIndex(511), out _), Is.False, "the end is not of the range");
        Assert.That(world.Table.NextTowrite(new PageIndex(6), new PageIndex(512), out PageIndex start), Is.True);
        Assert.That(start.Value, Is.EqualTo(511));
    }

    [Test]
    public void ALockedEntryIsChosenTooAndItsOwnerLosesNothing()
    {
        using EntryWorld world = new();
        world.Put(5, DirtyPte);
        ParkedGrab owner = world.Grab(5);
        _ = owner.Held;
        world.Table.TagTowrite(PageRange.All);
        Assert.That(Chosen(world), Is.EqualTo(new long[] { 5 }));
        owner.LeaveAs(DirtyPte.WithShared(true));
        Assert.That(world.Table[new PageIndex(5)], Is.EqualTo(new EntrySnapshot(new PageIndex(5), DirtyPte.WithShared(true), true)));
    }

    [TestCase(PageOrder.Pte)]
    [TestCase(PageOrder.Pmd)]
    public void AnEntryTakesItsMarkAlong(PageOrder order)
    {
        using EntryWorld world = new();
        world.Put(512, order == PageOrder.Pmd ? DirtyPmd : DirtyPte);
        world.Table.TagTowrite(PageRange.All);
        world.Remove(512);
        Assert.That(world.Table.IsTowrite(new PageIndex(512)), Is.False);
        world.Put(512, CleanPte);
        Assert.That(Chosen(world), Is.Empty);
    }

    [Test]
    public void ADowngradeDropsTheMarkOfThePmd()
    {
        using EntryWorld world = new();
        world.Put(512, DaxEntry.Zero(PageOrder.Pmd).WithDirty());
        world.Table.TagTowrite(PageRange.All);
        ParkedGrab fault = world.Grab(512);
        Assert.That(fault.Held.Entry, Is.EqualTo(DaxEntry.Empty(PageOrder.Pte)));
        Assert.That(Chosen(world), Is.Empty);
        fault.LeaveAs(CleanPte);
    }

    [Test]
    public void ARefreshKeepsARangeWithADirtyPageAndOneWithALockedPage()
    {
        using EntryWorld world = new();
        world.Put(0, DirtyPte);
        world.Put(512, DirtyPte);
        world.Put(512, DirtyPte);
        world.Put(1024, DirtyPte);
        Clean(world, 512);
        Clean(world, 1024);
        ParkedGrab owner = world.Grab(513);
        _ = owner.Held;
        world.Table.RefreshAnyDirty(PageRange.All);
        Assert.That(AnyDirty(world, 0), Is.True, "a page is dirty");
        Assert.That(AnyDirty(world, 1), Is.True, "a page is locked and may become dirty");
        Assert.That(AnyDirty(world, 2), Is.False, "all pages are clean");

        owner.LeaveAs(CleanPte);
        world.Table.RefreshAnyDirty(PageRange.All);
        Assert.That(AnyDirty(world, 1), Is.False);
    }

    [Test]
    public void ARefreshThatMeetsADirtyingOwnerLosesNothingAtWhicheverStep()
    {
        bool hasStep = true;
        for (int step = 0; hasStep; step++)
        {
            using EntryWorld world = new();
            world.Put(0, DirtyPte);
            Clean(world, 0);
            hasStep = Interruption.Run(() => world.Table.RefreshAnyDirty(PageRange.All), step, () => world.Put(0, DirtyPte));

            // Verify, when the world ends, tells a dirty page whose range does not say so.
            Assert.That(AnyDirty(world, 0), Is.EqualTo(world.Table[default].Entry.IsDirty));
        }
    }

    [Test]
    public void AnOwnerWhoDirtiesMeetsARefreshAtWhicheverStep()
    {
        bool hasStep = true;
        for (int step = 0; hasStep; step++)
        {
            using EntryWorld world = new();
            world.Put(0, DirtyPte);
            Clean(world, 0);
            hasStep = Interruption.Run(() => world.Put(0, DirtyPte), step, () => world.Table.RefreshAnyDirty(PageRange.All));
            Assert.That(AnyDirty(world, 0), Is.True);
        }
    }

    [TestCase(PageOrder.Pte)]
    [TestCase(PageOrder.Pmd)]
    public void ATaggerThatMeetsARemovalLeavesNoMarkBehindAtWhicheverStep(PageOrder order)
    {
        bool hasStep = true;
        for (int step = 0; hasStep; step++)
        {
            using EntryWorld world = new();
            world.Put(512, order == PageOrder.Pmd ? DirtyPmd : DirtyPte);
            PageRange one = new(new PageIndex(512), 1);
            hasStep = Interruption.Run(() => world.Table.TagTowrite(one), step, () => world.Remove(512));
            Assert.That(world.Table.IsTowrite(new PageIndex(512)), Is.EqualTo(world.Table[new PageIndex(512)].IsPresent));
        }
    }

    [TestCase(PageOrder.Pte)]
    [TestCase(PageOrder.Pmd)]
    public void ARemovalThatMeetsATaggerLeavesNoMarkBehindAtWhicheverStep(PageOrder order)
    {
        bool hasStep = true;
        for (int step = 0; hasStep; step++)
        {
            using EntryWorld world = new();
            world.Put(512, order == PageOrder.Pmd ? DirtyPmd : DirtyPte);
            hasStep = Interruption.Run(() => world.Remove(512), step, () => world.Table.TagTowrite(PageRange.All));
            Assert.That(world.Table.IsTowrite(new PageIndex(512)), Is.False);
        }
    }

    private static void Clean(EntryWorld world, long page)
    {
        Assert.That(world.Locker.TakeAny(new PageIndex(page), out HeldEntry held), Is.True);
        world.Locker.Unlock(held.Start, held.Entry.WithDirty(false));
    }

    private static bool AnyDirty(EntryWorld world, long region) => world.Table.ReadRegion(new PageIndex(region * 512)).AnyDirty;

    private static List<long> Chosen(EntryWorld world)
    {
        List<long> all = [];
        PageIndex next = default;
        while (world.Table.NextTowrite(next, new PageIndex(world.Table.PageCapacity), out PageIndex start))
        {
            all.Add(start.Value);
            next = start + 1;
        }

        return all;
    }
}
