using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Native.Memory;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Entries;

[NonParallelizable]
public sealed class EntryTableCapacityTests
{
    private const long Mebibyte = 1 << 20;

    [Test]
    public void AFileOf16TebibytesHasEntriesAtBothEndsAndCostsAlmostNothing()
    {
        long before = ResidentBytes();
        using EntryTable table = new(1, EntryTable.MaximumPageCapacity);
        EntryLocker locker = new(table, WaitTable.Shared, WaitProfiles.Fixed);
        PageIndex last = new(EntryTable.MaximumPageCapacity - 1);
        PageIndex lastPmd = last.PmdStart + -512;
        foreach ((PageIndex index, PageOrder order) in new[] { (default, PageOrder.Pte), (last, PageOrder.Pte), (lastPmd, PageOrder.Pmd) })
        {
            HeldEntry held = locker.Grab(index, order).Held;
            locker.Unlock(held.Start, DaxEntry.Real(new Pfn(1024), order));
        }

        // A scan reads the words of all ranges, 64 MiB: there are systems that give a page of memory for a read of one that was never written.
        Assert.That(ResidentBytes() - before, Is.LessThan(32 * Mebibyte), "resident");
        Assert.That(table[default].IsPresent, Is.True);
        Assert.That(table[last].Entry.IsPmd, Is.False);
        Assert.That(table[lastPmd + 511].Start, Is.EqualTo(lastPmd));
        Assert.That(table.PresentPageCount, Is.EqualTo(514));
        Assert.That(table.Snapshot().Select(e => e.Start), Is.EqualTo(new[] { default, lastPmd, last }));
        Assert.That(table.Verify(), Is.Empty);
        Assert.That(ResidentBytes() - before, Is.LessThan((32 + (ReadsTakeMemory() ? 64 : 0)) * Mebibyte), "resident after the scans");
    }

    [Test]
    public void ThereIsNoRoomBehindTheLastRange()
    {
        using EntryTable table = new(1, 513);
        EntryLocker locker = new(table, WaitTable.Shared, WaitProfiles.Fixed);
        PageIndex behind = new(1024);
        Assert.That(table.PageCapacity, Is.EqualTo(1024), "whole ranges");
        Assert.That(
            () => locker.Grab(behind, PageOrder.Pte),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("1024 pages"));
        Assert.That(() => locker.Grab(new PageIndex(-1), PageOrder.Pmd), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(locker.LockAny(behind, out _), Is.False);
        Assert.That(locker.LockAt(behind, PageOrder.Pte, out _), Is.False);
        Assert.That(locker.WaitWithoutLocking(behind), Is.False);
        Assert.That(table[behind].IsPresent, Is.False);
    }

    [TestCase(0)]
    [TestCase(-1)]
    [TestCase((1L << 32) + 1)]
    public void ATableHasASensibleNumberOfPages(long pages) =>
        Assert.That(() => new EntryTable(1, pages), Throws.InstanceOf<ArgumentOutOfRangeException>());

    [Test]
    public void TheMemoryOfRangesThatHoldNothingIsGivenBackInBulk()
    {
        // An entry in each 2 MiB of 64 GiB: each costs a page of slots, 128 MiB together.
        const long pages = 64L << 30 >> DaxConstants.PageShift;
        using EntryTable table = new(1, pages);
        EntryLocker locker = new(table, WaitTable.Shared, WaitProfiles.Fixed);
        long before = ResidentBytes();
        for (long page = 0; page < pages; page += DaxConstants.PagesPerPmd)
        {
            locker.Unlock(locker.Grab(new PageIndex(page), PageOrder.Pte).Held.Start, DaxEntry.Real(new Pfn(page), PageOrder.Pte));
        }

        long full = ResidentBytes();
        for (long page = 0; page < pages - DaxConstants.PagesPerPmd; page += DaxConstants.PagesPerPmd)
        {
            Assert.That(locker.LockAny(new PageIndex(page), out HeldEntry held), Is.True);
            locker.Remove(held);
        }

        table.ReleaseMemory(PageRange.All);
        Assert.That(full - before, Is.GreaterThan(100 * Mebibyte), "taken");
        Assert.That(full - ResidentBytes(), Is.GreaterThan(100 * Mebibyte), "given back");
        Assert.That(table.Snapshot(), Has.Count.EqualTo(1), "the last range holds an entry and stays");
        Assert.That(table.Verify(), Is.Empty);
    }

    private static unsafe bool ReadsTakeMemory()
    {
        using ReservedRegion untouched = ReservedRegion.Reserve(8 * Mebibyte);
        long before = ResidentBytes();
        _ = new ReadOnlySpan<byte>((void*)untouched.Base, (int)untouched.LengthBytes).IndexOfAnyExcept((byte)0);
        return ResidentBytes() - before > 4 * Mebibyte;
    }

    private static long ResidentBytes()
    {
        string[] fields = File.ReadAllText("/proc/self/statm").Split(' ');
        return long.Parse(fields[1], System.Globalization.CultureInfo.InvariantCulture) * Environment.SystemPageSize;
    }
}
