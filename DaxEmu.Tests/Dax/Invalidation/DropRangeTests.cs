using DaxEmu.Core;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Invalidation;

public sealed class DropRangeTests
{
    [Test]
    public void ARangeThatIsDroppedHasNeitherTranslationsNorEntriesAndKeepsItsBytes()
    {
        using var fixture = new FaultFixture();
        using var view = new DaxView(fixture.Loop, fixture.Map(MapMode.Shared | MapMode.NoHugePage));
        view.Write(0, 3 * DaxConstants.PageSize).Fill(7);
        Assert.That(fixture.Mapping.DropRange(new PageRange(new PageIndex(1), 1)), Is.EqualTo(1));
        Assert.That(fixture.Mapping.Entries[new PageIndex(1)].IsPresent, Is.False);
        Assert.That(view.Area.TranslationOf(1).IsPresent, Is.False);
        Assert.That(view.Area.TranslationOf(2).IsPresent);
        Assert.That(view.Read(0, 3 * DaxConstants.PageSize).ToArray(), Is.All.EqualTo(7));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void AHugeEntryThatTheRangeTouchesGoesWhole(bool discardsDirty)
    {
        using var fixture = new FaultFixture();
        using var view = new DaxView(fixture.Loop, fixture.Map());
        view.Write(0, 1)[0] = 7;
        Assert.That(view.Area.TranslationOf(0).IsHuge);
        Assert.That(fixture.Mapping.DropRange(new PageRange(new PageIndex(9), 1), discardsDirty), Is.EqualTo(1));
        Assert.That(view.Area.TranslationOf(0).IsPresent, Is.False);
    }

    [TestCase(false, ExpectedResult = 7)]
    [TestCase(true, ExpectedResult = 0)]
    public byte WhatWasStoredIsDurableUnlessItIsDiscarded(bool discardsDirty)
    {
        using PmemDevice device = PmemDevice.CreateInMemory(4L << 20, new PmemDeviceOptions { TracksDurable = true });
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        using DaxFile file = volume.CreateTemporary(DaxConstants.PageSize);
        file.Write(new byte[DaxConstants.PageSize], 0);
        file.Sync();
        using DaxView view = file.Map();
        view.CopyFrom([7], 0);
        file.Mapping.DropRange(PageRange.All, discardsDirty);
        return device.Durable!.Bytes(file.ExtentList[0].Pfn.OffsetBytes, 1)[0];
    }

    [Test]
    public void PagesThatNoFileHasAreRefused()
    {
        using var fixture = new FaultFixture();
        Assert.That(() => fixture.Mapping.DropRange(new PageRange(new PageIndex(-1), 1)), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void AZapDropsTranslationsAndPrivateCopiesAndLeavesEntries()
    {
        using var fixture = new FaultFixture();
        using var own = new DaxView(fixture.Loop, fixture.Map(MapMode.Private));
        own.Write(DaxConstants.PageSize, 1)[0] = 5;
        own.Area.Zap(1, 1);
        Assert.That(own.Area.TranslationOf(1).IsPresent, Is.False);
        Assert.That(own.Read(DaxConstants.PageSize, 1)[0], Is.Zero, "the copy is gone");
        Assert.That(() => own.Area.Zap(-1, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => own.Area.Zap(own.Area.PageCount, 1), Throws.Nothing);
    }
}
