using DaxEmu.Core;
using DaxEmu.Core.Iomap;
using NUnit.Framework;

namespace DaxEmu.Tests.Iomap;

/// <summary>A large device is cut into groups, of which no user sees anything but that files meet nowhere.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class BlockGroupTests : IDisposable
{
    private const int Pmd = DaxConstants.PagesPerPmd;
    private const long GroupPages = 32 * Pmd;
    private const int Groups = 4;

    private readonly BlockAllocator allocator = new(new PfnRange(new Pfn(0), Groups * GroupPages));

    public void Dispose() => allocator.Dispose();

    [TearDown]
    public void Verify() => allocator.Verify();

    [Test]
    public void FilesBeginInDifferentGroupsAsFarAsThereAreAsMany() => Assert.That(
        Enumerable.Range(1, Groups).Select(number => allocator.HomeOf(number).Value / GroupPages), Is.Unique);

    [Test]
    public void ARunOverSeveralGroupsIsClaimedSharedAndReleasedAsOne()
    {
        var all = new PfnRange(new Pfn(5), (3 * GroupPages) + 7);
        allocator.Claim(all);
        Assert.That(allocator.FreePageCount, Is.EqualTo((Groups * GroupPages) - all.PageCount));
        allocator.Share(new PfnRange(new Pfn(GroupPages - 3), 6));
        Assert.That((allocator.SharedPageCount, allocator.ShareCount(new Pfn(GroupPages))), Is.EqualTo((6L, 2L)));
        Assert.That((allocator.SharingRun(new Pfn(5), all.PageCount, out bool isShared), isShared), Is.EqualTo((GroupPages - 8, false)));
        Assert.That((allocator.SharingRun(new Pfn(GroupPages - 3), 100, out isShared), isShared), Is.EqualTo((6L, true)));
        Assert.That((allocator.SharingRun(new Pfn(GroupPages + 3), 2 * GroupPages, out isShared), isShared), Is.EqualTo((2 * GroupPages, false)));
        Assert.That(allocator.Release(all), Is.EqualTo(all.PageCount - 6));
        Assert.That(allocator.Release(new PfnRange(new Pfn(GroupPages - 3), 6)), Is.EqualTo(6));
        Assert.That(allocator.FreePageCount, Is.EqualTo(Groups * GroupPages));
        Assert.That(() => allocator.Share(all), Throws.InvalidOperationException);
    }

    [Test]
    public void AnAllocationGoesOnInTheOtherGroupsUntilNoPageIsLeft()
    {
        long taken = 0;
        while (allocator.TryAllocatePmds(Groups * GroupPages, new Pfn(2 * GroupPages), out PfnRange run))
        {
            Assert.That((run.First.Value / GroupPages, run.PageCount), Is.EqualTo((((2 * GroupPages) + taken) / GroupPages % Groups, GroupPages)));
            taken += run.PageCount;
        }

        Assert.That(taken, Is.EqualTo(Groups * GroupPages));
        Assert.That(allocator.TryAllocate(1, new Pfn(0), out _), Is.False);
        allocator.TakeBack(new PfnRange(new Pfn(GroupPages), 1));
        Assert.That(allocator.TryAllocate(9, new Pfn(3 * GroupPages), out PfnRange last), Is.True);
        Assert.That(last, Is.EqualTo(new PfnRange(new Pfn(GroupPages), 1)));
    }

    // Two pages are free, in two groups, and each of two threads takes one and gives it back: there is always one for a thread that has none,
    // but the group that it looks at first may just have got it from the other.
    [Test]
    public void NoAllocationFailsWhileAPageIsFree()
    {
        const int turns = 20_000;
        allocator.Claim(allocator.Range);
        allocator.TakeBack(new PfnRange(new Pfn(3), 1));
        allocator.TakeBack(new PfnRange(new Pfn((2 * GroupPages) + 3), 1));
        int failures = 0;
        Thread[] threads = [.. Enumerable.Range(0, 2).Select(first => new Thread(() =>
        {
            for (int i = first; i < turns; i++)
            {
                if (allocator.TryAllocate(1, new Pfn(i % 2 * 2 * GroupPages), out PfnRange run))
                {
                    allocator.TakeBack(run);
                }
                else
                {
                    Interlocked.Increment(ref failures);
                }
            }
        }))];
        Array.ForEach(threads, thread => thread.Start());
        Array.ForEach(threads, thread => thread.Join());
        Assert.That(failures, Is.Zero);
    }

    [Test]
    public void TwoFilesThatGrowBesideEachOtherLieInFewPieces()
    {
        // One group: nothing but the choice of 2 MiB keeps them apart.
        using var small = new BlockAllocator(new PfnRange(new Pfn(0), 8 * Pmd));
        InMemoryExtentMap[] files = [new(small, new NoZeroer()), new(small, new NoZeroer())];
        foreach (InMemoryExtentMap file in files)
        {
            Assert.That(file.Allocate(new PageRange(new PageIndex(0), Pmd)), Is.EqualTo(IoError.None));
        }

        for (long page = Pmd; page < 3 * Pmd; page++)
        {
            foreach (InMemoryExtentMap file in files)
            {
                Assert.That(file.Find(new PageIndex(page), 1, ExtentIntent.Write).Error, Is.EqualTo(IoError.None));
            }
        }

        Assert.That(files.Select(file => file.ExtentCount), Is.All.AtMost(4));
        small.Verify();
    }

    private sealed class NoZeroer : IBlockZeroer
    {
        public bool TryZero(PfnRange blocks) => true;

        public bool TryHeal(PfnRange blocks) => true;
    }
}
