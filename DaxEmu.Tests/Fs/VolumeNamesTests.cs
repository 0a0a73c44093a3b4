using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>Names of files, and how a file is opened.</summary>
public sealed class VolumeNamesTests
{
    private const int Page = DaxConstants.PageSize;

    private PmemDevice device = null!;
    private DaxVolume volume = null!;

    [SetUp]
    public void Format()
    {
        device = PmemDevice.CreateInMemory(8L << 20);
        volume = DaxVolume.ScratchOf(device);
    }

    [TearDown]
    public void Close()
    {
        volume.Dispose();
        device.Dispose();
    }

    [Test]
    public void AFileExistsFromItsCreationToItsDeletion()
    {
        Assert.That(volume.Exists("log"), Is.False);
        volume.Create("log").Dispose();
        Assert.That(volume.Exists("log"));
        volume.Delete("log");
        Assert.That(volume.Exists("log"), Is.False);
    }

    [Test]
    public void OpenOrCreateMakesAFileOnceAndOpensItThen()
    {
        using (DaxFile made = volume.OpenOrCreate("log"))
        {
            made.Write([1, 2, 3], 0);
        }

        using DaxFile opened = volume.OpenOrCreate("log");
        Assert.That(opened.Length, Is.EqualTo(3));
    }

    [Test]
    public void ARenameReplacesTheFileOfThatNameAndFreesItsBlocks()
    {
        long free = volume.FreeBytes;
        Make("new", [7]);
        Make("old", new byte[4 * Page]);
        volume.Rename("new", "old");
        Assert.That(volume.FileNames, Is.EqualTo(new[] { "old" }));
        Assert.That(volume.FreeBytes, Is.EqualTo(free - Page));
        using DaxFile file = volume.Open("old");
        Assert.That(FileFixture.Bytes(file), Is.EqualTo(new byte[] { 7 }));
    }

    [Test]
    public void ARenameOfAFileToItsOwnNameChangesNothing()
    {
        Make("a", [1]);
        volume.Rename("a", "a");
        Assert.That(volume.FileNames, Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public void WhatIsOpenOrMissingIsNotRenamed()
    {
        Make("closed", [1]);
        using DaxFile open = volume.Create("open");
        Assert.That(() => volume.Rename("open", "x"), Throws.TypeOf<IOException>().With.Message.Contains("'open'"));
        Assert.That(() => volume.Rename("closed", "open"), Throws.TypeOf<IOException>());
        Assert.That(() => volume.Rename("missing", "x"), Throws.TypeOf<FileNotFoundException>());
        Assert.That(() => volume.Rename("closed", "a/b"), Throws.ArgumentException);
        Assert.That(volume.FileNames, Is.EqualTo(new[] { "closed", "open" }));
    }

    [Test]
    public void AFileThatIsOpenedForReadingCannotBeChanged()
    {
        Make("a", [1, 2, 3]);
        using DaxFile file = volume.Open("a", access: FileAccess.Read);
        Assert.That(file.CanWrite, Is.False);
        Assert.That(FileFixture.Bytes(file), Is.EqualTo(new byte[] { 1, 2, 3 }));
        foreach (Action change in new Action[]
        {
            () => _ = file.Write([9], 0), () => file.SetLength(0), () => file.PunchHole(0, Page), () => file.Allocate(0, Page),
            () => file.Unshare(0, Page), () => file.Map(), () => file.Map(MapMode.Shared | MapMode.Sync),
        })
        {
            Assert.That(() => change(), Throws.TypeOf<UnauthorizedAccessException>().With.Message.Contains("for reading"));
        }

        using DaxView view = file.Map(MapMode.Shared | MapMode.ReadOnly);
        Assert.That(view.Read(0, 3).ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
        using DaxView own = file.Map(MapMode.Private);
        own.Write(0, 1)[0] = 9;
        using DaxStream stream = file.OpenStream();
        Assert.That(stream.CanWrite, Is.False);
        Assert.That(() => volume.Open("a", access: FileAccess.Write), Throws.ArgumentException);
    }

    [Test]
    public void AChangeThatWaitsForAPinCanBeCancelled()
    {
        using DaxFile file = volume.Create("a");
        file.Write(new byte[2 * Page], 0);
        using PagePin pin = file.Map(MapMode.Shared | MapMode.NoHugePage).Pin(0, Page);
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(50));
        Assert.That(() => file.SetLength(0, stop.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(file.Length, Is.EqualTo(2 * Page));
        Assert.That(() => file.PunchHole(0, Page, stop.Token), Throws.InstanceOf<OperationCanceledException>());
        using DaxFile target = volume.Create("b");
        Assert.That(() => file.CloneTo(target, stop.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That((file.IsIdle, file.Mapping.InvalidateLock.IsFree, target.IsIdle), Is.EqualTo((true, true, true)));
    }

    private void Make(string name, byte[] content)
    {
        using DaxFile file = volume.Create(name);
        file.Write(content, 0);
    }
}
