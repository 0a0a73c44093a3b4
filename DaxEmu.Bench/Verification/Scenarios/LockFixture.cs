using DaxEmu.Core;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Core.Mm;
using DaxEmu.Native.Memory;

namespace DaxEmu.Bench.Verification.Scenarios;

/// <summary>What the range holds when the threads of a scenario begin.</summary>
internal enum LockFixtureState
{
    /// <summary>No entry.</summary>
    Empty,

    /// <summary>No entry, but 4 KiB ones were there: a table of empty slots.</summary>
    EmptyTable,

    /// <summary>A dirty 4 KiB entry at page 1.</summary>
    RealPte,

    /// <summary>A 2 MiB zero entry.</summary>
    ZeroPmd,

    /// <summary>A dirty 2 MiB entry on device memory.</summary>
    RealPmd,
}

/// <summary>
/// The state of a lock scenario: one 2 MiB range of the real entry table, the real locker, wait table and invalidate lock, and a word
/// for the owner of each entry, so that a second owner is seen.
/// </summary>
internal sealed unsafe class LockFixture : IDisposable
{
    /// <summary>Wait keys hash the mapping's id: the same in every run.</summary>
    private const long MappingId = 1;

    private const int WaitBits = 3;
    private const int NoScheduler = -1;
    private const ulong NoOwner = 0;
    private const long RealPfn = DaxConstants.PagesPerPmd;

    // By scheduler and profile: a scheduler's next run gets the fixture of its last one, with every word where it was.
    private static readonly Dictionary<(int FirstSlot, WaitProfile Profile), Stack<LockFixture>> Idle = [];

    private readonly ReservedRegion header = ReservedRegion.Reserve(sizeof(ulong) * (1 + DaxConstants.PagesPerPmd));
    private readonly Stack<LockFixture> home;

    private LockFixture(WaitProfile profile, Stack<LockFixture> home)
    {
        this.home = home;
        Table = new EntryTable(MappingId, DaxConstants.PagesPerPmd);
        Waits = new WaitTable(WaitBits);
        Locker = new EntryLocker(Table, Waits, profile);
        InvalidateLock = new AsymmetricLock(MappingId, MappingLock.Invalidate, (ulong*)header.Base);
    }

    /// <summary>A fixture in a state. Making one costs more than a schedule, so they are used again.</summary>
    public static LockFixture Rent(WaitProfile profile, LockFixtureState state)
    {
        LockFixture? fixture;
        lock (Idle)
        {
            (int, WaitProfile) key = (Atomic.Current?.FirstSlot ?? NoScheduler, profile);
            if (!Idle.TryGetValue(key, out Stack<LockFixture>? home))
            {
                Idle[key] = home = [];
            }

            fixture = home.TryPop(out LockFixture? idle) ? idle : new LockFixture(profile, home);
        }

        fixture.Prepare(state);
        return fixture;
    }

    public EntryTable Table { get; }

    public WaitTable Waits { get; }

    public EntryLocker Locker { get; }

    public AsymmetricLock InvalidateLock { get; }

    /// <summary>2 MiB requests that were refused though the range was empty and no other thread was there.</summary>
    public bool WasRefusedWithoutReason { get; set; }

    /// <summary>The thread owns the entry from here on; another owner is a violation. Part of the step by which it locked the entry.</summary>
    public void Own(HeldEntry held, int thread)
    {
        ref ulong owner = ref OwnerOf(held.Start);
        ScenarioCheck.That(owner == NoOwner, $"the entry at {held.Start} has two owners");
        owner = (ulong)thread + 1;
    }

    /// <summary>The thread owns it no more. A step, so that a search tries what others do before it.</summary>
    public void Disown(HeldEntry held) => Atomic.Store(ref OwnerOf(held.Start), NoOwner, Site.Other);

    /// <summary>What must hold when all have finished.</summary>
    public void Check()
    {
        IReadOnlyList<string> wrong = Table.Verify();
        ScenarioCheck.That(wrong.Count == 0, string.Join(' ', wrong));
        ScenarioCheck.That(!Owners.ContainsAnyExcept(NoOwner), "an entry is owned by a thread that has finished");
        ScenarioCheck.That(!WasRefusedWithoutReason, "a 2 MiB request on an empty range was refused");
    }

    /// <summary>Gives the fixture back, in whatever state a run left it.</summary>
    public void Dispose()
    {
        Table.Reset();
        Waits.Reset();
        *(ulong*)header.Base = 0;
        Owners.Clear();
        WasRefusedWithoutReason = false;
        lock (Idle)
        {
            home.Push(this);
        }
    }

    // SAFETY: the header has the writer's word of the invalidate lock, and then a word for each page.
    private Span<ulong> Owners => new((ulong*)header.Base + 1, DaxConstants.PagesPerPmd);

    private ref ulong OwnerOf(PageIndex start) => ref ((ulong*)header.Base)[1 + start.Value];

    private void Prepare(LockFixtureState state)
    {
        if (state == LockFixtureState.Empty)
        {
            return;
        }

        if (state == LockFixtureState.EmptyTable)
        {
            var page = new PageIndex(1);
            Table.TryInsertPte(page, DaxEntry.Empty(PageOrder.Pte).WithLock);
            Table.Remove(page, DaxEntry.Empty(PageOrder.Pte));
            return;
        }

        DaxEntry entry = state switch
        {
            LockFixtureState.RealPte => DaxEntry.Real(new Pfn(RealPfn + 1), PageOrder.Pte).WithDirty(),
            LockFixtureState.ZeroPmd => DaxEntry.Zero(PageOrder.Pmd),
            _ => DaxEntry.Real(new Pfn(RealPfn), PageOrder.Pmd).WithDirty(),
        };
        var start = new PageIndex(entry.IsPmd ? 0 : 1);
        if (entry.IsPmd)
        {
            Table.TryInsertPmd(start, entry);
            return;
        }

        Table.TryInsertPte(start, entry.WithLock);
        Table.NoteDirty(start);
        Table.SlotOf(start) = entry.Word;
    }
}
