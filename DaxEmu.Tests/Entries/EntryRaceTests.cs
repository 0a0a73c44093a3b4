using DaxEmu.Core.Device;
using DaxEmu.Core.Entries;
using DaxEmu.Core.Extents;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Core.Writeback;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Entries;

/// <summary>Races whose other side runs to its end between two steps of the one: every place for it is tried.</summary>
public sealed class EntryRaceTests
{
    private static readonly DaxEntry Dirty = DaxEntry.Real(new Pfn(1024), PageOrder.Pte).WithDirty();

    [Test]
    public void WritebackFindsADirtyEntryWhoeverMadeTheRangeATable()
    {
        AtEveryStep(
            world => world.Put(0, DaxEntry.Zero(PageOrder.Pte)),
            world =>
            {
                world.Put(1, Dirty);
                world.Table.TagTowrite(new PageRange(new PageIndex(0), 512));
                bool isFound = world.Table.NextTowrite(new PageIndex(0), new PageIndex(512), out PageIndex start);
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
            hasStep = Interruption.Run(() => cleaner.Clean(new PageIndex(5), out _), step, () =>
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

    [Test]
    public void AMarkThatAnOwnerSetsIsNotTakenBackByATagger()
    {
        Thread? owner = null;
        AtEveryStep(
            world => world.Table.TagTowrite(new PageRange(new PageIndex(0), 1)),
            world =>
            {
                // Written back by somebody, and then copied for a write by somebody else.
                Assert.That(world.Locker.TakeAny(new PageIndex(0), out HeldEntry held), Is.True);
                world.Locker.Unlock(held.Start, held.Entry.WithDirty(false));
                Assert.That(world.Locker.TakeAny(new PageIndex(0), out held), Is.True);
                owner = new Thread(() =>
                {
                    world.Table.NoteDirty(held.Start);
                    world.Table.SetTowrite(held.Start);
                });
                owner.Start();
                _ = owner.Join(TimeSpan.FromMilliseconds(50)); // it may have to let the tagger finish first
            },
            prepare: world => world.Put(0, Dirty),
            after: world =>
            {
                Assert.That(owner?.Join(EntryWorld.Soon), Is.Not.False);
                if (owner is not null)
                {
                    world.Locker.Unlock(new PageIndex(0), Dirty);
                }

                owner = null;
                Assert.That(world.Table[new PageIndex(0)].IsTowrite, Is.True, "the running pass must not end without the copy");
            });
    }

    // The other side is done before each step of the first in turn, until the first has no more steps.
    private static void AtEveryStep(Action<EntryWorld> code, Action<EntryWorld> other, Action<EntryWorld>? prepare = null, Action<EntryWorld>? after = null)
    {
        bool hasStep = true;
        for (int step = 0; hasStep; step++)
        {
            using EntryWorld world = new();
            prepare?.Invoke(world);
            hasStep = Interruption.Run(() => code(world), step, () => other(world));
            after?.Invoke(world);
        }
    }
}
