using DaxEmu.Core.Files;
using DaxEmu.Core.Units;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Files;

public sealed class DaxViewTests
{
    private const int Page = FileWorld.Page;

    [Test]
    public void SpansAreOfferedPieceByPieceWhereTheFileIsScattered()
    {
        using var world = new FileWorld();
        DaxFile file = world.CreateFilled(Page);
        DaxFile between = world.CreateFilled(Page);
        file.Write(Page, FileWorld.Pattern(Page, 2));
        using DaxView view = file.Map();
        Assert.That(view.ReadAtMost(100, 5000).Length, Is.EqualTo(Page - 100));
        Assert.That(() => view.Write(100, 5000).Length, Throws.InvalidOperationException.With.Message.Contains("3996 of 5000"));
        byte[] bytes = FileWorld.Pattern(5000, 3);
        view.CopyFrom(100, bytes);
        Assert.That(FileWorld.Bytes(view, 100, 5000), Is.EqualTo(bytes));
        Assert.That(FileWorld.Bytes(file)[100..5100], Is.EqualTo(bytes));
        Assert.That(FileWorld.Bytes(between), Is.EqualTo(FileWorld.Pattern(Page, 1)));
    }

    [Test]
    public void ReadingWhatIsMappedAllocatesNothing()
    {
        using var world = new FileWorld();
        DaxFile file = world.Create();
        file.Allocate(0, 2 * FileWorld.Pmd);
        using DaxView huge = file.Map();
        using DaxView small = file.Map(MapMode.Shared | MapMode.NoHugePage);
        long sum = 0;
        for (int round = 0; round < 2; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            sum += huge.Write(0, 2 * FileWorld.Pmd).Length + small.Read(0, 2 * FileWorld.Pmd).Length;
            if (round == 1)
            {
                Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
            }
        }

        Assert.That(sum, Is.EqualTo(8 * FileWorld.Pmd));
    }

    [Test]
    public void ALeaseNamesTheDevicePagesAndKeepsThemWhereTheyAre()
    {
        using var world = new FileWorld();
        DaxFile file = world.CreateFilled(4 * Page);
        using DaxView view = file.Map();
        using (PinLease lease = view.Pin(Page - 1, 2))
        {
            Assert.That(lease.Pages, Is.EqualTo((PfnRange[])[new PfnRange(file.ExtentList[0].Pfn, 2)]));
            Assert.That(world.Device.Owners.IsBusy(lease.Pages[0].First));
        }

        Assert.That(world.Device.Owners.FirstBusy(new PfnRange(new Pfn(0), world.Device.PageCount)), Is.Null);
    }

    [Test]
    public void ALeaseOf2MiBTranslationsIsOneRun()
    {
        using var world = new FileWorld();
        DaxFile file = world.Create();
        file.Allocate(0, 2 * FileWorld.Pmd);
        using DaxView view = file.Map(MapMode.Shared);
        using PinLease lease = view.Pin(5 * Page, FileWorld.Pmd);
        Assert.That(lease.Pages.Sum(r => r.PageCount), Is.EqualTo(512));
        Assert.That(lease.Pages, Has.Count.EqualTo(1));
    }

    [Test]
    public void AFailedPinPinsNothing()
    {
        using var world = new FileWorld();
        DaxFile file = world.CreateFilled(2 * Page);
        using DaxView view = file.Map(0, 4 * Page);
        Assert.That(() => view.Pin(0, 4 * Page), Throws.InstanceOf<IOException>());
        Assert.That(world.Device.Owners.FirstBusy(new PfnRange(new Pfn(0), world.Device.PageCount)), Is.Null);
    }

    [Test]
    public void PersistFlushAndSyncTakeAnyRangeAndPrivateCopiesGoNowhere()
    {
        using var world = new FileWorld();
        DaxFile file = world.CreateFilled(4 * Page);
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
        using var world = new FileWorld();
        DaxFile file = world.CreateFilled(2 * Page);
        using DaxView own = file.Map(MapMode.Private);
        byte before = own.Read(0, 1)[0];
        own.Write(0, 1)[0] = (byte)(before + 1);
        own.DontNeed(0, Page);
        Assert.That(own.Read(0, 1)[0], Is.EqualTo(before));
    }

    [Test]
    public void AViewKnowsWhatItIs()
    {
        using var world = new FileWorld();
        DaxFile file = world.CreateFilled(4 * Page);
        using DaxView view = file.Map(Page, 5000, MapMode.Shared | MapMode.ReadOnly);
        Assert.That(view.File, Is.SameAs(file));
        Assert.That((view.FileOffsetBytes, view.LengthBytes), Is.EqualTo(((long)Page, 2L * Page)));
        Assert.That(view.Mode, Is.EqualTo(MapMode.Shared | MapMode.ReadOnly));
    }
}
