using DaxEmu.Core;
using DaxEmu.Native;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DeviceProbeTests : IDisposable
{
    private readonly ScratchDirectory scratch = new();

    public void Dispose() => scratch.Dispose();

    [Test]
    public void AFileGivesTheFactsThatItsDeviceWouldHave()
    {
        string path = scratch.SparseFile("file", 4 << 20);

        DeviceFacts facts = DeviceProbe.Probe(path);
        using PmemDevice device = PmemDevice.Open(path);

        Assert.That(facts.Path, Is.EqualTo(path));
        Assert.That(facts.SizeBytes, Is.EqualTo(device.SizeBytes));
        Assert.That(facts.SizeProblem, Is.Null);
        Assert.That(facts.AlignmentBytes, Is.EqualTo(device.AlignmentBytes));
        Assert.That(facts.Domain, Is.EqualTo(device.PersistenceDomain));
        Assert.That(facts.IsInUse, Is.False);
        Assert.That(facts.Capabilities.MapSync, Is.EqualTo(device.Capabilities.MapSync));
        Assert.That(facts.Capabilities.HugePages, Is.EqualTo(device.Capabilities.HugePages));
        Assert.That(facts.Capabilities.FileSystem, Is.EqualTo(device.Capabilities.FileSystem));
        Assert.That(facts.Capabilities.Flush, Is.EqualTo(device.Capabilities.Flush).And.Not.EqualTo(FlushMethod.Automatic));
        Assert.That(facts.AvailableBytes, Is.Null.Or.Positive);
    }

    [Test]
    public void AnOpenDeviceIsSeenAndNotDisturbed()
    {
        using PmemDevice device = PmemDevice.Create(scratch["device"], 2 << 20);

        Assert.That(DeviceProbe.Probe(scratch["device"]).IsInUse, Is.True);
        Assert.That(() => PmemDevice.Open(scratch["device"]), Throws.InstanceOf<DaxEnvironmentException>());
    }

    [Test]
    public void AnOddSizeIsAFactAndNotAnError()
    {
        DeviceFacts facts = DeviceProbe.Probe(scratch.SparseFile("odd", 3_000_000));

        Assert.That(facts.SizeProblem, Does.Contain("3000000").And.Contain("2097152 and 4194304"));
    }

    [Test]
    public void ADirectoryAndAMissingFileAreRefused()
    {
        Assert.That(
            () => DeviceProbe.Probe(scratch.Directory),
            Throws.InstanceOf<DaxEnvironmentException>().With.Property(nameof(DaxEnvironmentException.Errno)).EqualTo(Errno.Eisdir));
        Assert.That(
            () => DeviceProbe.Probe(scratch["none"]),
            Throws.InstanceOf<DaxEnvironmentException>().With.Property(nameof(DaxEnvironmentException.Errno)).EqualTo(Errno.Enoent));
        Assert.That(() => DeviceProbe.Probe(string.Empty), Throws.ArgumentException);
    }

    [Test]
    public void ABlockDeviceHasASizeAndNoFileSystem()
    {
        string? disk = Directory.Exists("/sys/block")
            ? Directory.EnumerateDirectories("/sys/block")
                .Where(path => File.ReadAllText(Path.Combine(path, "size")).Trim() != "0")
                .Select(path => "/dev/" + Path.GetFileName(path))
                .FirstOrDefault(IsReadable)
            : null;
        if (disk is null)
        {
            Assert.Ignore("no block device that could be read here");
        }

        DeviceFacts facts = DeviceProbe.Probe(disk!);

        long expected = long.Parse(
            File.ReadAllText($"/sys/block/{Path.GetFileName(disk)}/size"), System.Globalization.CultureInfo.InvariantCulture) * 512;
        Assert.That(facts.SizeBytes, Is.EqualTo(expected));
        Assert.That(facts.Capabilities.IsBlockDevice, Is.True);
        Assert.That(facts.Capabilities.FileSystem, Is.EqualTo(FileSystemKind.None));
        Assert.That(facts.AvailableBytes, Is.Null);
    }

    [TestCase(false, new[] { "cpu_cache" }, PersistenceDomain.Page)]
    [TestCase(true, new[] { "cpu_cache", "cpu_cache\n" }, PersistenceDomain.Byte)]
    [TestCase(true, new[] { "cpu_cache", "memory_controller" }, PersistenceDomain.CacheLine)]
    [TestCase(true, new string[0], PersistenceDomain.CacheLine)]
    public void TheDomainFollowsMapSyncAndTheRegions(bool isMapSync, string[] regions, PersistenceDomain expected)
    {
        for (int index = 0; index < regions.Length; index++)
        {
            Directory.CreateDirectory(scratch[$"region{index}"]);
            File.WriteAllText(scratch[$"region{index}/persistence_domain"], regions[index]);
        }

        Assert.That(PersistenceDomains.OfFile(isMapSync, scratch.Directory), Is.EqualTo(expected));
    }

    [Test]
    public void ARegionThatDoesNotSayIsTakenForTheWeakerPromise()
    {
        Directory.CreateDirectory(scratch["region0"]);

        Assert.That(PersistenceDomains.OfFile(true, scratch.Directory), Is.EqualTo(PersistenceDomain.CacheLine));
    }

    private static bool IsReadable(string path)
    {
        try
        {
            using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return true;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
