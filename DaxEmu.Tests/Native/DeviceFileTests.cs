using DaxEmu.Native;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;
using DaxEmu.Native.Memory;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Native;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DeviceFileTests : IDisposable
{
    private readonly ScratchDirectory scratch = new();

    public void Dispose() => scratch.Dispose();

    [Test]
    public void ASecondOpenerInTheSameProcessIsRefused()
    {
        using DeviceFile first = DeviceFile.Create(scratch["file"], 4096, sparse: false);

        Assert.That(
            () => DeviceFile.Open(scratch["file"]),
            Throws.InstanceOf<DaxEnvironmentException>()
                .With.Message.Contains(scratch["file"]).And.Message.Contains("lock")
                .And.Property(nameof(DaxEnvironmentException.Errno)).EqualTo(Errno.Eagain));
    }

    [Test]
    public void TheNextOpenerIsServedOnceTheFirstIsGone()
    {
        DeviceFile.Create(scratch["file"], 4096, sparse: false).Dispose();
        DeviceFile.Open(scratch["file"]).Dispose();
        using DeviceFile again = DeviceFile.Open(scratch["file"]);

        Assert.That(again.SizeBytes, Is.EqualTo(4096));
    }

    [Test]
    public void AMappingKeepsTheLockAfterTheDescriptorIsClosed()
    {
        MappedRegion region;
        using (DeviceFile file = DeviceFile.Create(scratch["file"], 4096, sparse: false))
        {
            region = MappedRegion.MapFile(file.Handle, 4096, synchronous: false, file.Path);
        }

        Assert.That(() => DeviceFile.Open(scratch["file"]), Throws.InstanceOf<DaxEnvironmentException>());
        region.Dispose();
        Assert.That(() => DeviceFile.Open(scratch["file"]).Dispose(), Throws.Nothing);
    }

    [Test]
    public void LookingSeesTheLockAndDoesNotDisturbIt()
    {
        using DeviceFile owner = DeviceFile.Create(scratch["file"], 4096, sparse: false);
        using (DeviceFile probe = DeviceFile.OpenForProbe(scratch["file"]))
        {
            Assert.That(probe.IsLockedByAnother(), Is.True);
            Assert.That(owner.IsLockedByAnother(), Is.False);
        }

        Assert.That(() => DeviceFile.Open(scratch["file"]), Throws.InstanceOf<DaxEnvironmentException>());
    }

    [Test]
    public void CreationReservesEveryBlockUnlessItIsSparse()
    {
        using DeviceFile full = DeviceFile.Create(scratch["full"], 4 << 20, sparse: false);
        using DeviceFile sparse = DeviceFile.Create(scratch["sparse"], 4 << 20, sparse: true);

        Assert.That(AllocatedBytes(scratch["full"]), Is.EqualTo(4 << 20));
        Assert.That(AllocatedBytes(scratch["sparse"]), Is.Zero);
        Assert.That(sparse.SizeBytes, Is.EqualTo(4 << 20));
    }

    [Test]
    public void APunchedHoleGivesItsBlocksBack()
    {
        using DeviceFile file = DeviceFile.Create(scratch["full"], 4 << 20, sparse: false);
        if (!file.TryPunchHole(0, 2 << 20))
        {
            Assert.Ignore("this file system cannot punch holes");
        }

        Assert.That(AllocatedBytes(scratch["full"]), Is.EqualTo(2 << 20));
        Assert.That(() => file.TryPunchHole(-1, 1), Throws.InstanceOf<DaxEnvironmentException>().With.Message.Contains(file.Path));
    }

    [Test]
    public void WhatDoesNotFitIsRefusedWithTheRoomThatIsLeftAndLeavesNothingBehind()
    {
        Assert.That(
            () => DeviceFile.Create(scratch["huge"], 1L << 50, sparse: false),
            Throws.InstanceOf<DaxEnvironmentException>()
                .With.Message.Contains("1125899906842624").And.Message.Contains("bytes left").And.Message.Contains(scratch["huge"]));
        Assert.That(scratch.Names, Is.Empty);
    }

    [Test]
    public void AnExistingFileIsNeitherReplacedNorRemoved()
    {
        File.WriteAllText(scratch["mine"], "precious");

        Assert.That(
            () => DeviceFile.Create(scratch["mine"], 4096, sparse: true),
            Throws.InstanceOf<DaxEnvironmentException>().With.Property(nameof(DaxEnvironmentException.Errno)).EqualTo(Errno.Eexist));
        Assert.That(File.ReadAllText(scratch["mine"]), Is.EqualTo("precious"));
    }

    [Test]
    public void AFileUnlinkedAtOnceHasNoNameAndStillWorks()
    {
        using DeviceFile file = DeviceFile.Create(scratch["ghost"], 4096, sparse: false, unlinkAtOnce: true);

        Assert.That(scratch.Names, Is.Empty);
        Assert.That(file.SizeBytes, Is.EqualTo(4096));
    }

    [Test]
    public void AMissingFileAndAMissingDirectoryGetDifferentRemedies()
    {
        Assert.That(
            () => DeviceFile.Open(scratch["none"]), Throws.InstanceOf<DaxEnvironmentException>().With.Message.Contains("Create it first"));
        Assert.That(
            () => DeviceFile.Create(scratch["no/where"], 4096, sparse: true),
            Throws.InstanceOf<DaxEnvironmentException>().With.Message.Contains($"mkdir -p '{scratch["no"]}'"));
    }

    [Test]
    public void ADirectoryAPipeADeviceNodeAndAPathThroughAFileAreToldApart()
    {
        File.WriteAllText(scratch["file"], "x");

        Assert.That(() => DeviceFile.Open(scratch.Directory), Fails(Errno.Eisdir, "directory"));
        Assert.That(() => DeviceFile.OpenForProbe(scratch.Directory), Fails(Errno.Eisdir, "directory"));
        Assert.That(() => DeviceFile.Open("/dev/null"), Fails(Errno.Enodev, "character device"));
        Assert.That(() => DeviceFile.Open(scratch["file/below"]), Fails(Errno.Enotdir, "not a directory"));
        Assert.That(() => DeviceFile.Create(scratch["file/below"], 4096, sparse: true), Fails(Errno.Enotdir, "not a directory"));
        Assert.That(() => DeviceFile.Create(scratch[new string('n', 300)], 4096, sparse: true), Fails(Errno.Enametoolong, "too long"));
    }

    [Test]
    public void AFileWithoutRightsIsRefusedWithTheCommandThatShowsWhy()
    {
        if (Environment.IsPrivilegedProcess)
        {
            Assert.Ignore("rights do not bind a privileged process");
        }

        File.WriteAllText(scratch["secret"], "x");
        Assert.That(Mono.Unix.Native.Syscall.chmod(scratch["secret"], 0), Is.Zero);

        Assert.That(() => DeviceFile.Open(scratch["secret"]), Fails(Errno.Eacces, "ls -ld"));
    }

    [Test]
    public void AFileOnAReadOnlyKernelFileSystemIsRefused() =>
        Assert.That(() => DeviceFile.Create("/sys/daxemu-test", 4096, sparse: true), Throws.InstanceOf<DaxEnvironmentException>());

    private static NUnit.Framework.Constraints.ContainsConstraint Fails(int errno, string words) =>
        Throws.InstanceOf<DaxEnvironmentException>()
            .With.Property(nameof(DaxEnvironmentException.Errno)).EqualTo(errno).And.Message.Contains(words).And.Message.Not.Contains("\n");

    private static long AllocatedBytes(string path)
    {
        Assert.That(Mono.Unix.Native.Syscall.stat(path, out Mono.Unix.Native.Stat stat), Is.Zero);
        return stat.st_blocks * 512;
    }
}
