using System.Reflection;
using DaxEmu.Core;
using DaxEmu.Core.Dax.Writeback;
using DaxEmu.Core.Pmem;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>Operations that fail, or are asked for what they cannot give, and what must be there afterwards.</summary>
public sealed unsafe class NothingLostTests
{
    private const int Page = DaxConstants.PageSize;
    private const MapMode Small = MapMode.Shared | MapMode.NoHugePage;

    [Test]
    public void ATruncateThatFindsNoBlockForItsSharedTailKeepsEveryDirtyMark()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(4 << 20);
        DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(0);
        DaxFile clone = DaxVolume.ScratchOf(device).CreateTemporary(0);
        file.Write(new byte[2 * Page], 0);
        file.CloneTo(clone);
        DaxView view = file.Map(Small);
        view.Write(Page, 8).Fill(0x77); // page 1 is the file's own now, and dirty
        DaxVolume.ScratchOf(device).CreateTemporary(0).Allocate(0, DaxVolume.ScratchOf(device).FreeBytes);

        Assert.That(() => file.SetLength(100), Throws.InstanceOf<DaxException>().With.Property(nameof(DaxException.Errno)).EqualTo(28));
        RequireDirtySecondPage(file);
    }

    [Test]
    public void ATruncateIntoAPoisonedPageKeepsEveryDirtyMark()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(4 << 20);
        DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(0);
        file.Write(new byte[2 * Page], 0);
        DaxView view = file.Map(Small);
        view.Write(Page, 8).Fill(0x77);
        file.InjectPoison(0);
        Assert.That(() => file.SetLength(100), Throws.InstanceOf<DaxException>().With.Property(nameof(DaxException.Errno)).EqualTo(5));
        RequireDirtySecondPage(file);
    }

    [Test]
    public void AZeroRangeOnAFullDeviceKeepsEveryDirtyMarkAndByte()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(4 << 20);
        DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(2 * Page, DaxFileOptions.Default with { FileSystem = FileSystemModel.Ext4 });
        file.Write(new byte[Page], Page);
        DaxView view = file.Map(Small);
        view.Write(Page, 8).Fill(0x77);
        DaxVolume.ScratchOf(device).CreateTemporary(0).Allocate(0, DaxVolume.ScratchOf(device).FreeBytes);
        Assert.That(() => file.ZeroRange(0, 2 * Page), Throws.InstanceOf<DaxException>());
        RequireDirtySecondPage(file);
    }

    [Test]
    public void WhatLiesBeforeTheEndOfTheFileIsCopiedAndGiven()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(4 << 20);
        DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(0);
        file.Write(new byte[] { 1, 2, 3 }, 0);
        DaxView view = file.Map(0, 2 * Page, Small);
        byte[] bytes = new byte[2 * Page];
        Assert.That(() => view.CopyTo(bytes, 0), Throws.InstanceOf<DaxException>().With.Property(nameof(DaxException.OffsetBytes)).EqualTo(Page));
        Assert.That(bytes[..3], Is.EqualTo(new byte[] { 1, 2, 3 }));
        Assert.That(view.ReadAtMost(0, 2 * Page).Length, Is.EqualTo(Page));
        Assert.That(view.WriteAtMost(0, 2 * Page).Length, Is.EqualTo(Page));
    }

    [Test]
    public void AViewIsSharedOrPrivateAndItsFlagsMeanSomething()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(4 << 20);
        DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(Page);
        MapMode[] wrong =
        [
            MapMode.None, MapMode.NoHugePage, MapMode.ReadOnly, MapMode.Shared | MapMode.Private, MapMode.Private | MapMode.Sync, MapMode.Sync,
            MapMode.Shared | (MapMode)64,
        ];
        foreach (MapMode mode in wrong)
        {
            Assert.That(() => file.Map(0, Page, mode), Throws.ArgumentException.With.Message.Contains("MapMode"), mode.ToString());
        }
    }

    [Test]
    public void DontNeedGivesTheMemoryOfPrivateCopiesBack()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(4 << 20);
        DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(4 * Page);
        DaxView view = file.Map(MapMode.Private);
        view.Write(0, 2 * Page).Fill(7);
        byte* copy = view.Area.CopyOf(0);
        Assert.That(*copy, Is.EqualTo(7));
        view.DontNeed(0, Page);
        Assert.That(*copy, Is.Zero, "a page that was given back reads as zeroes");
        Assert.That(view.Read(0, 1)[0], Is.Zero);
        Assert.That(view.Read(Page, 1)[0], Is.EqualTo(7));
    }

    [Test]
    public void AnOperationWaitsForPinsAsLongAsItMay()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(4 << 20);
        DaxFileOptions options = DaxFileOptions.Default with { PinTimeout = TimeSpan.FromMilliseconds(50) };
        DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(0, options);
        DaxFile clone = DaxVolume.ScratchOf(device).CreateTemporary(0, options);
        file.Write(new byte[2 * Page], 0);
        using DaxView view = file.Map(Small);
        using (view.Pin(0, Page))
        {
            Assert.That(() => file.PunchHole(0, Page), Throws.InstanceOf<DaxException>().With.Property(nameof(DaxException.Errno)).EqualTo(16));
            Assert.That(() => file.CloneTo(clone), Throws.InstanceOf<DaxException>().With.Property(nameof(DaxException.Errno)).EqualTo(16));
        }

        Assert.That(() => file.PunchHole(0, Page), Throws.Nothing);
    }

    [Test]
    public void FilesCanBeMadeWhenTheNumbersOfMappingsHaveRunOut()
    {
        FieldInfo last = typeof(AddressSpace).GetField("lastId", BindingFlags.Static | BindingFlags.NonPublic)!;
        long before = (long)last.GetValue(null)!;
        try
        {
            last.SetValue(null, PageOwner.MaxMapping - 1);
            using PmemDevice device = PmemDevice.CreateInMemory(4 << 20);
            for (int i = 0; i < 5; i++)
            {
                using DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(Page);
                using DaxView view = file.Map();
                view.Write(0, 1)[0] = 1;
                Assert.That(file.Mapping.Id, Is.LessThanOrEqualTo(PageOwner.MaxMapping));
            }
        }
        finally
        {
            last.SetValue(null, before);
        }
    }

    [Test]
    public void ATableThatWasDisposedHasNoEntryAndNoRoom()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(4 << 20);
        DaxFile file = DaxVolume.ScratchOf(device).CreateTemporary(4 * Page);
        using (DaxView view = file.Map(Small))
        {
            view.Write(0, 1)[0] = 1;
        }

        AddressSpace mapping = file.Mapping;
        file.Dispose();
        Assert.That(mapping.Entries[new PageIndex(0)].IsPresent, Is.False);
        Assert.That(mapping.Entries.Dump(), Is.Empty);
        Assert.That(mapping.Entries.PageCapacity, Is.Zero);
        Assert.That(mapping.SizeBytes, Is.EqualTo(4 * Page));
        Assert.That(() => WritebackPass.Run(mapping, PageRange.All), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => mapping.Map(new PageIndex(0), 1, MapMode.Shared), Throws.InstanceOf<ObjectDisposedException>());
    }

    private static void RequireDirtySecondPage(DaxFile file)
    {
        Assert.That(file.Length, Is.EqualTo(2 * Page));
        var one = new byte[1];
        file.Read(one, Page);
        Assert.That(one[0], Is.EqualTo(0x77));
        Assert.That(file.Mapping.Entries.HasDirty(), "the dirty mark of a page that stays is gone");
        Assert.That(WritebackPass.Run(file.Mapping, new PageRange(new PageIndex(1), 1)).EntryCount, Is.EqualTo(1));
    }
}
