using DaxEmu.Core.Device;
using DaxEmu.Core.Files;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Files;

public sealed class DaxVolumeTests
{
    [Test]
    public void AFileWithANameStaysWhenItIsClosedAndIsFreeWhenItIsDeleted()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileWorld.Pmd);
        using DaxVolume volume = DaxVolume.Of(device);
        using (DaxFile file = volume.CreateFile(0, "log"))
        {
            file.Write(0, [1, 2, 3]);
            Assert.That(() => volume.OpenFile("log"), Throws.InvalidOperationException.With.Message.Contains("open already"));
            Assert.That(() => volume.DeleteFile("log"), Throws.InvalidOperationException);
            Assert.That(() => volume.CreateFile(0, "log"), Throws.InvalidOperationException);
        }

        using (DaxFile again = volume.OpenFile("log"))
        {
            Assert.That(FileWorld.Bytes(again), Is.EqualTo((byte[])[1, 2, 3]));
        }

        Assert.That(volume.FileNames, Is.EqualTo((string[])["log"]));
        volume.DeleteFile("log");
        Assert.That(volume.FreeBytes, Is.EqualTo(device.SizeBytes));
        Assert.That(() => volume.OpenFile("log"), Throws.TypeOf<FileNotFoundException>());
        Assert.That(() => volume.DeleteFile("log"), Throws.TypeOf<FileNotFoundException>());
    }

    [Test]
    public void ADeviceHasOneVolumeSoTwoFilesNeverShareABlockUnasked()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileWorld.Pmd);
        using DaxFile first = DaxFile.Create(device, FileWorld.Page);
        using DaxFile second = DaxFile.Create(device, FileWorld.Page);
        first.Write(0, [1]);
        second.Write(0, [2]);
        Assert.That((FileWorld.Bytes(first)[0], FileWorld.Bytes(second)[0]), Is.EqualTo(((byte)1, (byte)2)));
    }

    [Test]
    public void ADisposedVolumeClosesItsFilesAndTheDeviceGetsANewOne()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(2 * FileWorld.Pmd);
        DaxVolume volume = DaxVolume.Of(device);
        DaxFile file = volume.CreateFile(0, "a");
        volume.Dispose();
        volume.Dispose();
        Assert.That(() => file.SizeBytes, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => volume.CreateFile(0), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(DaxVolume.Of(device).FileNames, Is.Empty);
    }

    [Test]
    public void AClosedDeviceOnAFileCanBeOpenedAgain()
    {
        using var directory = new ScratchDirectory();
        string path = directory["pmem"];
        using (PmemDevice device = PmemDevice.Create(path, FileWorld.Pmd))
        {
            using DaxFile file = DaxFile.Create(device, 0);
            file.Write(0, [1]);
        }

        Assert.That(() => PmemDevice.Open(path).Dispose(), Throws.Nothing, "a volume does not keep the device open");
    }
}
