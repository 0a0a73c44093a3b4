using DaxEmu.Core;
using DaxEmu.Native.Failures;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>Stores through spans that are older than a sync are written back by the next one, where the device tracks them.</summary>
[TestFixture(false)]
[TestFixture(true)]
public sealed class RawStoreTests(bool onTmpfs)
{
    private const int Page = DaxConstants.PageSize;
    private const int Pmd = DaxConstants.PmdSize;
    private const MapMode SmallPages = MapMode.Shared | MapMode.NoHugePage;

    [SetUp]
    public void NeedsTheKernel() => StoreTrackingKernel.Require();

    [TestCase(StoreTracking.None, false)]
    [TestCase(StoreTracking.Track, true)]
    public void AStoreThroughASpanOlderThanASyncIsDurableAfterTheNextIfItIsTracked(StoreTracking tracking, bool isDurable)
    {
        using PmemDevice device = Device(tracking);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        using DaxFile file = Filled(volume, "a", 4 * Page);
        using DaxView view = file.Map(SmallPages);
        Span<byte> old = view.Write(Page, 8);
        for (byte round = 1; round < 4; round++)
        {
            file.Sync();
            old[3] = round;
            Assert.That(Durable(device, file, Page + 3), Is.Not.EqualTo(round));
            file.Sync();
            Assert.That(Durable(device, file, Page + 3), isDurable ? Is.EqualTo(round) : Is.Not.EqualTo(round));
        }
    }

    [Test]
    public void AStoredPageOfATwoMebibyteEntryMakesTheEntryDirty()
    {
        using PmemDevice device = Device(StoreTracking.Track);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        using DaxFile file = volume.CreateTemporary(2 * Pmd);
        file.Allocate(0, 2 * Pmd);
        using DaxView view = file.Map();
        Span<byte> old = view.Write(Pmd, Pmd);
        Assert.That(file.Mapping.Entries[new PageIndex(DaxConstants.PagesPerPmd)].Entry.IsPmd);
        file.Sync();
        old[300 * Page] = 5;
        old[^1] = 6;
        file.Sync();
        Assert.That(Durable(device, file, Pmd + (300 * Page)), Is.EqualTo(5));
        Assert.That(Durable(device, file, (2 * Pmd) - 1), Is.EqualTo(6));
        Assert.That(file.Mapping.Entries[new PageIndex(DaxConstants.PagesPerPmd)].Entry.IsDirty, Is.False);
        Assert.That(file.Mapping.Entries.Verify(), Is.Empty);
    }

    [Test]
    public void WhatASyncOfOneFileLearnsOfAnotherIsNotForgotten()
    {
        using PmemDevice device = Device(StoreTracking.Track);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        using DaxFile a = Filled(volume, "a", Page);
        using DaxFile b = Filled(volume, "b", Page);
        a.Write(new byte[Page], Page); // behind b's page, so that a look at all of a passes it
        Assert.That(a.ExtentList, Has.Count.EqualTo(2));
        using DaxView viewA = a.Map(SmallPages);
        using DaxView viewB = b.Map(SmallPages);
        Span<byte> oldA = viewA.Write(0, 8);
        Span<byte> oldB = viewB.Write(0, 8);
        a.Sync();
        b.Sync();
        oldA[0] = 7;
        oldB[0] = 8;
        a.Sync();
        Assert.That(Durable(device, a, 0), Is.EqualTo(7));
        Assert.That(Durable(device, b, 0), Is.Not.EqualTo(8));
        b.Sync();
        Assert.That(Durable(device, b, 0), Is.EqualTo(8));
    }

    [Test]
    public void APageWhoseEntryWasDroppedIsStillTheFiles()
    {
        using PmemDevice device = Device(StoreTracking.Track);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        using DaxFile file = Filled(volume, "a", 2 * Page);
        using DaxView view = file.Map(SmallPages);
        Span<byte> old = view.Write(Page, 8);
        file.Sync();
        Assert.That(file.Mapping.DropRange(PageRange.All), Is.EqualTo(1));
        old[0] = 9;
        file.Sync();
        Assert.That(Durable(device, file, Page), Is.EqualTo(9));
        Assert.That(file.Mapping.Entries.PresentPageCount, Is.Zero);
    }

