using System.Runtime.CompilerServices;
using DaxEmu.Core;
using DaxEmu.Native;
using DaxEmu.Native.Failures;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>What becomes of blocks that are pinned when their file gives them up, and of pins that are never disposed.</summary>
public sealed class PinnedBlocksTests
{
    private const MapMode Small = MapMode.Shared | MapMode.NoHugePage;

    [Test]
    public void AFullDeviceServesAWriteWhenTheLastPinOfAClosedFileIsDropped()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        DaxFile closed = DaxVolume.ScratchOf(device).CreateTemporary(0);
        closed.Write(new byte[2 * FileFixture.Pmd], 0);
        PagePin pin = closed.Map().Pin(0, 2 * FileFixture.Pmd);
        closed.Dispose();

        using DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(0);
        Assert.That(() => file.Write([1], 0), Throws.TypeOf<DaxException>(), "every block is pinned");
        pin.Dispose();
        Assert.That(DaxVolume.ScratchOf(device).Allocator.WaitingBlocks, Is.Empty, "the unpin itself gives them back");
        Assert.That(file.Write([1], 0), Is.EqualTo(1));
    }

    [Test]
    public void BlocksThatAnOpenFileGaveUpUnderAPinComeBackWithIt()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(FileFixture.Page * 16);
        DaxFile clone = fixture.Create();
        file.CloneTo(clone);
        PagePin reading = file.Map(Small).Pin(0, FileFixture.Page * 16, forWriting: false);
        file.Write(new byte[FileFixture.Page * 16], 0);
        clone.SetLength(0);
        reading.Dispose();
        Assert.That(fixture.Volume.Allocator.WaitingBlocks, Is.Empty);
        Assert.That(fixture.Volume.FreeBytes, Is.EqualTo(fixture.Device.SizeBytes - (FileFixture.Page * 16)));
    }

    [Test]
    public void ANewVolumeHandsNoPageOutThatALeaseOfTheOldOneHolds()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        DaxVolume old = DaxVolume.ScratchOf(device);
        DaxFile file = old.CreateTemporary(0);
        file.Write(new byte[FileFixture.Page], 0);
        PagePin pin = file.Map(Small).Pin(0, FileFixture.Page);
        Pfn pinned = pin.Pages[0].First;
        old.Dispose();

        DaxVolume next = DaxVolume.ScratchOf(device);
        Assert.That(next.FreeBytes, Is.EqualTo(device.SizeBytes - FileFixture.Page));
        using DaxFile all = next.CreateTemporary(0);
        all.Allocate(0, device.SizeBytes - FileFixture.Page);
        Assert.That(all.ExtentList.Any(e => new PfnRange(e.Pfn, e.PageCount).Contains(pinned)), Is.False);
        pin.Dispose();
        Assert.That(next.FreeBytes, Is.EqualTo(FileFixture.Page));
        next.Dispose();
    }

    [Test]
    public void SmallStoresToSharedBlocksDoNotUseTheDeviceUp()
    {
        using var fixture = new FileFixture(deviceBytes: 3L * FileFixture.Pmd);
        DaxFile file = fixture.CreateFilled(FileFixture.Pmd);
        DaxFile clone = fixture.Create();
        file.CloneTo(clone);
        DaxFile wedge = fixture.Create();
        wedge.Allocate(0, 2 * FileFixture.Pmd); // no whole 2 MiB is left, so a store copies one page and sets the others aside
        wedge.PunchHole(FileFixture.Page, FileFixture.Pmd - FileFixture.Page);
        file.Map().Write(0, 1)[0] = 1;
        Assert.That(file.Extents.BlocksAside.Sum(b => b.PageCount), Is.GreaterThan(0));
        Assert.That(() => wedge.Allocate(FileFixture.Page, FileFixture.Pmd - (2 * FileFixture.Page)), Throws.Nothing);
    }

    [Test]
    public void ALeaseThatIsForgottenFlushesAndUnpins()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(FileFixture.Pmd, new PmemDeviceOptions { TracksDurable = true });
        DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(0);
        file.Write(new byte[FileFixture.Page], 0);
        PfnRange pages = Forget(file);
        Collect();
        Assert.That(device.Owners.FirstBusy(pages), Is.Null);
        Assert.That(device.Durable!.IsDurable(pages.First.OffsetBytes, FileFixture.Page), "a pin for writing flushes");
        FileFixture.Finish(Task.Run(() => file.SetLength(0)));
    }

    [Test]
    public void ALeaseThatIsForgottenWithItsWholeDeviceEndsWithoutHarm()
    {
        for (int i = 0; i < 20; i++)
        {
            ForgetAll();
        }

        Collect();

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void ForgetAll()
        {
            PmemDevice device = PmemDevice.CreateInMemory(FileFixture.Pmd);
            DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(0);
            file.Write(new byte[FileFixture.Page], 0);
            _ = Forget(file);
        }
    }

    [Test]
    public void ALeaseWhoseFlushFailsUnpinsAndThrows()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(FileFixture.Pmd);
        using DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(0);
        file.Write(new byte[FileFixture.Page], 0);
        PagePin pin = file.Map(Small).Pin(0, FileFixture.Page);
        Fallible.Plan = new FailAll(FallibleStep.Flush);
        try
        {
            Assert.That(pin.Dispose, Throws.TypeOf<DaxEnvironmentException>());
        }
        finally
        {
            Fallible.Plan = null;
        }

        Assert.That(device.Owners.FirstBusy(pin.Pages[0]), Is.Null);
        Assert.That(pin.Dispose, Throws.Nothing);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static PfnRange Forget(DaxFile file)
    {
        DaxView view = file.Map(Small);
        PagePin pin = view.Pin(0, FileFixture.Page);
        view.Write(0, 8).Fill(0x5A);
        return pin.Pages[0];
    }

    private static void Collect()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
