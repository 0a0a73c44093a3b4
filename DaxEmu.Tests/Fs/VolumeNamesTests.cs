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
    public void AnOpenFileIsRenamedAndOneThatIsReplacedGoesWhenItIsClosed()
    {
        long free = volume.FreeBytes;
        using DaxFile open = volume.Create("open");
        open.Write([1], 0);
        DaxFile old = volume.Create("old");
        old.Write([2], 0);
        volume.Rename("open", "old");
        Assert.That((open.Name, old.Name), Is.EqualTo(("old", (string?)null)));
        Assert.That(volume.FileNames, Is.EqualTo(new[] { "old" }));
        Assert.That(FileFixture.Bytes(old), Is.EqualTo(new byte[] { 2 }));
        Assert.That(volume.FreeBytes, Is.EqualTo(free - (2 * Page)));
        old.Dispose();
        Assert.That(volume.FreeBytes, Is.EqualTo(free - Page));
        Assert.That(() => volume.Rename("missing", "x"), Throws.TypeOf<FileNotFoundException>());
        Assert.That(() => volume.Rename("old", "a/b"), Throws.TypeOf<DirectoryNotFoundException>());
    }

    [Test]
    public void AFileThatIsDeletedWhileItIsOpenGoesWhenItIsClosed()
    {
        long free = volume.FreeBytes;
        DaxFile file = volume.Create("a");
        file.Write([1], 0);
        volume.Delete("a");
        Assert.That(volume.Exists("a"), Is.False);
        Assert.That(file.Name, Is.Null);
        file.Write([2], 1);
        Assert.That(FileFixture.Bytes(file), Is.EqualTo(new byte[] { 1, 2 }));
        file.Dispose();
        Assert.That(volume.FreeBytes, Is.EqualTo(free));
    }

    [Test]
    public void DirectoriesHoldFilesAndDirectories()
    {
        volume.CreateDirectory("d");
        volume.CreateDirectory("/d/e");
        Make("d/e/f", [5]);
        Assert.That(volume.FileNames, Is.EqualTo(new[] { "d/e/f" }));
        Assert.That(volume.GetEntries("d").Select(entry => (entry.Name, entry.IsDirectory)), Is.EqualTo(new[] { ("e", true) }));
        Assert.That(volume.GetEntry("/d/e/f"), Has.Property("Length").EqualTo(1).And.Property("LinkCount").EqualTo(1).And.Property("AllocatedBytes").EqualTo(Page));
        Assert.That(() => volume.DeleteDirectory("d/e"), Throws.TypeOf<IOException>().With.Message.Contains("not empty"));
        Assert.That(() => volume.Delete("d/e"), Throws.TypeOf<IOException>().With.Message.Contains("is a directory"));
        Assert.That(() => volume.Open("d"), Throws.TypeOf<IOException>().With.Message.Contains("is a directory"));
        Assert.That(() => volume.CreateDirectory("d"), Throws.TypeOf<IOException>().With.Message.Contains("already"));
        Assert.That(() => volume.Create("x/y"), Throws.TypeOf<DirectoryNotFoundException>().With.Message.Contains("'x'"));
        Assert.That(() => volume.Create("d/e/f/g"), Throws.TypeOf<DirectoryNotFoundException>().With.Message.Contains("'f'"));
        Assert.That(volume.Exists("x/y"), Is.False);
        volume.Rename("d/e", "g");
        Assert.That(volume.FileNames, Is.EqualTo(new[] { "g/f" }));
        volume.Delete("g/f");
        volume.DeleteDirectory("g");
        volume.DeleteDirectory("d");
        Assert.That(volume.GetEntries(), Is.Empty);
    }

    [Test]
    public void ADirectoryReplacesAnEmptyOneOnlyAndIsNeverMovedIntoItself()
    {
        volume.CreateDirectory("a");
        volume.CreateDirectory("a/b");
        volume.CreateDirectory("full");
        Make("full/x", [1]);
        Assert.That(() => volume.Rename("a", "a/b/c"), Throws.ArgumentException.With.Message.Contains("lies in it"));
        Assert.That(() => volume.Rename("a", "full"), Throws.TypeOf<IOException>().With.Message.Contains("not empty"));
        Assert.That(() => volume.Rename("full/x", "a"), Throws.TypeOf<IOException>().With.Message.Contains("cannot replace"));
        Assert.That(() => volume.Rename("a", "full/x"), Throws.TypeOf<IOException>().With.Message.Contains("cannot replace"));
        volume.Rename("full", "a/b");
        Assert.That(volume.FileNames, Is.EqualTo(new[] { "a/b/x" }));
        Assert.That(volume.GetEntries().Select(entry => entry.Name), Is.EqualTo(new[] { "a" }));
    }

    [Test]
    public void AFileWithTwoNamesGoesWithTheSecond()
    {
        long free = volume.FreeBytes;
        Make("a", [1]);
        volume.Link("a", "b");
        Assert.That(() => volume.Link("a", "b"), Throws.TypeOf<IOException>().With.Message.Contains("already"));
        Assert.That(volume.GetEntry("b").LinkCount, Is.EqualTo(2));
        Assert.That(volume.GetEntry("b").Number, Is.EqualTo(volume.GetEntry("a").Number));
        using (DaxFile file = volume.Open("a"))
        {
            volume.Delete("a");
            Assert.That(file.Name, Is.EqualTo("b"));
        }

        using (DaxFile file = volume.Open("b"))
        {
            Assert.That(FileFixture.Bytes(file), Is.EqualTo(new byte[] { 1 }));
        }

        volume.Rename("b", "b");
        volume.Delete("b");
        Assert.That(volume.FreeBytes, Is.EqualTo(free));
    }

    [Test]
    public void ModeAndTimesAreKept()
    {
        Make("a", [1]);
        volume.SetMode("a", 0x1C0);
        var modified = new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc);
        volume.SetModified("a", modified);
        VolumeEntry entry = volume.GetEntry("a");
        Assert.That((entry.Mode, entry.ModifiedUtc), Is.EqualTo((0x1C0, modified)));
        Assert.That(() => volume.SetMode("a", 0x1000), Throws.TypeOf<ArgumentOutOfRangeException>());
        using (DaxFile file = volume.Open("a"))
        {
            file.Write([2], 0);
        }

        Assert.That(volume.GetEntry("a").ModifiedUtc, Is.GreaterThan(modified));
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
