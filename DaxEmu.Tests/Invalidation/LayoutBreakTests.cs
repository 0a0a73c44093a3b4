using DaxEmu.Core.Entries;
using DaxEmu.Core.Files;
using DaxEmu.Core.Invalidation;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Invalidation;

/// <summary>Blocks must not leave a file while somebody stores into them: the stories of B12, B24 and B31 to B35.</summary>
public sealed class LayoutBreakTests
{
    private const int Page = FileWorld.Page;

    private static Pfn? BusyPage(AddressSpace mapping, PageRange range)
    {
        mapping.InvalidateLock.EnterWrite();
        try
        {
            return LayoutBreak.BusyPage(mapping, range);
        }
        finally
        {
            mapping.InvalidateLock.ExitWrite();
        }
    }

    private static IEnumerable<TestCaseData> BlockTakers()
    {
        yield return new TestCaseData((Action<DaxFile>)(f => f.SetLength(0))).SetArgDisplayNames("truncate");
        yield return new TestCaseData((Action<DaxFile>)(f => f.PunchHole(0, 8 * Page))).SetArgDisplayNames("punch");
        yield return new TestCaseData((Action<DaxFile>)(f => f.ZeroRange(0, 8 * Page))).SetArgDisplayNames("zero");
        yield return new TestCaseData((Action<DaxFile>)(f => f.CollapseRange(0, 4 * Page))).SetArgDisplayNames("collapse");
        yield return new TestCaseData((Action<DaxFile>)(f => f.InsertRange(0, 4 * Page))).SetArgDisplayNames("insert");
    }

    [TestCaseSource(nameof(BlockTakers))]
    public void B12_DmaIntoATruncatedBlockNeverReachesAnotherFile(Action<DaxFile> takeBlocks)
    {
        using var world = new FileWorld();
        DaxFile file = world.CreateFilled(8 * Page);
        using DaxView view = file.Map();
        PinLease dma = view.Pin(2 * Page, Page);
        var work = Task.Run(() => takeBlocks(file));
        Assert.That(FileWorld.IsStuck(work), "it must wait for the pin");
        world.Device.GetSpan(dma.Pages[0].First, 1).Fill(0xDD);
        dma.Dispose();
        FileWorld.Finish(work);
        DaxFile other = world.CreateFilled(16 * Page, seed: 2);
        Assert.That(FileWorld.Bytes(other), Is.EqualTo(FileWorld.Pattern(16 * Page, 2)));
    }

    [Test]
    public void AnOperationThatMayNotWaitSaysThatPagesArePinnedAndChangesNothing()
    {
        using var world = new FileWorld(DaxFileOptions.Default with { WaitsForPins = false });
        DaxFile file = world.CreateFilled(8 * Page);
        byte[] before = FileWorld.Bytes(file);
        using DaxView view = file.Map();
        using (view.Pin(2 * Page, Page))
        {
            Assert.That(() => file.SetLength(0), Throws.TypeOf<DaxFileException>().With.Property("Errno").EqualTo(16).And.Message.Contains("leases"));
            Assert.That(FileWorld.Bytes(file), Is.EqualTo(before));
            Assert.That(() => file.SetLength(4 * Page), Throws.Nothing, "a pin elsewhere is in nobody's way");
        }

        file.SetLength(0);
    }

    [Test]
    public void TheOneWhoIsToUnpinMayFaultOnTheFileMeanwhile()
    {
        using var world = new FileWorld();
        DaxFile file = world.CreateFilled(8 * Page);
        using DaxView view = file.Map();
        PinLease dma = view.Pin(2 * Page, Page);
        var truncate = Task.Run(() => file.SetLength(0));
        Assert.That(FileWorld.IsStuck(truncate));
        Assert.That(view.Read(7 * Page, 1).Length, Is.EqualTo(1));
        dma.Dispose();
        FileWorld.Finish(truncate);
        Assert.That(file.Mapping.Entries.PresentPageCount, Is.Zero, "what was faulted in meanwhile goes too");
    }

    [Test]
    public void B24_BreakingALayoutLeavesPrivateCopiesAlone()
    {
        using var world = new FileWorld();
        DaxFile file = world.CreateFilled(8 * Page);
        using DaxView own = file.Map(MapMode.Private);
        own.Write(0, 1)[0] = 77;
        Assert.That(BusyPage(file.Mapping, PageRange.All), Is.Null);
        Assert.That(own.Read(0, 1)[0], Is.EqualTo(77));
    }

    [Test]
    public void B31_APageThatWasUnmappedWhileItWasPinnedIsStillBusy()
    {
        using var world = new FileWorld();
        DaxFile file = world.CreateFilled(8 * Page);
        DaxView view = file.Map();
        PinLease dma = view.Pin(3 * Page, Page);
        view.Dispose();
        Assert.That(file.Mapping.Areas, Is.Empty);
        Assert.That(BusyPage(file.Mapping, PageRange.All), Is.EqualTo(dma.Pages[0].First));
        var truncate = Task.Run(() => file.SetLength(0));
        Assert.That(FileWorld.IsStuck(truncate), "no mapping is left, but a pin is");
        dma.Dispose();
        FileWorld.Finish(truncate);
    }

