using DaxEmu.Core;
using DaxEmu.Core.Pmem;
using DaxEmu.Native;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class PmemDeviceTests : IDisposable
{
    private const long Size = 4 << 20;

    private readonly ScratchDirectory scratch = new();

    public void Dispose() => scratch.Dispose();

    [Test]
    public void ANewDeviceHasItsSizeItsAlignmentAndItsFacts()
    {
        using PmemDevice device = PmemDevice.Create(scratch["device"], Size);

        Assert.That(device.SizeBytes, Is.EqualTo(Size));
        Assert.That(device.PageCount, Is.EqualTo(1024));
        Assert.That(device.AlignmentBytes, Is.EqualTo(2 << 20));
        Assert.That((long)device.Base % device.AlignmentBytes, Is.Zero);
        Assert.That(device.Path, Is.EqualTo(scratch["device"]));
        Assert.That(device.Capabilities.IsBlockDevice, Is.False);
        Assert.That(device.Capabilities.HugePages.Reason, Is.Not.Empty);
        Assert.That(device.Capabilities.PageSizesBytes, Does.Contain(4096));
        Assert.That(device.Capabilities.Flush, Is.EqualTo(FlushInstruction.Best?.Method ?? FlushMethod.None));
        Assert.That(
            device.PersistenceDomain == PersistenceDomain.Page,
            Is.Not.EqualTo(device.Capabilities.MapSync.IsSupported),
            "without MAP_SYNC only a page that was written back is durable");
    }

    [Test]
    public void WhatIsStoredIsThereAfterReopening()
    {
        using (PmemDevice device = PmemDevice.Create(scratch["device"], Size))
        {
            device.GetSpan(new Pfn(1023), 1).Fill(0x5a);
            device.Persist(Size - 4096, 4096);
        }

        using PmemDevice again = PmemDevice.Open(scratch["device"]);
        Assert.That(again.GetSpan(new Pfn(1023), 1).ContainsAnyExcept((byte)0x5a), Is.False);
        Assert.That(again.GetSpan(new Pfn(1022), 1).ContainsAnyExcept((byte)0), Is.False);
    }

    [Test]
    public void ASparseDeviceOfManyGigabytesIsReachedAtBothEnds()
    {
        const long Large = 64L << 30;
        using PmemDevice device = PmemDevice.CreateTemporary(Large, new PmemDeviceOptions { Sparse = true });

        device.GetSpan(new Pfn(0), 1)[0] = 1;
        device.GetSpan(new Pfn(device.PageCount - 1), 1)[4095] = 2;
        device.Persist(Large - 4096, 4096);

        Assert.That(device.ByteAt(0), Is.EqualTo(1));
        Assert.That(device.ByteAt(Large - 1), Is.EqualTo(2));
    }

    [Test]
    public void ATemporaryDeviceHasNoPathAndLeavesNoFile()
    {
        using PmemDevice device = PmemDevice.CreateTemporary(Size);

        Assert.That(device.Path, Is.Null);
        Assert.That(device.Name, Does.StartWith("temporary device in "));
        string directory = device.Name["temporary device in ".Length..];
        Assert.That(Directory.EnumerateFiles(directory, $"daxemu-{Environment.ProcessId}-*"), Is.Empty);
    }

    [Test]
    public void ATemporaryDeviceThatKeepsItsPathTakesItAwayInTheEnd()
    {
        PmemDevice device = PmemDevice.CreateTemporary(Size, new PmemDeviceOptions { KeepPath = true });
        Assert.That(new FileInfo(device.Path!).UnixFileMode, Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite), "nobody else may look at it");

        Assert.That(new FileInfo(device.Path!).Length, Is.EqualTo(Size));
        device.Dispose();
        Assert.That(File.Exists(device.Path), Is.False);
    }

    [Test]
    public void ATemporaryDeviceThatFitsNowhereSaysWhereItLooked()
    {
        Assert.That(
            () => PmemDevice.CreateTemporary(1L << 50),
            Throws.InstanceOf<DaxEnvironmentException>()
                .With.Message.Contains("1125899906842624").And.Message.Contains(Path.TrimEndingDirectorySeparator(Path.GetTempPath()))
                .And.Message.Contains("sparse").And.Message.Not.Contains("\n"));
        Assert.That(
            () => TemporaryPlace.Create(Size, PmemDeviceOptions.Default, [scratch["a"], scratch["b"]]),
            Throws.InstanceOf<DaxEnvironmentException>()
                .With.Message.Contains(scratch["a"]).And.Message.Contains(scratch["b"]));
    }

    [Test]
    public void TheNextDirectoryIsTriedWhenOneRefuses()
    {
        using PmemDevice device = TemporaryPlace.Create(Size, PmemDeviceOptions.Default, [scratch["missing"], scratch.Directory]);

        Assert.That(device.Name, Does.EndWith(scratch.Directory));
        Assert.That(scratch.Names, Is.Empty);
    }

    [Test]
    public void AnInMemoryDeviceNeedsNoFileAndPromisesNothing()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(Size);

        device.GetSpan(new Pfn(0), 1024).Fill(1);
        device.Persist(0, Size);

        Assert.That(device.Path, Is.Null);
        Assert.That(device.PersistenceDomain, Is.EqualTo(PersistenceDomain.None));
        Assert.That(device.Capabilities.FileSystem, Is.EqualTo(FileSystemKind.None));
        Assert.That(device.Capabilities.MapSync.IsSupported, Is.False);
        Assert.That((long)device.Base % device.AlignmentBytes, Is.Zero);
    }

    [TestCase(0, "the smallest is 2097152")]
    [TestCase(-1, "the smallest is 2097152")]
    [TestCase(4096, "the smallest is 2097152")]
    [TestCase(3_000_000, "the nearest are 2097152 and 4194304")]
    [TestCase((10L << 30) + 1, "the nearest are 10737418240 and 10739515392")]
    [TestCase(long.MaxValue, "the nearest is 9223372036852678656")]
    public void AnOddSizeIsRefusedWithTheNearestValidOnes(long sizeBytes, string nearest)
    {
        Assert.That(() => PmemDevice.CreateTemporary(sizeBytes), Refuses());
        Assert.That(() => PmemDevice.CreateInMemory(sizeBytes), Refuses());
        Assert.That(() => PmemDevice.Create(scratch["odd"], sizeBytes), Refuses());
        Assert.That(scratch.Names, Is.Empty);

        NUnit.Framework.Constraints.Constraint Refuses() => Throws.InstanceOf<ArgumentOutOfRangeException>()
            .With.Message.Contains(nearest).And.Message.Contains($"{sizeBytes} bytes").And.Message.Not.Contains("\n");
    }

    [TestCase(3_000_000, "truncate -s 4194304")]
    [TestCase(0, "truncate -s 2097152")]
    public void AFileOfAnOddSizeIsRefusedWithTheCommandThatMendsIt(long sizeBytes, string command)
    {
        string path = scratch.SparseFile("odd", sizeBytes);

        Assert.That(
            () => PmemDevice.Open(path),
            Throws.InstanceOf<DaxEnvironmentException>()
                .With.Message.Contains($"{command} '{path}'").And.Message.Contains($"{sizeBytes} bytes").And.Message.Not.Contains("\n"));
        Assert.That(new FileInfo(path).Length, Is.EqualTo(sizeBytes), "the refused file must stay as it was");
        Assert.That(() => DeviceFile.Open(path).Dispose(), Throws.Nothing, "the refused file must not stay locked");
    }

    [Test]
    public void ASecondDeviceOnAFileIsRefused()
    {
        using PmemDevice device = PmemDevice.Create(scratch["device"], Size);

        Assert.That(
            () => PmemDevice.Open(scratch["device"]),
            Throws.InstanceOf<DaxEnvironmentException>().With.Property(nameof(DaxEnvironmentException.Errno)).EqualTo(Errno.Eagain));
        Assert.That(
            () => PmemDevice.Create(scratch["device"], Size),
            Throws.InstanceOf<DaxEnvironmentException>().With.Property(nameof(DaxEnvironmentException.Errno)).EqualTo(Errno.Eexist));
        Assert.That(File.Exists(scratch["device"]), Is.True, "the refused creation must not remove the file in use");
    }

    [Test]
    public void AFailedCreationLeavesNoFile()
    {
        Assert.That(() => PmemDevice.Create(scratch["huge"], 1L << 50), Throws.InstanceOf<DaxEnvironmentException>());
        Assert.That(
            () => PmemDevice.Create(scratch["wish"], Size, new PmemDeviceOptions { Flush = (FlushMethod)99 }),
            Throws.InstanceOf<ArgumentOutOfRangeException>().With.Message.Contains("99"));
        Assert.That(
            () => PmemDevice.Create(scratch["space"], 1L << 60, new PmemDeviceOptions { Sparse = true }),
            Throws.InstanceOf<DaxEnvironmentException>().With.Message.Contains(scratch["space"]));
        Assert.That(scratch.Names, Is.Empty);
    }

    [Test]
    public void ARelativePathIsShownInFull()
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, scratch["device"]);
        using PmemDevice device = PmemDevice.Create(relative, Size);

        Assert.That(device.Path, Is.EqualTo(scratch["device"]));
    }

    [TestCase(FlushMethod.Automatic)]
    [TestCase(FlushMethod.Clwb)]
    [TestCase(FlushMethod.ClflushOpt)]
    [TestCase(FlushMethod.Clflush)]
    [TestCase(FlushMethod.Msync)]
    [TestCase(FlushMethod.None)]
    public void EveryFlushMethodKeepsTheData(FlushMethod method)
    {
        if (method is FlushMethod.Clwb or FlushMethod.ClflushOpt or FlushMethod.Clflush && FlushInstruction.TryGet(method) is null)
        {
            Assert.That(
                () => PmemDevice.Create(scratch["device"], Size, new PmemDeviceOptions { Flush = method }),
                Throws.InstanceOf<DaxEnvironmentException>().With.Message.Contains(method.ToString()));
            return;
        }

        using PmemDevice device = PmemDevice.Create(scratch["device"], Size, new PmemDeviceOptions { Flush = method });
        byte[] data = new byte[100_001];
        new Random(4).NextBytes(data);

        device.CopyNonTemporal(777, data);
        device.Persist(777, data.Length);
        device.Flush(0, 0);
        device.Flush(Size, 0);
        device.Persist(Size - 1, 1);
        device.Persist(0, Size);

        Assert.That(File.ReadAllBytes(scratch["device"]).AsSpan(777, data.Length).SequenceEqual(data), Is.True);
        Assert.That(device.Capabilities.Flush, method == FlushMethod.Automatic ? Is.Not.EqualTo(method) : Is.EqualTo(method));
    }

    [Test]
    public void ZeroingWholePagesLeavesTheirNeighbours()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(Size);
        device.GetSpan(new Pfn(0), 1024).Fill(9);

        device.Zero(new Pfn(3), 600);
        device.Drain();

        Assert.That(device.GetSpan(new Pfn(3), 600).ContainsAnyExcept((byte)0), Is.False);
        Assert.That(device.GetSpan(new Pfn(0), 3).ContainsAnyExcept((byte)9), Is.False);
        Assert.That(device.GetSpan(new Pfn(603), 421).ContainsAnyExcept((byte)9), Is.False);
    }

    [TestCase(-1, 1)]
    [TestCase(0, -1)]
    [TestCase(Size, 1)]
    [TestCase(Size + 1, 0)]
    [TestCase(1, Size)]
    [TestCase(long.MaxValue, long.MaxValue)]
    public void AFlushOutsideTheDeviceIsRefused(long offset, long length)
    {
        using PmemDevice device = PmemDevice.CreateInMemory(Size);

        Assert.That(() => device.Flush(offset, length), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => device.Persist(offset, length), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [TestCase(-1, 1)]
    [TestCase(0, 1025)]
    [TestCase(1024, 1)]
    [TestCase(1025, 0)]
    [TestCase(long.MaxValue, 1)]
    [TestCase(long.MaxValue >> 12, long.MaxValue >> 12)]
    public void PagesThatTheDeviceDoesNotHaveAreRefused(long first, long pageCount)
    {
        using PmemDevice device = PmemDevice.CreateInMemory(Size);

        Assert.That(() => device.GetSpan(new Pfn(first), pageCount).Length, Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => device.Zero(new Pfn(first), pageCount), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void AStoreOutsideTheDeviceIsRefused()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(Size);

        Assert.That(() => device.CopyNonTemporal(Size - 1, new byte[2]), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => device.CopyNonTemporal(-1, new byte[2]), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }
}
