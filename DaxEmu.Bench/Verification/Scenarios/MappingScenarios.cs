using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Mm;

namespace DaxEmu.Bench.Verification.Scenarios;

/// <summary>Small scenarios over the real address space and fault handler, by name.</summary>
internal static class MappingScenarios
{
    private static readonly Definition[] Scenarios =
    [
        new("last-unpin", "A truncate waits for a page that is pinned: the last unpin must wake it.", MappingFixtureState.PinnedPage,
            [MappingOperation.Unpin], [MappingOperation.Punch(1)]),
        new("fault-or-truncate", "A write fault meets a truncate: no translation of a block that is given up survives.", MappingFixtureState.Unmapped,
            [MappingOperation.WriteFault(1)], [MappingOperation.Truncate(1)], [MappingOperation.Look]),
        new("writeback-or-fault", "A page is written again while it is written back: a translation that may be written through has a dirty entry.", MappingFixtureState.DirtyPages,
            [MappingOperation.Writeback(1)], [MappingOperation.WriteFault(1)], [MappingOperation.Look]),
        new("writeback-two-views", "2 MiB are written back while another process writes to a page of them through a smaller VMA.", MappingFixtureState.DirtyPmd,
            [MappingOperation.Writeback(0)], [MappingOperation.WriteFault(1)], [MappingOperation.Look]),
        new("pmd-over-ptes", "A 2 MiB fault and a 4 KiB fault on an empty range: never both, in the entries or in a page table.", MappingFixtureState.Unmapped,
            [MappingOperation.HugeWriteFault], [MappingOperation.WriteFault(1, MappedBy.Whole)], [MappingOperation.Look]),
        new("pinned-page", "A page is pinned while a truncate takes its block: not before it is unpinned.", MappingFixtureState.DirtyPages,
            [MappingOperation.PinAndUnpin(1)], [MappingOperation.Punch(1)]),
        new("two-faults-one-page", "A read and a write fault on a page of a hole: both see the block in the end.", MappingFixtureState.Hole,
            [MappingOperation.ReadFault(1, MappedBy.Whole)], [MappingOperation.WriteFault(1)], [MappingOperation.Look]),
        new("downgrade-mapped", "A 2 MiB zero entry that is mapped makes way for two 4 KiB faults.", MappingFixtureState.ZeroPmd,
            [MappingOperation.WriteFault(0)], [MappingOperation.WriteFault(1)], [MappingOperation.Look]),
        new("copy-or-read", "A write fault copies a shared block while another process reads the page: in the end both see the copy.", MappingFixtureState.SharedPage,
            [MappingOperation.WriteFault(1)], [MappingOperation.ReadFault(1, MappedBy.Whole)], [MappingOperation.Look]),
        new("split-shared-pmd", "Two write faults copy two pages of a shared 2 MiB entry that is mapped.", MappingFixtureState.SharedPmd,
            [MappingOperation.WriteFault(0)], [MappingOperation.WriteFault(1)], [MappingOperation.Look]),
        new("copy-or-writeback", "A write fault copies a shared block while the page is written back: the copy is dirty in the end.", MappingFixtureState.SharedPage,
            [MappingOperation.WriteFault(1)], [MappingOperation.Writeback(1)], [MappingOperation.Look]),
        new("hole-becomes-pages", "A 2 MiB read fault maps the huge zero page where a 4 KiB write fault puts a block.", MappingFixtureState.Hole,
            [MappingOperation.HugeReadFault], [MappingOperation.WriteFault(1, MappedBy.Whole)], [MappingOperation.Look]),
        new("invalidate-or-fault", "A clean entry is taken out while it is mapped once more.", MappingFixtureState.CleanPage,
            [MappingOperation.Invalidate(1)], [MappingOperation.ReadFault(1, MappedBy.Whole)]),
        new("hole-or-write", "A read fault finds a hole that a write fills: no translation keeps the zero page.", MappingFixtureState.Hole,
            [MappingOperation.ReadFault(1)], [MappingOperation.Write(1)]),
        new("poison-or-fault", "A page's memory is lost while it is faulted in: no access reaches it afterwards.", MappingFixtureState.DirtyPages,
            [MappingOperation.WriteFault(1)], [MappingOperation.Poison(1)]),
        new("lock-by-page-or-punch", "A handler of a memory error locks an entry by its block while the page gets another one.", MappingFixtureState.DirtyPages,
            [MappingOperation.LockByPage(1)], [MappingOperation.Punch(1), MappingOperation.WriteFault(1)]),
        new("store-or-fault", "A page is faulted in for a write while another thread stores to it and syncs: the store is durable.", MappingFixtureState.CleanPage,
            [MappingOperation.WriteFault(1)], [MappingOperation.StoreAndSync(1, 7)], [MappingOperation.Look]),
        new("store-or-populate", "The same where the page is faulted in with others.", MappingFixtureState.CleanPage,
            [MappingOperation.Populate(1, 1)], [MappingOperation.StoreAndSync(1, 7)], [MappingOperation.Look]),
        new("populate-or-writeback", "Pages are faulted in for writing while they are written back together.", MappingFixtureState.DirtyPages,
            [MappingOperation.Populate(0, 2)], [MappingOperation.WritebackOf(0, 2)]),
        new("huge-store-or-fault", "The same through a 2 MiB fault and a smaller VMA.", MappingFixtureState.Unmapped,
            [MappingOperation.HugeWriteFault], [MappingOperation.StoreAndSync(1, 7)], [MappingOperation.Look]),
        new("huge-refault-or-store", "The same where the 2 MiB entry is there already, and clean.", MappingFixtureState.CleanPmd,
            [MappingOperation.HugeWriteFault], [MappingOperation.StoreAndSync(1, 7)], [MappingOperation.Look]),
        new("copied-write-or-fault", "write(2) and a store copy the same shared block: both are there in the end.", MappingFixtureState.SharedPage,
            [MappingOperation.Write(1)], [MappingOperation.Store(1, 0x100)], [MappingOperation.Look]),
        new("refresh-or-remove", "A range ceases to have dirty entries while its last entry goes.", MappingFixtureState.DirtyPage,
            [MappingOperation.Writeback(1)], [MappingOperation.Punch(1)]),
        new("refresh-or-drop", "A range says no longer that it has dirty entries while its last entry, which is clean, goes with its table.", MappingFixtureState.CleanPageOfDirtyRange,
            [MappingOperation.Writeback(1)], [MappingOperation.DropLast(1)]),
        new("two-syncs", "Two threads sync a page that was stored to: neither returns before the store is durable.", MappingFixtureState.StoredPage,
            [MappingOperation.SyncOf(1)], [MappingOperation.SyncOf(1)]),
        new("sync-or-store", "A page is stored to while it is written back: it is dirty, or durable.", MappingFixtureState.StoredPage,
            [MappingOperation.Writeback(1)], [MappingOperation.StoreAndSync(1, 7)], [MappingOperation.Look]),
        new("unmap-or-writeback", "A VMA is unmapped while its pages are written back: its page table outlives the walk.", MappingFixtureState.DirtyPages,
            [MappingOperation.Writeback(1)], [MappingOperation.Unmap], [MappingOperation.Look]) { Extra = MapMode.Shared },
        new("unmap-or-write", "A VMA is unmapped while write(2) fills a hole that it maps.", MappingFixtureState.Hole,
            [MappingOperation.Write(1)], [MappingOperation.Unmap]) { Extra = MapMode.Shared },
        new("unmap-or-copy", "A private VMA is unmapped while a page of it is copied.", MappingFixtureState.CleanPage,
            [MappingOperation.ExtraStore(1)], [MappingOperation.Unmap]) { Extra = MapMode.Private },
        new("sync-fault-or-clone", "A MAP_SYNC fault meets a clone: no shared block may be written through.", MappingFixtureState.DirtyMetadata,
            [MappingOperation.SyncStore(1, 7)], [MappingOperation.CloneOf(1), MappingOperation.ReadFault(1)], [MappingOperation.Look]),
        new("sync-fault-or-punch", "A MAP_SYNC fault meets a punch and another fault: what is mapped is where the durable metadata say.", MappingFixtureState.DirtyMetadata,
            [MappingOperation.SyncStore(1, 7)], [MappingOperation.Punch(1), MappingOperation.WriteFault(1)], [MappingOperation.Look]),
        new("copy-in-or-sync", "Bytes are copied in through a view while another thread syncs: the thread's own sync makes them durable.", MappingFixtureState.DirtyPages,
            [MappingOperation.CopyInAndSync(1, 7)], [MappingOperation.Writeback(1)], [MappingOperation.Look]),
        new("copy-in-or-punch", "Bytes are copied in through a view while the page is punched: no store reaches the block that was given up.", MappingFixtureState.DirtyPages,
            [MappingOperation.CopyOf(1, 7)], [MappingOperation.Punch(1)], [MappingOperation.Look]),
        new("copy-in-or-clone", "Bytes are copied in through a view while the page is cloned: the clone does not change afterwards.", MappingFixtureState.DirtyPages,
            [MappingOperation.CopyOf(1, 7)], [MappingOperation.CloneOf(1)], [MappingOperation.Look]),
        new("clone-or-fault", "A page is cloned while it is written to: it gets a block of its own, or the clone has the write.", MappingFixtureState.CleanPage,
            [MappingOperation.Store(1, 7)], [MappingOperation.CloneOf(1)], [MappingOperation.Look]),
        new("unshare-or-fault", "A shared page gets a block of its own while it is written to.", MappingFixtureState.SharedPage,
            [MappingOperation.Unshare(1)], [MappingOperation.Store(1, 7)], [MappingOperation.Look]),
        new("write-or-pin", "write(2) fills a hole beside a page that is pinned; a punch of that page waits for the pin.", MappingFixtureState.HoleBesidePage,
            [MappingOperation.PinForReading(1)], [MappingOperation.WritePages(0, 2), MappingOperation.Punch(1)]),
        new("copied-write-or-writeback", "write(2) copies a shared block while the page is written back: no entry stays on the old block.", MappingFixtureState.SharedDirtyPage,
            [MappingOperation.Write(1)], [MappingOperation.Writeback(1)]),
        new("insert-or-punch", "A thread faults in two pages of an extent while the second is punched: the extent of the first fault does not serve the second.", MappingFixtureState.Unmapped,
            [MappingOperation.WriteFault(0), MappingOperation.WriteFault(1)], [MappingOperation.Punch(1)], [MappingOperation.Look]),
        new("insert-or-store", "A thread faults in two pages of an extent while another stores to the second and syncs: the store is durable.", MappingFixtureState.Unmapped,
            [MappingOperation.WriteFault(0), MappingOperation.WriteFault(1)], [MappingOperation.StoreAndSync(1, 7)], [MappingOperation.Look]),
        new("insert-or-huge", "A range loses its only entry and gets a 2 MiB one while a thread faults in its second page.", MappingFixtureState.Unmapped,
            [MappingOperation.ReadFault(0), MappingOperation.WriteFault(1)], [MappingOperation.Invalidate(0), MappingOperation.HugeWriteFault], [MappingOperation.Look]),
        new("huge-fault-or-punch", "A 2 MiB fault meets a punch of one page of it.", MappingFixtureState.Unmapped,
            [MappingOperation.HugeWriteFault], [MappingOperation.Punch(1)], [MappingOperation.Look]),
    ];

