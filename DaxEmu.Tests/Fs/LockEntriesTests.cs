using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>How often an access enters the invalidate lock: each entry is two stores that every fault pays.</summary>
public sealed class LockEntriesTests
{
    private const int Page = DaxConstants.PageSize;

    [Test]
    public void AStoreToAMappedPageEntersTheLockOnce()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(4 * Page);
        DaxView view = file.Map(MapMode.Shared | MapMode.NoHugePage);
        view.Write(Page, 8)[0] = 1;
        Assert.That(EntriesOf(file, () => view.Write(Page, 8)[0] = 2), Is.EqualTo(1));
    }

    [Test]
    public void AColdStoreEntersTheLockAtMostTwice()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(4 * Page);
        DaxView view = file.Map(MapMode.Shared | MapMode.NoHugePage);
        Assert.That(EntriesOf(file, () => view.Write(Page, 8)[0] = 1), Is.InRange(1, 2));
        Assert.That(file.Mapping.Entries[new PageIndex(1)].Entry.IsDirty);
    }

    [Test]
    public void AStoreThatFallsBackFrom2MiBEntersTheLockAtMostThreeTimes()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(4 * Page); // too short for 2 MiB
        DaxView view = file.Map();
        Assert.That(EntriesOf(file, () => view.Write(Page, 8)[0] = 1), Is.InRange(1, 3));
        Assert.That(view.Area.TranslationOf(1).IsHuge, Is.False);
    }

    [Test]
    public void APinThatFaultsItsPageInEntersTheLockOnce()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(4 * Page);
        DaxView view = file.Map(MapMode.Shared | MapMode.NoHugePage);
        PagePin? pin = null;
        Assert.That(EntriesOf(file, () => pin = view.Pin(Page, Page)), Is.EqualTo(1));
        pin!.Dispose();
    }

    private static int EntriesOf(DaxFile file, Action access) => CountingInterleaver.EntriesOf(file.Mapping.Id, access);
}
