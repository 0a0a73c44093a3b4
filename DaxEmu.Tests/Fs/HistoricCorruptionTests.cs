using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Fs;

/// <summary>Bugs of the kernel's DAX that lost or mixed up data, each told by what a user of files saw.</summary>
public sealed class HistoricCorruptionTests
{
    private const int Page = FileFixture.Page;
    private const int Pmd = FileFixture.Pmd;

    [TestCase(MapMode.Shared)]
    [TestCase(MapMode.Shared | MapMode.NoHugePage)]
    public void B01_TheLoserOfTwoWriteFaultsDoesNotZeroWhatTheWinnerStored(MapMode mode)
    {
        using var fixture = new FileFixture();
        for (int round = 0; round < 150; round++)
        {
            DaxFile file = fixture.Create(Pmd);
            using DaxView first = file.Map(mode);
            using DaxView second = file.Map(mode);
            using var start = new Barrier(2);
            var other = Task.Run(() =>
            {
                start.SignalAndWait();
                second.Write(1, 1)[0] = 2;
            });
            start.SignalAndWait();
            first.Write(0, 1)[0] = 1;
            FileFixture.Finish(other);
            Assert.That(first.Read(0, 2).ToArray(), Is.EqualTo((byte[])[1, 2]), $"round {round}");
            file.Dispose();
        }
    }

    [Test]
    public void B01_ThatHoldsForWritesAgainstFaultsToo()
    {
        using var fixture = new FileFixture();
        for (int round = 0; round < 150; round++)
        {
            DaxFile file = fixture.Create(Page);
            using DaxView view = file.Map();
            using var start = new Barrier(2);
            var other = Task.Run(() =>
            {
                start.SignalAndWait();
                file.Write([2], 1);
            });
            start.SignalAndWait();
            view.Write(0, 1)[0] = 1;
            FileFixture.Finish(other);
            Assert.That(FileFixture.Bytes(file), Is.EqualTo((byte[])[1, 2, .. new byte[Page - 2]]), $"round {round}");
            file.Dispose();
        }
    }

    [Test]
    public void B08_AStoreAfterAWritebackMakesA2MiBPageDirtyAgain()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create();
        file.Allocate(0, Pmd);
        using DaxView view = file.Map();
        view.Write(0, 1)[0] = 1;
        file.Sync();
        Assert.That(file.Mapping.Entries.HasDirty(), Is.False);
        view.Write(5 * Page, 1)[0] = 2;
        Assert.That(file.Mapping.Entries.HasDirty(), "or the next sync would flush nothing");
    }

    [Test]
    public void B11_CollidingPrivateFaultsOfBothSizesLeaveNoCopyBehind()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create(Pmd);
        file.Write(Enumerable.Repeat((byte)1, Pmd).ToArray(), 0);
        using DaxView own = file.Map(MapMode.Private);
        for (int round = 0; round < 100; round++)
        {
            using var start = new Barrier(3);
            var writer = Task.Run(() =>
            {
                start.SignalAndWait();
                own.Write(7 * Page, 1)[0] = 9;
            });
            var reader = Task.Run(() =>
            {
                start.SignalAndWait();
                own.Read(300 * Page, 1);
            });
            start.SignalAndWait();
            FileFixture.Finish(Task.WhenAll(writer, reader));
            Assert.That((own.Read(7 * Page, 1)[0], own.Read((7 * Page) + 1, 1)[0], own.Read(300 * Page, 1)[0]), Is.EqualTo(((byte)9, (byte)1, (byte)1)));
            own.DontNeed(0, Pmd);
            Assert.That(own.Read(7 * Page, 1)[0], Is.EqualTo(1));
            own.DontNeed(0, Pmd);
        }

        Assert.That(FileFixture.Bytes(file), Is.All.EqualTo(1));
    }

    [Test]
    public void B27_A4KiBTranslationInsideA2MiBEntryIsWriteProtectedTooWhenTheEntryIsWrittenBack()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.Create();
        file.Allocate(0, Pmd);
        using DaxView huge = file.Map();
        using DaxView inner = file.Map(100 * Page, 50 * Page, MapMode.Shared | MapMode.NoHugePage);
        huge.Write(0, 1)[0] = 1;
        inner.Write(10 * Page, 1)[0] = 2;
        file.Sync();
        Assert.That(inner.Area.TranslationOf(10).IsWritable, Is.False, "it maps page 110, not the entry's first");
        inner.Write(10 * Page, 1)[0] = 3;
        Assert.That(file.Mapping.Entries[new PageIndex(110)].Entry.IsDirty);
    }

    [Test]
    public void WhatACutEntryTookAlongIsDurableThoughExt4WritesNothingBackBeforeATruncate()
    {
        using var fixture = new FileFixture(DaxFileOptions.Default with { FileSystem = FileSystemModel.Ext4 });
        DaxFile file = fixture.Create();
        file.Allocate(0, Pmd);
        using DaxView view = file.Map();
        view.Write(0, Pmd).Fill(5);
        file.SetLength(Pmd - Page);
        Assert.That(file.Mapping.Entries.PresentPageCount, Is.Zero, "the entry goes whole");
        Assert.That(FileFixture.Bytes(file), Is.All.EqualTo(5));
    }

    [Test]
    public void APageThatIsPunchedAndReadWhileItsWritebackWaitsIsNoError()
    {
        using var fixture = new FileFixture();
        DaxFile file = fixture.CreateFilled(Page);
        using DaxView view = file.Map();
        view.Write(0, 1)[0] = 1;
        HeldEntry held = file.Mapping.Locker.Grab(new PageIndex(0), PageOrder.Pte).Held;
        var sync = Task.Run(() => file.Sync());
        Assert.That(FileFixture.IsStuck(sync));
        file.Mapping.Unmap(held.Range);
        file.Mapping.Disassociate(held.Start, held.Entry);
        file.Mapping.Locker.Unlock(held.Start, DaxEntry.Zero(PageOrder.Pte));
        FileFixture.Finish(sync);
    }
}
