using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Dax.Writeback;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Entries;

/// <summary>Races whose other side runs to its end between two steps of the one: every place for it is tried.</summary>
public sealed class EntryRaceTests
{
    private static readonly DaxEntry Dirty = DaxEntry.Real(new Pfn(1024), PageOrder.Pte).WithDirty();

    [Test]
    public void WritebackFindsADirtyEntryWhoeverMadeTheRangeATable()
    {
        AtEveryStep(
            fixture => fixture.Put(0, DaxEntry.Zero(PageOrder.Pte)),
            fixture =>
            {
                fixture.Put(1, Dirty);
                fixture.Table.TagTowrite(new PageRange(new PageIndex(0), 512));
                bool isFound = fixture.Table.NextTowrite(new PageIndex(0), new PageIndex(512), out PageIndex start);
                Assert.That((isFound, start.Value), Is.EqualTo((true, 1L)), "a pass would end without the dirty entry");
            });
    }

    [Test]
    public void ACleanerThatFindsNothingLeavesTheMarkOfTheNextEntryAlone()
    {
        using PmemDevice device = PmemDevice.CreateInMemory(8 << 20);
        bool hasStep = true;
        for (int step = 0; hasStep; step++)
        {
            using AddressSpace mapping = new(device, new LinearExtentMap(new Pfn(0), 1024), 4 << 20);
            var cleaner = new EntryCleaner(mapping);
            hasStep = Interruption.Run(() => Clean(cleaner, new PageIndex(5)), step, () =>
            {
                HeldEntry held = mapping.Locker.Grab(new PageIndex(5), PageOrder.Pte).Held;
                mapping.Entries.NoteDirty(held.Start);
                mapping.Locker.Unlock(held.Start, DaxEntry.Zero(PageOrder.Pte).WithDirty());
                mapping.Entries.TagTowrite(PageRange.All);
            });
            EntrySnapshot entry = mapping.Entries[new PageIndex(5)];
            Assert.That(entry.Entry.IsDirty, Is.EqualTo(entry.IsTowrite), "the second pass has chosen it and must find it");
        }
    }

    private static void Clean(EntryCleaner cleaner, PageIndex page) => cleaner.Clean(ref page, page + 1);

    [Test]
    public void AMarkThatAnOwnerSetsIsNotTakenBackByATagger()
    {
        Thread? owner = null;
        AtEveryStep(
            fixture => fixture.Table.TagTowrite(new PageRange(new PageIndex(0), 1)),
            fixture =>
            {
                // Written back by somebody, and then copied for a write by somebody else.
                Assert.That(fixture.Locker.LockAny(new PageIndex(0), out HeldEntry held), Is.True);
                fixture.Locker.Unlock(held.Start, held.Entry.WithDirty(false));
                Assert.That(fixture.Locker.LockAny(new PageIndex(0), out held), Is.True);
                owner = new Thread(() =>
                {
                    fixture.Table.NoteDirty(held.Start);
                    fixture.Table.SetTowrite(held.Start);
                });
                owner.Start();
                _ = owner.Join(TimeSpan.FromMilliseconds(50)); // it may have to let the tagger finish first
            },
            prepare: fixture => fixture.Put(0, Dirty),
            after: fixture =>
            {
                Assert.That(owner?.Join(EntryFixture.Soon), Is.Not.False);
                if (owner is not null)
                {
                    fixture.Locker.Unlock(new PageIndex(0), Dirty);
                }

                owner = null;
                Assert.That(fixture.Table[new PageIndex(0)].IsTowrite, Is.True, "the running pass must not end without the copy");
            });
    }

    [Test]
    public void AFileWithADirtyPageIsNotTakenForCleanWhileAnybodyRefreshes()
    {
        Thread? asker = null;
        bool isDirty = true;
        AtEveryStep(
            fixture => fixture.Table.RefreshAnyDirty(PageRange.All),
            fixture =>
            {
                asker = new Thread(() => isDirty = fixture.Table.HasDirty()) { IsBackground = true };
                asker.Start();
                _ = asker.Join(TimeSpan.FromMilliseconds(50)); // it may have to let the refresher finish first
            },
            prepare: fixture => fixture.Put(0, Dirty),
            after: _ =>
            {
                Assert.That(asker?.Join(EntryFixture.Soon), Is.Not.False);
                asker = null;
                Assert.That(isDirty, Is.True, "a change of layout would leave the page unwritten");
            });
    }

    // The other side is done before each step of the first in turn, until the first has no more steps.
    private static void AtEveryStep(Action<EntryFixture> code, Action<EntryFixture> other, Action<EntryFixture>? prepare = null, Action<EntryFixture>? after = null)
    {
        bool hasStep = true;
        for (int step = 0; hasStep; step++)
        {
            using EntryFixture fixture = new();
            prepare?.Invoke(fixture);
            hasStep = Interruption.Run(() => code(fixture), step, () => other(fixture));
            after?.Invoke(fixture);
        }
    }
}
