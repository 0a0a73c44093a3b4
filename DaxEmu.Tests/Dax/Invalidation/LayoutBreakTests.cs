using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Dax.Invalidation;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Invalidation;

/// <summary>Blocks must not leave a file while somebody stores into them: the stories of B12, B24 and B31 to B35.</summary>
public sealed class LayoutBreakTests
{
    private const int Page = FileFixture.Page;

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
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(8 * Page);
        using DaxView view = file.Map();
        PagePin dma = view.Pin(2 * Page, Page);
        var work = Task.Run(() => takeBlocks(file));
        Assert.That(FileFixture.IsStuck(work), "it must wait for the pin");
        fixture.Device.GetSpan(dma.Pages[0].First, 1).Fill(0xDD);
        dma.Dispose();
        FileFixture.Finish(work);
        DaxFile other = fixture.CreateFilled(16 * Page, seed: 2);
        Assert.That(FileFixture.Bytes(other), Is.EqualTo(FileFixture.Pattern(16 * Page, 2)));
    }

    [Test]
    public void AnOperationThatMayNotWaitSaysThatPagesArePinnedAndChangesNothing()
    {
        using var fixture = new FileFixture(DaxFileOptions.Default with { WaitsForPins = false });
        DaxFile file = fixture.CreateFilled(8 * Page);
        byte[] before = FileFixture.Bytes(file);
        using DaxView view = file.Map();
        using (view.Pin(2 * Page, Page))
        {
            Assert.That(() => file.SetLength(0), Throws.TypeOf<DaxException>().With.Property("Errno").EqualTo(16).And.Message.Contains("pins"));
            Assert.That(FileFixture.Bytes(file), Is.EqualTo(before));
            Assert.That(() => file.SetLength(4 * Page), Throws.Nothing, "a pin elsewhere is in nobody's way");
        }

        file.SetLength(0);
    }

    [Test]
    public void TheOneWhoIsToUnpinMayFaultOnTheFileMeanwhile()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(8 * Page);
        using DaxView view = file.Map();
        PagePin dma = view.Pin(2 * Page, Page);
        var truncate = Task.Run(() => file.SetLength(0));
        Assert.That(FileFixture.IsStuck(truncate));
        Assert.That(view.Read(7 * Page, 1).Length, Is.EqualTo(1));
        dma.Dispose();
        FileFixture.Finish(truncate);
        Assert.That(file.Mapping.Entries.PresentPageCount, Is.Zero, "what was faulted in meanwhile goes too");
    }

    [Test]
    public void B24_BreakingALayoutLeavesPrivateCopiesAlone()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(8 * Page);
        using DaxView own = file.Map(MapMode.Private);
        own.Write(0, 1)[0] = 77;
        Assert.That(BusyPage(file.Mapping, PageRange.All), Is.Null);
        Assert.That(own.Read(0, 1)[0], Is.EqualTo(77));
    }

    [Test]
    public void B31_APageThatWasUnmappedWhileItWasPinnedIsStillBusy()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(8 * Page);
        DaxView view = file.Map();
        PagePin dma = view.Pin(3 * Page, Page);
        view.Dispose();
        Assert.That(file.Mapping.Areas, Is.Empty);
        Assert.That(BusyPage(file.Mapping, PageRange.All), Is.EqualTo(dma.Pages[0].First));
        var truncate = Task.Run(() => file.SetLength(0));
        Assert.That(FileFixture.IsStuck(truncate), "no mapping is left, but a pin is");
        dma.Dispose();
        FileFixture.Finish(truncate);
    }

    [Test]
    public void B32_ALockedEntryIsWaitedForWhereItStandsAndNotPassedOver()
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map();
        fixture.Pte(area, 5, isWrite: true);
        fixture.Pte(area, 6, isWrite: true);
        var pinned = new PfnRange(fixture.Mapping.Entries[new PageIndex(5)].Entry.Pfn, 1);
        fixture.Device.Owners.Pin(pinned);
        HeldEntry held = fixture.Mapping.Locker.Grab(new PageIndex(5), PageOrder.Pte).Held;
        var scan = Task.Run(() => BusyPage(fixture.Mapping, PageRange.All));
        Assert.That(FileFixture.IsStuck(scan), "the scan must wait for the locked entry");
        fixture.Mapping.Locker.Unlock(held.Start, held.Entry);
        FileFixture.Finish(scan);
        Assert.That(scan.Result, Is.EqualTo(pinned.First), "the entry that was locked is the busy one");
        fixture.Device.Owners.Unpin(pinned);
    }

    [Test]
    public void B33_AfterTheWaitTheScanLooksAtTheSamePlaceAgainEvenIfAnotherEntryStandsThere()
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map();
        fixture.Pmd(area, 0); // a real 2 MiB entry
        HeldEntry held = fixture.Mapping.Locker.Grab(new PageIndex(0), PageOrder.Pmd).Held;
        var scan = Task.Run(() => BusyPage(fixture.Mapping, PageRange.All));
        Assert.That(FileFixture.IsStuck(scan));

        // The 2 MiB entry goes, and a 4 KiB one with a pinned page stands at its first page.
        var pinned = new PfnRange(held.Entry.Pfn, 1);
        fixture.Device.Owners.Pin(pinned);
        fixture.Mapping.Disassociate(held.Start, held.Entry);
        HeldEntry small = fixture.Mapping.Locker.FinishDowngrade(held, new PageIndex(0));
        DaxEntry real = DaxEntry.Real(pinned.First, PageOrder.Pte);
        fixture.Mapping.Associate(small.Start, real);
        fixture.Mapping.Locker.Unlock(small.Start, real);
        FileFixture.Finish(scan);
        Assert.That(scan.Result, Is.EqualTo(pinned.First));
        fixture.Device.Owners.Unpin(pinned);
    }

    [Test]
    public void B34_AnEntryStaysUntilItsPageIsIdleAndGoesWithTheBreak()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(8 * Page);
        using DaxView view = file.Map();
        view.Write(0, 8 * Page);
        PagePin dma = view.Pin(3 * Page, Page);
        var first = Task.Run(() => file.SetLength(0));
        Assert.That(FileFixture.IsStuck(first));
        Assert.That(file.Mapping.Entries[new PageIndex(3)].IsPresent, "without the entry nobody could wait for the page");
        Assert.That(BusyPage(file.Mapping, PageRange.All), Is.EqualTo(dma.Pages[0].First), "a second one finds it too");
        dma.Dispose();
        FileFixture.Finish(first);
        Assert.That(file.Mapping.Entries.PresentPageCount, Is.Zero);
    }

    [Test]
    public void B34_APinOutsideTheRangeKeepsA2MiBEntryThatTheRangeTouches()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create();
        file.Allocate(0, FileFixture.Pmd);
        using DaxView view = file.Map();
        view.Write(0, 1);
        PagePin dma = view.Pin(100 * Page, Page);
        var punch = Task.Run(() => file.PunchHole(0, Page));
        Assert.That(FileFixture.IsStuck(punch), "the entry goes whole, and with it the way to find the pin");
        dma.Dispose();
        FileFixture.Finish(punch);
    }

    [Test]
    public void B35_ZeroAndEmptyEntriesHaveNoDevicePageToAskAbout()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create(FileFixture.Pmd + (8 * Page));
        using DaxView view = file.Map();
        using DaxView own = file.Map(MapMode.Private);
        view.Read(0, 1); // a huge zero entry
        own.Write(FileFixture.Pmd, 1); // an empty entry
        view.Read(FileFixture.Pmd + Page, 1); // a zero entry
        var zeroth = new PfnRange(new Pfn(0), 1);
        fixture.Device.Owners.Pin(zeroth); // what their words would name if they were read as pages
        Assert.That(BusyPage(file.Mapping, PageRange.All), Is.Null);
        fixture.Device.Owners.Unpin(zeroth);
        file.SetLength(0);
    }
}
