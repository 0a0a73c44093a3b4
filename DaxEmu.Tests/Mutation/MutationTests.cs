using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Mutation;

/// <summary>
/// Would the checker notice? Single faults are put into the sources of the core, and the search of a small scenario must find each; the
/// same search of the same sources without the fault, compiled the same way, must find nothing.
/// </summary>
/// <remarks>Each copy of the core has statics of its own, so copies are compiled and searched side by side.</remarks>
[Parallelizable(ParallelScope.All)]
public sealed class MutationTests
{
    private const string Locker = "Dax/Entries/EntryLocker.cs";
    private const string Table = "Dax/Entries/EntryTable.cs";
    private const string Marks = "Dax/Entries/EntryTable.Marks.cs";
    private const string Waits = "Dax/Waiting/WaitTable.cs";
    private const string Lock = "Atomics/WordLock.cs";
    private const string Invalidate = "Mm/AsymmetricLock.cs";

    private static readonly Mutant[] LockMutants =
    [
        new("a wake-up is not passed on", Locker,
            "WakeKey(key, WakeMode.Next, WakeCause.PassedOn);", "",
            "pass-on", "any-order"),
        new("who may give up swallows a wake-up", Locker,
            "Wait(ref table.WordOf(start, entry.Order), start, entry.Order, index, PageOrder.Pte, profile.GiveUp.IsExclusive, ref ticket);",
            "Wait(ref table.WordOf(start, entry.Order), start, entry.Order, index, PageOrder.Pte, true, ref ticket);",
            "give-up"),
        new("a put wakes nobody", Locker,
            "if (profile.PassOn.WakesWhenPut && Atomic.Load(ref table.Waiters, Site.ReadWaiters) != 0)", "if (false)",
            "put-wakes"),
        new("an unlock wakes nobody", Locker,
            "Wake(start, new DaxEntry(entry).Order, WakeMode.Next);", "",
            "empty--pte1--pte1"),
        new("an unlock by page wakes the page's key", Locker,
            "Wake(page.StartOf(order), order, WakeMode.Next);", "WakeKey(page, WakeMode.Next, WakeCause.PassedOn);",
            "unlock-by-page"),
        new("the key is the page that was searched for", Locker,
            "PageIndex keyPage = profile.Keying.KeyFor(searched, start, order);", "PageIndex keyPage = searched;",
            "unlock-by-page"),
        new("a removal wakes one", Locker,
            "RemovalWakeMode.All => WakeMode.All,", "RemovalWakeMode.All => WakeMode.Next,",
            "three-invalidators", "conflict"),
        new("a downgrade wakes nobody", Locker,
            "WakeRemoved(pmd, RemovalKind.Downgrade);", "",
            "downgrade"),
        new("the entry is looked at before the queue is locked", Waits,
            "if (!condition.StillHolds())", "Leave(ref bucket); bool holds = condition.StillHolds(); Enter(ref bucket); if (!holds)",
            "empty--pte1--pte1"),
        new("the entry is not looked at again", Waits,
            "if (!condition.StillHolds())", "if (false)",
            "empty--pte1--pte1"),
        new("no barrier on the parking side", Waits,
            "Atomic.ProcessWideBarrier(Site.WaiterBarrier);", "",
            "empty--pte1--pte1", BuffersStores: true),
        new("a wake-up for all ends at the first", Waits,
            "bool isLast = mode == WakeMode.Next && node->IsExclusive;", "bool isLast = node->IsExclusive;",
            "three-invalidators", "conflict"),
        new("the woken thread's futex is not woken", Waits,
            "Atomic.Wake(ref woken[i]->State, Site.WakeWaiter);", "",
            "empty--pte1--pte1"),
        new("the queue forgets its new last sleeper", Waits,
            "bucket.Last = node->Previous;", "",
            "put-wakes"),
        new("a sleeper is queued before it says that it waits", Waits,
            "Atomic.Store(ref node->State, WaitNode.Waiting, Site.NodeState);", "",
            "put-wakes"),
        new("a lock that does not look", Lock,
            "while (!Atomic.TryReplace(ref word, Taken, Free, site))", "while (false)",
            "put-wakes"),
        new("a lock that is two steps", Table,
            "Atomic.TryReplace(ref word, seen.WithLock.Word, seen.Word, Site.LockEntry);",
            "Atomic.Load(ref word, Site.LockEntry) == seen.Word && Atomic.Exchange(ref word, seen.WithLock.Word, Site.LockEntry) != 1;",
            "realpte--pte1--page1"),
        new("a 2 MiB entry is put in a step after the look at its range", Table,
            "if (!Atomic.TryReplace(ref RegionOf(index), locked.Word, 0, Site.InsertPmd))",
            "if (Atomic.Load(ref RegionOf(index), Site.ReadRegion) != 0 || Atomic.Exchange(ref RegionOf(index), locked.Word, Site.InsertPmd) == 1)",
            "empty--pte1--pmd"),
        new("an insert does not look at its range again", Table,
            "return TryFillSlot(ref SlotOf(index), locked) ? Confirm(index) : Insertion.Changed;",
            "return TryFillSlot(ref SlotOf(index), locked) ? Insertion.Done : Insertion.Changed;",
            "close-or-insert"),
        new("a table is closed without a mark", Table,
            "if (!Atomic.TryReplace(ref word, table.WithClosing.Word, table.Word, Site.CloseTable))", "if (table.IsPmd)",
            "close-or-insert"),
        new("a placeholder that is taken back wakes nobody", Locker,
            "Wake(index, PageOrder.Pte, WakeMode.All); // each of them looks again, whatever the profile's rule for removed entries", "",
            "close-or-insert"),
        new("a split stores over a placeholder", Table,
            "while ((transient = Atomic.CompareExchange(ref slot, lockedPte.Word, 0, Site.InsertEntry)) != 0)",
            "while ((transient = Atomic.Exchange(ref slot, lockedPte.Word, Site.InsertEntry)) == ulong.MaxValue)",
            "close-or-split", Preemptions: 3),
        new("a refresh does not look at the slots", Marks,
            "if (WordScan.First(slots + (region * WordsPerRegion), WordsPerRegion, DaxEntry.DirtyBit | DaxEntry.LockedBit, Site.ReadSlot) < WordsPerRegion)", "if (false)",
            "realpte--wb--pte1"),
        new("no barrier before the readers are looked for", Invalidate,
            "Atomic.ProcessWideBarrier(Site.WriterBarrier); // [L3] matches [L1] and [L2]", "",
            "empty--pte0--trunc", BuffersStores: true),
        new("a reader does not look for the writer", Invalidate,
            "if (Atomic.Load(ref *writer, Site.ReadWriter) == NoWriter) // [L2] matches [L3]", "if (true)",
            "empty--pte0--trunc"),
        new("a writer does not wait for the readers", Invalidate,
            "Atomic.SpinWhile(ref hold, id, Site.AwaitReader);", "",
            "empty--pte0--trunc"),
        new("a writer leaves and wakes nobody", Invalidate,
            "Atomic.Wake(ref *writer, Site.Writer);", "",
            "empty--pte0--trunc"),
    ];

