using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Mm;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>Faults a run of pages in, one after the other, with one look at what they share (<c>faultin_page_range</c>).</summary>
/// <remarks>
/// What a page needs is what a single fault does: a translation that allows the access is left alone; where a real entry is there and unlocked,
/// its lock is set, with the dirty mark in the same step, and the translation installed under it. Everything else takes the way of a single
/// fault: no entry, one that is locked or shared, holes, 2 MiB. What is asked once a 2 MiB is whether its slots are a table and whether the VMA
/// is plain, and once a call the invalidate lock, the size of the file, and whether events are wanted.
/// </remarks>
/// <param name="faults">The faults of the file.</param>
internal sealed unsafe class RangeFault(FaultLoop faults)
{
    private const ulong LockableMask =
        DaxEntry.PresentBit | DaxEntry.LockedBit | DaxEntry.ZeroBit | DaxEntry.EmptyBit | DaxEntry.SharedBit;

    // How long the invalidate lock is held for reading at once: a truncate waits no longer than for so many pages.
    private const long PagesPerHold = DaxConstants.PagesPerPmd;

    private readonly AddressSpace mapping = faults.Mapping;

    /// <summary>Faults pages in; the caller holds nothing.</summary>
    /// <param name="area">A VMA of the file.</param>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many; all of the VMA.</param>
    /// <param name="isWrite">Whether they are to be written: then they are dirty afterwards.</param>
    /// <param name="reached">How many were faulted in.</param>
    /// <returns>Why the next one cannot be reached; none if all were.</returns>
    /// <exception cref="ObjectDisposedException">The VMA was unmapped.</exception>
    public IoError Run(VmArea area, VmaPage first, long count, bool isWrite, out long reached)
    {
        long at = first.Value;
        long end = at + count;
        IoError error = IoError.None;
        while (at < end && error == IoError.None)
        {
            long stop = Math.Min(end, (at & -PagesPerHold) + PagesPerHold);
            using AsymmetricLock.ReadHold hold = mapping.InvalidateLock.Read();
            faults.Handler.Check(area);
            error = RunHeld(area, ref at, stop, isWrite);
        }

        reached = Math.Min(at, end) - first.Value;
        return error;
    }

    /// <summary>As <see cref="Run"/>, for a caller that holds the invalidate lock for reading and has checked the VMA.</summary>
    /// <param name="area">The VMA.</param>
    /// <param name="at">The first page; the first that was not faulted in afterwards. Past the end if a 2 MiB translation reaches over it.</param>
    /// <param name="end">The page after the last one.</param>
    /// <param name="isWrite">Whether they are to be written.</param>
    public IoError RunHeld(VmArea area, ref long at, long end, bool isWrite)
    {
        while (at < end)
        {
            if (area.Table.Directory(at).IsTable)
            {
                InTable(area, ref at, Math.Min(end, area.Table.FirstPageOf(area.Table.SlotOf(at) + 1)), isWrite);
                if (at >= end)
                {
                    return IoError.None;
                }
            }

            IoError error = faults.Resolve(FaultLoop.RequestFor(area, at, isWrite), out Translation translation);
            if (error != IoError.None)
            {
                return error;
            }

            at = translation.IsHuge ? area.Table.FirstPageOf(area.Table.SlotOf(at) + 1) : at + 1;
        }

        return IoError.None;
    }

    // Pages of one 2 MiB of the VMA whose slot is a table, which it stays. Stops at the first that needs a fault of its own.
    private void InTable(VmArea area, ref long at, long end, bool isWrite)
    {
        ulong needed = Translation.PresentBit | (isWrite ? Translation.WritableBit | Translation.DirtyBit : 0);
        bool isPlain = ReferenceEquals(isWrite ? area.PlainForWrites : area.PlainForReads, mapping.VmFile)
            && mapping.Locker.Sink is null
            && mapping.Device.Poison.IsEmpty;
        bool isDirty = isWrite || mapping.Behaviour.ReadFaultsDirty;

        // Under the invalidate lock the file does not shrink; what it has grown by meanwhile is left to the single fault.
        long endOfFile = isPlain ? Math.Min(end, mapping.EndIndex - area.FirstIndex) : 0;
        EntryTable table = mapping.Entries;
        ref ulong words = ref area.Table.PageWord(at);
        for (long first = at; at < end; at++)
        {
            ref ulong translation = ref Unsafe.Add(ref words, (nint)(at - first));
            if ((Atomic.Load(ref translation, Site.ReadTranslation) & needed) == needed)
            {
                continue;
            }

            PageIndex index = area.IndexOf(at);
            if (at >= endOfFile || !table.ReadRegion(index).IsTable)
            {
                return;
            }

            ref ulong slot = ref table.SlotOf(index);
            ulong entry = Atomic.Load(ref slot, Site.ReadSlot);
            ulong marked = isDirty ? entry | DaxEntry.DirtyBit : entry;
            if ((entry & LockableMask) != DaxEntry.PresentBit || !Atomic.TryReplace(ref slot, marked | DaxEntry.LockedBit, entry, Site.LockEntry))
            {
                return;
            }

            if (marked != entry)
            {
                table.NoteDirty(index); // before the translation, as in a single fault (EntryInstall)
            }

            var wanted = Translation.Device(new DaxEntry(entry).Pfn, PageOrder.Pte, isWrite);
            if (isWrite || (Atomic.Load(ref translation, Site.ReadTranslation) & Translation.PresentBit) == 0)
            {
                Atomic.Store(ref translation, wanted.Word, Site.WriteTranslation);
            }

            mapping.Locker.Unlock(index, ref slot, marked);
        }
    }
}