    // Those whose threads are few and short enough for buffered stores.
    private static readonly string[] BufferedNames = ["last-unpin", "fault-or-truncate", "pinned-page", "invalidate-or-fault", "hole-or-write", "poison-or-fault"];

    /// <summary>The historic bugs that need more than the entry table, each with the scenario and the profile that show it.</summary>
    public static IReadOnlyList<HistoricBug> Bugs { get; } = [new("B28", "last-unpin", WaitProfiles.V5_18, "f4f451a16dd1")];

    /// <summary>The names of the scenarios.</summary>
    public static IEnumerable<string> Names => Scenarios.Select(s => s.Name);

    /// <summary>A scenario under a profile.</summary>
    /// <exception cref="ArgumentException">There is none of that name; the message lists them.</exception>
    public static Scenario Named(string name, WaitProfile profile)
    {
        Definition scenario = Array.Find(Scenarios, s => s.Name == name)
            ?? throw new ArgumentException($"there is no scenario '{name}'. Choose one of: {string.Join(", ", Names)}.", nameof(name));
        return Make(name, scenario.Description, profile, scenario.State, scenario.Extra, scenario.Threads);
    }

    /// <summary>The smaller scenarios with buffered stores: the readers of the invalidate lock store plainly.</summary>
    public static IEnumerable<Scenario> Buffered(WaitProfile profile) =>
        BufferedNames.Select(name => Named(name, profile) with { Model = MemoryModel.TotalStoreOrder });

