using DaxEmu.Core;
using DaxEmu.Core.Dax.ReadWrite;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.ReadWrite;

public sealed class DataPathTests
{
    private const int Page = FileFixture.Page;
    private const int Pmd = FileFixture.Pmd;

    [TestCase(MapMode.Shared)]
    [TestCase(MapMode.Shared | MapMode.NoHugePage)]
    public void B09_AViewThatShowedTheHoleShowsWhatIsWrittenThere(MapMode mode)
    {
        foreach (KernelBehaviour behaviour in KernelBehaviour.All)
        {
            using var fixture = new FileFixture(DaxFileOptions.Default with { Behaviour = behaviour });
            DaxFile file = fixture.Create(2 * Pmd);
            using DaxView view = file.Map(mode);
            Assert.That(view.Read(Pmd + 100, 1)[0], Is.Zero);
            file.Write([42], Pmd + 100);
            Assert.That(view.Read(Pmd + 100, 1)[0], Is.EqualTo(42), behaviour.Name);
        }
    }

    [Test]
    public void B09_AReadFaultThatFoundTheHoleBeforeTheWriteDoesNotHideIt()
    {
        using var fixture = new FileFixture();
        for (int round = 0; round < 200; round++)
        {
            DaxFile file = fixture.Create(Page);
            using DaxView view = file.Map(MapMode.Shared | MapMode.NoHugePage);
            using var start = new Barrier(2);
            var read = Task.Run(() =>
            {
                start.SignalAndWait();
                view.Read(0, 1);
            });
            start.SignalAndWait();
            file.Write([42], 0);
            FileFixture.Finish(read);
            Assert.That(view.Read(0, 1)[0], Is.EqualTo(42), $"round {round}");
            file.Dispose();
        }
    }

    [Test]
    public void B29_ACopyOnWriteReplacesADirtyEntryOfTheSharedBlock()
    {
        // On 6.1 a read makes the entry dirty, and invalidation keeps dirty entries.
        using var fixture = new FileFixture(DaxFileOptions.Default with { Behaviour = KernelBehaviour.Linux61 });
        DaxFile source = fixture.CreateFilled(4 * Page);
        DaxFile clone = fixture.Create();
        source.CloneTo(clone);
        using DaxView view = clone.Map();
        byte[] old = view.Read(Page, Page).ToArray();
        Assert.That(clone.Mapping.Entries[new PageIndex(1)].Entry.IsDirty);
        clone.Write([1, 2, 3], Page + 10);
        byte[] expected = [.. old[..10], 1, 2, 3, .. old[13..]];
        Assert.That(view.Read(Page, Page).ToArray(), Is.EqualTo(expected), "the mapping shows the fresh block");
        Assert.That(FileFixture.Bytes(source)[Page..(2 * Page)], Is.EqualTo(old), "the source keeps the old one");
    }

    [Test]
    public void B30_AnUnalignedUnshareCopiesWholeBlocksAndReturnsTheLengthAskedFor()
    {
        using var fixture = new FileFixture();
        DaxFile source = fixture.CreateFilled(4 * Page);
        byte[] bytes = FileFixture.Bytes(source);
        DaxFile clone = fixture.Create();
        source.CloneTo(clone);
        Assert.That(Unshare.Run(clone.Mapping, Page + 100, Page), Is.EqualTo(new DataOutcome(Page, IoError.None)));
        Assert.That(FileFixture.Bytes(clone), Is.EqualTo(bytes));
        Assert.That(clone.ExtentList.Where(e => !e.IsShared).Sum(e => e.PageCount), Is.EqualTo(2), "both blocks that the range touches");
        source.Write(new byte[3 * Page], Page);
        Assert.That(FileFixture.Bytes(clone), Is.EqualTo(bytes));
    }

    [Test]
    public void B30_AnUnshareThatRunsOutOfSpaceSaysHowFarItCame()
    {
        using var fixture = new FileFixture(deviceBytes: Pmd);
        DaxFile source = fixture.CreateFilled(400 * Page);
        DaxFile clone = fixture.Create();
        source.CloneTo(clone);
        DataOutcome outcome = Unshare.Run(clone.Mapping, 100, (400 * Page) - 100);
        Assert.That(outcome, Is.EqualTo(new DataOutcome((112 * Page) - 100, IoError.NoSpace)));
        Assert.That(FileFixture.Bytes(clone), Is.EqualTo(FileFixture.Bytes(source)));
    }

