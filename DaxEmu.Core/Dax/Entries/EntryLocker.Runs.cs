using System.Numerics;
using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Core.Dax.Waiting.Policies;

namespace DaxEmu.Core.Dax.Entries;

/// <content>Runs of entries: a lock each, and what is paid once a run.</content>
internal sealed partial class EntryLocker
{
    /// <summary>Locks 4 KiB entries of a group, in order, without waiting: stops before the first that another thread holds.</summary>
    /// <param name="run">Receives them.</param>
    /// <param name="wanted">Whose entries, a bit a page; pages without a 4 KiB entry are passed over.</param>
    /// <returns>The pages that were looked at; all that were wanted, unless one is held.</returns>
    public ulong TryLockRun(ref EntryRun run, ulong wanted)
    {
        // What is counted on the way stays in registers: each store would be waited for by the next locked instruction.
        ref ulong first = ref table.SlotOf(run.Group);
        ulong held = 0;
        ulong rest = wanted;
        for (; rest != 0; rest &= rest - 1)
        {
            int page = BitOperations.TrailingZeroCount(rest);
            ref ulong word = ref Unsafe.Add(ref first, page);
            ulong seen = Atomic.Load(ref word, Site.ReadSlot);
            if (seen == 0)
            {
                continue;
            }

            if ((seen & DaxEntry.LockedBit) != 0 || !EntryTable.TryLock(ref word, new DaxEntry(seen)))
            {
                break;
            }

            Trace(NoteKind.Locked, run.Group + page, PageOrder.Pte);
            run.Set(page, new DaxEntry(seen));
            held |= 1UL << page;
        }

        run.Hold(held);
        return wanted & ~rest;
    }

    /// <summary>Removes held entries of a run, and wakes their waiters; see <see cref="EntryTable.RemoveRun"/>.</summary>
    public void RemoveRun(ref EntryRun run, ulong bits)
    {
        table.RemoveRun(run, bits);
        run.Forget(bits);
        for (ulong rest = InterleavingSwitch.On ? bits : 0; rest != 0; rest &= rest - 1)
        {
            Trace(NoteKind.Removed, run.Group + BitOperations.TrailingZeroCount(rest), PageOrder.Pte);
        }

        // One look for all, as for UnlockRun.
        for (ulong rest = Atomic.Load(ref table.Waiters, Site.ReadWaiters) != 0 ? bits : 0; rest != 0; rest &= rest - 1)
        {
            WakeRemoved(new HeldEntry(run.Group + BitOperations.TrailingZeroCount(rest), DaxEntry.Empty(PageOrder.Pte)), RemovalKind.Delete);
        }
    }

    /// <summary>Unlocks held entries of a run as what they are by now, and wakes the next waiter of each (<see cref="Unlock(PageIndex, DaxEntry)"/>).</summary>
    public void UnlockRun(ref EntryRun run)
    {
        for (ulong rest = run.Held; rest != 0; rest &= rest - 1)
        {
            int page = BitOperations.TrailingZeroCount(rest);
            Atomic.Store(ref table.WordOf(run.Group + page, run.Order), run[page].Word, Site.UnlockEntry);
            Trace(NoteKind.Unlocked, run.Group + page, run.Order);
        }

        // One look for all: a waiter whose barrier came before it is seen; after that of any other, all these stores are there (WaitTable).
        if (Atomic.Load(ref table.Waiters, Site.ReadWaiters) != 0)
        {
            PageOrder order = run.Order;
            for (ulong rest = run.Held; rest != 0; rest &= rest - 1)
            {
                Wake(run.Group + BitOperations.TrailingZeroCount(rest), order, WakeMode.Next);
            }
        }

        run.Forget(run.Held);
    }

    /// <summary>Unlocks held entries of a run that were left as they were.</summary>
    public void PutRun(ref EntryRun run, ulong bits)
    {
        for (ulong rest = bits; rest != 0; rest &= rest - 1)
        {
            int page = BitOperations.TrailingZeroCount(rest);
            Put(new HeldEntry(run.Group + page, run[page]));
        }

        run.Forget(bits);
    }
}
