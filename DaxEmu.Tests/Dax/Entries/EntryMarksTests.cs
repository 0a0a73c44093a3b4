using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Entries;

public sealed class EntryMarksTests
{
    private static readonly DaxEntry DirtyPmd = DaxEntry.Real(new Pfn(1024), PageOrder.Pmd).WithDirty();
    private static readonly DaxEntry CleanPte = DaxEntry.Real(new Pfn(7), PageOrder.Pte);
    private static readonly DaxEntry DirtyPte = CleanPte.WithDirty();

    [Test]
    public void APassThatBeginsInTheMiddleOfAPmdChoosesAllOfIt()
    {
        using EntryFixture fixture = new();
        fixture.Put(512, DirtyPmd);
        fixture.Table.TagTowrite(new PageRange(new PageIndex(700), 1));
        Assert.That(Chosen(fixture), Is.EqualTo(new long[] { 512 }));
    }

    [Test]
    public void APassChoosesTheDirtyPagesOfItsRangeAndNoOthers()
    {
        using EntryFixture fixture = new();
        foreach (long page in (long[])[0, 1, 63, 64, 511, 512, 600, 1535])
        {
            fixture.Put(page, DirtyPte);
        }

        fixture.Put(2, CleanPte);
        fixture.Table.TagTowrite(PageRange.Between(new PageIndex(1), new PageIndex(600)));
        Assert.That(Chosen(fixture), Is.EqualTo(new long[] { 1, 63, 64, 511, 512 }));
    }

    [Test]
    public void AnEmptyRangeChoosesNothing()
    {
        using EntryFixture fixture = new();
        fixture.Put(0, DirtyPte);
        fixture.Table.TagTowrite(new PageRange(new PageIndex(0), 0));
        Assert.That(Chosen(fixture), Is.Empty);
    }

    [Test]
    public void ChosenEntriesAreFoundAcrossGapsOfManyRanges()
    {
        using EntryFixture fixture = new(regionCount: 1000);
        long[] pages = [5, 511, 512 * 3, (512 * 700) + 64, (512 * 999) + 511];
        foreach (long page in pages)
        {
            fixture.Put(page, DirtyPte);
        }

        fixture.Put(512 * 10, DirtyPmd);
        fixture.Table.TagTowrite(PageRange.All);
        Assert.That(Chosen(fixture), Is.EqualTo((long[])[5, 511, 512 * 3, 512 * 10, (512 * 700) + 64, (512 * 999) + 511]));

        Assert.That(fixture.Table.NextTowrite(new PageIndex(6), new PageIndex(511), out _), Is.False, "the end is not of the range");
        Assert.That(fixture.Table.NextTowrite(new PageIndex(6), new PageIndex(512), out PageIndex start), Is.True);
        Assert.That(start.Value, Is.EqualTo(511));
    }

    [Test]
    public void ALockedEntryIsChosenTooAndItsOwnerLosesNothing()
    {
        using EntryFixture fixture = new();
        fixture.Put(5, DirtyPte);
        ParkedGrab owner = fixture.Grab(5);
        _ = owner.Held;
        fixture.Table.TagTowrite(PageRange.All);
        Assert.That(Chosen(fixture), Is.EqualTo(new long[] { 5 }));
        owner.LeaveAs(DirtyPte.WithShared(true));
        Assert.That(fixture.Table[new PageIndex(5)], Is.EqualTo(new EntrySnapshot(new PageIndex(5), DirtyPte.WithShared(true), true)));
    }

    [TestCase(PageOrder.Pte)]
    [TestCase(PageOrder.Pmd)]
    public void AnEntryTakesItsMarkAlong(PageOrder order)
    {
        using EntryFixture fixture = new();
        fixture.Put(512, order == PageOrder.Pmd ? DirtyPmd : DirtyPte);
        fixture.Table.TagTowrite(PageRange.All);
        fixture.Remove(512);
        Assert.That(fixture.Table.IsTowrite(new PageIndex(512)), Is.False);
        fixture.Put(512, CleanPte);
        Assert.That(Chosen(fixture), Is.Empty);
    }

    [Test]
    public void ADowngradeDropsTheMarkOfThePmd()
    {
        using EntryFixture fixture = new();
        fixture.Put(512, DaxEntry.Zero(PageOrder.Pmd).WithDirty());
        fixture.Table.TagTowrite(PageRange.All);
        ParkedGrab fault = fixture.Grab(512);
        Assert.That(fault.Held.Entry, Is.EqualTo(DaxEntry.Empty(PageOrder.Pte)));
        Assert.That(Chosen(fixture), Is.Empty);
        fault.LeaveAs(CleanPte);
    }