    [Test]
    public void B30_ADestinationWhoseSourceIsAHoleIsZeroed()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(Pmd);
        device.GetSpan(new Pfn(0), 512).Fill(0xEE);
        var hole = new Extent(new PageIndex(0), 4, ExtentKind.Hole, default);
        var fresh = new Extent(new PageIndex(0), 4, ExtentKind.Mapped, new Pfn(8), ExtentFlags.New);
        using var mapping = new AddressSpace(
            device, new OneAnswer(new ExtentAnswer(fresh, hole, IoError.None)), 4 * Page, new AddressSpaceOptions { MaximumSizeBytes = Pmd });
        Assert.That(Unshare.Run(mapping, Page, 2 * Page).BytesMoved, Is.EqualTo(2 * Page));
        Assert.That(device.GetSpan(new Pfn(9), 2).ToArray(), Is.All.Zero);
        Assert.That((device.GetSpan(new Pfn(8), 1)[0], device.GetSpan(new Pfn(11), 1)[0]), Is.EqualTo(((byte)0xEE, (byte)0xEE)), "no block beside them");
    }

    [TestCase(0, 0, 3 * Page)]
    [TestCase(100, 100, 2 * Page)]
    [TestCase(100, 4000, 2 * Page)]
    [TestCase(Page - 1, 1, Page + 2)]
    public void B36_AComparisonAtAnyOffsetLooksAtTheRightBytes(int offset, int otherOffset, int length)
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(4 * Page);
        DaxFile other = fixture.Create();
        byte[] range = FileFixture.Bytes(file)[offset..(offset + length)];
        other.Write(range, otherOffset);
        Assert.That(file.Compare(offset, other, otherOffset, length), Is.EqualTo(length));
        foreach (int at in new[] { 0, 1, length / 2, length - 1 })
        {
            other.Write([(byte)(range[at] + 1)], otherOffset + at);
            Assert.That(file.Compare(offset, other, otherOffset, length), Is.EqualTo(at), "the first byte that differs");
            other.Write([range[at]], otherOffset + at);
        }
    }

    [Test]
    public void HolesAndWrittenZeroesCompareAlike()
    {
        using var fixture = new FileFixture();
        DaxFile hole = fixture.Create(4 * Page);
        DaxFile zeroes = fixture.Create(4 * Page);
        zeroes.Write(new byte[Page], Page);
        Assert.That(hole.Compare(0, zeroes, 0, 4 * Page), Is.EqualTo(4 * Page));
        zeroes.Write([1], (2 * Page) - 1);
        Assert.That(hole.Compare(0, zeroes, 0, 4 * Page), Is.EqualTo((2 * Page) - 1));
        Assert.That(zeroes.Compare(3, hole, 3, 3 * Page), Is.EqualTo((2 * Page) - 4));
    }

    [Test]
    public void ACloneSharesBlocksUntilOneSideWrites()
    {
        using var fixture = new FileFixture();
        DaxFile source = fixture.CreateFilled(Pmd);
        byte[] bytes = FileFixture.Bytes(source);
        DaxFile clone = fixture.Create();
        using DaxView before = source.Map();
        before.Write(0, 1)[0]++;
        bytes[0]++;
        long free = fixture.Volume.FreeBytes;
        source.CloneTo(clone);
        Assert.That(fixture.Volume.FreeBytes, Is.EqualTo(free));
        using DaxView view = clone.Map();
        before.Write(10, 1)[0] = 1;
        view.Write(20, 1)[0] = 2;
        clone.Write([3], Page + 1);
        Assert.That(FileFixture.Bytes(clone), Is.EqualTo((byte[])[.. bytes[..20], 2, .. bytes[21..(Page + 1)], 3, .. bytes[(Page + 2)..]]));
        Assert.That(FileFixture.Bytes(source), Is.EqualTo((byte[])[.. bytes[..10], 1, .. bytes[11..]]));
    }

    [Test]
    public void ACloneWaitsForDmaIntoTheSource()
    {
        using var fixture = new FileFixture();
        DaxFile source = fixture.CreateFilled(4 * Page);
        DaxFile clone = fixture.Create();
        using DaxView view = source.Map();
        PagePin dma = view.Pin(0, Page);
        var cloning = Task.Run(() => source.CloneTo(clone));
        Assert.That(FileFixture.IsStuck(cloning));
        fixture.Device.GetSpan(dma.Pages[0].First, 1).Fill(9);
        dma.Dispose();
        FileFixture.Finish(cloning);
        Assert.That(FileFixture.Bytes(clone)[..Page], Is.All.EqualTo(9));
    }

    [Test]
    public void OppositeClonesDoNotWaitForEachOther()
    {
        using var fixture = new FileFixture();
        DaxFile first = fixture.CreateFilled(8 * Page);
        DaxFile second = fixture.CreateFilled(8 * Page, seed: 2);
        Task[] work =
        [
            Task.Run(() => Parallel.For(0, 200, _ => first.CloneRange(0, Page, second, 4 * Page))),
            Task.Run(() => Parallel.For(0, 200, _ => second.CloneRange(0, Page, first, 4 * Page))),
        ];
        FileFixture.Finish(Task.WhenAll(work));
        Assert.That(second.Compare(4 * Page, first, 0, Page), Is.EqualTo(Page));
    }

    [TestCase(1, Page, 0)]
    [TestCase(0, Page, 1)]
    [TestCase(0, 5 * Page, 0)]
    [TestCase(0, 100, 0)]
    public void ACloneOfARangeThatCannotBeSharedIsMisuse(long offset, long length, long targetOffset)
    {
        using var fixture = new FileFixture();
        DaxFile source = fixture.CreateFilled(4 * Page);
        DaxFile target = fixture.CreateFilled(4 * Page);
        Assert.That(() => source.CloneRange(offset, length, target, targetOffset), Throws.ArgumentException);
        Assert.That(() => source.CloneRange(0, 2 * Page, source, Page), Throws.ArgumentException.With.Message.Contains("overlap"));
    }

    [Test]
    public void ZeroingSkipsHolesAndUnwrittenBlocksAndSaysWhetherItStored()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create(8 * Page);
        file.Allocate(Page, Page);
        file.Write(FileFixture.Pattern(Page, 1), 3 * Page);
        Assert.That(ZeroRange.Run(file.Mapping, 100, 2 * Page, FaultsAre.Allowed, out bool didZero).BytesMoved, Is.EqualTo(2 * Page));
        Assert.That(didZero, Is.False);
        ZeroRange.Run(file.Mapping, 100, 4 * Page, FaultsAre.Allowed, out didZero);
        Assert.That(didZero);
        Assert.That(FileFixture.Bytes(file), Is.All.Zero);
        Assert.That(file.ExtentList.Sum(e => e.PageCount), Is.EqualTo(2), "nothing was allocated");
        Assert.That(ZeroRange.TruncatePage(file.Mapping, 2 * Page, FaultsAre.Allowed, out didZero).BytesMoved, Is.Zero, "a size that ends a page");
    }

    [Test]
    public void AnExtentMapThatFailsEndsATransferWithWhatWasMoved()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(Pmd);
        var extents = new FlakyExtents(new LinearExtentMap(new Pfn(0), 512));
        using var mapping = new AddressSpace(device, extents, 8 * Page, new AddressSpaceOptions { MaximumSizeBytes = Pmd });
        extents.FailNext(IoError.Io, count: 2);
        Assert.That(DaxReadWrite.Read(mapping, 0, new byte[100]), Is.EqualTo(new DataOutcome(0, IoError.Io)));
        Assert.That(DaxReadWrite.Write(mapping, 0, new byte[100]), Is.EqualTo(new DataOutcome(0, IoError.Io)));
        Assert.That(new DataOutcome(0, IoError.Io).Errno, Is.EqualTo(5));
    }

    private sealed class OneAnswer(ExtentAnswer answer) : IExtentMap
    {
        public ExtentAnswer Find(PageIndex index, long pageCount, ExtentIntent intent) => answer;

        public void Commit()
        {
        }
    }
}
