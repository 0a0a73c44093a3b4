using DaxEmu.Core;
using DaxEmu.Core.Pmem.Media;
using DaxEmu.Native.Cpu;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem.Media;

/// <summary>Where the emulator charges a device's medium, and where not.</summary>
public sealed class MediaDeviceTests : IDisposable
{
    private const int Page = DaxConstants.PageSize;

    private readonly PmemDevice device = PmemDevice.CreateInMemory(16L * DaxConstants.PmdSize, new PmemDeviceOptions
    {
        Media = MediaProfile.Optane,
        MediaClock = new StandingClock(),
        PreferHugePages = false,
    });

    public void Dispose() => device.Dispose();

    [Test]
    public void ADeviceWithoutAMediumHasNoDial()
    {
        using PmemDevice plain = PmemDevice.CreateInMemory(DaxConstants.PmdSize);
        Assert.That(plain.Media, Is.Null);
    }

    [Test]
    public void TheMethodsOfADeviceAreCharged()
    {
        byte[] bytes = new byte[Page];
        Assert.That(Charged(() => device.CopyPersist(0, bytes)), Is.EqualTo(new MediaTotals { Writes = 1, Fences = 1, WrittenBytes = Page }));
        Assert.That(Charged(() => device.Zero(new Pfn(1), 2)), Is.EqualTo(new MediaTotals { Writes = 1, WrittenBytes = 2 * Page }));
        Assert.That(Charged(() => device.Read(0, Page)), Is.EqualTo(new MediaTotals { Reads = 1, ReadBytes = Page }));
        Assert.That(Charged(() => device.Store(0, bytes)), Is.EqualTo(default(MediaTotals)), "a store stays in the caches");
        Assert.That(Charged(() => device.Persist(0, Page)), Is.EqualTo(new MediaTotals { Flushes = 1, Fences = 1, WrittenBytes = Page }));
    }

    [Test]
    public void AFilesReadsAndWritesAreCharged()
    {
        using DaxFile file = Create();
        MediaTotals written = Charged(() => _ = file.Write(new byte[4 * Page], 0));
        Assert.That((written.Writes, written.WrittenBytes), Is.EqualTo((2L, 8L * Page)), "new blocks are zeroed first");
        written = Charged(() => _ = file.Write(new byte[4 * Page], 0));
        Assert.That((written.Writes, written.WrittenBytes), Is.EqualTo((1L, 4L * Page)));
        MediaTotals read = Charged(() => _ = file.Read(new byte[4 * Page], 0));
        Assert.That((read.Reads, read.ReadBytes), Is.EqualTo((1L, 4L * Page)));
    }

    [Test]
    public void AHoleIsReadForNothing()
    {
        using DaxFile file = Create();
        file.SetLength(4 * Page);
        Assert.That(Charged(() => _ = file.Read(new byte[4 * Page], 0)), Is.EqualTo(default(MediaTotals)));
    }

    [Test]
    public void ASharedBlocksCopyIsReadAndWritten()
    {
        using DaxFile file = Create();
        _ = file.Write(new byte[Page], 0);
        using DaxFile clone = Create();
        file.CloneTo(clone);
        MediaTotals charged = Charged(() => _ = clone.Write(new byte[64], 0));
        Assert.That(charged.ReadBytes, Is.GreaterThanOrEqualTo(Page - 64));
        Assert.That(charged.WrittenBytes, Is.EqualTo(Page));
    }

    [Test]
    public void ASpanForReadingIsChargedOnceAndAFlushOfAStoreWhenItIsMade()
    {
        using DaxFile file = Create();
        _ = file.Write(new byte[2 * Page], 0);
        using DaxView view = file.Map(0, 2 * Page, MapMode.Shared | MapMode.Sync);
        _ = view.Read(0, 64); // faults
        MediaTotals read = Charged(() => _ = view.Read(512, 256));
        Assert.That((read.Reads, read.ReadBytes), Is.EqualTo((1L, 256L)));
        Assert.That(Charged(() => view.Write(512, 256).Fill(1)).WrittenBytes, Is.Zero);
        MediaTotals flushed = Charged(() => view.Persist(512, 256));
        Assert.That((flushed.Flushes, flushed.Fences, flushed.WrittenBytes), Is.EqualTo((1L, 1L, 256L)));
    }

    [Test]
    public void AFaultThatFindsItsBlockIsNotCharged()
    {
        using DaxFile file = Create();
        _ = file.Write(new byte[Page], 0);
        using DaxView view = file.Map(0, Page, MapMode.Shared | MapMode.NoHugePage);
        Assert.That(Charged(() => view.Populate(0, Page, forWriting: true)), Is.EqualTo(default(MediaTotals)));
    }

    [Test]
    public void APrivateCopyReadsItsPage()
    {
        using DaxFile file = Create();
        _ = file.Write(new byte[Page], 0);
        using DaxView view = file.Map(0, Page, MapMode.Private);
        Assert.That(Charged(() => view.Populate(0, Page, forWriting: true)).ReadBytes, Is.EqualTo(Page));
    }

    [Test]
    public void RecoveryReadsAreCharged()
    {
        using PmemDevice media = PmemDevice.CreateInMemory(64L * DaxConstants.PmdSize, new PmemDeviceOptions { Media = MediaProfile.Optane, MediaClock = new StandingClock() });
        DaxVolume.Format(media);
        long before = media.Media!.Totals.ReadBytes;
        DaxVolume.Mount(media).Dispose();
        Assert.That(media.Media.Totals.ReadBytes, Is.GreaterThan(before));
    }

    [Test]
    public void ADeviceWithEadrFlushesByNoInstruction()
    {
        using PmemDevice eadr = PmemDevice.CreateInMemory(DaxConstants.PmdSize, new PmemDeviceOptions { Media = MediaProfile.Optane with { HasEadr = true } });
        Assert.That(eadr.Capabilities.Flush, Is.EqualTo(FlushMethod.None));
    }

    private DaxFile Create() => DaxVolume.ScratchOf(device).CreateTemporary(0, DaxFileOptions.Default with { MaximumSizeBytes = 1L << 30 });

    // Without the delays, which the other tests count.
    private MediaTotals Charged(Action work)
    {
        MediaTotals before = device.Media!.Totals;
        work();
        MediaTotals after = device.Media.Totals;
        return new MediaTotals
        {
            Reads = after.Reads - before.Reads,
            Writes = after.Writes - before.Writes,
            Flushes = after.Flushes - before.Flushes,
            Fences = after.Fences - before.Fences,
            ReadBytes = after.ReadBytes - before.ReadBytes,
            WrittenBytes = after.WrittenBytes - before.WrittenBytes,
            Rewrites = after.Rewrites - before.Rewrites,
        };
    }
}
