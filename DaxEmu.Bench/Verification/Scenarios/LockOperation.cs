using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Mm;

namespace DaxEmu.Bench.Verification.Scenarios;

/// <summary>Something that a thread of a lock scenario does.</summary>
/// <param name="Name">As traces print it.</param>
/// <param name="Code">As the names of generated scenarios have it: lower-case letters and digits.</param>
/// <param name="Run">Does it; the number is the thread's.</param>
internal sealed record LockOperation(string Name, string Code, Action<LockFixture, int> Run)
{
    private static readonly PageRange Range = new(new PageIndex(0), DaxConstants.PagesPerPmd);

    /// <summary>A 4 KiB write fault.</summary>
    public static LockOperation PteFault(long page) => new($"4 KiB fault @{page}", $"pte{page}", (fixture, thread) => Reading(fixture, () => FaultPte(fixture, page, thread)));

    /// <summary>A 2 MiB write fault.</summary>
    public static LockOperation PmdFault { get; } = new("2 MiB fault @0", "pmd", (fixture, thread) => Reading(fixture, () => FaultPmd(fixture, thread, mustServe: false)));

    /// <summary>A 2 MiB write fault that nothing stands in the way of.</summary>
    public static LockOperation LonePmdFault { get; } = new("2 MiB fault @0", "lonepmd", (fixture, thread) => Reading(fixture, () => FaultPmd(fixture, thread, mustServe: true)));

    /// <summary>A 2 MiB read fault on a hole.</summary>
    public static LockOperation ZeroPmdFault { get; } = new("2 MiB hole @0", "zeropmd", (fixture, thread) => Reading(fixture, () =>
    {
        Grab grab = fixture.Locker.Grab(new PageIndex(0), PageOrder.Pmd);
        if (grab.Outcome == GrabOutcome.Locked)
        {
            fixture.Own(grab.Held, thread);
            fixture.Disown(grab.Held);
            fixture.Locker.Unlock(grab.Held.Start, grab.Held.Entry.IsReal ? grab.Held.Entry : DaxEntry.Zero(PageOrder.Pmd));
        }
    }));

    /// <summary>Takes out whatever covers a page.</summary>
    public static LockOperation Invalidate(long page) => new($"invalidate @{page}", $"inv{page}", (fixture, thread) =>
    {
        if (fixture.Locker.LockAny(new PageIndex(page), out HeldEntry held))
        {
            fixture.Own(held, thread);
            fixture.Disown(held);
            fixture.Locker.Remove(held);
        }
    });

    /// <summary>Looks at whatever covers a page, as an invalidate that finds it dirty, and leaves it.</summary>
    public static LockOperation Keep(long page) => new($"invalidate dirty @{page}", $"keep{page}", (fixture, thread) =>
    {
        if (fixture.Locker.LockAny(new PageIndex(page), out HeldEntry held))
        {
            fixture.Own(held, thread);
            fixture.Disown(held);
            fixture.Locker.Put(held);
        }
    });

    /// <summary>A writeback pass over the range.</summary>
    public static LockOperation Writeback { get; } = new("writeback", "wb", WriteBack);

    /// <summary>Waits for an entry through its page, as memory failure does, and finds the page gone.</summary>
    public static LockOperation GiveUp(long page) => new($"lock by page @{page}, gone", $"gone{page}", (fixture, _) => fixture.Locker.WaitWithoutLocking(new PageIndex(page)));

    /// <summary>Locks an entry through a page of it and unlocks it through that page.</summary>
    public static LockOperation LockByPage(long page) => new($"lock by page @{page}", $"page{page}", (fixture, thread) =>
    {
        if (fixture.Locker.LockAny(new PageIndex(page), out HeldEntry held))
        {
            fixture.Own(held, thread);
            fixture.Disown(held);
            fixture.Locker.UnlockByPage(new PageIndex(page), held);
        }
    });

    /// <summary>Keeps faults out and takes everything out.</summary>
    public static LockOperation Truncate { get; } = new("truncate", "trunc", (fixture, thread) =>
    {
        fixture.InvalidateLock.EnterWrite();
        PageIndex next = Range.First;
        while (fixture.Table.NextPresent(next, Range.End, out PageIndex start, out _))
        {
            Invalidate(start.Value).Run(fixture, thread);
            next = start + 1;
        }

        ScenarioCheck.That(!fixture.Table.NextPresent(Range.First, Range.End, out _, out _), "an entry came into a file that is being truncated");
        fixture.InvalidateLock.ExitWrite();
    });

    private static unsafe void Reading(LockFixture fixture, Action action)
    {
        ulong* hold = fixture.InvalidateLock.EnterRead();
        action();
        AsymmetricLock.ExitRead(hold);
    }

    private static void FaultPte(LockFixture fixture, long page, int thread)
    {
        Grab grab = fixture.Locker.Grab(new PageIndex(page), PageOrder.Pte);
        HeldEntry held = grab.Held;
        fixture.Own(held, thread);
        if (grab.Outcome == GrabOutcome.NeedsDowngrade)
        {
            fixture.Disown(held);
            held = fixture.Locker.FinishDowngrade(held, new PageIndex(page));
            fixture.Own(held, thread);
        }

        Finish(fixture, held, new Pfn(DaxConstants.PagesPerPmd + page));
    }

    private static void FaultPmd(LockFixture fixture, int thread, bool mustServe)
    {
        Grab grab = fixture.Locker.Grab(new PageIndex(0), PageOrder.Pmd);
        if (grab.Outcome == GrabOutcome.Locked)
        {
            fixture.Own(grab.Held, thread);
            Finish(fixture, grab.Held, new Pfn(DaxConstants.PagesPerPmd));
        }
        else if (mustServe)
        {
            fixture.WasRefusedWithoutReason = true;
        }
    }

    private static void Finish(LockFixture fixture, HeldEntry held, Pfn pfn)
    {
        DaxEntry entry = (held.Entry.IsReal ? held.Entry : DaxEntry.Real(pfn, held.Entry.Order)).WithDirty();
        if (!entry.IsPmd)
        {
            fixture.Table.NoteDirty(held.Start);
        }

        fixture.Disown(held);
        fixture.Locker.Unlock(held.Start, entry);
    }

    private static void WriteBack(LockFixture fixture, int thread)
    {
        fixture.Table.TagTowrite(Range);
        PageIndex next = Range.First;
        while (fixture.Table.NextTowrite(next, Range.End, out PageIndex start))
        {
            DaxEntry seen = fixture.Table.Lookup(start);
            if (seen.IsPresent && fixture.Locker.LockAt(start, seen.Order, out HeldEntry held))
            {
                fixture.Own(held, thread);
                fixture.Table.ClearTowrite(start);
                fixture.Disown(held);
                fixture.Locker.Unlock(start, held.Entry.WithDirty(false));
            }

            next = start + 1;
        }

        fixture.Table.RefreshAnyDirty(Range);
    }
}
