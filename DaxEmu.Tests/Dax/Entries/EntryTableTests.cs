using System.Globalization;
using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Entries;

public sealed class EntryTableTests
{
    private static readonly int[] Colours = [0, 1, 63, 64, 511];

    [Test]
    public void AWordTellsKindOrderPfnAndMarks([Values(PageOrder.Pte, PageOrder.Pmd)] PageOrder order, [Values] bool isDirty, [Values] bool isShared)
    {
        DaxEntry real = DaxEntry.Real(new Pfn(1L << 40), order).WithDirty(isDirty).WithShared(isShared);
        Assert.That(real.IsPresent && real.IsReal && !real.IsZero && !real.IsEmpty && !real.IsLocked);
        Assert.That((real.Order, real.Pfn.Value, real.IsDirty, real.IsShared), Is.EqualTo((order, 1L << 40, isDirty, isShared)));
        Assert.That(real.WithLock.IsLocked && real.WithLock.WithoutLock == real);
        Assert.That(DaxEntry.Zero(order) is { IsReal: false, IsZero: true, IsEmpty: false } zero && zero.Order == order);
        Assert.That(DaxEntry.Empty(order) is { IsReal: false, IsZero: false, IsEmpty: true } empty && empty.Order == order);
        Assert.That(DaxEntry.None.IsPresent, Is.False);
    }

    [Test]
    public void APresentRealEntryOnDevicePageZeroIsNotTakenForNone()
    {
        using var fixture = new LockingFixture();
        fixture.Put(0, DaxEntry.Real(new Pfn(0), PageOrder.Pte));
        Assert.That(fixture.Table[new PageIndex(0)].Entry.IsReal);
    }

    [Test]
    public void AnyPteInARangeRefusesThePmd([ValueSource(nameof(Colours))] int colour)
    {
        using var fixture = new LockingFixture();
        fixture.Put(512 + colour, DaxEntry.Real(new Pfn(5), PageOrder.Pte));
        Assert.That(fixture.Locker.Grab(new PageIndex(512), PageOrder.Pmd).Outcome, Is.EqualTo(GrabOutcome.Conflict));
        Assert.That(fixture.Table.TryInsertPmd(new PageIndex(512), DaxEntry.Empty(PageOrder.Pmd).WithLock), Is.False, "EEXIST is one compare-and-swap");
        HeldEntry other = fixture.Hold(0, PageOrder.Pmd);
        fixture.Locker.Unlock(other.Start, other.Entry);
    }

    [Test]
    public void ARemovedPteMakesRoomForThePmd([ValueSource(nameof(Colours))] int colour)
    {
        using var fixture = new LockingFixture();
        fixture.Put(colour, DaxEntry.Real(new Pfn(5), PageOrder.Pte).WithDirty());
        Assert.That(fixture.Locker.LockAny(new PageIndex(colour), out HeldEntry held));
        fixture.Locker.Remove(held);
        Assert.That(fixture.Table.PresentPageCount, Is.Zero);
        HeldEntry pmd = fixture.Hold(0, PageOrder.Pmd);
        fixture.Locker.Unlock(pmd.Start, pmd.Entry);
        Assert.That(fixture.Table.PresentPageCount, Is.EqualTo(512));
    }

    [Test]
    public void APteRequestUsesARealPmdAsItIs([ValueSource(nameof(Colours))] int colour)
    {
        using var fixture = new LockingFixture();
        DaxEntry pmd = DaxEntry.Real(new Pfn(1024), PageOrder.Pmd);
        fixture.Put(0, pmd);
        HeldEntry held = fixture.Hold(colour);
        Assert.That(held, Is.EqualTo(new HeldEntry(new PageIndex(0), pmd)));
        fixture.Locker.Unlock(held.Start, held.Entry.WithDirty());
        Assert.That(fixture.Table.Dump(), Is.EqualTo("0:2m@1024*"));
    }

