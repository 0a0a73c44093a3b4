using DaxEmu.Core;
using DaxEmu.Native;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem;

/// <summary>
/// Devices that this machine does not have, on a made-up sysfs: <c>/dev/zero</c>, which can be mapped and has neither size nor write that
/// counts, stands for a device-DAX device.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class HardwareTests : IDisposable
{
    private const string Zero = "/dev/zero";
    private const ulong ZeroNumber = (1 << 8) | 5;
    private const ulong PmemNumber = (259 << 8) | 0;

    private readonly ScratchDirectory scratch = new();
    private readonly HostTree tree;

    public HardwareTests() => tree = new HostTree(scratch.Directory);

    public void Dispose() => scratch.Dispose();

    [Test]
    public void ADeviceDaxDeviceHasSizeAlignmentAndNodesFromSysfs()
    {
        MakeDax(size: 8 << 20, align: 2 << 20, targetNode: "2", numaNode: "0");
        DeviceFacts facts = DeviceProbe.Probe(Zero, tree);
        Assert.That((facts.SizeBytes, facts.SizeProblem, facts.AlignmentBytes), Is.EqualTo((8L << 20, (string?)null, 2 << 20)));
        Assert.That((facts.Capabilities.IsDeviceDax, facts.Capabilities.TargetNode, facts.Capabilities.NumaNode), Is.EqualTo((true, 2, 0)));
        Assert.That(facts.Capabilities.HugePages.Reason, Does.Contain("2097152"));
        Assert.That(facts.AvailableBytes, Is.Null);
    }

    [Test]
    public void ANodeOfMinusOneIsNone()
    {
        MakeDax(size: 8 << 20, align: 2 << 20, targetNode: "-1", numaNode: "-1");
        DeviceCapabilities offers = DeviceProbe.Probe(Zero, tree).Capabilities;
        Assert.That((offers.TargetNode, offers.NumaNode), Is.EqualTo(((int?)null, (int?)null)));
    }

    [Test]
    public void ADeviceDaxDeviceIsMappedAndHoldsAVolume()
    {
        MakeDax(size: 16 << 20, align: 2 << 20);
        using PmemDevice device = PmemDevice.Open(Zero, new PmemDeviceOptions { Tree = tree });
        Assert.That((device.SizeBytes, device.Capabilities.IsDeviceDax, device.File), Is.EqualTo((16L << 20, true, (object?)null)));
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        using DaxFile file = volume.CreateTemporary();
        byte[] bytes = FileFixture.Pattern(10_000, seed: 1);
        Assert.That(file.Write(bytes, 0), Is.EqualTo(bytes.Length));
        Assert.That(FileFixture.Bytes(file), Is.EqualTo(bytes));
        Assert.That(() => device.CreateViewAccessor(0, 4096), Throws.InstanceOf<NotSupportedException>());
    }

    [Test]
    public void AnAlignmentOfAGibibyteIsKeptAndReported()
    {
        MakeDax(size: 1L << 30, align: 1L << 30);
        using PmemDevice device = PmemDevice.Open(Zero, new PmemDeviceOptions { Tree = tree });
        Assert.That(device.AlignmentBytes, Is.EqualTo(1 << 30));
        Assert.That((long)device.Base % (1 << 30), Is.Zero);
    }

    [Test]
    public void ACharacterDeviceOfAnotherKindIsRefused()
    {
        Assert.That(() => PmemDevice.Open(Zero, new PmemDeviceOptions { Tree = tree }), Refuses);
        MakeDax(size: 8 << 20, align: 2 << 20, subsystem: "mem");
        Assert.That(() => DeviceProbe.Probe(Zero, tree), Refuses);
    }

    [Test]
    public void ABlockDevicesNodeAndBadBlocksAreRead()
    {
        string folder = Folder("block", "259:0");
        Directory.CreateDirectory(Path.Combine(folder, "device"));
        File.WriteAllText(Path.Combine(folder, "device", "numa_node"), "1\n");
        File.WriteAllText(Path.Combine(folder, "badblocks"), "16 8\n4096 1\nnonsense\n9223372036854775807 8\n");
        HardwareFacts facts = HardwareFacts.OfBlockDevice(tree, PmemNumber);
        Assert.That(facts.NumaNode, Is.EqualTo(1));
        Assert.That(facts.BadBlocks, Is.EqualTo(new[] { new BadBlocks(8192, 4096), new BadBlocks(4096 * 512, 512) }));
    }

    [Test]
    public void APartitionHasTheNodeOfItsDisk()
    {
        string disk = Path.Combine(scratch.Directory, "sys", "devices", "pmem0");
        Directory.CreateDirectory(Path.Combine(disk, "device"));
        Directory.CreateDirectory(Path.Combine(disk, "pmem0p1"));
        File.WriteAllText(Path.Combine(disk, "device", "numa_node"), "3\n");
        Directory.CreateDirectory(Folder("block", string.Empty));
        Directory.CreateSymbolicLink(Folder("block", "259:0"), Path.Combine(disk, "pmem0p1"));
        Assert.That(HardwareFacts.OfBlockDevice(tree, PmemNumber).NumaNode, Is.EqualTo(3));
    }

    [Test]
    public void NothingIsKnownWhereSysfsSaysNothing()
    {
        Assert.That(HardwareFacts.OfCharacterDevice(tree, ZeroNumber), Is.EqualTo(HardwareFacts.None));
        HardwareFacts block = HardwareFacts.OfBlockDevice(tree, PmemNumber);
        Assert.That((block.NumaNode, block.BadBlocks.Count), Is.EqualTo(((int?)null, 0)));
    }

    [Test]
    public void HugetlbfsServesADevice()
    {
        using HugePagePool pool = HugePagePool.Require(pages: 24);
        string path = Path.Combine(pool.Folder, "device");
        using (PmemDevice device = PmemDevice.Create(path, 16 << 20))
        {
            Assert.That(device.Capabilities.PageSizesBytes, Is.EqualTo(new[] { 2 << 20 }));
            using DaxVolume volume = DaxVolume.ScratchOf(device);
            using DaxFile file = volume.CreateTemporary();
            byte[] bytes = FileFixture.Pattern(3 << 20, seed: 2);
            Assert.That(file.Write(bytes, 0), Is.EqualTo(bytes.Length));
            Assert.That(FileFixture.Bytes(file), Is.EqualTo(bytes));
        }

        Assert.That(DeviceProbe.Probe(path).Capabilities.FileSystem, Is.EqualTo(FileSystemKind.Hugetlbfs));
        File.Delete(path);
        Assert.That(
            () => PmemDevice.Create(path, 1L << 34),
            Throws.InstanceOf<DaxEnvironmentException>().With.Message.Contains("huge pages of 2048 kB").And.Message.Contains("nr_hugepages"));
        Assert.That(File.Exists(path), Is.False);
    }

    private static NUnit.Framework.Constraints.IResolveConstraint Refuses => Throws.InstanceOf<DaxEnvironmentException>()
        .With.Message.Contains("character device").And.Message.Contains("/dev/dax0.0").And.Property(nameof(DaxEnvironmentException.Errno)).EqualTo(Errno.Enodev);

    private string Folder(string kind, string number) => Path.Combine(scratch.Directory, "sys", "dev", kind, number);

    private void MakeDax(long size, long align, string targetNode = "0", string numaNode = "0", string subsystem = "dax")
    {
        string folder = Path.Combine(scratch.Directory, "sys", "bus", subsystem, "devices", "dax0.0");
        Directory.CreateDirectory(folder);
        Directory.CreateDirectory(Folder("char", string.Empty));
        Directory.CreateSymbolicLink(Folder("char", "1:5"), folder);
        Directory.CreateSymbolicLink(Path.Combine(folder, "subsystem"), Path.Combine(scratch.Directory, "sys", "bus", subsystem));
        File.WriteAllText(Path.Combine(folder, "size"), $"{size}\n");
        File.WriteAllText(Path.Combine(folder, "align"), $"{align}\n");
        File.WriteAllText(Path.Combine(folder, "target_node"), targetNode + "\n");
        File.WriteAllText(Path.Combine(folder, "numa_node"), numaNode + "\n");
    }
}
