using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Dax.Entries;

/// <summary>
/// Every sequence of three operations of one thread in one 2 MiB range, at the pages where something can go wrong, against a dictionary.
/// </summary>
public sealed class SmallScenarioTests
{
    private static readonly int[] Colours = [0, 1, 63, 64, 511];
    private static readonly PageOrder[] Orders = [PageOrder.Pte, PageOrder.Pmd];

    [Test]
    public void EverySequenceOfThreeOperationsDoesWhatTheModelDoes()
    {
        using EntryFixture fixture = new(regionCount: 1);
        Operation[] operations = [.. AllOperations()];
        Assert.That(operations, Has.Length.GreaterThan(60));
        foreach (Operation first in operations)
        {
            foreach (Operation second in operations)
            {
                foreach (Operation third in operations)
                {
                    Play(fixture, first, second, third);
                }
            }
        }
    }

    private static void Play(EntryFixture fixture, params ReadOnlySpan<Operation> operations)
    {
        EntryModel model = new();
        foreach (Operation operation in operations)
        {
            string expected = operation.OnModel(model);
            string actual = operation.OnTable(fixture);
            if (expected != actual)
            {
                Assert.Fail($"{Names(operations)}: '{operation.Name}' answered '{actual}', not '{expected}'");
            }
        }

        string dump = fixture.Table.Dump();
        if (dump != model.ToString() || fixture.Table.Verify().Count > 0 || fixture.Table.PresentPageCount != model.PresentPageCount)
        {
            Assert.Fail($"{Names(operations)}: '{dump}', not '{model}'. {string.Join(' ', fixture.Table.Verify())}");
        }

        foreach (EntrySnapshot entry in fixture.Table.Snapshot())
        {
            fixture.Remove(entry.Start.Value);
        }

        Grab whole = fixture.Locker.Grab(default, PageOrder.Pmd);
        Assert.That((whole.Outcome, whole.Held.Entry), Is.EqualTo((GrabOutcome.Locked, DaxEntry.Empty(PageOrder.Pmd))), "an empty range must be as good as new");
        fixture.Locker.Remove(whole.Held);
    }

    private static IEnumerable<Operation> AllOperations()
    {
        foreach (int colour in Colours)
        {
            var index = new PageIndex(colour);
            foreach (PageOrder order in Orders)
            {
                foreach (DaxEntry wanted in (DaxEntry[])[DaxEntry.Zero(order), RealAt(index, order), RealAt(index, order).WithDirty()])
                {
                    yield return new($"fault {colour} as {wanted}", w => Fault(w, index, wanted), m => m.Fault(index, wanted));
                }

                yield return new($"find {colour} {order}", w => Find(w, index, order), m => m.Find(index, order));
                yield return new($"at {colour} {order}", w => LockAt(w, index, order), m => m.LockAt(index, order));
            }

            yield return new($"remove {colour}", w => Remove(w, index), m => m.Remove(index));
            yield return new($"clean {colour}", w => Clean(w, index), m => m.Clean(index));
            yield return new($"tag from {colour}", w => Tag(w, index), m => m.Tag(index));
        }
    }

    private static DaxEntry RealAt(PageIndex index, PageOrder order) => DaxEntry.Real(new Pfn(1024 + index.StartOf(order).Value), order);

    private static string Fault(EntryFixture fixture, PageIndex index, DaxEntry wanted)
    {
        Grab grab = fixture.Locker.Grab(index, wanted.Order);
        if (grab.Outcome is GrabOutcome.Conflict or GrabOutcome.Missing)
        {
            return grab.Outcome.ToString();
        }

        HeldEntry held = grab.Outcome == GrabOutcome.NeedsDowngrade ? fixture.Locker.FinishDowngrade(grab.Held, index) : grab.Held;
        DaxEntry stored = held.Entry.IsReal ? held.Entry.WithDirty(held.Entry.IsDirty || wanted.IsDirty) : wanted;
        if (stored is { IsDirty: true, IsPmd: false })
        {
            fixture.Table.NoteDirty(held.Start);
        }

        fixture.Locker.Unlock(held.Start, stored);
        return $"{grab.Outcome} {held.Start} {held.Entry}";
    }

    private static string Find(EntryFixture fixture, PageIndex index, PageOrder order)
    {
        Grab grab = fixture.Locker.Grab(index, order, create: false);
        if (grab.Outcome != GrabOutcome.Locked)
        {
            return grab.Outcome.ToString();
        }

        fixture.Locker.Put(grab.Held);
        return $"{grab.Held.Start} {grab.Held.Entry}";
    }

    private static string LockAt(EntryFixture fixture, PageIndex index, PageOrder order)
    {
        PageIndex start = index.StartOf(order);
        if (!fixture.Locker.LockAt(start, order, out HeldEntry held))
        {
            return "none";
        }

        Assert.That(fixture.Table[start].Entry.IsLocked, Is.True);
        fixture.Locker.Put(held);
        return $"{held.Start} {held.Entry}";
    }

    private static string Remove(EntryFixture fixture, PageIndex index)
    {
        if (!fixture.Locker.LockAny(index, out HeldEntry held))
        {
            return "none";
        }

        fixture.Locker.Remove(held);
        return $"{held.Start} {held.Entry}";
    }

    private static string Clean(EntryFixture fixture, PageIndex index)
    {
        if (!fixture.Locker.LockAny(index, out HeldEntry held))
        {
            return "none";
        }

        fixture.Table.ClearTowrite(held.Start);
        fixture.Locker.Unlock(held.Start, held.Entry.WithDirty(false));
        fixture.Table.RefreshAnyDirty(PageRange.All);
        return $"{held.Start}";
    }

    private static string Tag(EntryFixture fixture, PageIndex index)
    {
        fixture.Table.TagTowrite(PageRange.Between(index, new PageIndex(512)));
        PageIndex from = fixture.Table.ReadsPmd(index) ? index.PmdStart : index;
        return fixture.Table.NextTowrite(from, new PageIndex(512), out PageIndex start) ? start.ToString() : "none";
    }

    private static string Names(ReadOnlySpan<Operation> operations) => string.Join(", ", operations.ToArray().Select(o => o.Name));

    private sealed record Operation(string Name, Func<EntryFixture, string> OnTable, Func<EntryModel, string> OnModel);
}
