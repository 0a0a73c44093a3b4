using DaxEmu.Bench.Verification.Replay;
using DaxEmu.Core;
using DaxEmu.Core.Dax.Writeback;
using NUnit.Framework;

namespace DaxEmu.Tests.Golden;

/// <summary>State that is set from outside is inside the file, its VMAs and its device.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class ReplayStateTests : IDisposable
{
    private const long Pages = 2048;
    private readonly PmemDevice device;
    private readonly AddressSpace mapping;

    public ReplayStateTests()
    {
        device = PmemDevice.CreateInMemory(Pages << DaxConstants.PageShift);
        mapping = new AddressSpace(device, new LinearExtentMap(new Pfn(0), Pages), 0, new AddressSpaceOptions { MaximumSizeBytes = Pages << DaxConstants.PageShift });
    }

    public void Dispose()
    {
        mapping.Dispose();
        device.Dispose();
    }

    [TestCase(-1)]
    [TestCase((Pages << DaxConstants.PageShift) + 1)]
    [TestCase(long.MaxValue)]
    [TestCase(long.MinValue)]
    public void ASizeOutsideOfTheFilesRoomIsRefused(long sizeBytes)
    {
        Assert.That(() => mapping.SetSize(sizeBytes), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => mapping.GrowSize(sizeBytes), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(mapping.SizeBytes, Is.Zero);
        mapping.SetSize(mapping.MaximumSizeBytes);
        Assert.That(mapping.SizeBytes, Is.EqualTo(mapping.MaximumSizeBytes));
    }

    [TestCase(-1, 1)]
    [TestCase(0, -1)]
    [TestCase(5, long.MinValue)]
    [TestCase(1, long.MaxValue)]
    [TestCase(long.MaxValue, 1)]
    [TestCase(long.MinValue, long.MaxValue)]
    public void AWritebackOfPagesThatNoFileHasIsRefused(long first, long count) => Assert.That(
        () => WritebackPass.Run(mapping, new PageRange(new PageIndex(first), count)), Throws.TypeOf<ArgumentOutOfRangeException>());

    [Test]
    public void AWritebackToTheEndOfAllFilesRuns() => Assert.That(WritebackPass.Run(mapping, PageRange.All).Error, Is.EqualTo(IoError.None));

    [TestCase(Pages, 1, 0)]
    [TestCase(-1, 1, 0)]
    [TestCase(long.MaxValue, 1, 0)]
    [TestCase(0, 1, Pages)]
    [TestCase(0, 512, Pages - 511)]
    [TestCase(0, 1, 4503599627370480)]
    public void AnEntryOutsideOfTheFileOrItsDeviceIsRefused(long first, long count, long pfn) => Assert.That(
        () => ReplayState.SetEntries(mapping, [new EntryRow(first, count, 'm', pfn, true)]), Throws.TypeOf<FormatException>());

    [TestCase('P', 10, 0)]
    [TestCase('P', -1, 0)]
    [TestCase('P', 1099511627776, 0)]
    [TestCase('P', long.MaxValue, 0)]
    [TestCase('P', 0, Pages)]
    [TestCase('P', 0, 4503599627370480)]
    [TestCase('H', 512, 0)]
    [TestCase('H', 0, 0)]
    [TestCase('T', -512, 0)]
    [TestCase('H', -3, Pages - 511)]
    public void ATranslationOutsideOfItsVmaOrTheDeviceIsRefused(char kind, long page, long where)
    {
        using VmArea area = mapping.Map(new PageIndex(3), 10, MapMode.Shared);
        Assert.That(() => ReplayState.SetTable(area, [new TableRow(kind, page, where, true, true)], mapping.Device.PageCount, "pt0"), Throws.TypeOf<FormatException>().With.Message.Contains("pt0"));
        Assert.That(ReplayState.Table(area), Is.Empty);
    }

    [Test]
    public void WhatIsInsideIsSet()
    {
        using VmArea area = mapping.Map(new PageIndex(3), 10, MapMode.Shared);
        TableRow[] rows = [new TableRow('T', -3, 0, false, false), new TableRow('P', 9, Pages - 1, true, true)];
        ReplayState.SetTable(area, rows, mapping.Device.PageCount, "pt0");
        Assert.That(ReplayState.Table(area), Is.EqualTo(rows));
        EntryRow[] entries = [new EntryRow(0, 512, 'm', Pages - 512, true), new EntryRow(Pages - 1, 1, 'z', -1, false)];
        ReplayState.SetEntries(mapping, entries);
        Assert.That(ReplayState.Entries(mapping), Is.EqualTo(entries));
    }

    [Test]
    public void AnUnmapOfMorePagesThanThereAreEndsWithTheVma()
    {
        using VmArea area = mapping.Map(new PageIndex(0), 10, MapMode.Shared);
        ReplayState.SetTable(area, [new TableRow('T', 0, 0, false, false), new TableRow('P', 9, 7, false, false)], mapping.Device.PageCount, "pt0");
        area.Table.Unmap(1, long.MaxValue, keepCopies: false);
        Assert.That(ReplayState.Table(area), Has.Count.EqualTo(1), "the table alone");
    }

    [Test]
    public void VmasThatAreMappedAtOnceAreLikeThoseMappedOneByOne()
    {
        VmArea[] areas = mapping.MapAll([(new PageIndex(3), 10, MapMode.Shared, 3), (new PageIndex(0), Pages, MapMode.Private, 0)]);
        Assert.That(mapping.Areas, Is.EqualTo(areas));
        Assert.That((areas[0].FirstIndex.Value, areas[0].PageCount, areas[1].Mode), Is.EqualTo((3, 10, MapMode.Private)));
        Assert.That(() => mapping.MapAll([(new PageIndex(0), 1, MapMode.Shared, 0), (new PageIndex(0), Pages + 1, MapMode.Shared, 0)]), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(mapping.Areas, Has.Count.EqualTo(2), "none of a list that is refused");
        areas[0].Dispose();
        mapping.Dispose();
        Assert.That(mapping.Areas, Is.Empty);
        Assert.That(() => areas[1].TranslationOf(0), Throws.TypeOf<ObjectDisposedException>());
        areas[1].Dispose();
    }

    [Test]
    public void ZeroesAreSummedUpAsIfTheyWereThere([Values(0, 1, 7, 4096, 1_000_003)] int count)
    {
        byte[] bytes = new byte[count + 2];
        bytes[0] = 9;
        bytes[^1] = 5;
        Assert.That(Fnv1a.Hash(Fnv1a.HashZeroes(Fnv1a.Hash([9]), count), [5]), Is.EqualTo(Fnv1a.Hash(bytes)));
    }
}
