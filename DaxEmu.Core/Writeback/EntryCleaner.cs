using DaxEmu.Core.Entries;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Writeback;

/// <summary>What became of an entry that a pass had chosen.</summary>
internal enum CleanOutcome
{
    /// <summary>It was written back.</summary>
    Written,

    /// <summary>It is gone, was replaced, or another pass has dealt with it.</summary>
    Skipped,

    /// <summary>Something is there that cannot be dirty, or its page is poisoned (EIO).</summary>
    Error,
}

/// <summary>Writes one entry back (<c>dax_writeback_one</c>).</summary>
/// <remarks>
/// The order of steps is what keeps data safe. TOWRITE goes first: who dirties the entry again later is for the next pass. Then every VMA's
/// translation is write-protected, so that a new writer faults and waits for the entry's lock. Then the caches are flushed. Only then is
/// DIRTY cleared, together with the lock: a crash before that finds the entry dirty, and no store can slip in between.
/// </remarks>
internal sealed class EntryCleaner(AddressSpace mapping)
{
    /// <summary>EIO.</summary>
    public const int Eio = 5;

    public CleanOutcome Clean(PageIndex start, out PageOrder order)
    {
        DaxEntry seen = mapping.Entries.Lookup(start);
        order = seen.Order;
        if (!seen.IsPresent || start != start.StartOf(seen.Order))
        {
            // No mark outlives its entry. If one stands here by now, another pass has set it on the next entry.
            return CleanOutcome.Skipped;
        }

        if (!mapping.Locker.TakeAt(start, seen.Order, out HeldEntry held))
        {
            return CleanOutcome.Skipped;
        }

        DaxEntry final = held.Entry;
        try
        {
            if (seen.IsLocked && !IsStillChosen(start, seen, held.Entry, out bool isError))
            {
                return isError ? CleanOutcome.Error : CleanOutcome.Skipped;
            }

            return CleanHeld(held, ref final);
        }
        finally
        {
            mapping.Locker.Unlock(start, final);
        }
    }

    // The entry was waited for: it may be another one, or somebody else's work may be done on it.
    private bool IsStillChosen(PageIndex start, DaxEntry seen, DaxEntry now, out bool isError)
    {
        // Between the mark that was found and the look at the entry that one may have gone, and its mark with it: what stands here
        // now, a zero entry perhaps, was not chosen by anybody.
        bool isChosen = mapping.Entries.IsTowrite(start);
        bool isAnother = seen.IsReal != now.IsReal || (seen.IsReal && seen.Pfn != now.Pfn);
        isError = isChosen && !isAnother && !now.IsReal;
        return isChosen && !isAnother && !isError;
    }

    private CleanOutcome CleanHeld(HeldEntry held, ref DaxEntry final)
    {
        mapping.Entries.ClearTowrite(held.Start);
        if (held.Entry.IsEmpty)
        {
            return CleanOutcome.Skipped;
        }

        mapping.WriteProtect(held.Range);
        if (held.Entry.IsReal)
        {
            long offset = held.Entry.Pfn.OffsetBytes;
            long length = (long)held.Entry.Order.SizeBytes();
            mapping.Device.FlushUnchecked(offset, length);
            mapping.Device.DrainUnchecked();
        }

        final = held.Entry.WithDirty(false);
        mapping.Sink?.WritebackOne(mapping.Id, held.Start, held.Entry.Order.PageCount());
        return CleanOutcome.Written;
    }
}