    /// <summary>A scenario of threads of operations.</summary>
    public static Scenario Make(string name, string description, WaitProfile profile, MappingFixtureState state, params MappingOperation[][] threads) =>
        Make(name, description, profile, state, MapMode.None, threads);

    /// <summary>As the other, with a VMA that threads may unmap.</summary>
    public static Scenario Make(
        string name, string description, WaitProfile profile, MappingFixtureState state, MapMode extra, params MappingOperation[][] threads) =>
        new(name, profile.Name, description, () => new Run(profile, state, extra, threads)) { Model = MemoryModel.SequentiallyConsistent };

    private sealed record Definition(string Name, string Description, MappingFixtureState State, params MappingOperation[][] Threads)
    {
        public MapMode Extra { get; init; }
    }

    private sealed class Run : IScenarioRun
    {
        private readonly MappingFixture fixture;

        public Run(WaitProfile profile, MappingFixtureState state, MapMode extra, MappingOperation[][] threads)
        {
            fixture = MappingFixture.Rent(profile, state, extra);
            Threads = [.. threads.Select(operations => new ScenarioThread(
                string.Join(", then ", operations.Select(o => o.Name)),
                () => Array.ForEach(operations, o => o.Run(fixture)),
                AsymmetricLock.Forget))];
        }

        public IReadOnlyList<ScenarioThread> Threads { get; }

        public void Check() => fixture.Check();

        public void Dispose() => fixture.Dispose();
    }
}
