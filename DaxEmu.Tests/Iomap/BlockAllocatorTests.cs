using DaxEmu.Core;
using DaxEmu.Core.Iomap;
using NUnit.Framework;

namespace DaxEmu.Tests.Iomap;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class BlockAllocatorTests : IDisposable
{
    private const int Pmd = DaxConstants.PagesPerPmd;

    private readonly BlockAllocator allocator = new(new PfnRange(new Pfn(100), 8 * Pmd));

    public void Dispose() => allocator.Dispose();

    [TearDown]
    public void Verify() => allocator.Verify();

    [Test]
    public void ABigRequestGetsAlignedPagesInOneRun()
    {
        Assert.That(allocator.TryAllocatePmds((3 * Pmd) + 7, new Pfn(0), out PfnRange run), Is.True);
        Assert.That(run.First.IsPmdAligned, Is.True);
        Assert.That(run.PageCount, Is.EqualTo(3 * Pmd));
    }

    [Test]
    public void SmallRequestsStayTogetherAndLeaveWhole2MiBAlone()
    {
        Assert.That(allocator.TryAllocate(1, new Pfn(5 * Pmd), out PfnRange first), Is.True);
        for (int i = 0; i < Pmd - 1; i++)
        {
            // A hint that is taken, in whichever 2 MiB: the partly free ones are filled first.
            Assert.That(allocator.TryAllocate(1, first.First, out PfnRange next), Is.True);
            Assert.That(next.First.Value / Pmd, Is.EqualTo(5).Or.EqualTo(8).Or.EqualTo(0));
        }

        Assert.That(allocator.TryAllocatePmds(6 * Pmd, new Pfn(0), out PfnRange big), Is.True);
        Assert.That(big.First.Value, Is.EqualTo(Pmd), "the 2 MiB behind the broken first one are whole");
        Assert.That(big.PageCount, Is.EqualTo(4 * Pmd), "up to the one that the small requests are in");
    }

    [Test]
    public void ARequestContinuesAtAFreeHint()
    {
        Assert.That(allocator.TryAllocate(10, new Pfn(1000), out PfnRange first), Is.True);
        Assert.That(first, Is.EqualTo(new PfnRange(new Pfn(1000), 10)));
        Assert.That(allocator.TryAllocate(30, first.End, out PfnRange second), Is.True);
        Assert.That(second, Is.EqualTo(new PfnRange(new Pfn(1010), 30)));
    }

    [Test]
    public void EveryPageIsHandedOutOnceAndThenNoneIsLeft()
    {
        var seen = new HashSet<long>();
        var random = new Random(1);
        while (allocator.TryAllocate(random.Next(1, 700), new Pfn(random.Next(0, 10 * Pmd)), out PfnRange run))
        {
            for (Pfn pfn = run.First; pfn.Value < run.End.Value; pfn += 1)
            {
                Assert.That(seen.Add(pfn.Value), Is.True, $"page {pfn} was handed out twice");
                Assert.That(allocator.Range.Contains(pfn), Is.True);
            }
        }

        Assert.That(seen, Has.Count.EqualTo(8 * Pmd));
        Assert.That(allocator.FreePageCount, Is.Zero);
        Assert.That(allocator.TryAllocatePmds(Pmd, new Pfn(0), out _), Is.False);
    }

    [Test]
    public void ASharedPageIsFreeOnlyWhenItsLastFileGivesItUp()
    {
        allocator.TryAllocate(10, new Pfn(1000), out PfnRange run);
        allocator.Share(new PfnRange(run.First + 2, 3));
        Assert.That(allocator.SharedPageCount, Is.EqualTo(3));
        Assert.That(allocator.SharingRun(run.First, 10, out bool isShared), Is.EqualTo(2));
        Assert.That(isShared, Is.False);
        Assert.That(allocator.SharingRun(run.First + 2, 8, out isShared), Is.EqualTo(3));
        Assert.That(isShared, Is.True);

        Assert.That(allocator.Release(run), Is.EqualTo(7));
        Assert.That(allocator.ShareCount(run.First + 2), Is.EqualTo(1));
        Assert.That(allocator.Release(new PfnRange(run.First + 2, 3)), Is.EqualTo(3));
        Assert.That(allocator.FreePageCount, Is.EqualTo(8 * Pmd));
    }

    [Test]
    public void ADoubleFreeIsRefused()
    {
        allocator.TryAllocate(2, new Pfn(1000), out PfnRange run);
        allocator.Release(run);
        Assert.That(() => allocator.Release(run), Throws.InvalidOperationException.With.Message.Contains("1000"));
        Assert.That(() => allocator.Share(run), Throws.InvalidOperationException);
    }

    [Test]
    public void APageInUseIsNotFreedUnlessAnotherFileKeepsIt()
    {
        allocator.TryAllocate(4, new Pfn(1000), out PfnRange run);
        allocator.InUseCheck = pages => pages.Contains(new Pfn(1002)) ? new Pfn(1002) : null;
        Assert.That(() => allocator.Release(run), Throws.InvalidOperationException.With.Message.Contains("1002"));
        Assert.That(allocator.ShareCount(run.First), Is.EqualTo(1), "nothing was freed");

        allocator.Share(new PfnRange(new Pfn(1002), 1));
        Assert.That(allocator.Release(run), Is.EqualTo(3));
    }

    [Test]
    public void ClaimTakesFreePagesAndSharesHeldOnes()
    {
        allocator.Claim(new PfnRange(new Pfn(1000), 10));
        allocator.Claim(new PfnRange(new Pfn(1005), 10));
        Assert.That(allocator.ShareCount(new Pfn(1004)), Is.EqualTo(1));
        Assert.That(allocator.ShareCount(new Pfn(1005)), Is.EqualTo(2));
        Assert.That(allocator.ShareCount(new Pfn(1010)), Is.EqualTo(1));
        Assert.That(allocator.FreePageCount, Is.EqualTo((8 * Pmd) - 15));
    }

    [Test]
    public void TwoThreadsNeverGetTheSamePage()
    {
        int[] holders = new int[10 * Pmd];
        void Work(int seed)
        {
            var random = new Random(seed);
            var mine = new List<PfnRange>();
            for (int i = 0; i < 4000; i++)
            {
                if (random.Next(2) == 0 && allocator.TryAllocate(random.Next(1, 40), new Pfn(random.Next(10 * Pmd)), out PfnRange run))
                {
                    mine.Add(run);
                    Count(run, 1);
                }
                else if (mine.Count > 0)
                {
                    PfnRange given = mine[^1];
                    mine.RemoveAt(mine.Count - 1);
                    Count(given, -1);
                    allocator.Release(given);
                }
            }
        }

        void Count(PfnRange run, int change)
        {
            for (Pfn pfn = run.First; pfn.Value < run.End.Value; pfn += 1)
            {
                if (Interlocked.Add(ref holders[pfn.Value], change) is not (0 or 1))
                {
                    throw new InvalidOperationException($"page {pfn} has two holders");
                }
            }
        }

        Assert.That(() => Parallel.Invoke(() => Work(1), () => Work(2), () => Work(3)), Throws.Nothing);
        Assert.That(allocator.FreePageCount, Is.EqualTo((8 * Pmd) - holders.Sum()));
    }
}
