using DaxEmu.Core;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Pmem;
using NUnit.Framework;

namespace DaxEmu.Tests.Iomap;

/// <summary>Blocks that were given up and wait for pins, or were set aside for a copy.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class WaitingBlocksTests : IDisposable
{
    private const int Pmd = DaxConstants.PagesPerPmd;
    private const ExtentIntent WriteFault = ExtentIntent.Write | ExtentIntent.Fault;

    private static readonly PfnRange All = new(new Pfn(0), 2 * Pmd);

    private readonly PageOwners owners = new(All);
    private readonly BlockAllocator allocator;
    private readonly InMemoryExtentMap map;
    private readonly BrittleZeroer zeroer = new();

    public WaitingBlocksTests()
    {
        allocator = new BlockAllocator(All) { InUseCheck = owners.FirstInUse, BusyCheck = owners.FirstBusy };
        map = new InMemoryExtentMap(allocator, zeroer);
    }

    public void Dispose()
    {
        allocator.Dispose();
        owners.Dispose();
    }

    [TearDown]
    public void Verify() => allocator.Verify();

    [Test]
    public void OnlyThePinnedPagesOfBlocksThatWereGivenUpWait()
    {
        map.Allocate(new PageRange(new PageIndex(0), 20));
        owners.Pin(new PfnRange(new Pfn(5), 2));
        Assert.That(map.Truncate(new PageIndex(0)).ReleaseWhenIdle(), Is.EqualTo(18));
        Assert.That(allocator.WaitingBlocks, Is.EqualTo((PfnRange[])[new PfnRange(new Pfn(5), 2)]));
        Assert.That(allocator.FreePageCount, Is.EqualTo((2 * Pmd) - 2));
        owners.Unpin(new PfnRange(new Pfn(5), 1));
        Assert.That(allocator.FreePageCount, Is.EqualTo((2 * Pmd) - 1), "who asks what is free gives back what is idle");
        owners.Unpin(new PfnRange(new Pfn(6), 1));
    }

    [Test]
    public void TheLastUnpinOfAPageGivesItBack()
    {
        owners.BecameIdle = run => allocator.ReleaseIdle(run);
        map.Allocate(new PageRange(new PageIndex(0), 4));
        owners.Pin(new PfnRange(new Pfn(1), 1));
        owners.Pin(new PfnRange(new Pfn(1), 1));
        map.Truncate(new PageIndex(0)).ReleaseWhenIdle();
        owners.Unpin(new PfnRange(new Pfn(1), 1));
        Assert.That(allocator.WaitingBlocks, Has.Count.EqualTo(1));
        owners.Unpin(new PfnRange(new Pfn(1), 1));
        Assert.That(allocator.WaitingBlocks, Is.Empty);
        Assert.That(allocator.ShareCount(new Pfn(1)), Is.Zero);
    }

    [Test]
    public void AnAllocationThatComesUpShortTakesWhatHasBecomeIdle()
    {
        Assert.That(map.Allocate(new PageRange(new PageIndex(0), 2 * Pmd)), Is.EqualTo(IoError.None));
        owners.Pin(All);
        map.Truncate(new PageIndex(0)).ReleaseWhenIdle();
        Assert.That(map.Find(new PageIndex(0), 1, WriteFault).Error, Is.EqualTo(IoError.NoSpace));
        owners.Unpin(All);
        Assert.That(map.Find(new PageIndex(0), 1, WriteFault).Error, Is.EqualTo(IoError.None));
    }

    [Test]
    public void BlocksAsideServeAnAllocationThatComesUpShort([Values] bool zeroes)
    {
        using var held = new Shared(this);
        held.CopyOnePage();
        Assert.That(map.BlocksAside.Sum(b => b.PageCount), Is.EqualTo(Pmd - 1));

        var other = new InMemoryExtentMap(allocator, zeroer);
        var asked = new PageRange(new PageIndex(0), Pmd - 1);
        Assert.That(zeroes ? other.ToUnwritten(asked, out _) : other.Allocate(asked), Is.EqualTo(IoError.None));
        Assert.That(map.BlocksAside, Is.Empty);
        Assert.That(other.Find(new PageIndex(Pmd), 1, WriteFault).Error, Is.EqualTo(IoError.NoSpace));
    }

    [Test]
    public void BlocksAsideOfACopyThatIsBeingMadeStay()
    {
        using var held = new Shared(this);
        ExtentAnswer copying = map.Find(new PageIndex(0), Pmd, WriteFault);
        var other = new InMemoryExtentMap(allocator, zeroer);
        Assert.That(other.Find(new PageIndex(0), 1, WriteFault).Error, Is.EqualTo(IoError.NoSpace));
        Assert.That(map.BlocksAside.Sum(b => b.PageCount), Is.EqualTo(Pmd));

        map.End(copying, new PageRange(new PageIndex(0), 0)).Release();
        Assert.That(other.Find(new PageIndex(0), 1, WriteFault).Error, Is.EqualTo(IoError.None));
    }

    [Test]
    public void AZeroerThatThrowsLosesNoBlock()
    {
        zeroer.Throws = true;
        Assert.That(() => map.Find(new PageIndex(3), 1, WriteFault), Throws.TypeOf<IOException>());
        Assert.That((map.ExtentCount, allocator.FreePageCount), Is.EqualTo((0L, 2L * Pmd)));
        zeroer.Throws = false;
        using var held = new Shared(this);
        zeroer.Throws = true;
        Assert.That(() => map.Find(new PageIndex(3), 1, WriteFault), Throws.TypeOf<IOException>());
        Assert.That((map.BlocksAside.Count, allocator.FreePageCount), Is.EqualTo((0, (long)Pmd)));
    }

    [Test]
    public void AReleaseThatMeetsAPageInUseReleasesAllOthersAndThrows()
    {
        map.Find(new PageIndex(0), 1, WriteFault);
        map.Find(new PageIndex(7), 1, WriteFault);
        FreedBlocks freed = map.Truncate(new PageIndex(0));
        Assert.That(freed.Ranges, Has.Count.EqualTo(2));
        Pfn first = freed.Ranges[0].First;
        owners.Associate(first, PageOrder.Pte, 1, new PageIndex(0), isShared: false);
        Assert.That(() => freed.Release(), Throws.InvalidOperationException.With.Message.Contains($"{first}"));
        Assert.That(allocator.FreePageCount, Is.EqualTo((2 * Pmd) - 1));
        owners.Disassociate(first, PageOrder.Pte, 1, new PageIndex(0));
    }

    [Test]
    public void ASharingThatFailsMidwayLeavesNoCountRaised()
    {
        Pfn first = map.Find(new PageIndex(0), 1, WriteFault).Target.PfnAt(new PageIndex(0));
        Pfn second = map.Find(new PageIndex(7), 1, WriteFault).Target.PfnAt(new PageIndex(7));
        allocator.TakeBack(new PfnRange(second, 1)); // free under the file's feet: it cannot be shared
        var clone = new InMemoryExtentMap(allocator, zeroer);
        Assert.That(
            () => clone.ShareFrom(map, new PageRange(new PageIndex(0), 8), new PageIndex(0)),
            Throws.InvalidOperationException.With.Message.Contains($"{second} is free"));
        Assert.That((allocator.ShareCount(first), allocator.SharedPageCount, clone.ExtentCount), Is.EqualTo((1L, 0L, 0L)));
    }

    [Test]
    public void MoreThan8TiBInOneRunAreReleasedWhileAnyPageIsShared()
    {
        const long Pages = (10L << 40) / DaxConstants.PageSize;
        const long Big = (9L << 40) / DaxConstants.PageSize;
        using var large = new BlockAllocator(new PfnRange(new Pfn(0), Pages));
        var shared = new PfnRange(new Pfn(Pages - 1), 1);
        large.Claim(shared);
        large.Share(shared);
        var run = new PfnRange(new Pfn(0), Big);
        large.Claim(run);
        Assert.That(large.SharingRun(run.First, run.PageCount, out bool isShared), Is.EqualTo(Big));
        Assert.That(isShared, Is.False);
        Assert.That(large.Release(run), Is.EqualTo(Big));
        Assert.That((large.FreePageCount, large.SharedPageCount), Is.EqualTo((Pages - 1, 1L)));
    }

    /// <summary>2 MiB of the map that another file shares; the other half of the device is free.</summary>
    private sealed class Shared : IDisposable
    {
        private readonly WaitingBlocksTests test;
        private readonly InMemoryExtentMap clone;

        public Shared(WaitingBlocksTests test)
        {
            this.test = test;
            test.map.Find(new PageIndex(0), Pmd, WriteFault);
            clone = new InMemoryExtentMap(test.allocator, test.zeroer);
            clone.ShareFrom(test.map, new PageRange(new PageIndex(0), Pmd), new PageIndex(0));
        }

        public void CopyOnePage()
        {
            ExtentAnswer answer = test.map.Find(new PageIndex(0), Pmd, WriteFault);
            Assert.That(answer.IsCopy);
            test.map.End(answer, new PageRange(new PageIndex(0), 1)).Release();
        }

        public void Dispose() => Assert.That(clone.Snapshot().Sum(e => e.PageCount), Is.EqualTo(Pmd));
    }

    private sealed class BrittleZeroer : IBlockZeroer
    {
        public bool Throws { get; set; }

        public bool TryZero(PfnRange blocks) => Throws ? throw new IOException("the medium is gone") : true;

        public bool TryHeal(PfnRange blocks) => TryZero(blocks);
    }
}
