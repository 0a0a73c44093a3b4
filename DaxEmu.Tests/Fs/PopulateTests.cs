using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>Runs of pages that are faulted in at once.</summary>
public sealed class PopulateTests
{
    private const int Page = FileFixture.Page;
    private const MapMode Small = MapMode.Shared | MapMode.NoHugePage;

    [Test]
    public void PagesAreMappedForReadingAndStayClean([Values] bool hasEntries)
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(700 * Page);
        using DaxView view = file.Map(Small);
        if (hasEntries)
        {
            view.Populate(0, view.Length);
            view.DontNeed(0, view.Length);
        }

        view.Populate(Page + 1, 600 * Page);
        AssertMapped(view, 1, 601, isWritable: false);
        Assert.That(view.Area.TranslationOf(0).IsPresent, Is.False, "before it");
        Assert.That(view.Area.TranslationOf(602).IsPresent, Is.False, "after it");
        Assert.That(file.Mapping.Entries.HasDirty(), Is.False);
    }

    [Test]
    public void PagesThatAreMappedForReadingAlreadyAreMappedForWritingAndDirty()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(100 * Page);
        using DaxView view = file.Map(Small);
        view.Populate(0, view.Length);
        view.Populate(0, 70 * Page, forWriting: true);
        AssertMapped(view, 0, 70, isWritable: true);
        AssertMapped(view, 70, 30, isWritable: false);
        Assert.That(file.Mapping.Entries.Snapshot().Count(e => e.Entry.IsDirty), Is.EqualTo(70));
        file.Sync();
        Assert.That(file.Mapping.Entries.HasDirty(), Is.False);
        view.Populate(0, 70 * Page, forWriting: true);
        Assert.That(file.Mapping.Entries.Snapshot().Count(e => e.Entry.IsDirty), Is.EqualTo(70), "written back in between");
    }

    [Test]
    public void AHoleGetsBlocksWhereItIsPopulatedForWriting()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create(8 * Page);
        using DaxView view = file.Map(Small);
        view.Populate(0, view.Length);
        Assert.That(file.ExtentList, Is.Empty);
        view.Populate(2 * Page, 3 * Page, forWriting: true);
        Assert.That(file.ExtentList.Sum(e => e.PageCount), Is.EqualTo(3));
        AssertMapped(view, 2, 3, isWritable: true);
    }

    [Test]
    public void AHugePageIsOneStep()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create();
        file.Allocate(0, 2 * FileFixture.Pmd);
        using DaxView view = file.Map();
        view.Populate(Page, FileFixture.Pmd + Page, forWriting: true);
        Assert.That(view.Area.TranslationOf(0) is { IsHuge: true, IsWritable: true });
        Assert.That(view.Area.TranslationOf(1023) is { IsHuge: true, IsWritable: true });
    }

    [Test]
    public void PrivatePagesBecomeCopies()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(3 * Page);
        using DaxView view = file.Map(MapMode.Private);
        view.Populate(0, 3 * Page, forWriting: true);
        Assert.That(view.Area.TranslationOf(2).IsCopy);
        Assert.That(FileFixture.Bytes(view, 0, 3 * Page), Is.EqualTo(FileFixture.Bytes(file)));
    }

    [Test]
    public void APageThatCannotBeReachedEndsItAndIsNamed()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(8 * Page);
        using DaxView view = file.Map(0, 16 * Page, Small);
        AssertEnds(view, IoError.BeyondEof, page: 8);
        file.InjectPoison(5 * Page);
        view.DontNeed(0, view.Length);
        AssertEnds(view, IoError.Poison, page: 5);
        using DaxView readOnly = file.Map(MapMode.Shared | MapMode.ReadOnly);
        DaxException? refused = Assert.Throws<DaxException>(() => readOnly.Populate(0, Page, forWriting: true));
        Assert.That(refused!.Error, Is.EqualTo(IoError.ReadOnly));
    }

    private static void AssertEnds(DaxView view, IoError error, long page)
    {
        DaxException? ended = Assert.Throws<DaxException>(() => view.Populate(0, view.Length));
        Assert.That((ended!.Error, ended.OffsetBytes), Is.EqualTo((error, page * Page)));
        AssertMapped(view, 0, page, isWritable: false);
    }

    private static void AssertMapped(DaxView view, long first, long count, bool isWritable)
    {
        for (long page = first; page < first + count; page++)
        {
            Translation translation = view.Area.TranslationOf(page);
            Assert.That((translation.IsPresent, translation.IsWritable), Is.EqualTo((true, isWritable)), $"page {page}");
        }
    }
}
