using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Invalidation;

public sealed class MemoryFailureTests
{
    private const int Page = FileFixture.Page;

    [Test]
    public void ALostPageCannotBeReachedUntilItIsWrittenAsAWhole()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(4 * Page);
        using DaxView view = file.Map();
        view.Read(0, 4 * Page);
        Assert.That(file.InjectPoison(Page + 5), Is.EqualTo(new MemoryFailureOutcome(1, 1)));
        Assert.That(() => view.Read(Page, 1).Length, Throws.TypeOf<DaxException>().With.Property("Error").EqualTo(IoError.Poison));
        Assert.That(view.Read(0, Page).Length, Is.EqualTo(Page), "its neighbours are as before");
        var buffer = new byte[4 * Page];
        Assert.That(file.Read(buffer, 0), Is.EqualTo(Page), "a partial transfer");
        Assert.That(() => file.Read(buffer, Page), Throws.TypeOf<DaxException>().With.Property("Errno").EqualTo(5).And.Message.Contains("whole page"));
        Assert.That(() => file.Write(new byte[Page], Page + 1), Throws.TypeOf<DaxException>().With.Property("Errno").EqualTo(5));
        Assert.That(file.Write(new byte[3], Page - 1), Is.EqualTo(1), "up to the lost page");
        byte[] healed = FileFixture.Pattern(2 * Page, 9);
        Assert.That(file.Write(healed, Page), Is.EqualTo(2 * Page));
        Assert.That(FileFixture.Bytes(view, Page, 2 * Page), Is.EqualTo(healed));
        Assert.That(fixture.Device.PoisonList.IsEmpty);
    }

    [Test]
    public void APunchedLostPageIsHealedWhenItIsAllocatedAgain()
    {
        using var fixture = new FileFixture(deviceBytes: FileFixture.Pmd);
        DaxFile file = fixture.CreateFilled(FileFixture.Pmd);
        file.InjectPoison(0);
        file.PunchHole(0, Page);
        Assert.That(FileFixture.Bytes(file)[..Page], Is.All.Zero);
        file.Write([1], 10);
        Assert.That(FileFixture.Bytes(file)[10], Is.EqualTo(1));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void ACopyOfASharedPageHealsTheLostBlockThatItIsGiven(bool byWrite)
    {
        // The only free block of the device is the one that was lost.
        using var fixture = new FileFixture(deviceBytes: FileFixture.Pmd);
        DaxFile file = fixture.CreateFilled(FileFixture.Pmd);
        byte[] before = FileFixture.Bytes(file);
        file.InjectPoison(0);
        file.PunchHole(0, Page);
        file.CloneRange(Page, Page, fixture.Create(), 0);
        using DaxView view = file.Map(MapMode.Shared | MapMode.NoHugePage);
        if (byWrite)
        {
            file.Write([7], Page);
        }
        else
        {
            view.CopyFrom([7], Page);
        }

        Assert.That(FileFixture.Bytes(view, Page, 1)[0], Is.EqualTo(7));
        Assert.That(FileFixture.Bytes(file)[(Page + 1)..], Is.EqualTo(before[(Page + 1)..]));
        Assert.That(fixture.Device.PoisonList.IsEmpty);
    }

    [Test]
    public void APageThatNoBlockStandsBehindCannotBeLost()
    {
        using var fixture = new FileFixture();
        Assert.That(() => fixture.Create(Page).InjectPoison(0), Throws.InvalidOperationException);
    }

    [Test]
    public void B20_TheOwnerOfAPageIsFoundThoughOneMapsItBy2MiBAndAnotherBy4KiB()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create();
        file.Allocate(0, FileFixture.Pmd);
        using DaxView huge = file.Map();
        using DaxView small = file.Map(MapMode.Shared | MapMode.NoHugePage);
        huge.Write(0, 1)[0] = 1;
        small.Write(5 * Page, 1)[0] = 2;
        small.Write(6 * Page, 1)[0] = 3;
        Assert.That(huge.Area.TranslationOf(5).IsHuge && !small.Area.TranslationOf(5).IsHuge);
        Assert.That(file.InjectPoison(5 * Page), Is.EqualTo(new MemoryFailureOutcome(1, 2)));
        Assert.That(() => huge.Read(5 * Page, 1).Length, Throws.TypeOf<DaxException>());
        Assert.That(() => small.Read(5 * Page, 1).Length, Throws.TypeOf<DaxException>());
        Assert.That((huge.Read(0, 1)[0], huge.Read(6 * Page, 1)[0], small.Read(6 * Page, 1)[0]), Is.EqualTo(((byte)1, (byte)3, (byte)3)));
    }

    [Test]
    public void ASharedLostPageIsUnmappedFromEveryFileThatShowsIt()
    {
        using var fixture = new FileFixture();
        DaxFile first = fixture.CreateFilled(4 * Page);
        DaxFile second = fixture.Create();
        first.CloneTo(second);
        using DaxView one = first.Map();
        using DaxView two = second.Map();
        one.Read(0, 4 * Page);
        two.Read(0, 4 * Page);
        Assert.That(first.InjectPoison(2 * Page), Is.EqualTo(new MemoryFailureOutcome(2, 2)));
        Assert.That(() => one.Read(2 * Page, 1).Length, Throws.TypeOf<DaxException>());
        Assert.That(() => two.Read(2 * Page, 1).Length, Throws.TypeOf<DaxException>());
        Assert.That(() => two.Write(2 * Page, 1).Length, Throws.TypeOf<DaxException>(), "a lost page cannot be copied");
        Assert.That(() => second.Write([1], (2 * Page) + 1), Throws.TypeOf<DaxException>(), "not even for a partial write");
        second.Write(new byte[Page], 2 * Page);
        Assert.That(two.Read(2 * Page, Page).ToArray(), Is.All.Zero, "its own block now");
        Assert.That(() => one.Read(2 * Page, 1).Length, Throws.TypeOf<DaxException>(), "the other file's is still lost");
    }

    [Test]
    public void B15_WhoSleptForAnEntryOfAPageReadsTheOwnerAgain()
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map();
        fixture.Pte(area, 5, isWrite: true);
        Pfn pfn = fixture.Mapping.Entries[new PageIndex(5)].Entry.Pfn;
        HeldEntry held = fixture.Mapping.Locker.Grab(new PageIndex(5), PageOrder.Pte).Held;
        var locking = Task.Run(() => MemoryFailure.LockPage(fixture.Device, pfn, new OneFile(fixture.Mapping)));
        Assert.That(FileFixture.IsStuck(locking));
        fixture.Mapping.Unmap(held.Range);
        fixture.Mapping.Disassociate(held.Start, held.Entry);
        fixture.Mapping.Locker.Remove(held);
        FileFixture.Finish(locking);
        Assert.That(locking.Result, Is.Null, "the page has no owner any more");
    }

    [Test]
    public void B19_WhoGivesUpAfterASleepHasSwallowedNobodysWakeUp()
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map();
        fixture.Pte(area, 5, isWrite: true);
        Pfn pfn = fixture.Mapping.Entries[new PageIndex(5)].Entry.Pfn;
        HeldEntry held = fixture.Mapping.Locker.Grab(new PageIndex(5), PageOrder.Pte).Held;
        var holders = new OneFile(fixture.Mapping);
        var locking = Task.Run(() => MemoryFailure.LockPage(fixture.Device, pfn, holders));
        Assert.That(FileFixture.IsStuck(locking));
        var fault = Task.Run(() => fixture.Pte(area, 5, isWrite: true));
        Assert.That(FileFixture.IsStuck(fault));
        holders.IsGone = true;
        fixture.Mapping.Locker.Unlock(held.Start, held.Entry);
        FileFixture.Finish(locking);
        FileFixture.Finish(fault);
        Assert.That(locking.Result, Is.Null);
    }

    [Test]
    public void B14_A2MiBEntryLockedByAnInnerPageIsUnlockedAsWhatItIs()
    {
        using var fixture = new FaultFixture();
        VmArea area = fixture.Map();
        fixture.Pmd(area, 0, isWrite: true);
        Pfn inner = fixture.Mapping.Entries[new PageIndex(0)].Entry.Pfn + 77;
        PageLock held = MemoryFailure.LockPage(fixture.Device, inner, new OneFile(fixture.Mapping))!.Value;
        Assert.That((held.Page, held.Held.Start), Is.EqualTo((new PageIndex(77), new PageIndex(0))));
        var fault = Task.Run(() => fixture.Pmd(area, 0, isWrite: true));
        Assert.That(FileFixture.IsStuck(fault));
        held.Dispose();
        FileFixture.Finish(fault);
        Assert.That(fixture.Mapping.Entries[new PageIndex(0)].Entry.IsLocked, Is.False);
    }

    private sealed class OneFile(AddressSpace mapping) : IPageHolders
    {
        private volatile bool isGone;

        public bool IsGone
        {
            set => isGone = value;
        }

        public AddressSpace? MappingOf(long mappingId) => isGone || mappingId != mapping.Id ? null : mapping;

        public IReadOnlyList<PagePlace> PlacesOf(Pfn pfn) => [];
    }
}
