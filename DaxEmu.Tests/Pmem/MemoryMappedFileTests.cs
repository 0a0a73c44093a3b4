using System.IO.MemoryMappedFiles;
using System.Runtime.CompilerServices;
using DaxEmu.Core;
using DaxEmu.Native;
using DaxEmu.Native.Files;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem;

/// <summary>Devices on a MemoryMappedFile of the caller's, and views of devices for code that takes the framework's.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class MemoryMappedFileTests : IDisposable
{
    private const int Size = 4 << 20;

    private readonly ScratchDirectory scratch = new();

    public void Dispose() => scratch.Dispose();

    [Test]
    public void ADeviceOnTheCallersFileShowsTheCallersBytes()
    {
        using MemoryMappedFile file = CallersFile();
        using MemoryMappedViewAccessor before = file.CreateViewAccessor();
        before.Write(4097, 0x1122334455667788);
        using PmemDevice device = PmemDevice.Open(file);
        Assert.That(BitConverter.ToInt64(device.GetSpan(4097, 8)), Is.EqualTo(0x1122334455667788));
        device.ByteAt(Size - 1) = 7;
        Assert.Multiple(() =>
        {
            Assert.That(before.ReadByte(Size - 1), Is.EqualTo(7));
            Assert.That(device.SizeBytes, Is.EqualTo(Size));
            Assert.That(device.Path, Is.EqualTo(scratch["file"]));
            Assert.That((long)device.Base % device.AlignmentBytes, Is.Zero);
            Assert.That(device.Capabilities.FileSystem, Is.EqualTo(FileSystemFacts.Of(scratch.Directory).Kind));
            Assert.That(device.Capabilities.MapSync.Reason, Is.Not.Empty);
        });
    }

    [Test]
    public void AFileWithoutANameServes()
    {
        using MemoryMappedFile file = MemoryMappedFile.CreateNew(null, Size);
        using PmemDevice device = PmemDevice.Open(file);
        using MemoryMappedViewAccessor view = file.CreateViewAccessor();
        device.ByteAt(Size - 1) = 3;
        Assert.That(view.ReadByte(Size - 1), Is.EqualTo(3));
        Assert.That(device.Path, Is.Null);
        Assert.That(device.Name, Is.EqualTo("memory-mapped file"));
    }

    [Test]
    public void TheDeviceEndsTheCallersFileUnlessItIsToStayOpen([Values] bool leaveOpen)
    {
        using MemoryMappedFile file = CallersFile();
        PmemDevice.Open(file, leaveOpen: leaveOpen).Dispose();
        Assert.That(file.SafeMemoryMappedFileHandle.IsClosed, Is.EqualTo(!leaveOpen));
    }

    [Test]
    public void TheCallerMayDisposeAFileThatItKeptWhileTheDeviceIsOpen()
    {
        MemoryMappedFile file = CallersFile();
        using PmemDevice device = PmemDevice.Open(file, leaveOpen: true);
        file.Dispose();
        device.ByteAt(Size - 1) = 9;
        using MemoryMappedViewAccessor view = device.CreateViewAccessor(Size - 1, 1);
        Assert.That(view.ReadByte(0), Is.EqualTo(9));
    }

    [Test]
    public void ASecondDeviceOnTheSameFileIsRefusedAndLeavesItToTheCaller()
    {
        using MemoryMappedFile file = CallersFile();
        using PmemDevice device = PmemDevice.Open(file, leaveOpen: true);
        Assert.That(() => PmemDevice.Open(file), Throws.InstanceOf<DaxEnvironmentException>().With.Message.Contains(scratch["file"]));
        Assert.That(() => PmemDevice.Open(scratch["file"]), Throws.InstanceOf<DaxEnvironmentException>());
        Assert.That(file.SafeMemoryMappedFileHandle.IsClosed, Is.False);
    }

    [TestCase(MemoryMappedFileAccess.Read)]
    [TestCase(MemoryMappedFileAccess.CopyOnWrite)]
    public void AFileThatAllowsNoStoresIsRefused(MemoryMappedFileAccess access)
    {
        scratch.SparseFile("file", Size);
        using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(scratch["file"], FileMode.Open, null, 0, access);
        Assert.That(() => PmemDevice.Open(file), Throws.ArgumentException.With.Message.Contains("ReadWrite"));
        Assert.That(() => PmemDevice.Open(scratch["file"]).Dispose(), Throws.Nothing, "the refused file must not stay locked");
    }

    [TestCase(5000, "the smallest is 2097152")]
    [TestCase(3 << 20, "the nearest are 2097152 and 4194304")]
    public void AFileOfAnOddSizeIsRefusedWithTheNearestValidOnes(long size, string nearest)
    {
        using MemoryMappedFile file = MemoryMappedFile.CreateNew(null, size);
        Assert.That(() => PmemDevice.Open(file), Throws.ArgumentException.With.Message.Contains(nearest).And.Message.Contains($"{size} bytes"));
    }

    [Test]
    public void AFileThatWasCutOrDisposedIsRefused()
    {
        using MemoryMappedFile file = CallersFile();
        using (FileStream cut = new(scratch["file"], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            cut.SetLength(1 << 20);
        }

        Assert.That(() => PmemDevice.Open(file), Throws.InstanceOf<DaxEnvironmentException>().With.Message.Contains("1048576").And.Message.Contains("4194304"));
        file.Dispose();
        Assert.That(() => PmemDevice.Open(file), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => PmemDevice.Open((MemoryMappedFile)null!), Throws.ArgumentNullException);
    }

    [Test]
    public void AFileThatHasGrownIsUsedInTheSizeOfItsObject()
    {
        using MemoryMappedFile file = CallersFile();
        using (FileStream grown = new(scratch["file"], FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite))
        {
            grown.SetLength(3L * Size);
        }

        using PmemDevice device = PmemDevice.Open(file);
        Assert.That(device.SizeBytes, Is.EqualTo(Size));
        Assert.That(() => device.CreateViewAccessor(Size, 1), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void AViewShowsTheDevicesBytesAtAnyOffset()
    {
        using PmemDevice device = PmemDevice.Create(scratch["device"], Size);
        using MemoryMappedViewAccessor view = device.CreateViewAccessor(5001, 9000);
        view.Write(17, 0x0102030405060708);
        device.GetSpan(5001 + 8999, 1)[0] = 4;
        Assert.Multiple(() =>
        {
            Assert.That(view.Capacity, Is.EqualTo(9000));
            Assert.That(BitConverter.ToInt64(device.GetSpan(5018, 8)), Is.EqualTo(0x0102030405060708));
            Assert.That(view.ReadByte(8999), Is.EqualTo(4));
            Assert.That(view.SafeMemoryMappedViewHandle.Read<byte>((ulong)view.PointerOffset + 17), Is.EqualTo(8), "as a buffer, too");
        });
    }

    [Test]
    public void AViewOutlivesItsDeviceAndKeepsTheFileLocked()
    {
        PmemDevice device = PmemDevice.Create(scratch["device"], Size);
        device.ByteAt(8192) = 5;
        using (MemoryMappedViewAccessor view = device.CreateViewAccessor(8192, 4096))
        {
            device.Dispose();
            Assert.That(view.ReadByte(0), Is.EqualTo(5));
            view.Write(1, (byte)6);
            Assert.That(() => PmemDevice.Open(scratch["device"]), Throws.InstanceOf<DaxEnvironmentException>());
            Assert.That(() => device.CreateViewAccessor(0, 1), Throws.InstanceOf<ObjectDisposedException>());
        }

        using PmemDevice again = PmemDevice.Open(scratch["device"]);
        Assert.That(again.ByteAt(8193), Is.EqualTo(6));
    }

    [Test]
    public void AViewOutlivesADeviceThatWasForgotten()
    {
        using MemoryMappedViewAccessor view = ViewOfForgotten(scratch["device"]);
        for (int i = 0; i < 4; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.That(view.ReadByte(0), Is.EqualTo(8));
        view.Write(1, (byte)9);
        Assert.That(File.ReadAllBytes(scratch["device"])[1], Is.EqualTo(9), "the store goes to the file");

        [MethodImpl(MethodImplOptions.NoInlining)]
        static MemoryMappedViewAccessor ViewOfForgotten(string path)
        {
            PmemDevice device = PmemDevice.Create(path, Size);
            device.ByteAt(0) = 8;
            return device.CreateViewAccessor(0, 4096);
        }
    }

    [Test]
    public void AReadOnlyViewRefusesStores()
    {
        using PmemDevice device = PmemDevice.CreateTemporary(Size);
        using MemoryMappedViewAccessor view = device.CreateViewAccessor(0, 4096, MemoryMappedFileAccess.Read);
        Assert.That(view.CanWrite, Is.False);
        Assert.That(() => view.Write(0, 1), Throws.InstanceOf<NotSupportedException>());
    }

    [TestCase(-1, 1)]
    [TestCase(0, 0)]
    [TestCase(0, -1)]
    [TestCase(Size, 1)]
    [TestCase(1, Size)]
    [TestCase(long.MaxValue, long.MaxValue)]
    public void AViewOutsideTheDeviceIsRefused(long offset, long length)
    {
        using PmemDevice device = PmemDevice.CreateTemporary(Size);
        Assert.That(() => device.CreateViewAccessor(offset, length), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void ADeviceWithoutAFileSaysThatItGivesNoView()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(Size);
        Assert.That(
            () => device.CreateViewAccessor(0, 1), Throws.InstanceOf<NotSupportedException>().With.Message.Contains(nameof(PmemDevice.CreateTemporary)));
        Assert.That(
            () => device.CreateViewAccessor(0, 1, MemoryMappedFileAccess.ReadExecute), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void ALookAtTheCallersFileLeavesNoMapping()
    {
        using MemoryMappedFile file = CallersFile();
        Assert.That(SharedFile.CapacityOf(file), Is.EqualTo(Size));
        Assert.That(File.ReadAllText("/proc/self/maps"), Does.Not.Contain(scratch["file"]));
    }

    private MemoryMappedFile CallersFile() => MemoryMappedFile.CreateFromFile(
        new FileStream(scratch["file"], FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite),
        null,
        Size,
        MemoryMappedFileAccess.ReadWrite,
        HandleInheritability.None,
        leaveOpen: false);
}
