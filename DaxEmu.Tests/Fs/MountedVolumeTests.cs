using DaxEmu.Core;
using DaxEmu.Native;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>Volumes on media: what is there after an unmount, what is refused, what is freed.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class MountedVolumeTests
{
    private const int Page = DaxConstants.PageSize;
    private const long Size = 8L << 20;

    private readonly PmemDevice device = PmemDevice.CreateInMemory(Size);
    private DaxVolume volume;

    public MountedVolumeTests()
    {
        DaxVolume.Format(device, new VolumeOptions { Label = "test" });
        volume = DaxVolume.Mount(device);
    }

    [TearDown]
    public void Close()
    {
        volume.Dispose();
        Assert.That(DaxVolume.Check(device).Problems, Is.Empty);
        device.Dispose();
    }

    [Test]
    public void WhatWasStoredIsThereAfterAMount()
    {
        byte[] large = Pattern(3 << 20);
        volume.CreateDirectory("d");
        using (DaxFile file = volume.Create("d/large"))
        {
            file.Write(large, 0);
        }

        using (DaxFile file = volume.Create("holes", 10 * Page))
        {
            file.Write([1, 2, 3], (4 * Page) + 5);
            file.Allocate(7 * Page, Page);
            using DaxView view = file.Map();
            view.CopyFrom([9, 9], Page);
        }

        volume.Link("d/large", "twin");
        volume.SetMode("d", 0x1C0);
        VolumeEntry[] before = [volume.GetEntry("d"), volume.GetEntry("d/large"), volume.GetEntry("holes")];
        long free = volume.FreeBytes;
        Remount();
        Assert.That(volume.FileNames, Is.EqualTo(new[] { "d/large", "holes", "twin" }));
        Assert.That(new[] { volume.GetEntry("d"), volume.GetEntry("d/large"), volume.GetEntry("holes") }, Is.EqualTo(before));
        Assert.That(volume.FreeBytes, Is.EqualTo(free));
        Assert.That(volume.Label, Is.EqualTo("test"));
        using DaxFile again = volume.Open("twin");
        Assert.That(FileFixture.Bytes(again), Is.EqualTo(large));
        using DaxFile holes = volume.Open("holes");
        byte[] expected = new byte[10 * Page];
        new byte[] { 1, 2, 3 }.CopyTo(expected, (4 * Page) + 5);
        new byte[] { 9, 9 }.CopyTo(expected, Page);
        Assert.That(FileFixture.Bytes(holes), Is.EqualTo(expected));
        Assert.That(holes.ExtentList.Select(extent => extent.Kind), Is.EqualTo(new[] { ExtentKind.Mapped, ExtentKind.Mapped, ExtentKind.Unwritten }));
    }

    [Test]
    public void ClonesStaySharedAndAreCopiedWhenTheyAreWritten()
    {
        byte[] content = Pattern(4 * Page);
        using (DaxFile source = volume.Create("source"))
        using (DaxFile clone = volume.Create("clone"))
        {
            source.Write(content, 0);
            source.CloneTo(clone);
        }

        long free = volume.FreeBytes;
        Remount();
        Assert.That(volume.FreeBytes, Is.EqualTo(free));
        using (DaxFile clone = volume.Open("clone"))
        {
            Assert.That(clone.ExtentList[0].IsShared, Is.True);
            clone.Write([0xFF], Page);
            Assert.That(volume.FreeBytes, Is.EqualTo(free - Page));
        }

        using (DaxFile source = volume.Open("source"))
        {
            Assert.That(FileFixture.Bytes(source), Is.EqualTo(content));
        }

        volume.Delete("source");
        Remount();
        using DaxFile left = volume.Open("clone");
        content[Page] = 0xFF;
        Assert.That(FileFixture.Bytes(left), Is.EqualTo(content));
        Assert.That(volume.FreeBytes, Is.EqualTo(free - Page + Page));
    }

    [Test]
    public void AFullVolumeRefusesWhatGrowsAndLetsDeletionsThrough()
    {
        using (DaxFile file = volume.Create("all"))
        {
            for (long offset = 0; ; offset += Page)
            {
                try
                {
                    file.Write(new byte[Page], offset);
                }
                catch (DaxException full)
                {
                    Assert.That(full.Error, Is.EqualTo(IoError.NoSpace));
                    break;
                }
            }
        }

        int made = 0;
        DaxException refusal = Assert.Throws<DaxException>(() =>
        {
            for (; made < 100_000; made++)
            {
                volume.Create($"a name of many letters, so that the log is full soon {made}").Dispose();
            }
        })!;
        Assert.That((refusal.Error, made), Is.EqualTo((IoError.NoSpace, made)));
        Assert.That(made, Is.GreaterThan(10));
        Remount();
        Assert.That(volume.FileNames, Has.Count.EqualTo(made + 1));
        while (made > 0)
        {
            made--;
            volume.Delete($"a name of many letters, so that the log is full soon {made}");
        }

        volume.Delete("all");
        Remount();
        volume.Create("again").Dispose();
        Assert.That(volume.FileNames, Is.EqualTo(new[] { "again" }));
    }

    [Test]
    public void ManyChangesRenewTheLogAndKeepTheSpace()
    {
        long free = volume.FreeBytes;
        for (int i = 0; i < 3000; i++)
        {
            volume.Create("a").Dispose();
            volume.Rename("a", "b");
            volume.Delete("b");
        }

        Assert.That(volume.Store.LookAtLog((_, log) => log.Sequence), Is.GreaterThan(10));
        Assert.That(volume.FreeBytes, Is.EqualTo(free));
        Remount();
        Assert.That(volume.FreeBytes, Is.EqualTo(free));
    }

    [Test]
    public void AMountForReadingChangesNothing()
    {
        volume.Create("a").Dispose();
        volume.Dispose();
        byte[] before = device.Read(0, (int)Size).ToArray();
        volume = DaxVolume.Mount(device, new VolumeOptions { ReadOnly = true });
        Assert.That(volume.ReadOnlyReason, Is.EqualTo("it was mounted so"));
        Assert.That(() => volume.Create("b"), Throws.TypeOf<VolumeException>().With.Property("Reason").EqualTo(VolumeRefusal.ReadOnly));
        Assert.That(() => volume.Delete("a"), Throws.TypeOf<VolumeException>());
        Assert.That(() => volume.Open("a"), Throws.TypeOf<VolumeException>());
        volume.Open("a", access: FileAccess.Read).Dispose();
        volume.Dispose();
        Assert.That(device.Read(0, (int)Size).SequenceEqual(before), Is.True);
    }

    [Test]
    public void ADeviceHasOneVolumeAtATime()
    {
        Assert.That(() => DaxVolume.Mount(device), Throws.InvalidOperationException.With.Message.Contains("in use"));
        Assert.That(() => DaxVolume.Format(device), Throws.InvalidOperationException);
        Assert.That(() => DaxVolume.Repair(device), Throws.InvalidOperationException);
        Assert.That(() => DaxVolume.ScratchOf(device), Throws.InvalidOperationException.With.Message.Contains("mounted"));
        Assert.That(DaxVolume.Check(device).IsSound, Is.True);
    }

    [Test]
    public void ADeviceWithoutAVolumeIsRefused()
    {
        using PmemDevice other = PmemDevice.CreateInMemory(Size);
        Assert.That(() => DaxVolume.Mount(other), Throws.TypeOf<VolumeException>().With.Property("Reason").EqualTo(VolumeRefusal.NoVolume).And.Message.Contains("Format it"));
        Assert.That(() => DaxVolume.Repair(other), Throws.TypeOf<VolumeException>());
    }

    [Test]
    public void AVolumeGrowsWithItsDevice()
    {
        byte[] content = Pattern(Page);
        using (DaxFile file = volume.Create("a"))
        {
            file.Write(content, 0);
        }

        volume.Dispose();
        using PmemDevice larger = PmemDevice.CreateInMemory(2 * Size);
        larger.CopyPersist(0, device.Read(0, (int)Size));
        using (DaxVolume grown = DaxVolume.Mount(larger))
        {
            long free = grown.FreeBytes;
            Assert.That(grown.Grow(), Is.EqualTo(Size));
            Assert.That(grown.FreeBytes, Is.EqualTo(free + Size));
            Assert.That(grown.Grow(), Is.Zero);
            using DaxFile file = grown.Create("b");
            file.Allocate(0, Size);
        }

        using (DaxVolume grown = DaxVolume.Mount(larger))
        {
            Assert.That(grown.GetEntry("b").AllocatedBytes, Is.EqualTo(Size));
        }

        using PmemDevice smaller = PmemDevice.CreateInMemory(Size);
        smaller.CopyPersist(0, larger.Read(0, (int)Size));
        Assert.That(() => DaxVolume.Mount(smaller), Throws.TypeOf<VolumeException>().With.Property("Reason").EqualTo(VolumeRefusal.Truncated));
    }

    [Test]
    public void AFileThatWasDeletedWhileOpenIsGoneAfterACrash()
    {
        long free = volume.FreeBytes;
        DaxFile file = volume.Create("a");
        file.Write(Pattern(8 * Page), 0);
        file.Sync();
        volume.Delete("a");
        using (PmemDevice after = AfterACrash())
        using (DaxVolume mounted = DaxVolume.Mount(after))
        {
            Assert.That(mounted.FreeBytes, Is.EqualTo(free));
            Assert.That(mounted.FileNames, Is.Empty);
        }

        file.Dispose();
        Assert.That(volume.FreeBytes, Is.EqualTo(free));
    }

    [Test]
    public void BlocksOfAnAppendThatWasCutReadAsZeroesWhenTheFileGrowsOverThem()
    {
        using DaxFile file = volume.Create("a");
        file.Write([1], 0);
        file.Sync();
        long pages = device.PageCount;
        file.Write(Pattern(Page), 4 * Page);
        file.Extents.Commit();
        volume.Store.Change((_, transaction) => transaction.Size(volume.GetEntry("a").Number, 1, 0)); // as if the size had not been committed
        using PmemDevice after = AfterACrash();
        using (DaxVolume mounted = DaxVolume.Mount(after))
        using (DaxFile again = mounted.Open("a"))
        {
            again.SetLength(5 * Page);
            byte[] expected = new byte[5 * Page];
            expected[0] = 1;
            Assert.That(FileFixture.Bytes(again), Is.EqualTo(expected));
        }

        using (DaxVolume mounted = DaxVolume.Mount(after))
        using (DaxFile again = mounted.Open("a"))
        {
            Assert.That(FileFixture.Bytes(again)[(4 * Page)..], Is.EqualTo(new byte[Page]));
        }
    }

    [Test]
    public void WhatIsWrittenAfterTheDeviceWasDisposedIsThereAfterAMount()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory().FullName, "device");
        try
        {
            PmemDevice own = PmemDevice.Create(path, Size);
            DaxVolume.Format(own);
            using (DaxVolume mounted = DaxVolume.Mount(own))
            {
                DaxFile file = mounted.Create("a");
                own.Dispose();
                Assert.That(() => PmemDevice.Open(path), Throws.TypeOf<DaxEnvironmentException>(), "the volume keeps it open");
                file.Write([1, 2, 3], 0);
                file.Dispose();
            }

            using PmemDevice again = PmemDevice.Open(path);
            using DaxVolume volumeAgain = DaxVolume.Mount(again);
            using DaxFile stored = volumeAgain.Open("a");
            Assert.That(FileFixture.Bytes(stored), Is.EqualTo(new byte[] { 1, 2, 3 }));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        }
    }

    private static byte[] Pattern(int length)
    {
        byte[] bytes = new byte[length];
        new Random(7).NextBytes(bytes);
        return bytes;
    }

    private void Remount()
    {
        volume.Dispose();
        volume = DaxVolume.Mount(device);
    }

    // What a process that dies now leaves.
    private PmemDevice AfterACrash()
    {
        PmemDevice after = PmemDevice.CreateInMemory(Size);
        after.CopyPersist(0, device.Read(0, (int)Size));
        return after;
    }
}
