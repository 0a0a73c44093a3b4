using DaxEmu.Core.Entries;
using DaxEmu.Core.Faults;
using DaxEmu.Core.Files;
using DaxEmu.Core.Invalidation;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Invalidation;

public sealed class MemoryFailureTests
{
    private const int Page = FileWorld.Page;

    [Test]
    public void ALostPageCannotBeReachedUntilItIsWrittenAsAWhole()
    {
        using var world = new FileWorld();
        DaxFile file = world.CreateFilled(4 * Page);
        using DaxView view = file.Map();
        view.Read(0, 4 * Page);
        Assert.That(file.InjectPoison(Page + 5), Is.EqualTo(new MemoryFailureOutcome(1, 1)));
        Assert.That(() => view.Read(Page, 1).Length, Throws.TypeOf<DaxFaultException>().With.Property("Result").EqualTo(TouchResult.Hwpoison));
        Assert.That(view.Read(0, Page).Length, Is.EqualTo(Page), "its neighbours are as before");
        var buffer = new byte[4 * Page];
        Assert.That(file.Read(0, buffer), Is.EqualTo(Page), "a partial transfer");
        Assert.That(() => file.Read(Page, buffer), Throws.TypeOf<DaxFileException>().With.Property("Errno").EqualTo(5).And.Message.Contains("whole page"));
        Assert.That(() => file.Write(Page + 1, new byte[Page]), Throws.TypeOf<DaxFileException>().With.Property("Errno").EqualTo(5));
        Assert.That(file.Write(Page - 1, new byte[3]), Is.EqualTo(1), "up to the lost page");
        byte[] healed = FileWorld.Pattern(2 * Page, 9);
        Assert.That(file.Write(Page, healed), Is.EqualTo(2 * Page));
        Assert.That(FileWorld.Bytes(view, Page, 2 * Page), Is.EqualTo(healed));
        Assert.That(world.Device.PoisonList.IsEmpty);
    }