    private CoreSources sources = null!;
    private Lazy<ProbedCore> sound = null!; // one copy, searched by several tests at once

    /// <summary>All of them.</summary>
    internal static IEnumerable<Mutant> Mutants => LockMutants.Concat(FaultMutants.All).Concat(DataLossMutants.All);

    private static IEnumerable<Mutant> Tried => Effort.Part(Mutants, every: 24);

    private static IEnumerable<Mutant> Scenarios => Tried.DistinctBy(m => (m.Scenario, m.Profile, m.BuffersStores));

    [OneTimeSetUp]
    public void ReadSources()
    {
        sources = new CoreSources();
        sound = new Lazy<ProbedCore>(sources.Compile);
    }

    // Of all of them, whatever part is tried: a line that was rewritten would leave its fault unsearched, and nobody would know.
    [Test]
    public void EachFaultHasItsLine() => Assert.Multiple(() =>
    {
        foreach (Mutant mutant in Mutants)
        {
            Assert.That(() => sources.PlaceOf(mutant.Name, mutant.File, mutant.Line), Throws.Nothing);
        }
    });

    [OneTimeTearDown]
    public void Unload()
    {
        if (sound.IsValueCreated)
        {
            sound.Value.Dispose();
        }
    }

    [Test]
    public void TheSearchFindsTheFault([ValueSource(nameof(Tried))] Mutant mutant)
    {
        using ProbedCore faulty = sources.Compile(mutant);
        string? found = faulty.Search(mutant, mutant.Preemptions);
        Assert.That(found, Is.Not.Null, "the search sees nothing");
        TestContext.Out.WriteLine(found);
    }

    // To the full bound, the same sources compiled by the build are searched elsewhere.
    [Test]
    public void TheSourcesCompiledTheSameWayWithoutAFaultPassEveryScenario([ValueSource(nameof(Scenarios))] Mutant mutant) =>
        Assert.That(sound.Value.Search(mutant, preemptions: 1), Is.Null, mutant.Scenario);
}
