using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Pmem;
using DaxEmu.Core.Tracing;
using DaxEmu.Native;

namespace DaxEmu.Core.Dax.Writeback;

/// <summary>What became of an entry that a pass had chosen.</summary>
internal enum CleanOutcome
{
    /// <summary>It was written back.</summary>
    Written,

    /// <summary>It is gone, was replaced, or another pass has dealt with it.</summary>
    Skipped,

    /// <summary>Something is there that cannot be dirty, its memory is lost, or its storage failed (EIO).</summary>
    Error,
}

/// <summary>Writes one entry back (<c>dax_writeback_one</c>).</summary>
/// <remarks>
/// The order of steps is what keeps data safe. First every VMA's translation is write-protected, so that a new writer faults and waits for
/// the entry's lock. Then the caches are flushed and the fence is passed. Only then does the entry become clean: a crash before that finds
/// it dirty, and no store can slip in between. TOWRITE goes last, still under the lock: a second pass that has chosen the same entry
/// finds the mark and waits for the lock, so that it does not return while this one flushes.
/// </remarks>
internal sealed class EntryCleaner(AddressSpace mapping)
{
    public CleanOutcome Clean(PageIndex start, out PageOrder order)
    {
        DaxEntry seen = mapping.Entries.Lookup(start);
        order = seen.Order;
        if (!seen.IsPresent || start != start.StartOf(seen.Order))
        {
            // No mark outlives its entry. If one stands here by now, another pass has set it on the next entry.
            return CleanOutcome.Skipped;
        }

        if (!mapping.Locker.LockAt(start, seen.Order, out HeldEntry held))
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

    // The entry was waited for: it may be another one by now, or clean already.
    private bool IsStillChosen(PageIndex start, DaxEntry seen, DaxEntry now, out bool isError)
    {
        // The tagged entry may have been removed since we found its TOWRITE mark. An untagged entry here is a new one: not ours to write back.
        bool isChosen = mapping.Entries.IsTowrite(start);
        bool isAnother = seen.IsReal != now.IsReal || (seen.IsReal && seen.Pfn != now.Pfn);
        isError = isChosen && !isAnother && !now.IsReal;
        return isChosen && !isAnother && !isError;
    }

    private CleanOutcome CleanHeld(HeldEntry held, ref DaxEntry final)
    {
        if (held.Entry.IsEmpty)
        {
            mapping.Entries.ClearTowrite(held.Start);
            return CleanOutcome.Skipped;
        }

        mapping.WriteProtect(held.Range); // [V2] matches [V1] in DaxView
        if (held.Entry.IsReal)
        {
            // The flush below takes along what was stored so far. A store through a span from here on is illegal.
            mapping.Device.StrictStores?.Revoke(
                held.Entry.Order.PageCount(),
                new Revocation(RawStoreCause.WrittenBack, mapping.SyncName, mapping.Id, mapping.Name, held.Start, held.Entry.Pfn),
                wasLegal: held.Entry.IsDirty);
        }

        if (held.Entry.IsReal && !TryFlush(held.Entry))
        {
            // It stays dirty; the error is the pass's to remember.
            mapping.Entries.ClearTowrite(held.Start);
            return CleanOutcome.Error;
        }

        final = held.Entry.WithDirty(false);
        mapping.Entries.MarkClean(held);
        mapping.Events?.Receive(DaxEvent.WritebackOne(mapping.Id, held.Start, held.Entry.Order));
        return CleanOutcome.Written;
    }

    // Memory that is lost cannot be made durable, and neither can pages whose storage fails.
    private bool TryFlush(DaxEntry entry)
    {
        if (entry.IsDirty && mapping.Device.Poison.FindFirst(entry.Pfn, entry.Order.PageCount()) is not null)
        {
            return false;
        }

        try
        {
            mapping.Device.FlushUnchecked(entry.Pfn.OffsetBytes, entry.Order.SizeBytes());
        }
        catch (DaxEnvironmentException)
        {
            return false;
        }

        mapping.Device.DrainUnchecked();
        return true;
    }
}
