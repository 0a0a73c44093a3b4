using System.Runtime.CompilerServices;
using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

public sealed class DaxVolumeTests
{
    [Test]
    public void AFileWithANameStaysWhenItIsClosedAndIsFreeWhenItIsDeleted()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        using (DaxFile file = volume.Create("log", 0))
        {
            file.Write([1, 2, 3], 0);
            Assert.That(() => volume.Open("log"), Throws.TypeOf<IOException>().With.Message.Contains("open already"));
            Assert.That(() => volume.Create("log", 0), Throws.TypeOf<IOException>());
        }

        using (DaxFile again = volume.Open("log"))
        {
            Assert.That(FileFixture.Bytes(again), Is.EqualTo((byte[])[1, 2, 3]));
        }

        Assert.That(volume.FileNames, Is.EqualTo((string[])["log"]));
        volume.Delete("log");
        Assert.That(volume.FreeBytes, Is.EqualTo(device.SizeBytes));
        Assert.That(() => volume.Open("log"), Throws.TypeOf<FileNotFoundException>());
        Assert.That(() => volume.Delete("log"), Throws.TypeOf<FileNotFoundException>());
    }

    [Test]
    public void ADeviceHasOneVolumeSoTwoFilesNeverShareABlockUnasked()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        using DaxFile first = DaxVolume.ScratchOf(device).CreateTemporary(FileFixture.Page);
        using DaxFile second = DaxVolume.ScratchOf(device).CreateTemporary(FileFixture.Page);
        first.Write([1], 0);
        second.Write([2], 0);
        Assert.That((FileFixture.Bytes(first)[0], FileFixture.Bytes(second)[0]), Is.EqualTo(((byte)1, (byte)2)));
    }

    [Test]
    public void ADisposedVolumeClosesItsFilesAndTheDeviceGetsANewOne()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        DaxVolume volume = DaxVolume.ScratchOf(device);
        DaxFile file = volume.Create("a", 0);
        volume.Dispose();
        volume.Dispose();
        Assert.That(() => file.Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => volume.CreateTemporary(0), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(DaxVolume.ScratchOf(device).FileNames, Is.Empty);
    }

    [TestCase("")]
    [TestCase(".")]
    [TestCase("..")]
    [TestCase("a//b")]
    [TestCase("a/")]
    [TestCase("a\0b")]
    public void ANameThatNoDirectoryEntryCanHaveIsRefused(string name)
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        Assert.That(
            () => volume.Create(name, 0),
            Throws.ArgumentException.With.Message.Contains($"'{(name == "a//b" ? "" : name.Split('/')[^1]).Replace("\0", "\\0", StringComparison.Ordinal)}'"));
        Assert.That(volume.FileNames, Is.Empty);
    }

    /// <summary>Stored, it would be another name.</summary>
    [Test]
    public void ANameWithHalfASurrogatePairIsRefused([Values] bool isLow)
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        string name = $"half{(isLow ? '\ude00' : '\ud83d')}";
        Assert.That(() => volume.Create(name), Throws.ArgumentException.With.Message.Contains("surrogate"));
        volume.Create("whole \ud83d\ude00").Dispose();
        Assert.That(volume.FileNames, Is.EqualTo(new[] { "whole \ud83d\ude00" }));
    }

    [Test]
    public void ANameHasAtMost255BytesOfUtf8()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        volume.Create(new string('a', 255), 0).Dispose();
        Assert.That(() => volume.Create(new string('ü', 128), 0), Throws.ArgumentException.With.Message.Contains("256 bytes"));
        Assert.That(() => volume.Create(new string('b', 256), 0), Throws.ArgumentException);
    }

    [Test]
    public void ADisposedVolumeAnswersNothing()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        DaxVolume volume = DaxVolume.ScratchOf(device);
        volume.Dispose();
        Assert.That(() => volume.FreeBytes, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => volume.FileNames, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => volume.Open("a"), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => volume.Delete("a"), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => volume.InjectPoison(new Pfn(0)), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void AFileThatWasForgottenCanBeOpenedAgainWithWhatWasWritten()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd, new PmemDeviceOptions { TracksDurable = true });
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        Pfn block = WriteAndForget(volume, "log");
        Collect();
        using DaxFile again = volume.Open("log");
        Assert.That(FileFixture.Bytes(again)[..3], Is.EqualTo((byte[])[1, 2, 9]));
        Assert.That(device.Durable!.IsDurable(block.OffsetBytes, FileFixture.Page), "it is written back when it is closed");
    }

    [Test]
    public void BlocksOfAForgottenFileWithoutANameAreFreeAgain()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        WriteAndForget(volume, null);
        Collect();
        Assert.That(volume.FreeBytes, Is.EqualTo(device.SizeBytes));
    }

    [Test]
    public void AViewKeepsItsFileOpen()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        DaxView view = Map(volume);
        Collect();
        Assert.That(() => volume.Open("log"), Throws.TypeOf<IOException>());
        Assert.That(view.Read(0, 1)[0], Is.EqualTo(1));
        view.Dispose();

        [MethodImpl(MethodImplOptions.NoInlining)]
        static DaxView Map(DaxVolume volume)
        {
            DaxFile file = volume.Create("log", 0);
            file.Write([1], 0);
            return file.Map();
        }
    }

    [Test]
    public void AFileThatCannotBeMadeLeavesNoName()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileFixture.Pmd);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        Assert.That(() => volume.Create("log", -1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(volume.FileNames, Is.Empty);
        Assert.That(() => volume.Open("log"), Throws.TypeOf<FileNotFoundException>());
        Assert.That(() => volume.Create("log", 0).Dispose(), Throws.Nothing);
    }

    [Test]
    public void AVolumeClosesAllItsFilesThoughOneFails()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(4 * FileFixture.Pmd);
        DaxVolume volume = DaxVolume.ScratchOf(device);
        DaxFile[] files =
        [
            volume.Create("a", 0),
            volume.Create("b", 0),
            volume.Create("c", 0),
        ];
        foreach (DaxFile file in files)
        {
            file.Write([1], 0);
            file.Map().Write(0, 1)[0] = 2;
        }

        files[1].InjectPoison(0); // what is dirty there cannot be written back any more
        Assert.That(volume.Dispose, Throws.TypeOf<DaxException>());
        Assert.That(() => files[0].Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => files[2].Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(DaxVolume.ScratchOf(device), Is.Not.SameAs(volume));
    }

    [Test]
    public void PoisonReachesAllFilesThatShowAPageThoughOneIsBeingClosed()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(4 * FileFixture.Pmd);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        DaxFile first = volume.CreateTemporary(0);
        first.Write(new byte[FileFixture.Page], 0);
        DaxFile second = volume.CreateTemporary(0);
        first.CloneTo(second);
        DaxView view = first.Map(MapMode.Shared | MapMode.NoHugePage);
        _ = view.Read(0, 1);

        // Closing is held up behind the volume, when the file itself is closed already.
        Task close;
        using (volume.Gate.Enter())
        {
            close = Task.Run(second.Dispose);
            Assert.That(() => IsClosed(second), Is.True.After(5000, 5));
            Assert.That(volume.InjectPoison(first.ExtentList[0].Pfn).FileCount, Is.EqualTo(2));
        }

        FileFixture.Finish(close);
        Assert.That(view.Area.TranslationOf(0).IsPresent, Is.False);
    }

    [Test]
    public void AClosedDeviceOnAFileCanBeOpenedAgain()
    {
        using var directory = new ScratchDirectory();
        string path = directory["pmem"];
        using (PmemDevice device = PmemDevice.Create(path, FileFixture.Pmd))
        {
            using DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(0);
            file.Write([1], 0);
        }

        Assert.That(() => PmemDevice.Open(path).Dispose(), Throws.Nothing, "a volume does not keep the device open");
    }

    private static bool IsClosed(DaxFile file)
    {
        try
        {
            return file.Length < 0;
        }
        catch (ObjectDisposedException)
        {
            return true;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Pfn WriteAndForget(DaxVolume volume, string? name)
    {
        DaxFile file = name is null ? volume.CreateTemporary() : volume.Create(name);
        file.Write([1, 2, 3], 0);
        file.Map().Write(2, 1)[0] = 9;
        return file.ExtentList[0].Pfn;
    }

    private static void Collect()
    {
        for (int i = 0; i < 3; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
    }
}
