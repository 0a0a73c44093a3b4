using DaxEmu.Core.Entries;
using DaxEmu.Core.Units;
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
