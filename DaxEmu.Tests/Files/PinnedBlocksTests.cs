using System.Runtime.CompilerServices;
using DaxEmu.Core.Device;
using DaxEmu.Core.Files;
using DaxEmu.Core.Units;
using DaxEmu.Native;
using DaxEmu.Native.Failures;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Files;

/// <summary>What becomes of blocks that are pinned when their file gives them up, and of leases that nobody ends.</summary>
public sealed class PinnedBlocksTests
{
    private const MapMode Small = MapMode.Shared | MapMode.NoHugePage;

    [Test]
    public void AFullDeviceServesAWriteWhenTheLastPinOfAClosedFileIsDropped()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileWorld.Pmd);
        DaxFile closed = DaxFile.Create(device, 0);
        closed.Write(0, new byte[2 * FileWorld.Pmd]);
        PinLease lease = closed.Map().Pin(0, 2 * FileWorld.Pmd);
        closed.Dispose();

        using DaxFile file = DaxFile.Create(device, 0);
        Assert.That(() => file.Write(0, [1]), Throws.TypeOf<DaxFileException>(), "every block is pinned");
        lease.Dispose();
        Assert.That(DaxVolume.Of(device).Allocator.WaitingBlocks, Is.Empty, "the unpin itself gives them back");
        Assert.That(file.Write(0, [1]), Is.EqualTo(1));
    }

    [Test]
    public void BlocksThatAnOpenFileGaveUpUnderAPinComeBackWithIt()
    {
        using var world = new FileWorld();
        DaxFile file = world.CreateFilled(FileWorld.Page * 16);
        DaxFile clone = world.Create();
        file.CloneTo(clone);
        PinLease reading = file.Map(Small).Pin(0, FileWorld.Page * 16, forWriting: false);
        file.Write(0, new byte[FileWorld.Page * 16]);
        clone.SetLength(0);
        reading.Dispose();
        Assert.That(world.Volume.Allocator.WaitingBlocks, Is.Empty);
        Assert.That(world.Volume.FreeBytes, Is.EqualTo(world.Device.SizeBytes - (FileWorld.Page * 16)));
    }

    [Test]
    public void ANewVolumeHandsNoPageOutThatALeaseOfTheOldOneHolds()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileWorld.Pmd);
        DaxVolume old = DaxVolume.Of(device);
        DaxFile file = old.CreateFile(0);
        file.Write(0, new byte[FileWorld.Page]);
        PinLease lease = file.Map(Small).Pin(0, FileWorld.Page);
        Pfn pinned = lease.Pages[0].First;
        old.Dispose();

        DaxVolume next = DaxVolume.Of(device);
        Assert.That(next.FreeBytes, Is.EqualTo(device.SizeBytes - FileWorld.Page));
        using DaxFile all = next.CreateFile(0);
        all.Allocate(0, device.SizeBytes - FileWorld.Page);
        Assert.That(all.ExtentList.Any(e => new PfnRange(e.Pfn, e.PageCount).Contains(pinned)), Is.False);
        lease.Dispose();
        Assert.That(next.FreeBytes, Is.EqualTo(FileWorld.Page));
        next.Dispose();
    }

    [Test]
    public void SmallStoresToSharedBlocksDoNotUseTheDeviceUp()
    {
        using var world = new FileWorld(deviceBytes: 3L * FileWorld.Pmd);
        DaxFile file = world.CreateFilled(FileWorld.Pmd);
        DaxFile clone = world.Create();
        file.CloneTo(clone);
        DaxFile wedge = world.Create();
        wedge.Allocate(0, 2 * FileWorld.Pmd); // no whole 2 MiB is left, so a store copies one page and sets the others aside
        wedge.PunchHole(FileWorld.Page, FileWorld.Pmd - FileWorld.Page);
        file.Map().Write(0, 1)[0] = 1;
        Assert.That(file.Extents.BlocksAside.Sum(b => b.PageCount), Is.GreaterThan(0));
        Assert.That(() => wedge.Allocate(FileWorld.Page, FileWorld.Pmd - (2 * FileWorld.Page)), Throws.Nothing);
    }

    [Test]
    public void ALeaseThatIsForgottenFlushesAndUnpins()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(FileWorld.Pmd, new PmemDeviceOptions { TracksDurable = true });
        DaxFile file = DaxFile.Create(device, 0);
        file.Write(0, new byte[FileWorld.Page]);
        PfnRange pages = Forget(file);
        Collect();
        Assert.That(device.Owners.FirstBusy(pages), Is.Null);
        Assert.That(device.Durable!.IsDurable(pages.First.OffsetBytes, FileWorld.Page), "a lease for writing flushes");
        FileWorld.Finish(Task.Run(() => file.SetLength(0)));
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
            PmemDevice device = PmemDevice.CreateInMemory(FileWorld.Pmd);
            DaxFile file = DaxFile.Create(device, 0);
            file.Write(0, new byte[FileWorld.Page]);
            _ = Forget(file);
        }
    }

    [Test]
    public void ALeaseWhoseFlushFailsUnpinsAndThrows()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(FileWorld.Pmd);
        using DaxFile file = DaxFile.Create(device, 0);
        file.Write(0, new byte[FileWorld.Page]);
        PinLease lease = file.Map(Small).Pin(0, FileWorld.Page);
        Fallible.Plan = new FailAll(FallibleStep.Flush);
        try
        {
            Assert.That(lease.Dispose, Throws.TypeOf<DaxEnvironmentException>());
        }
        finally
        {
            Fallible.Plan = null;
        }

        Assert.That(device.Owners.FirstBusy(lease.Pages[0]), Is.Null);
        Assert.That(lease.Dispose, Throws.Nothing);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static PfnRange Forget(DaxFile file)
    {
        DaxView view = file.Map(Small);
        PinLease lease = view.Pin(0, FileWorld.Page);
        view.Write(0, 8).Fill(0x5A);
        return lease.Pages[0];
    }

    private static void Collect()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }

    private sealed class FailAll(FallibleStep step) : IFailurePlan
    {
        public bool Fails(FallibleStep asked) => asked == step;
    }
}
