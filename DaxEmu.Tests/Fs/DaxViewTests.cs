using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

public sealed class DaxViewTests
{
    private const int Page = FileFixture.Page;

    [Test]
    public void SpansAreOfferedPieceByPieceWhereTheFileIsScattered()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(Page);
        DaxFile between = fixture.CreateFilled(Page);
        file.Write(FileFixture.Pattern(Page, 2), Page);
        using DaxView view = file.Map();
        Assert.That(view.ReadAtMost(100, 5000).Length, Is.EqualTo(Page - 100));
        Assert.That(() => view.Write(100, 5000).Length, Throws.InvalidOperationException.With.Message.Contains("3996 of 5000"));
        byte[] bytes = FileFixture.Pattern(5000, 3);
        view.CopyFrom(bytes, 100);
        Assert.That(FileFixture.Bytes(view, 100, 5000), Is.EqualTo(bytes));
        Assert.That(FileFixture.Bytes(file)[100..5100], Is.EqualTo(bytes));
        Assert.That(FileFixture.Bytes(between), Is.EqualTo(FileFixture.Pattern(Page, 1)));
    }

    [Test]
    public void ReadingWhatIsMappedAllocatesNothing()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create();
        file.Allocate(0, 2 * FileFixture.Pmd);
        using DaxView huge = file.Map();
        using DaxView small = file.Map(MapMode.Shared | MapMode.NoHugePage);
        long sum = 0;
        for (int round = 0; round < 2; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            sum += huge.Write(0, 2 * FileFixture.Pmd).Length + small.Read(0, 2 * FileFixture.Pmd).Length;
            if (round == 1)
            {
                Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
            }
        }

        Assert.That(sum, Is.EqualTo(8 * FileFixture.Pmd));
    }

    [Test]
    public void ALeaseNamesTheDevicePagesAndKeepsThemWhereTheyAre()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(4 * Page);
        using DaxView view = file.Map();
        using (PagePin pin = view.Pin(Page - 1, 2))
        {
            Assert.That(pin.Pages, Is.EqualTo((PfnRange[])[new PfnRange(file.ExtentList[0].Pfn, 2)]));
            Assert.That(fixture.Device.Owners.IsBusy(pin.Pages[0].First));
        }

        Assert.That(fixture.Device.Owners.FirstBusy(new PfnRange(new Pfn(0), fixture.Device.PageCount)), Is.Null);
    }

    [Test]
    public void ALeaseOf2MiBTranslationsIsOneRun()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create();
        file.Allocate(0, 2 * FileFixture.Pmd);
        using DaxView view = file.Map(MapMode.Shared);
        using PagePin pin = view.Pin(5 * Page, FileFixture.Pmd);
        Assert.That(pin.Pages.Sum(r => r.PageCount), Is.EqualTo(512));
        Assert.That(pin.Pages, Has.Count.EqualTo(1));
    }

    [Test]
    public void AFailedPinPinsNothing()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(2 * Page);
        using DaxView view = file.Map(0, 4 * Page);
        Assert.That(() => view.Pin(0, 4 * Page), Throws.InstanceOf<IOException>());
        Assert.That(fixture.Device.Owners.FirstBusy(new PfnRange(new Pfn(0), fixture.Device.PageCount)), Is.Null);
    }

    [Test]
    public void PersistFlushAndSyncTakeAnyRangeAndPrivateCopiesGoNowhere()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(4 * Page);
        using DaxView view = file.Map();
        using DaxView own = file.Map(MapMode.Private);
        view.Write(0, Page).Fill(1);
        view.Flush(0, 3);
        view.Drain();
        view.Persist(10, (4 * Page) - 10);
        own.Write(0, Page).Fill(2);
        own.Persist(0, 4 * Page);
        view.Sync(0, 1);
        Assert.That(file.Mapping.Entries[new PageIndex(0)].Entry.IsDirty, Is.False);
        Assert.That(() => view.Persist(0, (4 * Page) + 1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void AForgottenCopyShowsTheFileAgain()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(2 * Page);
        using DaxView own = file.Map(MapMode.Private);
        byte before = own.Read(0, 1)[0];
        own.Write(0, 1)[0] = (byte)(before + 1);
        own.DontNeed(0, Page);
        Assert.That(own.Read(0, 1)[0], Is.EqualTo(before));
    }

    [Test]
    public void AViewKnowsWhatItIs()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(4 * Page);
        using DaxView view = file.Map(Page, 5000, MapMode.Shared | MapMode.ReadOnly);
        Assert.That(view.File, Is.SameAs(file));
        Assert.That((view.FileOffset, view.Length), Is.EqualTo(((long)Page, 2L * Page)));
        Assert.That(view.Mode, Is.EqualTo(MapMode.Shared | MapMode.ReadOnly));
    }
}
