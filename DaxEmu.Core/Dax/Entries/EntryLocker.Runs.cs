using System.Numerics;
using DaxEmu.Core.Atomics;
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
        for (ulong rest = wanted; rest != 0; rest &= rest - 1)
        {
            int page = BitOperations.TrailingZeroCount(rest);
            ref ulong word = ref table.SlotOf(run.Group + page);
            ulong seen = Atomic.Load(ref word, Site.ReadSlot);
            if (seen == 0)
            {
                continue;
            }

            if ((seen & DaxEntry.LockedBit) != 0 || !EntryTable.TryLock(ref word, new DaxEntry(seen)))
            {
                return wanted & ~rest;
            }

            Trace(NoteKind.Locked, run.Group + page, PageOrder.Pte);
            run.Add(page, seen);
        }

        return wanted;
    }

    /// <summary>Removes held entries of a run, and wakes their waiters; see <see cref="EntryTable.RemoveRun"/>.</summary>
    public void RemoveRun(ref EntryRun run, ulong bits)
    {
        table.RemoveRun(run, bits);
        run.Forget(bits);
        ForEach(run.Group, bits, static (locker, start) => locker.Trace(NoteKind.Removed, start, PageOrder.Pte), onlyTraces: true);
        if (Atomic.Load(ref table.Waiters, Site.ReadWaiters) != 0)
        {
            ForEach(run.Group, bits, static (locker, start) => locker.WakeRemoved(new HeldEntry(start, DaxEntry.Empty(PageOrder.Pte)), RemovalKind.Delete));
        }
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

    private void ForEach(PageIndex group, ulong bits, Action<EntryLocker, PageIndex> visit, bool onlyTraces = false)
    {
        for (ulong rest = onlyTraces && !InterleavingSwitch.On ? 0 : bits; rest != 0; rest &= rest - 1)
        {
            visit(this, group + BitOperations.TrailingZeroCount(rest));
        }
    }
}
