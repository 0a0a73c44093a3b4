using DaxEmu.Native;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Native;

public sealed class FileFactsTests
{
    [TestCase(0x01021994, FileSystemKind.Tmpfs)]
    [TestCase(0xef53, FileSystemKind.Ext4)]
    [TestCase(0x58465342, FileSystemKind.Xfs)]
    [TestCase(0x9123683e, FileSystemKind.Btrfs)]
    [TestCase(0x958458f6, FileSystemKind.Hugetlbfs)]
    [TestCase(unchecked((long)0xffffffff9123683e), FileSystemKind.Btrfs)]
    [TestCase(0x12345678, FileSystemKind.Unknown)]
    public void AMagicNumberTellsTheKind(long magic, FileSystemKind kind) =>
        Assert.That(FileSystemFacts.KindOf(magic), Is.EqualTo(kind));

    [Test]
    public void TheKernelsOwnFileSystemsAreRecognized() =>
        Assert.That(FileSystemFacts.Of("/proc").Kind, Is.EqualTo(FileSystemKind.KernelInterface));

    [Test]
    public void TheFreeRoomIsWhatTheRuntimeReports()
    {
        using ScratchDirectory scratch = new();
        long reported = new DriveInfo(scratch.Directory).AvailableFreeSpace;

        // Others write meanwhile, so near is enough.
        Assert.That(FileSystemFacts.Of(scratch.Directory).AvailableBytes, Is.EqualTo(reported).Within(20).Percent);
    }

    [Test]
    public void AMissingPathIsRefused() => Assert.That(
        () => FileSystemFacts.Of("/no/such/path"),
        Throws.InstanceOf<DaxEnvironmentException>().With.Property(nameof(DaxEnvironmentException.Errno)).EqualTo(Errno.Enoent));

    [Test]
    public void MapSyncOnTmpfsIsRefusedInWords()
    {
        using ScratchDirectory scratch = new();
        using DeviceFile file = DeviceFile.Create(scratch["file"], 4096, sparse: true);
        if (file.FileSystem.Kind != FileSystemKind.Tmpfs)
        {
            Assert.Ignore("no tmpfs here");
        }

        FeatureSupport support = MapSyncProbe.Probe(file);

        Assert.That(support.IsSupported, Is.False, "a plain mmap would drop the flag and look granted");
        Assert.That(support.Reason, Does.Contain("in memory"));
        Assert.That(support.ToString(), Does.StartWith("no: "));
    }

    [Test]
    public void EveryRefusalOfMapSyncHasAReasonOfItsFileSystem()
    {
        Assert.That(MapSyncProbe.Explain(FileSystemKind.Ext4), Does.Contain("mount option dax"));
        Assert.That(MapSyncProbe.Explain(FileSystemKind.Fuse), Does.Contain("virtiofs"));
        Assert.That(Enum.GetValues<FileSystemKind>().Select(MapSyncProbe.Explain), Is.All.Not.Empty);
    }

    [TestCase("always within_size [advise] never deny force", "advise")]
    [TestCase("always [madvise] never\n", "madvise")]
    [TestCase("nothing chosen", "")]
    [TestCase("]wrong[", "")]
    public void TheChosenWordOfASwitchIsTheOneInBrackets(string text, string chosen) =>
        Assert.That(HugePageProbe.Selected(text), Is.EqualTo(chosen));

    [TestCase("never", null, false, "huge=")]
    [TestCase("never", "never", false, "huge=")]
    [TestCase("never", "advise", true, "huge=advise")]
    [TestCase("always", null, false, "huge=")]
    [TestCase("deny", "always", false, "deny")]
    [TestCase("force", null, true, "force")]
    [TestCase("", "always", false, "no transparent huge pages")]
    public void HugePagesOfTmpfsFollowTheSwitchAndTheMountOption(string systemSwitch, string? option, bool isSupported, string reason)
    {
        FeatureSupport support = HugePageProbe.ForTmpfs(systemSwitch, option);

        Assert.That(support.IsSupported, Is.EqualTo(isSupported));
        Assert.That(support.Reason, Does.Contain(reason));
    }

    [Test]
    public void AMountOptionIsFoundByTheDeviceNumber()
    {
        string[] lines =
        [
            "22 1 254:0 / / rw,relatime - ext4 /dev/root rw,huge=wrong",
            "30 22 0:25 / /dev/shm rw,nosuid shared:5 - tmpfs tmpfs rw,size=1024k,huge=within_size,inode64",
            "31 22 0:26 / /run rw,nosuid - tmpfs tmpfs rw,size=1024k",
            "short line",
        ];

        Assert.That(MountOptions.Find(lines, 25, "huge"), Is.EqualTo("within_size"));
        Assert.That(MountOptions.Find(lines, 26, "huge"), Is.Null);
        Assert.That(MountOptions.Find(lines, (254 << 8) | 0, "huge"), Is.EqualTo("wrong"));
        Assert.That(MountOptions.Find(lines, 99, "huge"), Is.Null);
    }
}