    [Test]
    public void AZeroOrEmptyPmdMakesWayForAPte([ValueSource(nameof(Colours))] int colour, [Values] bool isZero, [Values] bool isDirty)
    {
        using var fixture = new LockingFixture();
        fixture.Put(0, isZero ? DaxEntry.Zero(PageOrder.Pmd).WithDirty(isDirty) : DaxEntry.Empty(PageOrder.Pmd));
        Grab grab = fixture.Locker.Grab(new PageIndex(colour), PageOrder.Pte);
        Assert.That(grab.Outcome, Is.EqualTo(GrabOutcome.NeedsDowngrade));
        HeldEntry held = fixture.Locker.FinishDowngrade(grab.Held, new PageIndex(colour));
        fixture.Locker.Unlock(held.Start, DaxEntry.Real(new Pfn(7), PageOrder.Pte));
        Assert.That(fixture.Table.Dump(), Is.EqualTo(string.Create(CultureInfo.InvariantCulture, $"{colour}:4m@7")));
        Assert.That(fixture.Table.PresentPageCount, Is.EqualTo(1));
    }

    [Test]
    public void ALookupWithoutCreationMakesNothing([Values(PageOrder.Pte, PageOrder.Pmd)] PageOrder order)
    {
        using var fixture = new LockingFixture();
        Assert.That(fixture.Locker.Grab(new PageIndex(9), order, create: false).Outcome, Is.EqualTo(GrabOutcome.Missing));
        Assert.That(fixture.Table.Dump(), Is.Empty);
    }

    [Test]
    public void ScansFindEveryEntryAcrossRangesAndGaps()
    {
        using var fixture = new LockingFixture(pageCapacity: 1 << 20);
        long[] pages = [0, 63, 511, 512, 1000, 5 * 512, (7 * 512) + 511, (1 << 20) - 1];
        foreach (long page in pages)
        {
            fixture.Put(page, DaxEntry.Real(new Pfn(page), PageOrder.Pte).WithDirty());
        }

        fixture.Put(9 * 512, DaxEntry.Real(new Pfn(512), PageOrder.Pmd).WithDirty());
        long[] all = [.. pages.Append(9 * 512).Order()];
        Assert.That(fixture.Table.Snapshot().Select(e => e.Start.Value), Is.EqualTo(all));
        fixture.Table.TagTowrite(PageRange.All);
        Assert.That(Towrite(fixture, PageRange.All), Is.EqualTo(all));
    }

    [Test]
    public void AScanLeavesATableForTheNextRange()
    {
        // A table whose last slot is empty must not hide the range behind it.
        using var fixture = new LockingFixture();
        fixture.Put(3, DaxEntry.Real(new Pfn(3), PageOrder.Pte));
        fixture.Put(512, DaxEntry.Real(new Pfn(512), PageOrder.Pmd));
        Assert.That(fixture.Table.NextPresent(new PageIndex(4), new PageIndex(2048), out PageIndex start, out _));
        Assert.That(start.Value, Is.EqualTo(512));
    }

    [Test]
    public void TaggingTouchesOnlyDirtyEntriesOfTheRangeAndThePmdAroundItsStart()
    {
        using var fixture = new LockingFixture();
        fixture.Put(0, DaxEntry.Real(new Pfn(512), PageOrder.Pmd).WithDirty());
        fixture.Put(600, DaxEntry.Real(new Pfn(1), PageOrder.Pte).WithDirty());
        fixture.Put(601, DaxEntry.Real(new Pfn(2), PageOrder.Pte));
        fixture.Put(700, DaxEntry.Real(new Pfn(3), PageOrder.Pte).WithDirty());
        fixture.Table.TagTowrite(PageRange.Between(new PageIndex(100), new PageIndex(650)));
        Assert.That(Towrite(fixture, PageRange.All), Is.EqualTo(new long[] { 0, 600 }));
    }