    [Test]
    public void APunchedLostPageIsHealedWhenItIsAllocatedAgain()
    {
        using var world = new FileWorld(deviceBytes: FileWorld.Pmd);
        DaxFile file = world.CreateFilled(FileWorld.Pmd);
        file.InjectPoison(0);
        file.PunchHole(0, Page);
        Assert.That(FileWorld.Bytes(file)[..Page], Is.All.Zero);
        file.Write(10, [1]);
        Assert.That(FileWorld.Bytes(file)[10], Is.EqualTo(1));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void ACopyOfASharedPageHealsTheLostBlockThatItIsGiven(bool byWrite)
    {
        // The only free block of the device is the one that was lost.
        using var world = new FileWorld(deviceBytes: FileWorld.Pmd);
        DaxFile file = world.CreateFilled(FileWorld.Pmd);
        byte[] before = FileWorld.Bytes(file);
        file.InjectPoison(0);
        file.PunchHole(0, Page);
        file.CloneRange(Page, Page, world.Create(), 0);
        using DaxView view = file.Map(MapMode.Shared | MapMode.NoHugePage);
        if (byWrite)
        {
            file.Write(Page, [7]);
        }
        else
        {
            view.CopyFrom(Page, [7]);
        }

        Assert.That(FileWorld.Bytes(view, Page, 1)[0], Is.EqualTo(7));
        Assert.That(FileWorld.Bytes(file)[(Page + 1)..], Is.EqualTo(before[(Page + 1)..]));
        Assert.That(world.Device.PoisonList.IsEmpty);
    }

    [Test]
    public void APageThatNoBlockStandsBehindCannotBeLost()
    {
        using var world = new FileWorld();
        Assert.That(() => world.Create(Page).InjectPoison(0), Throws.InvalidOperationException);
    }

    [Test]
    public void B20_TheOwnerOfAPageIsFoundThoughOneMapsItBy2MiBAndAnotherBy4KiB()
    {
        using var world = new FileWorld();
        DaxFile file = world.Create();
        file.Allocate(0, FileWorld.Pmd);
        using DaxView huge = file.Map();
        using DaxView small = file.Map(MapMode.Shared | MapMode.NoHugePage);
        huge.Write(0, 1)[0] = 1;
        small.Write(5 * Page, 1)[0] = 2;
        small.Write(6 * Page, 1)[0] = 3;
        Assert.That(huge.Area.TranslationOf(5).IsHuge && !small.Area.TranslationOf(5).IsHuge);
        Assert.That(file.InjectPoison(5 * Page), Is.EqualTo(new MemoryFailureOutcome(1, 2)));
        Assert.That(() => huge.Read(5 * Page, 1).Length, Throws.TypeOf<DaxFaultException>());
        Assert.That(() => small.Read(5 * Page, 1).Length, Throws.TypeOf<DaxFaultException>());
        Assert.That((huge.Read(0, 1)[0], huge.Read(6 * Page, 1)[0], small.Read(6 * Page, 1)[0]), Is.EqualTo(((byte)1, (byte)3, (byte)3)));
    }

    [Test]
    public void ASharedLostPageIsUnmappedFromEveryFileThatShowsIt()
    {
        using var world = new FileWorld();
        DaxFile first = world.CreateFilled(4 * Page);
        DaxFile second = world.Create();
        first.CloneTo(second);
        using DaxView one = first.Map();
        using DaxView two = second.Map();
        one.Read(0, 4 * Page);
        two.Read(0, 4 * Page);
        Assert.That(first.InjectPoison(2 * Page), Is.EqualTo(new MemoryFailureOutcome(2, 2)));
        Assert.That(() => one.Read(2 * Page, 1).Length, Throws.TypeOf<DaxFaultException>());
        Assert.That(() => two.Read(2 * Page, 1).Length, Throws.TypeOf<DaxFaultException>());
        Assert.That(() => two.Write(2 * Page, 1).Length, Throws.TypeOf<DaxFaultException>(), "a lost page cannot be copied");
        Assert.That(() => second.Write((2 * Page) + 1, [1]), Throws.TypeOf<DaxFileException>(), "not even for a partial write");
        second.Write(2 * Page, new byte[Page]);
        Assert.That(two.Read(2 * Page, Page).ToArray(), Is.All.Zero, "its own block now");
        Assert.That(() => one.Read(2 * Page, 1).Length, Throws.TypeOf<DaxFaultException>(), "the other file's is still lost");
    }

    [Test]
    public void B15_WhoSleptForAnEntryOfAPageReadsTheOwnerAgain()
    {
        using var world = new FaultWorld();
        VmArea area = world.Map();
        world.Pte(area, 5, isWrite: true);
        Pfn pfn = world.Mapping.Entries[new PageIndex(5)].Entry.Pfn;
        HeldEntry held = world.Mapping.Locker.Grab(new PageIndex(5), PageOrder.Pte).Held;
        var locking = Task.Run(() => MemoryFailure.LockPage(world.Device, pfn, new OneFile(world.Mapping)));
        Assert.That(FileWorld.IsStuck(locking));
        world.Mapping.Unmap(held.Range);
        world.Mapping.Disassociate(held.Start, held.Entry);
        world.Mapping.Locker.Remove(held);
        FileWorld.Finish(locking);
        Assert.That(locking.Result, Is.Null, "the page has no owner any more");
    }

    [Test]
    public void B19_WhoGivesUpAfterASleepHasSwallowedNobodysWakeUp()
    {
        using var world = new FaultWorld();
        VmArea area = world.Map();
        world.Pte(area, 5, isWrite: true);
        Pfn pfn = world.Mapping.Entries[new PageIndex(5)].Entry.Pfn;
        HeldEntry held = world.Mapping.Locker.Grab(new PageIndex(5), PageOrder.Pte).Held;
        var holders = new OneFile(world.Mapping);
        var locking = Task.Run(() => MemoryFailure.LockPage(world.Device, pfn, holders));
        Assert.That(FileWorld.IsStuck(locking));
        var fault = Task.Run(() => world.Pte(area, 5, isWrite: true));
        Assert.That(FileWorld.IsStuck(fault));
        holders.IsGone = true;
        world.Mapping.Locker.Unlock(held.Start, held.Entry);
        FileWorld.Finish(locking);
        FileWorld.Finish(fault);
        Assert.That(locking.Result, Is.Null);
    }

    [Test]
    public void B14_A2MiBEntryLockedByAnInnerPageIsUnlockedAsWhatItIs()
    {
        using var world = new FaultWorld();
        VmArea area = world.Map();
        world.Pmd(area, 0, isWrite: true);
        Pfn inner = world.Mapping.Entries[new PageIndex(0)].Entry.Pfn + 77;
        PageLock held = MemoryFailure.LockPage(world.Device, inner, new OneFile(world.Mapping))!.Value;
        Assert.That((held.Page, held.Held.Start), Is.EqualTo((new PageIndex(77), new PageIndex(0))));
        var fault = Task.Run(() => world.Pmd(area, 0, isWrite: true));
        Assert.That(FileWorld.IsStuck(fault));
        held.Dispose();
        FileWorld.Finish(fault);
        Assert.That(world.Mapping.Entries[new PageIndex(0)].Entry.IsLocked, Is.False);
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
