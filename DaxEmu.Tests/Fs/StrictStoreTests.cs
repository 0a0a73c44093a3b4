using System.Runtime.InteropServices;
using DaxEmu.Core;
using DaxEmu.Native.Cpu;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>A store through a span that the rules forbid is reported in strict mode, with what made it illegal; no other is.</summary>
[TestFixture(false)]
[TestFixture(true)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class StrictStoreTests : IDisposable
{
    private const int Page = DaxConstants.PageSize;
    private const int Pmd = DaxConstants.PmdSize;
    private const MapMode SmallPages = MapMode.Shared | MapMode.NoHugePage;

    private readonly PmemDevice device;
    private readonly DaxVolume volume;
    private readonly DaxFile file;

    public StrictStoreTests(bool isMounted)
    {
        StoreTrackingKernel.Require();
        device = PmemDevice.CreateTemporary(8L * Pmd, new PmemDeviceOptions { StoreTracking = StoreTracking.Strict, TracksDurable = true });
        if (isMounted)
        {
            DaxVolume.Format(device);
        }

        volume = isMounted ? DaxVolume.Mount(device) : DaxVolume.ScratchOf(device);
        file = volume.Create("a");
        file.Write(FileFixture.Pattern(8 * Page, 1), 0);
    }

    public void Dispose()
    {
        file?.Dispose();
        volume?.Dispose();
        device?.Dispose();
    }

    [Test]
    public void AStoreToACleanPageIsReportedWithTheSyncThatCleanedIt()
    {
        using DaxView view = file.Map(SmallPages);
        Span<byte> old = view.Write(2 * Page, Page);
        file.Sync();
        old[5] = 1;
        RawStoreViolation found = Violation(() => file.Sync(), RawStoreCause.WrittenBack);
        Assert.That(found.OffsetBytes, Is.EqualTo(2 * Page));
        Assert.That(found.File, Is.EqualTo("file 'a'"));
        Assert.That(found.Page, Is.EqualTo(file.ExtentList[0].PfnAt(new PageIndex(2))));
        Assert.That(found.Operation, Is.EqualTo("sync 1 of file 'a'"));
        Assert.That(device.Durable!.IsDurable(found.Page.OffsetBytes, Page), "it is reported, and lost all the same");
        Assert.That(() => file.Sync(), Throws.Nothing, "it is reported twice");
    }

    [Test]
    public void TheMessageNamesPageFileOperationAndRemedy()
    {
        using DaxView view = file.Map(SmallPages);
        Span<byte> old = view.Write(0, 2 * Page);
        file.Sync();
        old[0] = old[Page] = 1;
        Assert.That(
            () => view.Sync(0, 2 * Page),
            Throws.InstanceOf<RawStoreException>().With.Message.Contains("The page at byte 0 of file 'a'")
                .And.Message.Contains("byte 4096").And.Message.Contains("before sync 1 of file 'a' wrote the page back").And.Message.EndsWith("or hold a pin."));
    }

    [Test]
    public void AStoreThroughAViewForReadingIsReported()
    {
        using DaxView view = file.Map(SmallPages | MapMode.ReadOnly);
        Forbidden(view.Read(Page, 8))[0] ^= 1;
        Assert.That(Violation(() => file.Sync(), RawStoreCause.ForReading).OffsetBytes, Is.EqualTo(Page));
    }

    [TestCase("truncate", "Truncate of file 'a'")]
    [TestCase("punch", "PunchHole of file 'a'")]
    [TestCase("collapse", "CollapseRange of file 'a'")]
    public void AStoreToARangeThatWasTakenAwayIsReportedByTheNextSyncOfAnyFile(string operation, string name)
    {
        using DaxView view = file.Map(SmallPages);
        Span<byte> old = view.Write(6 * Page, Page);
        Pfn page = file.ExtentList[0].PfnAt(new PageIndex(6));
        old[0] = 1; // it is dirty, and goes
        switch (operation)
        {
            case "truncate":
                file.SetLength(4 * Page);
                break;
            case "punch":
                file.PunchHole(6 * Page, Page);
                break;
            default:
                file.CollapseRange(6 * Page, Page);
                break;
        }

        Assert.That(() => file.Sync(), Throws.Nothing);
        old[1] = 2;
        using DaxFile other = volume.CreateTemporary();
        RawStoreViolation found = Violation(() => other.Sync(), RawStoreCause.TakenAway);
        Assert.That((found.Page, found.File, found.OffsetBytes), Is.EqualTo((page, "file 'a'", 6L * Page)));
        Assert.That(found.Operation, Is.EqualTo(name));
    }

    [Test]
    public void AStoreToABlockThatBelongsToAnotherFileNowIsReportedBeforeThatFileUsesIt()
    {
        using DaxView view = file.Map(SmallPages);
        Span<byte> old = view.Write(0, Page);
        Pfn page = file.ExtentList[0].Pfn;
        file.SetLength(0);
        old[1] = 2;
        using DaxFile other = volume.CreateTemporary();
        other.Write(FileFixture.Pattern(8 * Page, 2), 0);
        Assert.That(other.ExtentList.Any(e => page.Value >= e.Pfn.Value && page.Value < e.Pfn.Value + e.PageCount), "the block was not given out again");
        Assert.That(Violation(() => other.Sync(), RawStoreCause.TakenAway).File, Is.EqualTo("file 'a'"));
    }

    [Test]
    public void AStoreAfterTheCloseIsFoundByTheDevice()
    {
        DaxFile closed = volume.Create("b");
        closed.Write(new byte[Page], 0);
        DaxView view = closed.Map(SmallPages);
        Span<byte> old = view.Write(0, Page);
        closed.Dispose();
        Assert.That(device.GetRawStoreViolations(), Is.Empty);
        old[0] = 1;
        RawStoreViolation found = device.GetRawStoreViolations().Single();
        Assert.That((found.Cause, found.File, found.Operation), Is.EqualTo((RawStoreCause.TakenAway, "file 'b'", "the close of file 'b'")));
    }

    [Test]
    public void ClosingAFileReportsWhatWasNotReportedYet()
    {
        DaxFile closed = volume.Create("b");
        closed.Write(new byte[Page], 0);
        DaxView view = closed.Map(SmallPages);
        Span<byte> old = view.Write(0, Page);
        closed.Sync();
        old[0] = 1;
        Assert.That(closed.Dispose, Throws.InstanceOf<RawStoreException>());
        Assert.That(device.GetRawStoreViolations(), Has.Count.EqualTo(1));
        Dispose();
        Assert.That(device.GetRawStoreViolations(), Has.Count.EqualTo(1), "they are gone with the device");
    }

    [Test]
    public void AStoreToAPageOfATwoMebibyteEntryIsReportedWithThatPage()
    {
        using DaxFile huge = volume.CreateTemporary(Pmd);
        huge.Allocate(0, Pmd);
        using DaxView view = huge.Map();
        Span<byte> old = view.Write(0, Pmd);
        huge.Sync();
        old[300 * Page] = 1;
        Assert.That(Violation(() => huge.Sync(), RawStoreCause.WrittenBack).OffsetBytes, Is.EqualTo(300 * Page));
    }

    [Test]
    public void AProgramThatAsksForANewSpanEachTimeIsNotBlamed()
    {
        using DaxView view = file.Map(SmallPages);
        using DaxView second = file.Map();
        for (int round = 0; round < 20; round++)
        {
            view.Write(round % 8 * Page, 8)[0] = 1;
            second.CopyFrom([1, 2, 3], (round + 1) % 8 * Page);
            file.Write(new byte[100], round * 777);
            if (round % 3 == 0)
            {
                file.Sync();
            }
        }

        file.PunchHole(Page, 2 * Page);
        file.ZeroRange(100, Page);
        view.Write(Page, 8)[0] = 1;
        file.Sync();
        file.SetLength(3 * Page);
        using DaxFile other = volume.CreateTemporary(4 * Page);
        using (DaxView fresh = other.Map())
        {
            fresh.Write(0, 8)[0] = 1;
            other.Sync();
            fresh.CopyFrom(new byte[Page], 100);
        }

        using DaxFile clone = volume.CreateTemporary();
        file.CloneTo(clone);
        view.Write(0, 8)[0] = 5;
        file.Sync();
        clone.Sync();
        other.Sync();
        Assert.That(device.GetRawStoreViolations(), Is.Empty);
    }

    [Test]
    public void StoresUnderAPinAreLegalUntilItEnds()
    {
        using DaxView view = file.Map(SmallPages);
        PagePin pin = view.Pin(0, Page);
        file.Sync();
        pin.Memory[0].Span[0] = 1;
        Assert.That(() => file.Sync(), Throws.Nothing);
        pin.Memory[0].Span[1] = 2;
        Span<byte> old = pin.Memory[0].Span;
        pin.Dispose();
        Assert.That(() => file.Sync(), Throws.Nothing);
        old[2] = 3;
        Assert.That(Violation(() => file.Sync(), RawStoreCause.WrittenBack).OffsetBytes, Is.Zero);
    }

    [Test]
    public void CopiesIntoAViewBesideSyncsAreNotBlamed()
    {
        // A copy of 2 MiB, and syncs that take no time to flush: they make the page clean while it is copied to, and look again.
        var options = new PmemDeviceOptions { StoreTracking = StoreTracking.Strict, Flush = FlushMethod.None };
        using PmemDevice fast = PmemDevice.CreateTemporary(8L * Pmd, options);
        using DaxVolume scratch = DaxVolume.ScratchOf(fast);
        using DaxFile huge = scratch.CreateTemporary(Pmd);
        huge.Allocate(0, Pmd);
        using DaxView view = huge.Map();
        byte[] bytes = FileFixture.Pattern(Pmd, 3);
        bool isOver = false;
        var writer = Task.Run(() =>
        {
            for (int round = 0; !Volatile.Read(ref isOver); round++)
            {
                view.CopyFrom(bytes, 0);
                huge.Write(bytes.AsSpan(0, 100), round * 977 % (Pmd / 2));
            }
        });
        try
        {
            for (int round = 0; round < (Effort.IsThorough ? 300 : 100); round++)
            {
                huge.Sync();
            }
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            FileFixture.Finish(writer);
        }

        huge.Sync();
        Assert.That(fast.GetRawStoreViolations(), Is.Empty);
    }

    // What no program should do, and what strict mode is for.
    private static Span<byte> Forbidden(ReadOnlySpan<byte> span) =>
        MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(span), span.Length);

    private static RawStoreViolation Violation(Action sync, RawStoreCause cause)
    {
        RawStoreException? found = Assert.Throws<RawStoreException>(sync);
        Assert.That(found!.Violations, Has.Count.EqualTo(1), found.Message);
        Assert.That(found.Violations[0].Cause, Is.EqualTo(cause), found.Message);
        return found.Violations[0];
    }
}