    [Test]
    public void ALockedEntryIsTaggedToo()
    {
        using var fixture = new LockingFixture();
        fixture.Put(5, DaxEntry.Real(new Pfn(1), PageOrder.Pte).WithDirty());
        HeldEntry held = fixture.Hold(5);
        fixture.Table.TagTowrite(PageRange.All);
        fixture.Locker.Unlock(held.Start, held.Entry);
        Assert.That(Towrite(fixture, PageRange.All), Is.EqualTo(new long[] { 5 }), "the owner's plain store must not lose the mark");
    }

    [Test]
    public void AMarkDoesNotOutliveItsEntry([Values(PageOrder.Pte, PageOrder.Pmd)] PageOrder order)
    {
        using var fixture = new LockingFixture();
        fixture.Put(0, DaxEntry.Real(new Pfn(512), order).WithDirty());
        fixture.Table.TagTowrite(PageRange.All);
        fixture.Locker.LockAny(new PageIndex(0), out HeldEntry held);
        fixture.Locker.Remove(held);
        Assert.That(fixture.Table.IsTowrite(new PageIndex(0)), Is.False);
    }

    [Test]
    public void ARefreshKeepsTheBitOfDirtyAndOfLockedEntries([Values] bool isLocked)
    {
        using var fixture = new LockingFixture();
        fixture.Put(5, DaxEntry.Real(new Pfn(1), PageOrder.Pte).WithDirty());
        HeldEntry held = default;
        if (isLocked)
        {
            held = fixture.Hold(5);
            fixture.Table.SlotOf(held.Start) = held.Entry.WithDirty(false).WithLock.Word;
        }

        fixture.Table.RefreshAnyDirty(PageRange.All);
        Assert.That(fixture.Table.ReadRegion(new PageIndex(0)).AnyDirty, Is.True);
        if (isLocked)
        {
            fixture.Locker.Unlock(held.Start, held.Entry.WithDirty(false));
            fixture.Table.RefreshAnyDirty(PageRange.All);
            Assert.That(fixture.Table.ReadRegion(new PageIndex(0)).AnyDirty, Is.False);
        }
    }

    [Test]
    public void SixteenTebibytesCostWhatIsTouched()
    {
        long before = ResidentBytes();
        using var fixture = new LockingFixture(pageCapacity: EntryTable.MaximumPageCapacity);
        fixture.Put(0, DaxEntry.Real(new Pfn(1), PageOrder.Pte));
        fixture.Put(EntryTable.MaximumPageCapacity - 1, DaxEntry.Real(new Pfn(2), PageOrder.Pte));
        fixture.Put(EntryTable.MaximumPageCapacity - 1024, DaxEntry.Real(new Pfn(512), PageOrder.Pmd));
        Assert.That(fixture.Table[new PageIndex(EntryTable.MaximumPageCapacity - 1)].Entry.Pfn.Value, Is.EqualTo(2));
        Assert.That(ResidentBytes() - before, Is.LessThan(16 << 20), "32 GiB of slots are reserved, a few pages are used");
    }

    [Test]
    public void RemovingGivesMemoryBackInBulk()
    {
        const long pages = 4L << 18; // 4 GiB of file, 8 MiB of slots
        using var fixture = new LockingFixture(pageCapacity: pages);
        for (long page = 0; page < pages; page++)
        {
            fixture.Table.TryInsertPte(new PageIndex(page), DaxEntry.Real(new Pfn(page), PageOrder.Pte));
        }

        long full = ResidentBytes();
        for (long page = 0; page < pages; page++)
        {
            fixture.Table.Remove(new PageIndex(page), DaxEntry.Real(new Pfn(page), PageOrder.Pte));
        }

        fixture.Table.ReleaseMemory(PageRange.All);
        Assert.That(full - ResidentBytes(), Is.GreaterThan(6 << 20));
        Assert.That(fixture.Table.Dump(), Is.Empty);
    }

    private static List<long> Towrite(LockingFixture fixture, PageRange range)
    {
        var found = new List<long>();
        PageIndex next = range.First;
        while (fixture.Table.NextTowrite(next, range.End, out PageIndex start))
        {
            found.Add(start.Value);
            next = start + 1;
        }

        return found;
    }

    private static long ResidentBytes() =>
        long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
