using DaxEmu.Core;
using DaxEmu.Core.Pmem;
using DaxEmu.Native.Memory;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem;

public sealed class StoreTrackingTests
{
    [Test]
    public void TheCapabilitiesSayWhatTheKernelOffersAndWhyNot()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(DaxConstants.PmdSize);
        Assert.That(device.Capabilities.StoreTracking, Is.EqualTo(WriteTracker.Support));
        Assert.That(device.Capabilities.StoreTracking.Reason, Is.Not.Empty);
        Assert.That(device.Stores, Is.Null, "a device that was not asked tracks stores");
        Assert.That(device.GetRawStoreViolations(), Is.Empty);
    }

    [Test]
    public void AnUnknownModeIsRefusedBeforeAnythingIsMade()
    {
        using var scratch = new ScratchDirectory();
        var options = new PmemDeviceOptions { StoreTracking = (StoreTracking)7 };
        Assert.That(() => PmemDevice.Create(scratch["device"], DaxConstants.PmdSize, options), Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains('7'));
        Assert.That(() => PmemDevice.CreateTemporary(DaxConstants.PmdSize, options), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => PmemDevice.CreateInMemory(DaxConstants.PmdSize, options), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(scratch.Names, Is.Empty);
    }

    [Test]
    public void EveryKindOfDeviceIsTracked([Values("memory", "tmpfs", "disk")] string place)
    {
        StoreTrackingKernel.Require();
        using var scratch = new ScratchDirectory(place == "disk" ? Path.GetTempPath() : null);
        var options = new PmemDeviceOptions { StoreTracking = StoreTracking.Track };
        using PmemDevice device = place == "memory"
            ? PmemDevice.CreateInMemory(DaxConstants.PmdSize, options)
            : PmemDevice.Create(scratch["device"], DaxConstants.PmdSize, options);
        device.GetSpan(new Pfn(9), 1)[0] = 1;
        var all = new PfnRange(new Pfn(0), device.PageCount);
        device.Stores!.Look([all]);
        Assert.That(device.Stores.FirstWritten(all), Is.EqualTo(new Pfn(9)));
        device.Stores.Settle(all);
        Assert.That(device.Stores.FirstWritten(all), Is.Null);
    }

    [Test]
    public void TheTrackingEndsWithTheLastReferenceToTheDevice()
    {
        StoreTrackingKernel.Require();
        PmemDevice device = PmemDevice.CreateInMemory(DaxConstants.PmdSize, new PmemDeviceOptions { StoreTracking = StoreTracking.Track });
        var all = new PfnRange(new Pfn(0), device.PageCount);
        using (DeviceReference reference = device.Refer())
        {
            device.Dispose();
            Assert.That(() => device.Stores!.Look([all]), Throws.Nothing, "an open file still needs the tracking");
        }

        Assert.That(() => device.Stores!.Look([all]), Throws.InstanceOf<ObjectDisposedException>(), "its descriptors stay open");
    }
}
