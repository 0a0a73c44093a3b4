using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Pmem;

namespace DaxEmu.Core.Dax.Writeback;

/// <summary>Brings stores through spans of any age to writeback, on a device that tracks them (<see cref="PmemDeviceOptions.StoreTracking"/>).</summary>
/// <remarks>
/// <para>
/// Asked before each writeback of a range: which of the file's device pages were stored to? By the extents, not by the entries: a page
/// whose entry was dropped is still the file's, and a span may still lead to it. Where an entry shows the page, the entry becomes dirty
/// and the pass that follows writes it back; elsewhere the page is flushed here.
/// </para>
/// <para>
/// The emulator's own stores are reported as well, and so are those through spans that are still good: their entries are dirty already, or
/// are flushed once more.
/// </para>
/// </remarks>
internal static class RawStores
{
    /// <summary>Finds the stores to a range of a file. The caller keeps the mapping alive.</summary>
    /// <returns>An error if blocks could not be looked up or flushed; it is noted for the next fsync, and what was stored is found again.</returns>
    public static IoError Collect(AddressSpace mapping, PageRange range, StoreTracker tracker)
    {
        if (tracker.IsStrict)
        {
            mapping.SyncName = tracker.Number("sync", mapping.Name);
        }

        IoError error = FindBlocks(mapping, range, out List<Extent> blocks);
        tracker.Look([.. blocks.Select(b => new PfnRange(b.Pfn, b.PageCount))]);
        List<Pfn> unmapped = [];
        blocks.ForEach(block => MakeDirty(mapping, block, tracker, unmapped));
        if (unmapped.Count > 0 && !tracker.TryFlush(mapping.Device, unmapped))
        {
            error = IoError.Io;
        }

        if (error != IoError.None)
        {
            mapping.Errors.Set(IoError.Io.Errno());
            return IoError.Io;
        }

        return IoError.None;
    }

    /// <summary>What strict mode found in a file, or in blocks that no file has, and has not reported yet; null for nothing.</summary>
    public static RawStoreException? Failure(AddressSpace mapping)
    {
        if (mapping.Device.StrictStores is not { } tracker)
        {
            return null;
        }

        IReadOnlyList<RawStoreViolation> found = tracker.Take(mapping.Id);
        return found.Count == 0 ? null : new RawStoreException(found);
    }

    private static IoError FindBlocks(AddressSpace mapping, PageRange range, out List<Extent> blocks)
    {
        blocks = [];
        PageIndex end = range.End < mapping.EndIndex ? range.End : mapping.EndIndex;
        for (PageIndex next = range.First; next < end;)
        {
            ExtentAnswer answer = mapping.Extents.Find(next, end - next, ExtentIntent.Read);
            if (answer.Error != IoError.None)
            {
                return answer.Error;
            }

            // Of blocks that are being copied the source: until the copy ends, it is what the file shows.
            Extent extent = answer.Source;
            PageIndex stop = extent.End < end ? extent.End : end;
            if (!extent.ReadsAsZeroes)
            {
                blocks.Add(extent with { First = next, PageCount = stop - next, Pfn = extent.PfnAt(next) });
            }

            next = stop;
        }

        return IoError.None;
    }

    // Pages that no entry shows are left to the caller.
    private static void MakeDirty(AddressSpace mapping, Extent block, StoreTracker tracker, List<Pfn> unmapped)
    {
        var rest = new PfnRange(block.Pfn, block.PageCount);
        while (tracker.FirstWritten(rest) is { } pfn)
        {
            PageIndex index = block.First + (pfn.Value - block.Pfn.Value);
            Pfn next = pfn + 1;
            if (!TryMakeDirty(mapping, index, pfn, tracker, ref next))
            {
                if (tracker.IsStrict)
                {
                    tracker.Report(new PfnRange(pfn, 1), mapping.Id, mapping.Name, index);
                }

                unmapped.Add(pfn);
            }

            rest = new PfnRange(next, block.Pfn.Value + block.PageCount - next.Value);
        }
    }

    // Judged under the entry's lock: a writeback that has made it clean meanwhile has also dealt with what was stored before (EntryCleaner).
    private static bool TryMakeDirty(AddressSpace mapping, PageIndex index, Pfn pfn, StoreTracker tracker, ref Pfn next)
    {
        if (!mapping.Locker.LockAny(index, out HeldEntry held))
        {
            return false;
        }

        DaxEntry final = held.Entry;
        if (!final.IsReal || final.Pfn + (index - held.Start) != pfn)
        {
            mapping.Locker.Put(held);
            return false;
        }

        try
        {
            var pages = new PfnRange(final.Pfn, final.Order.PageCount());
            if (!final.IsDirty)
            {
                if (tracker.IsStrict)
                {
                    tracker.Report(pages, mapping.Id, mapping.Name, held.Start);
                }

                if (!final.IsPmd)
                {
                    mapping.Entries.NoteDirty(held.Start);
                }

                final = final.WithDirty();
                Atomic.Store(ref mapping.Entries.WordOf(held.Start, final.Order), final.WithLock.Word, Site.ReplaceEntry);
            }

            tracker.Settle(pages);
            next = pages.End;
        }
        finally
        {
            mapping.Locker.Unlock(held.Start, final);
        }

        return true;
    }
}
