using System.Numerics;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Dax.Invalidation;
using DaxEmu.Core.Mm;

namespace DaxEmu.Core;

/// <summary>Takes entries out (<c>__dax_invalidate_entry</c> and its users).</summary>
public static class Invalidator
{
    /// <summary>Drops a range of a file from memory: its translations in every VMA, then its entries (<c>truncate_inode_pages_range</c>).</summary>
    /// <remarks>
    /// Keeps faults out meanwhile. Private copies go too. The blocks stay the file's; pins keep their pages, but a later change of layout
    /// does not find them.
    /// </remarks>
    /// <param name="mapping">The file.</param>
    /// <param name="range">The pages; an entry that touches them goes whole.</param>
    /// <param name="discardsDirty">Whether stores that were not written back may be lost; by default they are made durable first.</param>
    /// <returns>How many entries went.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No file has such pages.</exception>
    /// <exception cref="Native.DaxEnvironmentException">The storage failed; the entries are still there.</exception>
    /// <exception cref="ObjectDisposedException">The mapping was disposed.</exception>
    public static long DropRange(this AddressSpace mapping, PageRange range, bool discardsDirty = false)
    {
        ArgumentNullException.ThrowIfNull(mapping);
        PageRange.Check(range);
        using AsymmetricLock.ReadHold use = mapping.Use();
        using AsymmetricLock.WriteHold hold = mapping.InvalidateLock.Write();
        PageRange whole = range.IsEmpty ? range : LayoutBreak.WholeEntries(mapping.Entries, range);
        mapping.Unmap(whole, keepCopies: false);
        LayoutBreak.FlushKept(mapping, range, discardsDirty ? whole : default);
        return DeleteRange(mapping, whole);
    }

    /// <summary>Takes out the entry that covers <paramref name="index"/>, whatever its marks (<c>dax_delete_mapping_entry</c>).</summary>
    /// <remarks>The caller has unmapped it and keeps faults out: it holds the invalidate lock for writing.</remarks>
    internal static InvalidateOutcome Delete(AddressSpace mapping, PageIndex index) => Invalidate(mapping, index, keepsDirty: false, out _);

    /// <summary>Takes out the entry that covers <paramref name="index"/> unless it is dirty or being written back (<c>dax_invalidate_mapping_entry_sync</c>).</summary>
    internal static InvalidateOutcome InvalidateIfClean(AddressSpace mapping, PageIndex index) =>
        Invalidate(mapping, index, keepsDirty: true, out _);

    /// <summary>Takes out every entry that touches the range, whatever its marks, and gives the table's memory back (<c>dax_delete_mapping_range</c>).</summary>
    /// <remarks>The caller has unmapped the range and keeps faults out.</remarks>
    /// <returns>How many entries went.</returns>
    internal static long DeleteRange(AddressSpace mapping, PageRange range)
    {
        long removed = 0;
        PageIndex next = range.First;
        while (mapping.Entries.NextPresent(next, range.End, out PageIndex start, out DaxEntry seen))
        {
            if (!seen.IsPmd && !seen.IsLocked)
            {
                next = DeleteRun(mapping, start, range.End, ref removed);
                continue;
            }

            // The entry that was met, not the next one: if it is locked, it is waited for and looked at again where it stands.
            InvalidateOutcome outcome = Invalidate(mapping, start, keepsDirty: false, out HeldEntry held);
            removed += outcome == InvalidateOutcome.Removed ? 1 : 0;
            next = outcome == InvalidateOutcome.Removed ? held.Range.End : start + seen.Order.PageCount();
        }

        mapping.Entries.ReleaseMemory(range);
        return removed;
    }

    /// <summary>Takes out every clean entry that touches the range (<c>invalidate_inode_pages2_range</c> of a DAX file).</summary>
    /// <remarks>
    /// One whose memory is pinned stays: without its entry, no later change of layout would find the pin (B34). The kernel takes
    /// it out.
    /// </remarks>
    /// <returns>Whether none was kept.</returns>
    internal static bool InvalidateRangeIfClean(AddressSpace mapping, PageRange range)
    {
        bool isAllGone = true;
        PageIndex next = range.First;
        while (mapping.Entries.NextPresent(next, range.End, out PageIndex start, out DaxEntry seen))
        {
            InvalidateOutcome outcome = Invalidate(mapping, start, keepsDirty: true, out _);
            isAllGone &= outcome != InvalidateOutcome.Kept;
            next = start + seen.Order.PageCount();
        }

        return isAllGone;
    }

    // The entries of a group from a page on, up to one that another thread holds. Returns the page to go on at.
    private static PageIndex DeleteRun(AddressSpace mapping, PageIndex start, PageIndex end, ref long removed)
    {
        var run = new EntryRun(start, stackalloc ulong[EntryRun.Length]);
        ulong wanted = EntryRun.Bits(run.Group, start, end);
        ulong looked = mapping.Locker.TryLockRun(ref run, wanted);
        ulong gone = 0;
        try
        {
            mapping.Disassociate(run, ref gone);
        }
        finally
        {
            mapping.Locker.RemoveRun(ref run, gone);
            mapping.Locker.PutRun(ref run, run.Held); // none, but after an exception
        }

        removed += BitOperations.PopCount(gone);
        return run.Group + (looked == wanted ? EntryRun.Length : BitOperations.TrailingZeroCount(wanted & ~looked));
    }

    private static InvalidateOutcome Invalidate(AddressSpace mapping, PageIndex index, bool keepsDirty, out HeldEntry held)
    {
        if (!mapping.Locker.LockAny(index, out held))
        {
            return InvalidateOutcome.Absent;
        }

        try
        {
            if (keepsDirty && MustStay(mapping, held))
            {
                mapping.Locker.Put(held);
                return InvalidateOutcome.Kept;
            }

            mapping.Disassociate(held.Start, held.Entry);
        }
        catch
        {
            mapping.Locker.Put(held);
            throw;
        }

        mapping.Locker.Remove(held);
        return InvalidateOutcome.Removed;
    }

    // The translations go first, while the entry's lock keeps new ones away: none outlives its entry, and a pin is looked for after
    // them (see PageOwners, [P1] and [P2]).
    private static bool MustStay(AddressSpace mapping, HeldEntry held)
    {
        if (held.Entry.IsDirty || mapping.Entries.IsTowrite(held.Start))
        {
            return true;
        }

        if (held.Entry.IsEmpty)
        {
            return false;
        }

        mapping.Unmap(held.Range);
        return held.Entry.IsReal
            && mapping.Device.Owners.FirstBusy(new PfnRange(held.Entry.Pfn, held.Entry.Order.PageCount())) is not null;
    }
}
