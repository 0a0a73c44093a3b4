using DaxEmu.Core.Entries;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Checking.Worlds;

/// <summary>Something that a thread of a lock world does.</summary>
/// <param name="Name">As traces print it.</param>
/// <param name="Code">As the names of generated worlds have it: lower-case letters and digits.</param>
/// <param name="Run">Does it; the number is the thread's.</param>
internal sealed record LockOperation(string Name, string Code, Action<LockRoom, int> Run)
{
    private static readonly PageRange Range = new(new PageIndex(0), DaxConstants.PagesPerPmd);

    /// <summary>A 4 KiB write fault.</summary>
    public static LockOperation PteFault(long page) => new($"4 KiB fault @{page}", $"pte{page}", (room, thread) => Reading(room, () => FaultPte(room, page, thread)));

    /// <summary>A 2 MiB write fault.</summary>
    public static LockOperation PmdFault { get; } = new("2 MiB fault @0", "pmd", (room, thread) => Reading(room, () => FaultPmd(room, thread, mustServe: false)));

    /// <summary>A 2 MiB write fault that nothing stands in the way of.</summary>
    public static LockOperation LonePmdFault { get; } = new("2 MiB fault @0", "lonepmd", (room, thread) => Reading(room, () => FaultPmd(room, thread, mustServe: true)));

    /// <summary>Takes out whatever covers a page.</summary>
    public static LockOperation Invalidate(long page) => new($"invalidate @{page}", $"inv{page}", (room, thread) =>
    {
        if (room.Locker.TakeAny(new PageIndex(page), out HeldEntry held))
        {
            room.Own(held, thread);
            room.Disown(held);
            room.Locker.Remove(held);
        }
    });

    /// <summary>Looks at whatever covers a page, as an invalidate that finds it dirty, and leaves it.</summary>
    public static LockOperation Keep(long page) => new($"invalidate dirty @{page}", $"keep{page}", (room, thread) =>
    {
        if (room.Locker.TakeAny(new PageIndex(page), out HeldEntry held))
        {
            room.Own(held, thread);
            room.Disown(held);
            room.Locker.Put(held);
        }
    });

    /// <summary>A writeback pass over the range.</summary>
    public static LockOperation Writeback { get; } = new("writeback", "wb", WriteBack);

    /// <summary>Waits for an entry through its page, as memory failure does, and finds the page gone.</summary>
    public static LockOperation GiveUp(long page) => new($"lock by page @{page}, gone", $"gone{page}", (room, _) => room.Locker.WaitWithoutClaim(new PageIndex(page)));

    /// <summary>Locks an entry through a page of it and unlocks it through that page.</summary>
    public static LockOperation LockByPage(long page) => new($"lock by page @{page}", $"page{page}", (room, thread) =>
    {
        if (room.Locker.TakeAny(new PageIndex(page), out HeldEntry held))
        {
            room.Own(held, thread);
            room.Disown(held);
            room.Locker.UnlockByPage(new PageIndex(page), held);
        }
    });

    /// <summary>Keeps faults out and takes everything out.</summary>
    public static LockOperation Truncate { get; } = new("truncate", "trunc", (room, thread) =>
    {
        room.InvalidateLock.EnterWrite();
        PageIndex next = Range.First;
        while (room.Table.NextPresent(next, Range.End, out PageIndex start, out _))
        {
            Invalidate(start.Value).Run(room, thread);
            next = start + 1;
        }

        WorldCheck.That(!room.Table.NextPresent(Range.First, Range.End, out _, out _), "an entry came into a file that is being truncated");
        room.InvalidateLock.ExitWrite();
    });

    private static unsafe void Reading(LockRoom room, Action action)
    {
        ulong* hold = room.InvalidateLock.EnterRead();
        action();
        AsymmetricLock.ExitRead(hold);
    }

    private static void FaultPte(LockRoom room, long page, int thread)
    {
        Grab grab = room.Locker.Grab(new PageIndex(page), PageOrder.Pte);
        HeldEntry held = grab.Held;
        room.Own(held, thread);
        if (grab.Outcome == GrabOutcome.NeedsDowngrade)
        {
            room.Disown(held);
            held = room.Locker.FinishDowngrade(held, new PageIndex(page));
            room.Own(held, thread);
        }

        Finish(room, held, new Pfn(DaxConstants.PagesPerPmd + page));
    }

    private static void FaultPmd(LockRoom room, int thread, bool mustServe)
    {
        Grab grab = room.Locker.Grab(new PageIndex(0), PageOrder.Pmd);
        if (grab.Outcome == GrabOutcome.Locked)
        {
            room.Own(grab.Held, thread);
            Finish(room, grab.Held, new Pfn(DaxConstants.PagesPerPmd));
        }
        else if (mustServe)
        {
            room.WasRefusedWithoutReason = true;
        }
    }

    private static void Finish(LockRoom room, HeldEntry held, Pfn pfn)
    {
        DaxEntry entry = (held.Entry.IsReal ? held.Entry : DaxEntry.Real(pfn, held.Entry.Order)).WithDirty();
        if (!entry.IsPmd)
        {
            room.Table.NoteDirty(held.Start);
        }

        room.Disown(held);
        room.Locker.Unlock(held.Start, entry);
    }

    private static void WriteBack(LockRoom room, int thread)
    {
        room.Table.TagTowrite(Range);
        PageIndex next = Range.First;
        while (room.Table.NextTowrite(next, Range.End, out PageIndex start))
        {
            DaxEntry seen = room.Table.Lookup(start);
            if (seen.IsPresent && room.Locker.TakeAt(start, seen.Order, out HeldEntry held))
            {
                room.Own(held, thread);
                room.Table.ClearTowrite(start);
                room.Disown(held);
                room.Locker.Unlock(start, held.Entry.WithDirty(false));
            }

            next = start + 1;
        }

        room.Table.RefreshAnyDirty(Range);
    }
}
