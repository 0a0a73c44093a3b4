using DaxEmu.Core;
using DaxEmu.Core.Pmem;
using DaxEmu.Native;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem;

public sealed class DeviceLifetimeTests
{
    private const long Size = 2 << 20;

    [Test]
    public void EveryMemberThatTouchesADisposedDeviceNamesIt()
    {
        PmemDevice device = PmemDevice.CreateInMemory(Size);
        DirectAccess access = device.DirectAccess(new Pfn(0), 1);
        device.Dispose();

        Action[] uses =
        [
            () => _ = device.PoisonList,
            () => device.DirectAccess(new Pfn(0), 1),
            () => _ = device.GetSpan(new Pfn(0), 1).Length,
            () => device.Flush(0, 1),
            () => device.Drain(),
            () => device.Persist(0, 1),
            () => device.Zero(new Pfn(0), 1),
            () => device.CopyNonTemporal(0, new byte[1]),
            () => device.Refer(),
            () => _ = access.Span.Length,
        ];
        foreach (Action use in uses)
        {
            Assert.That(
                use, Throws.InstanceOf<ObjectDisposedException>().With.Message.EqualTo("The device 'in-memory device' was disposed."));
        }

        Assert.That(device.SizeBytes, Is.EqualTo(Size), "plain facts stay readable");
        Assert.That(device.Dispose, Throws.Nothing);
    }

    [Test]
    public void AReferenceKeepsMemoryAndLockPastTheDevice()
    {
        using ScratchDirectory scratch = new();
        PmemDevice device = PmemDevice.Create(scratch["device"], Size);
        DeviceReference first = device.Refer();
        DeviceReference second = device.Refer();
        device.Dispose();

        device.ByteAt(Size - 1) = 7;
        device.FlushUnchecked(0, Size);
        device.ZeroUnchecked(0, 4096);
        device.DrainUnchecked();
        first.Dispose();
        first.Dispose();
        Assert.That(device.ByteAt(Size - 1), Is.EqualTo(7), "the second reference must still hold the memory");
        Assert.That(() => PmemDevice.Open(scratch["device"]), Throws.InstanceOf<DaxEnvironmentException>(), "memory in use stays locked");

        second.Dispose();
        using PmemDevice again = PmemDevice.Open(scratch["device"]);
        Assert.That(again.ByteAt(Size - 1), Is.EqualTo(7));
    }

    [Test]
    public void AReferenceThatEndsFirstLeavesTheDeviceOpen()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(Size);
        device.Refer().Dispose();

        Assert.That(device.GetSpan(new Pfn(0), 1).Length, Is.EqualTo(4096));
    }

    [Test]
    public void ManyOpeningsLeaveNeitherDescriptorsNorMappings()
    {
        using ScratchDirectory scratch = new();
        PmemDevice.Create(scratch["device"], Size).Dispose();
        Cycle();
        int descriptors = Directory.GetFileSystemEntries("/proc/self/fd").Length;
        for (int round = 0; round < 200; round++)
        {
            Cycle();
        }

        Assert.That(Directory.GetFileSystemEntries("/proc/self/fd").Length, Is.LessThan(descriptors + 100));
        Assert.That(File.ReadAllText("/proc/self/maps"), Does.Not.Contain(scratch.Directory));

        void Cycle()
        {
            using (PmemDevice device = PmemDevice.Open(scratch["device"]))
            {
                Assert.That(() => PmemDevice.Open(scratch["device"]), Throws.InstanceOf<DaxEnvironmentException>());
            }

            Assert.That(() => PmemDevice.Open(scratch["missing"]), Throws.InstanceOf<DaxEnvironmentException>());
        }
    }
}