    [Test]
    public void B32_ALockedEntryIsWaitedForWhereItStandsAndNotPassedOver()
    {
        using var world = new FaultWorld();
        VmArea area = world.Map();
        world.Pte(area, 5, isWrite: true);
        world.Pte(area, 6, isWrite: true);
        var pinned = new PfnRange(world.Mapping.Entries[new PageIndex(5)].Entry.Pfn, 1);
        world.Device.Owners.Pin(pinned);
        HeldEntry held = world.Mapping.Locker.Grab(new PageIndex(5), PageOrder.Pte).Held;
        var scan = Task.Run(() => BusyPage(world.Mapping, PageRange.All));
        Assert.That(FileWorld.IsStuck(scan), "the scan must wait for the locked entry");
        world.Mapping.Locker.Unlock(held.Start, held.Entry);
        FileWorld.Finish(scan);
        Assert.That(scan.Result, Is.EqualTo(pinned.First), "the entry that was locked is the busy one");
        world.Device.Owners.Unpin(pinned);
    }

    [Test]
    public void B33_AfterTheWaitTheScanLooksAtTheSamePlaceAgainEvenIfAnotherEntryStandsThere()
    {
        using var world = new FaultWorld();
        VmArea area = world.Map();
        world.Pmd(area, 0); // a real 2 MiB entry
        HeldEntry held = world.Mapping.Locker.Grab(new PageIndex(0), PageOrder.Pmd).Held;
        var scan = Task.Run(() => BusyPage(world.Mapping, PageRange.All));
        Assert.That(FileWorld.IsStuck(scan));

        // The 2 MiB entry goes, and a 4 KiB one with a pinned page stands at its first page.
        var pinned = new PfnRange(held.Entry.Pfn, 1);
        world.Device.Owners.Pin(pinned);
        world.Mapping.Disassociate(held.Start, held.Entry);
        HeldEntry small = world.Mapping.Locker.FinishDowngrade(held, new PageIndex(0));
        DaxEntry real = DaxEntry.Real(pinned.First, PageOrder.Pte);
        world.Mapping.Associate(small.Start, real);
        world.Mapping.Locker.Unlock(small.Start, real);
        FileWorld.Finish(scan);
        Assert.That(scan.Result, Is.EqualTo(pinned.First));
        world.Device.Owners.Unpin(pinned);
    }

    [Test]
    public void B34_AnEntryStaysUntilItsPageIsIdleAndGoesWithTheBreak()
    {
        using var world = new FileWorld();
        DaxFile file = world.CreateFilled(8 * Page);
        using DaxView view = file.Map();
        view.Write(0, 8 * Page);
        PinLease dma = view.Pin(3 * Page, Page);
        var first = Task.Run(() => file.SetLength(0));
        Assert.That(FileWorld.IsStuck(first));
        Assert.That(file.Mapping.Entries[new PageIndex(3)].IsPresent, "without the entry nobody could wait for the page");
        Assert.That(BusyPage(file.Mapping, PageRange.All), Is.EqualTo(dma.Pages[0].First), "a second one finds it too");
        dma.Dispose();
        FileWorld.Finish(first);
        Assert.That(file.Mapping.Entries.PresentPageCount, Is.Zero);
    }

    [Test]
    public void B34_APinOutsideTheRangeKeepsA2MiBEntryThatTheRangeTouches()
    {
        using var world = new FileWorld();
        DaxFile file = world.Create();
        file.Allocate(0, FileWorld.Pmd);
        using DaxView view = file.Map();
        view.Write(0, 1);
        PinLease dma = view.Pin(100 * Page, Page);
        var punch = Task.Run(() => file.PunchHole(0, Page));
        Assert.That(FileWorld.IsStuck(punch), "the entry goes whole, and with it the way to find the pin");
        dma.Dispose();
        FileWorld.Finish(punch);
    }

    [Test]
    public void B35_ZeroAndEmptyEntriesHaveNoDevicePageToAskAbout()
    {
        using var world = new FileWorld();
        DaxFile file = world.Create(FileWorld.Pmd + (8 * Page));
        using DaxView view = file.Map();
        using DaxView own = file.Map(MapMode.Private);
        view.Read(0, 1); // a huge zero entry
        own.Write(FileWorld.Pmd, 1); // an empty entry
        view.Read(FileWorld.Pmd + Page, 1); // a zero entry
        var zeroth = new PfnRange(new Pfn(0), 1);
        world.Device.Owners.Pin(zeroth); // what their words would name if they were read as pages
        Assert.That(BusyPage(file.Mapping, PageRange.All), Is.Null);
        world.Device.Owners.Unpin(zeroth);
        file.SetLength(0);
    }
}
