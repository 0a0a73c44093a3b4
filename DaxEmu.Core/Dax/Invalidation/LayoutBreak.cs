using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Pmem;

namespace DaxEmu.Core.Dax.Invalidation;

/// <summary>Ends every use of a range's memory before its blocks go elsewhere (<c>dax_break_layout</c>).</summary>
/// <remarks>
/// <para>The caller holds the file's invalidate lock for writing: no fault makes a translation or an entry meanwhile. Entries may still be
/// locked, by a writeback or by a handler of a memory error, and are waited for.</para>
/// <para>What is scanned is the entry table, not the translations: a page that was pinned and then unmapped is as busy as before (B31).</para>
/// </remarks>
internal static class LayoutBreak
{
    /// <summary>Unmaps a range and names the first pinned page of its entries (<c>dax_layout_busy_page_range</c>).</summary>
    /// <returns>Null if the range is idle.</returns>
    public static Pfn? BusyPage(AddressSpace mapping, PageRange range)
    {
        // Private copies stay: they are no memory of the device (B24).
        mapping.Unmap(range);
        PageIndex next = range.First;
        while (mapping.Entries.NextPresent(next, range.End, out PageIndex start, out DaxEntry seen))
        {
            if (seen is { IsPmd: false, IsLocked: false })
            {
                next = start;
                PfnRange pages = PagesInOnePiece(mapping.Entries, range.End, ref next);
                if (!pages.IsEmpty && mapping.Device.Owners.FirstBusy(pages) is { } pinned)
                {
                    return pinned;
                }

                continue;
            }

            // Waited for where it stands: the scan neither goes on to the next entry (B32) nor comes back one page further (B33).
            if (!mapping.Locker.LockAt(start, seen.Order, out HeldEntry held))
            {
                next = start > next ? start : next; // gone, or of another order: look at the same place again
                continue;
            }

            Pfn? busy = BusyPageOf(mapping.Device.Owners, held.Entry);
            mapping.Locker.Put(held);
            if (busy is not null)
            {
                return busy;
            }

            next = held.Range.End;
        }

        return null;
    }

    /// <summary>Unmaps pages and waits until none of a range is pinned.</summary>
    /// <remarks>
    /// While it sleeps, it releases the invalidate lock: the thread that will unpin may fault on this file first. Afterwards everything is
    /// looked at again.
    /// </remarks>
    /// <param name="mapping">The file; its invalidate lock is held for writing.</param>
    /// <param name="unmaps">Pages that lose their translations; those of <paramref name="range"/> do in any case.</param>
    /// <param name="range">Pages whose pins count, with all other pages of their entries.</param>
    /// <param name="maySleep">Whether to wait.</param>
    /// <param name="timeout">How long for each pin; null for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null if the range is idle; else a page that is busy.</returns>
    public static Pfn? AwaitIdle(AddressSpace mapping, PageRange unmaps, PageRange range, bool maySleep, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            if (!unmaps.IsEmpty)
            {
                mapping.Unmap(unmaps);
            }

            Pfn? busy = range.IsEmpty ? null : BusyPage(mapping, WholeEntries(mapping.Entries, range));
            if (busy is null || !maySleep)
            {
                return busy;
            }

            using (mapping.InvalidateLock.Pause())
            {
                if (!mapping.Device.Owners.WaitIdle(busy.Value, timeout ?? Timeout.InfiniteTimeSpan, cancellationToken))
                {
                    return busy;
                }
            }
        }
    }

    /// <summary>
    /// Takes out the entries of a range that is unmapped and idle. Not before: without its entry a page in use is not found (B34). Cannot
    /// fail: what can, and <see cref="FlushKept"/>, comes first.
    /// </summary>
    public static void TakeOut(AddressSpace mapping, PageRange range)
    {
        if (!range.IsEmpty)
        {
            Invalidator.DeleteRange(mapping, WholeEntries(mapping.Entries, range));
        }
    }

    /// <summary>Flushes dirty entries that are about to be taken out although pages of theirs stay in the file.</summary>
    /// <remarks>
    /// Their dirty marks go with them, so these pages are made durable now. Entries whose pages all go are left alone, and so are all
    /// marks: if the operation fails after this, or by this, nothing is lost.
    /// </remarks>
    /// <param name="mapping">The file; its invalidate lock is held for writing, and the range is unmapped.</param>
    /// <param name="range">The pages whose entries will be taken out; one that touches them goes whole.</param>
    /// <param name="discards">The pages whose content goes.</param>
    /// <exception cref="Native.DaxEnvironmentException">The storage failed.</exception>
    public static void FlushKept(AddressSpace mapping, PageRange range, PageRange discards)
    {
        if (range.IsEmpty)
        {
            return;
        }

        PageRange whole = WholeEntries(mapping.Entries, range);
        if (discards.IsEmpty)
        {
            FlushDirty(mapping, whole);
            return;
        }

        FlushDirty(mapping, PageRange.Between(whole.First, discards.First < whole.End ? discards.First : whole.End));
        FlushDirty(mapping, PageRange.Between(discards.End > whole.First ? discards.End : whole.First, whole.End));
    }

    // The device pages of 4 KiB entries from a page on that follow each other, none of them locked; none for an entry without a page. Nothing is
    // locked for this: with faults kept out, an unlocked entry keeps its pages until the caller takes it out.
    private static PfnRange PagesInOnePiece(EntryTable table, PageIndex end, ref PageIndex next)
    {
        PageIndex regionEnd = next.PmdStart + DaxConstants.PagesPerPmd;
        end = end < regionEnd ? end : regionEnd;
        DaxEntry entry = table.ReadSlot(next);
        Pfn first = entry.IsReal ? entry.Pfn : default;
        long count = 0;
        while (entry is { IsReal: true, IsLocked: false } && entry.Pfn == first + count)
        {
            count++;
            next += 1;
            entry = next < end ? table.ReadSlot(next) : default;
        }

        next += count == 0 && !entry.IsLocked ? 1 : 0; // locked by now: looked at again
        return new PfnRange(first, count);
    }

    // Flags first: a zero or empty entry has no page, and must not be asked for one (B35).
    private static Pfn? BusyPageOf(PageOwners owners, DaxEntry entry) =>
        entry.IsReal ? owners.FirstBusy(new PfnRange(entry.Pfn, entry.Order.PageCount())) : null;

    /// <summary>A range, widened to the 2 MiB entries that it begins and ends in.</summary>
    internal static PageRange WholeEntries(EntryTable table, PageRange range)
    {
        PageIndex last = range.End + -1;
        return PageRange.Between(
            table.ReadsPmd(range.First) ? range.First.PmdStart : range.First,
            table.ReadsPmd(last) ? last.PmdStart + DaxConstants.PagesPerPmd : range.End);
    }

    private static void FlushDirty(AddressSpace mapping, PageRange range)
    {
        PageIndex next = range.First;
        while (next < range.End && mapping.Entries.NextPresent(next, range.End, out PageIndex start, out DaxEntry seen))
        {
            // One that is clean and unlocked has nothing to flush; one that is locked may be about to become clean, and is waited for.
            if ((seen.IsDirty || seen.IsLocked) && mapping.Locker.LockAny(start, out HeldEntry held))
            {
                try
                {
                    if (held.Entry is { IsReal: true, IsDirty: true })
                    {
                        mapping.Device.FlushUnchecked(held.Entry.Pfn.OffsetBytes, held.Entry.Order.SizeBytes());
                    }
                }
                finally
                {
                    mapping.Locker.Put(held);
                }
            }

            next = start + seen.Order.PageCount();
        }

        mapping.Device.DrainUnchecked();
    }
}
