using DaxEmu.Core;
using DaxEmu.Core.Pmem;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Files;
using NUnit.Framework;

namespace DaxEmu.Tests.Pmem;

/// <summary>How a device flushes unless it is said how.</summary>
public sealed class FlushChoiceTests
{
    private const FlushMethod Clwb = FlushMethod.Clwb;

    [TestCase(PersistenceDomain.Byte, FileSystemKind.Ext4, FlushMethod.None)]
    [TestCase(PersistenceDomain.CacheLine, FileSystemKind.Ext4, Clwb)]
    [TestCase(PersistenceDomain.CacheLine, FileSystemKind.Xfs, Clwb)]
    [TestCase(PersistenceDomain.Page, FileSystemKind.Ext4, FlushMethod.Msync)]
    [TestCase(PersistenceDomain.Page, FileSystemKind.Xfs, FlushMethod.Msync)]
    [TestCase(PersistenceDomain.Page, FileSystemKind.Btrfs, FlushMethod.Msync)]
    [TestCase(PersistenceDomain.Page, FileSystemKind.Overlay, FlushMethod.Msync)]
    [TestCase(PersistenceDomain.Page, FileSystemKind.Nfs, FlushMethod.Msync)]
    [TestCase(PersistenceDomain.Page, FileSystemKind.Unknown, FlushMethod.Msync)]
    [TestCase(PersistenceDomain.Page, FileSystemKind.None, FlushMethod.Msync, TestName = "ABlockDeviceWithoutDaxIsFlushedByMsync")]
    [TestCase(PersistenceDomain.Page, FileSystemKind.Tmpfs, Clwb)]
    [TestCase(PersistenceDomain.Page, FileSystemKind.Ramfs, Clwb)]
    [TestCase(PersistenceDomain.Page, FileSystemKind.Hugetlbfs, Clwb)]
    [TestCase(PersistenceDomain.None, FileSystemKind.None, Clwb)]
    public void TheGranularityDecides(PersistenceDomain domain, FileSystemKind fileSystem, FlushMethod expected) =>
        Assert.That(Placement.Automatic(domain, fileSystem, isTemporary: false, Clwb), Is.EqualTo(expected));

    [TestCase(PersistenceDomain.Byte, FileSystemKind.Ext4, FlushMethod.None)]
    [TestCase(PersistenceDomain.CacheLine, FileSystemKind.Ext4, FlushMethod.Msync)]
    [TestCase(PersistenceDomain.Page, FileSystemKind.Ext4, FlushMethod.Msync)]
    [TestCase(PersistenceDomain.Page, FileSystemKind.Tmpfs, FlushMethod.None)]
    [TestCase(PersistenceDomain.None, FileSystemKind.None, FlushMethod.None)]
    public void WithoutAnInstructionMsyncDoesWhatOneWouldMakeDurable(
        PersistenceDomain domain, FileSystemKind fileSystem, FlushMethod expected) =>
        Assert.That(Placement.Automatic(domain, fileSystem, isTemporary: false, instruction: null), Is.EqualTo(expected));

    [Test]
    public void WhatGoesWithItsDeviceActsAPersistentOneOut() =>
        Assert.That(Placement.Automatic(PersistenceDomain.Page, FileSystemKind.Ext4, isTemporary: true, Clwb), Is.EqualTo(Clwb));

    [Test]
    public void APlainFileIsFlushedByMsyncUnlessAnInstructionIsAskedFor()
    {
        string path = Path.Combine(Path.GetTempPath(), $"daxemu-test-{Guid.NewGuid():N}");
        try
        {
            using (PmemDevice device = PmemDevice.Create(path, 2 << 20))
            {
                if (device.Capabilities.FileSystem == FileSystemKind.Tmpfs || device.PersistenceDomain != PersistenceDomain.Page)
                {
                    Assert.Ignore($"The temporary directory lies on {device.Capabilities.FileSystem}.");
                }

                Assert.That(device.Capabilities.Flush, Is.EqualTo(FlushMethod.Msync));
                device.CopyNonTemporal(100, new byte[] { 1, 2, 3 });
                device.Zero(new Pfn(1), 1);
                device.Persist(100, 3);
                Assert.That(device.ByteAt(102), Is.EqualTo(3));
            }

            if (FlushInstruction.Best is { } best)
            {
                using PmemDevice device = PmemDevice.Open(path, new PmemDeviceOptions { Flush = best.Method });
                Assert.That(device.Capabilities.Flush, Is.EqualTo(best.Method));
            }
        }
        finally
        {
            File.Delete(path);
        }
    }
}
