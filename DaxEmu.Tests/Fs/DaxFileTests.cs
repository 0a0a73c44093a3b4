using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

public sealed class DaxFileTests
{
    private const int Page = FileFixture.Page;
    private const int Pmd = FileFixture.Pmd;

    [Test]
    public void ANewFileIsAHoleThatReadsAsZeroes()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create(3 * Page);
        Assert.That(FileFixture.Bytes(file), Is.All.Zero);
        Assert.That(file.ExtentList, Is.Empty);
        Assert.That(fixture.Volume.FreeBytes, Is.EqualTo(fixture.Device.SizeBytes));
    }

    [Test]
    public void WhatIsWrittenIsReadAndSeenByEveryView()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create(Pmd);
        using DaxView shared = file.Map();
        using DaxView own = file.Map(MapMode.Private);
        using DaxView sync = file.Map(MapMode.Shared | MapMode.Sync);
        byte[] bytes = FileFixture.Pattern(9000, 1);
        Assert.That(file.Write(bytes, 5000), Is.EqualTo(9000));
        foreach (DaxView view in new[] { shared, own, sync })
        {
            Assert.That(FileFixture.Bytes(view, 5000, 9000), Is.EqualTo(bytes));
        }

        shared.CopyFrom([1, 2, 3], 5000);
        Assert.That(FileFixture.Bytes(file)[5000..5004], Is.EqualTo((byte[])[1, 2, 3, bytes[3]]));
    }

    [Test]
    public void AReadStopsAtTheEndOfTheFile()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(5000);
        var buffer = new byte[100];
        Assert.That((file.Read(buffer, 4950), file.Read(buffer, 5000), file.Read(buffer, 1 << 20)), Is.EqualTo((50, 0, 0)));
    }

    [Test]
    public void AWriteBehindTheEndLeavesZeroesBetween()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(100);
        using DaxView view = file.Map(0, Page);
        view.CopyFrom([9], 200); // behind the end, in the last page
        file.Write([7], 300);
        byte[] bytes = FileFixture.Bytes(file);
        Assert.That(bytes, Has.Length.EqualTo(301));
        Assert.That(bytes[100..300], Is.All.Zero);
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(Page)]
    [TestCase(Page + 1)]
    [TestCase((3 * Page) - 1)]
    public void AShorterFileThatGrowsAgainShowsZeroesBehindItsOldEnd(int shorter)
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(3 * Page);
        byte[] before = FileFixture.Bytes(file);
        using DaxView view = file.Map();
        view.ReadAtMost(0, 3 * Page);
        file.SetLength(shorter);
        Assert.That(() => view.ReadAtMost(3 * Page - 1, 1).Length, shorter > 2 * Page ? Throws.Nothing : Throws.TypeOf<DaxException>());
        file.SetLength(3 * Page);
        byte[] after = FileFixture.Bytes(file);
        Assert.That(after[..shorter], Is.EqualTo(before[..shorter]));
        Assert.That(after[shorter..], Is.All.Zero);
        Assert.That(FileFixture.Bytes(view, 0, 3 * Page), Is.EqualTo(after));
    }

    [TestCase(0, Page)]
    [TestCase(100, 200)]
    [TestCase(100, Page)]
    [TestCase(Page - 1, Page + 2)]
    [TestCase(0, 4 * Page)]
    [TestCase(100, 1 << 20)]
    public void APunchedRangeReadsAsZeroesAndGivesItsWholePagesBack(int offset, int length)
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(4 * Page);
        byte[] expected = FileFixture.Bytes(file);
        using DaxView view = file.Map();
        view.CopyFrom(expected, 0);
        file.PunchHole(offset, length);
        expected.AsSpan(offset, Math.Min(length, expected.Length - offset)).Clear();
        Assert.That(FileFixture.Bytes(file), Is.EqualTo(expected));
        Assert.That(FileFixture.Bytes(view, 0, 4 * Page), Is.EqualTo(expected));
        long pages = 4 - Math.Max(0, Math.Min(4, (offset + length) / Page) - ((offset + Page - 1) / Page));
        Assert.That(file.ExtentList.Sum(e => e.PageCount), Is.EqualTo(pages));
    }

    [TestCase(0, Page, 4 * Page)]
    [TestCase(100, 200, 4 * Page)]
    [TestCase(Page - 1, 2 * Page, 4 * Page)]
    [TestCase((4 * Page) - 10, 2 * Page, (6 * Page) - 10)]
    public void AZeroedRangeReadsAsZeroesAndKeepsItsBlocks(int offset, int length, int newSize)
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(4 * Page);
        byte[] expected = new byte[newSize];
        FileFixture.Bytes(file).CopyTo(expected, 0);
        expected.AsSpan(offset, length).Clear();
        file.ZeroRange(offset, length);
        Assert.That(FileFixture.Bytes(file), Is.EqualTo(expected));
        Assert.That(file.ExtentList.Sum(e => e.PageCount), Is.EqualTo((newSize + Page - 1) / Page));
    }

    [Test]
    public void ACollapsedRangeIsGoneAndAnInsertedOneIsAHole()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled((5 * Page) + 100);
        byte[] before = FileFixture.Bytes(file);
        using DaxView view = file.Map(0, 8 * Page);
        view.ReadAtMost(0, 5 * Page);
        file.CollapseRange(Page, 2 * Page);
        byte[] collapsed = [.. before[..Page], .. before[(3 * Page)..]];
        Assert.That(FileFixture.Bytes(file), Is.EqualTo(collapsed));
        Assert.That(FileFixture.Bytes(view, 0, collapsed.Length), Is.EqualTo(collapsed));
        file.InsertRange(2 * Page, 3 * Page);
        byte[] inserted = [.. collapsed[..(2 * Page)], .. new byte[3 * Page], .. collapsed[(2 * Page)..]];
        Assert.That(FileFixture.Bytes(file), Is.EqualTo(inserted));
        Assert.That(FileFixture.Bytes(view, 0, inserted.Length), Is.EqualTo(inserted));
    }

    [TestCase(1, Page)]
    [TestCase(Page, 1)]
    [TestCase(0, 4 * Page)]
    [TestCase(3 * Page, Page)]
    public void ACollapseThatIsNotAlignedOrEndsTheFileIsMisuse(long offset, long length)
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(4 * Page);
        Assert.That(() => file.CollapseRange(offset, length), Throws.ArgumentException);
        Assert.That(file.Length, Is.EqualTo(4 * Page));
    }

    [TestCase(1, Page)]
    [TestCase(4 * Page, Page)]
    [TestCase(0, 1L << 30)]
    public void AnInsertThatIsNotAlignedOrBehindTheEndIsMisuse(long offset, long length)
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(4 * Page);
        Assert.That(() => file.InsertRange(offset, length), Throws.InstanceOf<ArgumentException>());
        Assert.That(file.Length, Is.EqualTo(4 * Page));
    }

    [Test]
    public void AllocatedBlocksReadAsZeroesAndMayLieBehindTheEnd()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(100);
        file.Allocate(0, 4 * Page, keepSize: true);
        Assert.That((file.Length, file.ExtentList.Sum(e => e.PageCount)), Is.EqualTo((100L, 4L)));
        file.Allocate(0, 2 * Page);
        Assert.That(FileFixture.Bytes(file)[100..], Is.All.Zero);
        Assert.That(file.ExtentList.Count(e => e.Kind == ExtentKind.Unwritten), Is.EqualTo(1));
    }

    [Test]
    public void AnAlignedAllocationIsMappedByOne2MiBTranslation()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create();
        file.Allocate(0, 2 * Pmd);
        using DaxView view = file.Map();
        Assert.That(view.Write(0, 2 * Pmd).Length, Is.EqualTo(2 * Pmd));
        Assert.That(view.Area.TranslationOf(0).IsHuge);
    }

    [Test]
    public void AFullDeviceSaysSoAndTellsTheRemedy()
    {
        using var fixture = new FileFixture(deviceBytes: 2 * Pmd);
        DaxFile file = fixture.Create(8L * Pmd);
        DaxException error = Assert.Throws<DaxException>(() => file.Allocate(0, 3 * Pmd))!;
        Assert.That(error.Errno, Is.EqualTo(28));
        Assert.That(error.Message, Does.Contain("larger device"));
        Assert.That(file.ExtentList, Is.Empty);
        Assert.That(file.Write(new byte[3 * Pmd], 0), Is.EqualTo(2 * Pmd), "a partial transfer is no error");
        Assert.That(Assert.Throws<DaxException>(() => file.Write([1], 2 * Pmd))!.Errno, Is.EqualTo(28));
        using DaxView view = file.Map();
        Assert.That(() => view.Write(2 * Pmd, 1).Length, Throws.TypeOf<DaxException>().With.Message.Contains("no block"));
    }

    [Test]
    public void SyncMakesEverythingCleanAndStoresTheExtents()
    {
        var stored = new List<IReadOnlyList<Extent>>();
        using var fixture = new FileFixture(DaxFileOptions.Default with { MakeDurable = stored.Add });
        DaxFile file = fixture.Create(Pmd);
        using DaxView view = file.Map();
        view.Write(0, 1)[0] = 1;
        file.Sync();
        Assert.That(stored[^1].Sum(e => e.PageCount), Is.EqualTo(512), "the 2 MiB fault allocated them");
        Assert.That(file.Mapping.Entries.HasDirty(), Is.False);
        Assert.That(() => file.Sync(new CancellationToken(canceled: true)), Throws.Nothing, "nothing is left to be ended");
        view.Write(0, 1)[0] = 2;
        Assert.That(() => file.Sync(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(file.Mapping.Entries.HasDirty());
    }

    [Test]
    public void AClosedFileAndItsViewsSayThatTheyAreClosed()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(Pmd);
        DaxView view = file.Map();
        view.Write(0, 1)[0] = 1;
        PagePin pin = view.Pin(0, 10);
        file.Dispose();
        file.Dispose();
        Assert.That(() => view.Read(0, 1).Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => view.Write(0, 1).Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => view.Persist(0, 1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => view.Pin(0, 1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => view.DontNeed(0, 1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => view.Sync(0, 1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => file.Read(new byte[1], 0), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => file.SetLength(0), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => file.Map(0, 1), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => file.Length, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(fixture.Volume.FreeBytes, Is.LessThan(fixture.Device.SizeBytes), "a pinned block is nobody else's yet");
        view.Dispose();
        pin.Dispose();
        pin.Dispose();
        Assert.That(fixture.Volume.FreeBytes, Is.EqualTo(fixture.Device.SizeBytes));
    }

    [Test]
    public void ADeviceMayBeDisposedBeforeItsFiles()
    {
        var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(Page);
        using DaxView view = file.Map();
        byte seen = view.Read(10, 1)[0];
        fixture.Device.Dispose();
        Assert.That(view.Read(10, 1)[0], Is.EqualTo(seen), "the file's reference keeps the memory");
        view.Dispose();
        file.Dispose();
        Assert.That(() => DaxVolume.ScratchOf(fixture.Device).CreateTemporary(0), Throws.TypeOf<ObjectDisposedException>());
    }

    [TestCase(-1, 1)]
    [TestCase(0, -1)]
    [TestCase(1, long.MaxValue)]
    [TestCase(long.MaxValue, 1)]
    public void ARangeThatNoFileHasIsMisuse(long offset, long length)
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create(Page);
        Assert.That(() => file.PunchHole(offset, length), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => file.Allocate(offset, length), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => file.Map(offset, length), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void AViewThatIsSynchronousButNotSharedOrNotAlignedIsMisuse()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create(2 * Page);
        Assert.That(() => file.Map(0, Page, MapMode.Sync), Throws.ArgumentException.With.Message.Contains("MapMode.Shared"));
        Assert.That(() => file.Map(17, Page), Throws.ArgumentException.With.Message.Contains("4096"));
    }

    [Test]
    public void AnExtendedFileShowsWhatWasStoredBehindItsEndOnExt4ButNotOnXfs()
    {
        foreach (FileSystemModel model in FileSystemModel.All)
        {
            using var fixture = new FileFixture(DaxFileOptions.Default with { FileSystem = model });
            DaxFile file = fixture.CreateFilled(100);
            using DaxView view = file.Map(0, Page);
            view.CopyFrom([9], 200);
            file.SetLength(Page);
            Assert.That(FileFixture.Bytes(file)[200], Is.EqualTo(model == FileSystemModel.Xfs ? 0 : 9), model.Name);
        }
    }
}