    [Test]
    public void ASyncOfARangeLeavesTheRestToALaterOne()
    {
        using PmemDevice device = Device(StoreTracking.Track);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        using DaxFile file = Filled(volume, "a", 2 * Page);
        using DaxView view = file.Map(SmallPages);
        Span<byte> old = view.Write(0, Page);
        Span<byte> second = view.Write(Page, Page);
        file.Sync();
        old[0] = 3;
        second[0] = 4;
        view.Sync(Page, 1);
        Assert.That(Durable(device, file, 0), Is.Not.EqualTo(3));
        Assert.That(Durable(device, file, Page), Is.EqualTo(4));
        view.Sync(0, 1);
        Assert.That(Durable(device, file, 0), Is.EqualTo(3));
    }

    [Test]
    public void ClosingAFileWritesItsRawStoresBack()
    {
        using PmemDevice device = Device(StoreTracking.Track);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        DaxFile file = Filled(volume, "a", Page);
        DaxView view = file.Map(SmallPages);
        Span<byte> old = view.Write(0, 8);
        file.Sync();
        old[0] = 11;
        long offset = file.ExtentList[0].Pfn.OffsetBytes;
        file.Dispose();
        Assert.That(device.Durable!.Bytes(offset, 1)[0], Is.EqualTo(11));
    }

    [Test]
    public void WhatTheStorageRefusedIsFoundAgain([Values] bool isEntryGone, [Values] bool failsAtTheBlocks)
    {
        using PmemDevice device = Device(StoreTracking.Track);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        using DaxFile file = Filled(volume, "a", Page);
        using DaxView view = file.Map(SmallPages);
        Span<byte> old = view.Write(0, 8);
        file.Sync();
        if (isEntryGone)
        {
            file.Mapping.DropRange(PageRange.All);
        }

        old[0] = 12;
        Fallible.Plan = new FailAll(failsAtTheBlocks ? FallibleStep.ExtentMap : FallibleStep.Flush);
        try
        {
            Assert.That(() => file.Sync(), Throws.InstanceOf<DaxException>());
        }
        finally
        {
            Fallible.Plan = null;
        }

        Assert.That(Durable(device, file, 0), Is.Not.EqualTo(12));
        file.Sync();
        Assert.That(Durable(device, file, 0), Is.EqualTo(12));
    }

    [Test]
    public void NoStoreBesideSyncsIsLost()
    {
        const int pages = 16;
        using PmemDevice device = Device(StoreTracking.Track);
        using DaxVolume volume = DaxVolume.ScratchOf(device);
        using DaxFile file = Filled(volume, "a", pages * Page);
        using DaxView view = file.Map(SmallPages);
        bool isOver = false;
        var writer = Task.Run(() =>
        {
            Span<byte> old = view.Write(0, pages * Page);
            for (uint at = 0; !Volatile.Read(ref isOver); at++)
            {
                old[(int)(at * 2654435761 % (pages * Page))]++;
            }
        });
        try
        {
            for (int round = 0; round < 300; round++)
            {
                file.Sync();
                view.Sync(round % pages * Page, Page);
            }
        }
        finally
        {
            Volatile.Write(ref isOver, true);
            FileFixture.Finish(writer);
        }

        file.Sync();
        Assert.That(device.Durable!.IsDurable(file.ExtentList[0].Pfn.OffsetBytes, pages * Page));
    }

    private PmemDevice Device(StoreTracking tracking)
    {
        var options = new PmemDeviceOptions { StoreTracking = tracking, TracksDurable = true };
        return onTmpfs ? PmemDevice.CreateTemporary(8L * Pmd, options) : PmemDevice.CreateInMemory(8L * Pmd, options);
    }

    private static DaxFile Filled(DaxVolume volume, string name, int lengthBytes)
    {
        DaxFile file = volume.Create(name);
        file.Write(FileFixture.Pattern(lengthBytes, 1), 0);
        return file;
    }

    private static byte Durable(PmemDevice device, DaxFile file, long offset)
    {
        Extent extent = file.ExtentList.Single(e => e.Contains(PageIndex.FromBytes(offset)));
        return device.Durable!.Bytes(extent.PfnAt(PageIndex.FromBytes(offset)).OffsetBytes + (offset % Page), 1)[0];
    }
}