    [Test]
    public void ARefreshKeepsARangeWithADirtyPageAndOneWithALockedPage()
    {
        using EntryFixture fixture = new();
        fixture.Put(0, DirtyPte);
        fixture.Put(512, DirtyPte);
        fixture.Put(512, DirtyPte);
        fixture.Put(1024, DirtyPte);
        Clean(fixture, 512);
        Clean(fixture, 1024);
        ParkedGrab owner = fixture.Grab(513);
        _ = owner.Held;
        fixture.Table.RefreshAnyDirty(PageRange.All);
        Assert.That(AnyDirty(fixture, 0), Is.True, "a page is dirty");
        Assert.That(AnyDirty(fixture, 1), Is.True, "a page is locked and may become dirty");
        Assert.That(AnyDirty(fixture, 2), Is.False, "all pages are clean");

        owner.LeaveAs(CleanPte);
        fixture.Table.RefreshAnyDirty(PageRange.All);
        Assert.That(AnyDirty(fixture, 1), Is.False);
    }

    [Test]
    public void ARefreshThatMeetsADirtyingOwnerLosesNothingAtWhicheverStep()
    {
        bool hasStep = true;
        for (int step = 0; hasStep; step++)
        {
            using EntryFixture fixture = new();
            fixture.Put(0, DirtyPte);
            Clean(fixture, 0);
            hasStep = Interruption.Run(() => fixture.Table.RefreshAnyDirty(PageRange.All), step, () => fixture.Put(0, DirtyPte));

            // Verify, when the fixture ends, tells a dirty page whose range does not say so.
            Assert.That(AnyDirty(fixture, 0), Is.EqualTo(fixture.Table[default].Entry.IsDirty));
        }
    }

    [Test]
    public void AnOwnerWhoDirtiesMeetsARefreshAtWhicheverStep()
    {
        bool hasStep = true;
        for (int step = 0; hasStep; step++)
        {
            using EntryFixture fixture = new();
            fixture.Put(0, DirtyPte);
            Clean(fixture, 0);
            hasStep = Interruption.Run(() => fixture.Put(0, DirtyPte), step, () => fixture.Table.RefreshAnyDirty(PageRange.All));
            Assert.That(AnyDirty(fixture, 0), Is.True);
        }
    }

    [TestCase(PageOrder.Pte)]
    [TestCase(PageOrder.Pmd)]
    public void ATaggerThatMeetsARemovalLeavesNoMarkBehindAtWhicheverStep(PageOrder order)
    {
        bool hasStep = true;
        for (int step = 0; hasStep; step++)
        {
            using EntryFixture fixture = new();
            fixture.Put(512, order == PageOrder.Pmd ? DirtyPmd : DirtyPte);
            PageRange one = new(new PageIndex(512), 1);
            hasStep = Interruption.Run(() => fixture.Table.TagTowrite(one), step, () => fixture.Remove(512));
            Assert.That(fixture.Table.IsTowrite(new PageIndex(512)), Is.EqualTo(fixture.Table[new PageIndex(512)].IsPresent));
        }
    }

    [TestCase(PageOrder.Pte)]
    [TestCase(PageOrder.Pmd)]
    public void ARemovalThatMeetsATaggerLeavesNoMarkBehindAtWhicheverStep(PageOrder order)
    {
        bool hasStep = true;
        for (int step = 0; hasStep; step++)
        {
            using EntryFixture fixture = new();
            fixture.Put(512, order == PageOrder.Pmd ? DirtyPmd : DirtyPte);
            hasStep = Interruption.Run(() => fixture.Remove(512), step, () => fixture.Table.TagTowrite(PageRange.All));
            Assert.That(fixture.Table.IsTowrite(new PageIndex(512)), Is.False);
        }
    }

    private static void Clean(EntryFixture fixture, long page)
    {
        Assert.That(fixture.Locker.LockAny(new PageIndex(page), out HeldEntry held), Is.True);
        fixture.Locker.Unlock(held.Start, held.Entry.WithDirty(false));
    }

    private static bool AnyDirty(EntryFixture fixture, long region) => fixture.Table.ReadRegion(new PageIndex(region * 512)).AnyDirty;

    private static List<long> Chosen(EntryFixture fixture)
    {
        List<long> all = [];
        PageIndex next = default;
        while (fixture.Table.NextTowrite(next, new PageIndex(fixture.Table.PageCapacity), out PageIndex start))
        {
            all.Add(start.Value);
            next = start + 1;
        }

        return all;
    }
}
