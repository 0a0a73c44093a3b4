using DaxEmu.Core;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Iomap;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Iomap;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class InMemoryExtentMapTests : IDisposable
{
    private const int Pmd = DaxConstants.PagesPerPmd;
    private const ExtentIntent WriteFault = ExtentIntent.Write | ExtentIntent.Fault;

    private readonly BlockAllocator allocator = new(new PfnRange(new Pfn(0), 8 * Pmd));
    private readonly StampedBlocks device = new(8 * Pmd);
    private readonly InMemoryExtentMap map;

    public InMemoryExtentMapTests() => map = new InMemoryExtentMap(allocator, device);

    public void Dispose() => allocator.Dispose();

    [TearDown]
    public void Verify() => allocator.Verify();

    [Test]
    public void AReadOfAHoleAllocatesNothing()
    {
        Extent extent = map.Find(new PageIndex(5), 1, ExtentIntent.Fault).Target;
        Assert.That((extent.Kind, extent.Contains(new PageIndex(5)), extent.PageCount > Pmd), Is.EqualTo((ExtentKind.Hole, true, true)));
        Assert.That(allocator.FreePageCount, Is.EqualTo(8 * Pmd));
    }

    [Test]
    public void AWriteToAHoleGetsAZeroedNewDirtyBlock()
    {
        Extent extent = map.Find(new PageIndex(5), 1, WriteFault).Target;
        Assert.That(extent.Kind, Is.EqualTo(ExtentKind.Mapped));
        Assert.That(extent.Flags, Is.EqualTo(ExtentFlags.New | ExtentFlags.Dirty));
        Assert.That(device[extent.PfnAt(new PageIndex(5))], Is.Zero);

        Extent again = map.Find(new PageIndex(5), 1, WriteFault).Target;
        Assert.That(again.Flags, Is.EqualTo(ExtentFlags.Dirty));
        map.Commit();
        Assert.That(map.Find(new PageIndex(5), 1, WriteFault).Target.Flags, Is.EqualTo(ExtentFlags.None));
    }

    [Test]
    public void A2MiBWriteGetsAnAligned2MiB()
    {
        map.Find(new PageIndex(3), 1, WriteFault);
        Extent extent = map.Find(new PageIndex(Pmd), Pmd, WriteFault).Target;
        Assert.That(extent.PageCount, Is.GreaterThanOrEqualTo(Pmd));
        Assert.That(extent.PfnAt(new PageIndex(Pmd)).IsPmdAligned, Is.True);
    }

    [Test]
    public void A2MiBWriteGetsWhatFitsIfNoWhole2MiBIsFree()
    {
        for (int i = 0; i < 8; i++)
        {
            allocator.Claim(new PfnRange(new Pfn((i * Pmd) + 100), 1));
        }

        Extent extent = map.Find(new PageIndex(0), Pmd, WriteFault).Target;
        Assert.That(extent.PageCount, Is.InRange(1, Pmd - 1));
    }

    [Test]
    public void A2MiBWriteStopsWhereTheHoleEnds()
    {
        map.Find(new PageIndex(100), 1, WriteFault);
        Extent extent = map.Find(new PageIndex(0), Pmd, WriteFault).Target;
        Assert.That(map.Snapshot().Sum(piece => piece.PageCount), Is.EqualTo(101));
        Assert.That(extent.PageCount, Is.LessThanOrEqualTo(101));
    }

    [Test]
    public void AWriteToUnwrittenBlocksZeroesAndConvertsJustThose()
    {
        Assert.That(map.Allocate(new PageRange(new PageIndex(0), 10)), Is.EqualTo(IoError.None));
        Extent before = map.Find(new PageIndex(4), 1, ExtentIntent.Fault).Target;
        Assert.That(before.Kind, Is.EqualTo(ExtentKind.Unwritten));
        Extent after = map.Find(new PageIndex(4), 2, WriteFault).Target;
        Assert.That((after.Kind, after.Flags), Is.EqualTo((ExtentKind.Mapped, ExtentFlags.New | ExtentFlags.Dirty)));
        Assert.That(after.PfnAt(new PageIndex(4)), Is.EqualTo(before.PfnAt(new PageIndex(4))));
        Assert.That(map.Snapshot().Select(e => (e.First.Value, e.PageCount, e.Kind)), Is.EqualTo(new[]
        {
            (0L, 4L, ExtentKind.Unwritten), (4L, 2L, ExtentKind.Mapped), (6L, 4L, ExtentKind.Unwritten),
        }));
        Assert.That(device[before.PfnAt(new PageIndex(3))], Is.EqualTo(StampedBlocks.Garbage));
        Assert.That(device[before.PfnAt(new PageIndex(5))], Is.Zero);
    }

    [Test]
    public void FallocateGivesAligned2MiBToAlignedPages()
    {
        Assert.That(map.Allocate(new PageRange(new PageIndex(100), 2 * Pmd)), Is.EqualTo(IoError.None));
        Extent extent = map.Find(new PageIndex(Pmd), Pmd, WriteFault).Target;
        Assert.That(extent.PfnAt(new PageIndex(Pmd)).IsPmdAligned, Is.True);
        Assert.That(extent.End - new PageIndex(Pmd), Is.GreaterThanOrEqualTo(Pmd));
    }

    [Test]
    public void NoSpaceChangesNothing()
    {
        Assert.That(map.Allocate(new PageRange(new PageIndex(0), (8 * Pmd) + 1)), Is.EqualTo(IoError.NoSpace));
        Assert.That(map.Snapshot(), Is.Empty);
        Assert.That(allocator.FreePageCount, Is.EqualTo(8 * Pmd));
        map.Allocate(new PageRange(new PageIndex(0), 8 * Pmd));
        Assert.That(map.Find(new PageIndex(9 * Pmd), 1, WriteFault).Error, Is.EqualTo(IoError.NoSpace));
    }

    [Test]
    public void ABlockThatCannotBeZeroedIsNotShown()
    {
        device.Fails = true;
        Assert.That(map.Find(new PageIndex(0), 1, WriteFault).Error, Is.EqualTo(IoError.Io));
        Assert.That((map.ExtentCount, allocator.FreePageCount), Is.EqualTo((0L, 8L * Pmd)));
    }

    [Test]
    public void PunchedBlocksAreNobodysUntilTheyAreReleased()
    {
        map.Find(new PageIndex(0), 10, WriteFault);
        FreedBlocks freed = map.Punch(new PageRange(new PageIndex(2), 3));
        Assert.That(freed.PageCount, Is.EqualTo(3));
        Assert.That(allocator.FreePageCount, Is.EqualTo((8 * Pmd) - 10));
        Assert.That(map.Find(new PageIndex(3), 1, ExtentIntent.Read).Target.PageCount, Is.EqualTo(3));
        Assert.That(freed.Release(), Is.EqualTo(3));
        Assert.That(() => freed.Release(), Throws.InvalidOperationException);
        Assert.That(allocator.FreePageCount, Is.EqualTo((8 * Pmd) - 7));
    }

    [Test]
    public void AChangeDuringACommitStaysDirty()
    {
        InMemoryExtentMap late = null!;
        late = new InMemoryExtentMap(allocator, device, new WritingJournal());
        late.Find(new PageIndex(0), 1, WriteFault);
        late.Commit();
        Assert.That(late.IsDirty, Is.True);
    }

    [Test]
    public void ZeroingAndUnsharingAllocateNothing([Values(ExtentIntent.Zero, ExtentIntent.Unshare)] ExtentIntent intent)
    {
        Assert.That(map.Find(new PageIndex(0), 1, intent | ExtentIntent.Write).Target.Kind, Is.EqualTo(ExtentKind.Hole));
        Assert.That(allocator.FreePageCount, Is.EqualTo(8 * Pmd));
    }

    [Test]
    public void AWriteToSharedBlocksSwitchesOnlyWhenTheCopyEnds()
    {
        (InMemoryExtentMap other, Pfn old) = Shared(pageCount: 4);
        ExtentAnswer answer = map.Find(new PageIndex(1), 2, WriteFault);
        Assert.That(answer.IsCopy, Is.True);
        Assert.That((answer.Target.PageCount, answer.Source.PageCount), Is.EqualTo((2L, 2L)));
        Assert.That(answer.Source.PfnAt(new PageIndex(1)), Is.EqualTo(old + 1));
        Assert.That((answer.Source.IsShared, answer.Target.IsShared), Is.EqualTo((true, false)));
        Assert.That(answer.Target.Flags & ExtentFlags.New, Is.EqualTo(ExtentFlags.New));
        Assert.That(map.Find(new PageIndex(1), 1, ExtentIntent.Read).Target.PfnAt(new PageIndex(1)), Is.EqualTo(old + 1), "not copied yet");
        Assert.That(map.Find(new PageIndex(1), 2, WriteFault).Target.Pfn, Is.EqualTo(answer.Target.Pfn), "the same fresh blocks");

        FreedBlocks freed = map.End(answer, new PageRange(new PageIndex(1), 1));
        Assert.That(freed.Ranges, Is.EqualTo(new[] { new PfnRange(old + 1, 1) }));
        Assert.That(freed.Release(), Is.Zero, "the other file has it still");
        Assert.That(map.Find(new PageIndex(1), 1, WriteFault).Target.PfnAt(new PageIndex(1)), Is.EqualTo(answer.Target.Pfn));
        Assert.That(map.Find(new PageIndex(2), 1, ExtentIntent.Read).Target.PfnAt(new PageIndex(2)), Is.EqualTo(old + 2));
        Assert.That(map.End(answer, new PageRange(new PageIndex(1), 1)).PageCount, Is.Zero, "ended already");
        Assert.That(other.Find(new PageIndex(11), 1, WriteFault).IsCopy, Is.False, "nobody shares it any more");
        Assert.That(map.Truncate(new PageIndex(0)).PageCount, Is.EqualTo(5), "four blocks and a fresh one whose copy never ended");
    }

    [Test]
    public void SharingEndsWhereItsExtentEnds()
    {
        map.Find(new PageIndex(0), 10, WriteFault);
        var other = new InMemoryExtentMap(allocator, device);
        other.ShareFrom(map, new PageRange(new PageIndex(4), 2), new PageIndex(0));
        Assert.That(map.Snapshot().Select(e => (e.First.Value, e.PageCount, e.IsShared)), Is.EqualTo(new[]
        {
            (0L, 4L, false), (4L, 2L, true), (6L, 4L, false),
        }));
        Assert.That(map.Find(new PageIndex(5), 5, ExtentIntent.Read).Target.PageCount, Is.EqualTo(1));
    }

    [Test]
    public void SharingLeavesHolesForWhatWasNeverWritten()
    {
        map.Allocate(new PageRange(new PageIndex(0), 2));
        map.Find(new PageIndex(3), 1, WriteFault);
        var other = new InMemoryExtentMap(allocator, device);
        other.Find(new PageIndex(100), 4, WriteFault);
        Assert.That(other.ShareFrom(map, new PageRange(new PageIndex(0), 4), new PageIndex(100)).PageCount, Is.EqualTo(4));
        Assert.That(other.Snapshot().Select(e => (e.First.Value, e.PageCount)), Is.EqualTo(new[] { (103L, 1L) }));
    }

    [Test]
    public void SharedBlocksAreNeverMarkedUnwritten()
    {
        (InMemoryExtentMap other, Pfn old) = Shared(pageCount: 4);
        Assert.That(map.ToUnwritten(new PageRange(new PageIndex(0), 6), out FreedBlocks freed), Is.EqualTo(IoError.None));
        Assert.That(freed.Ranges, Is.EqualTo(new[] { new PfnRange(old, 4) }));
        Assert.That(map.Snapshot().Sum(e => e.PageCount), Is.EqualTo(6));
        Assert.That(map.Snapshot().All(e => e.Kind == ExtentKind.Unwritten && !new PfnRange(e.Pfn, e.PageCount).Contains(old)), Is.True);
        Assert.That(other.Find(new PageIndex(10), 1, ExtentIntent.Read).Target.Pfn, Is.EqualTo(old));
    }

    [Test]
    public void AStoredFileComesBackAndSharesWithTheNext()
    {
        map.Find(new PageIndex(2), 3, WriteFault);
        map.Allocate(new PageRange(new PageIndex(20), 2));
        IReadOnlyList<Extent> stored = map.Snapshot();
        using var later = new BlockAllocator(allocator.Range);
        InMemoryExtentMap first = InMemoryExtentMap.Load(later, device, stored);
        Assert.That(first.Snapshot(), Is.EqualTo(stored));
        Assert.That((first.IsDirty, later.FreePageCount), Is.EqualTo((false, (8L * Pmd) - 5)));
        InMemoryExtentMap.Load(later, device, stored.Where(e => e.Kind == ExtentKind.Mapped));
        Assert.That(first.Find(new PageIndex(3), 1, WriteFault).IsCopy, Is.True);
        later.Verify();
    }

    [Test]
    public void ABlockIsNotShownWhileItIsZeroed([Values] bool isUnwritten)
    {
        var index = new PageIndex(7);
        if (isUnwritten)
        {
            map.Allocate(new PageRange(index, 1));
        }

        ExtentKind? shown = null;
        device.Zeroing = _ => shown = map.Find(index, 1, ExtentIntent.Read).Target.Kind;
        map.Find(index, 1, WriteFault);
        Assert.That(shown, Is.EqualTo(isUnwritten ? ExtentKind.Unwritten : ExtentKind.Hole));
    }

    [Test]
    public void AWriterWhoWaitedForAnotherToFillTheHoleFindsItFilled([Values] bool isUnwritten)
    {
        var index = new PageIndex(7);
        if (isUnwritten)
        {
            map.Allocate(new PageRange(index, 1));
        }

        // The second writer saw the hole and sleeps on the map's lock while the first one zeroes.
        Extent late = default;
        var second = new Thread(() => late = map.Find(index, 1, WriteFault).Target);
        device.Zeroing = _ =>
        {
            device.Zeroing = null;
            second.Start();
            SpinWait.SpinUntil(() => (second.ThreadState & ThreadState.WaitSleepJoin) != 0, TimeSpan.FromSeconds(20));
        };
        Extent early = map.Find(index, 1, WriteFault).Target;
        device[early.PfnAt(index)] = 42;
        Assert.That(second.Join(TimeSpan.FromSeconds(20)), Is.True);
        Assert.That(late.Flags & ExtentFlags.New, Is.EqualTo(ExtentFlags.None));
        Assert.That(late.PfnAt(index), Is.EqualTo(early.PfnAt(index)));
        Assert.That(allocator.FreePageCount, Is.EqualTo((8 * Pmd) - 1));
    }

    [Test]
    public void OfTwoWritersOfAHoleOneGetsItNewAndNoStoreIsZeroed()
    {
        for (int round = 0; round < 400; round++)
        {
            var file = new InMemoryExtentMap(allocator, device);
            int news = 0;
            int lost = 0;
            using var start = new Barrier(2);
            void Write(int seed)
            {
                start.SignalAndWait();
                for (int i = 0; i < 8; i++)
                {
                    var index = new PageIndex(i);
                    Extent extent = file.Find(index, 1, WriteFault).Target;
                    Interlocked.Add(ref news, (extent.Flags & ExtentFlags.New) != 0 ? 1 : 0);
                    Pfn pfn = extent.PfnAt(index);
                    device[pfn] = seed;
                    Interlocked.Add(ref lost, device[pfn] == 0 ? 1 : 0);
                }
            }

            Parallel.Invoke(() => Write(1), () => Write(2));
            Assert.That((news, lost), Is.EqualTo((8, 0)));
            Assert.That(file.Truncate(new PageIndex(0)).Release(), Is.EqualTo(8));
        }
    }

    [Test]
    public void AReaderSeesWholeBlocksOnlyWhileAnotherThreadAllocatesAndPunches()
    {
        int done = 0;
        Task writer = Task.Run(() =>
        {
            var random = new Random(3);
            for (int i = 0; i < 20000; i++)
            {
                var index = new PageIndex(random.Next(2000));
                if (random.Next(3) == 0)
                {
                    // Not released: so a block never moves to another page, and what a reader sees can be checked.
                    map.Punch(new PageRange(index, 1));
                }
                else
                {
                    map.Find(index, 1, WriteFault);
                }
            }
        }).ContinueWith(task => { Volatile.Write(ref done, 1); task.GetAwaiter().GetResult(); }, TaskScheduler.Default);
        var reader = new Random(4);
        long garbage = 0;
        while (Volatile.Read(ref done) == 0)
        {
            var index = new PageIndex(reader.Next(2000));
            Extent extent = map.Find(index, 1, ExtentIntent.Read).Target;
            Assert.That(extent.Contains(index), Is.True);
            garbage += extent.Kind == ExtentKind.Mapped && device[extent.PfnAt(index)] != 0 ? 1 : 0;
        }

        writer.Wait();
        Assert.That(garbage, Is.Zero, "a block was shown before it was zeroed");
    }

    [Test]
    public void AFileOf100000ExtentsIsFilledReadAndEmptied()
    {
        const int Extents = 100_000;
        using var big = new BlockAllocator(new PfnRange(new Pfn(0), 2 * Extents));
        var file = new InMemoryExtentMap(big, new StampedBlocks(2 * Extents));
        int[] order = [.. Enumerable.Range(0, Extents)];
        new Random(5).Shuffle(order);
        foreach (int i in order)
        {
            file.Find(new PageIndex(2L * i), 1, WriteFault);
        }

        Assert.That(file.ExtentCount, Is.EqualTo(Extents));
        foreach (int i in order)
        {
            Extent block = file.Find(new PageIndex(2L * i), 1, ExtentIntent.Read).Target;
            Extent hole = file.Find(new PageIndex((2L * i) + 1), 1, ExtentIntent.Read).Target;
            if (block.Kind != ExtentKind.Mapped || block.First.Value != 2L * i || hole.Kind != ExtentKind.Hole)
            {
                Assert.Fail($"page {2 * i} is answered with {block}, the next with {hole}");
            }
        }

        foreach (int i in order)
        {
            file.Punch(new PageRange(new PageIndex(2L * i), 1)).Release();
        }

        Assert.That((file.ExtentCount, big.FreePageCount), Is.EqualTo((0L, 2L * Extents)));
        big.Verify();
    }

    /// <summary>Pages 0 on of the map and 10 on of another file, on the same blocks.</summary>
    private (InMemoryExtentMap Other, Pfn Old) Shared(long pageCount)
    {
        var other = new InMemoryExtentMap(allocator, device);
        Pfn old = other.Find(new PageIndex(10), pageCount, WriteFault).Target.Pfn;
        map.ShareFrom(other, new PageRange(new PageIndex(10), pageCount), new PageIndex(0));
        return (other, old);
    }

    /// <summary>Lets the file grow while it commits it.</summary>
    private sealed class WritingJournal : IExtentJournal
    {
        public PlainLock? ChangeGate => null;

        public bool CommitsBeforeRelease => false;

        public void Commit(InMemoryExtentMap map) => map.Find(new PageIndex(map.Snapshot().Count + 10), 1, WriteFault);
    }
}
