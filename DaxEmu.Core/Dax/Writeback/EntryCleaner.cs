using System.Numerics;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Pmem;
using DaxEmu.Core.Tracing;
using DaxEmu.Native;

namespace DaxEmu.Core.Dax.Writeback;

/// <summary>What became of entries that a pass had chosen.</summary>
internal enum CleanOutcome
{
    /// <summary>They were written back.</summary>
    Written,

    /// <summary>They are gone, were replaced, or another pass has dealt with them.</summary>
    Skipped,

    /// <summary>Something is there that cannot be dirty, its memory is lost, or its storage failed (EIO).</summary>
    Error,
}

/// <summary>Writes entries back (<c>dax_writeback_one</c>), as many at once as have their marks in one word.</summary>
/// <remarks>
/// The order of steps is what keeps data safe. First every VMA's translations are write-protected, so that a new writer faults and waits for
/// the entry's lock. Then the caches are flushed and the fence is passed. Only then do the entries become clean: a crash before that finds
/// them dirty, and no store can slip in between. TOWRITE goes last, still under the lock: a second pass that has chosen the same entry
/// finds the mark and waits for the lock, so that it does not return while this one flushes. All of that holds for each entry of a run;
/// the walk over the VMAs, the fence and the instruction on the marks are those of the run.
/// </remarks>
internal sealed class EntryCleaner(AddressSpace mapping)
{
    /// <summary>Entries that were written back.</summary>
    public long EntryCount { get; private set; }

    /// <summary>Pages that they cover.</summary>
    public long PageCount { get; private set; }

    /// <summary>Writes the chosen entry at a page back, and with it those chosen after it in its group that no other thread holds.</summary>
    /// <param name="next">The page; the first page that was not dealt with afterwards.</param>
    /// <param name="end">Where the pass ends.</param>
    public CleanOutcome Clean(ref PageIndex next, PageIndex end)
    {
        PageIndex start = next;
        Span<ulong> words = stackalloc ulong[EntryRun.Length];
        DaxEntry seen = mapping.Entries.Lookup(start);
        if (seen is { IsPresent: true, IsPmd: false, IsLocked: false })
        {
            var run = new EntryRun(start, words);
            ulong chosen = mapping.Entries.TowriteBits(run.Group, start, end);
            chosen = IsOneAtATime ? chosen & (~chosen + 1) : chosen;
            ulong looked = mapping.Locker.TryLockRun(ref run, chosen);
            if (run.Held != 0)
            {
                next = run.Group + (64 - BitOperations.LeadingZeroCount(looked));
                return CleanHeld(ref run);
            }
        }

        next = start + 1;
        return CleanOne(start, words);
    }

    // With lost pages about, an entry is left as it is once one before it fails, its translations too.
    private bool IsOneAtATime => !mapping.Device.Poison.IsEmpty;

    private CleanOutcome CleanOne(PageIndex start, Span<ulong> words)
    {
        DaxEntry seen = mapping.Entries.Lookup(start);
        if (!seen.IsPresent || start != start.StartOf(seen.Order))
        {
            // No mark outlives its entry. If one stands here by now, another pass has set it on the next entry.
            return CleanOutcome.Skipped;
        }

        if (!mapping.Locker.LockAt(start, seen.Order, out HeldEntry held))
        {
            return CleanOutcome.Skipped;
        }

        var run = new EntryRun(held, words);
        if (seen.IsLocked && !IsStillChosen(start, seen, held.Entry, out bool isError))
        {
            mapping.Locker.UnlockRun(ref run);
            return isError ? CleanOutcome.Error : CleanOutcome.Skipped;
        }

        return CleanHeld(ref run);
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

    private CleanOutcome CleanHeld(ref EntryRun run)
    {
        try
        {
            ulong empty = run.HeldWith(DaxEntry.EmptyBit);
            ulong chosen = run.Held & ~empty;
            if (empty != 0)
            {
                mapping.Entries.ClearTowrite(run.Group, empty);
            }

            if (chosen == 0)
            {
                return CleanOutcome.Skipped;
            }

            mapping.WriteProtect(run, chosen); // [V2] matches [V1] in DaxView
            Revoke(run, chosen);
            ulong failed = Flush(run, chosen);
            mapping.Device.DrainUnchecked();
            if (failed != 0)
            {
                // The first stays dirty; the error is the pass's to remember, which ends here. Those after it keep their marks, too.
                mapping.Entries.ClearTowrite(run.Group, failed & (~failed + 1));
                chosen &= ~failed;
            }

            if (chosen != 0)
            {
                mapping.Entries.MarkClean(run, chosen);
                Report(run, chosen);
            }

            return failed != 0 ? CleanOutcome.Error : CleanOutcome.Written;
        }
        finally
        {
            mapping.Locker.UnlockRun(ref run);
        }
    }

    // The flush that follows takes along what was stored so far. A store through a span from here on is illegal.
    private void Revoke(in EntryRun run, ulong chosen)
    {
        if (mapping.Device.StrictStores is not { } strict)
        {
            return;
        }

        for (ulong rest = chosen; rest != 0; rest &= rest - 1)
        {
            int page = BitOperations.TrailingZeroCount(rest);
            DaxEntry entry = run[page];
            if (entry.IsReal)
            {
                strict.Revoke(
                    entry.Order.PageCount(),
                    new Revocation(RawStoreCause.WrittenBack, mapping.SyncName, mapping.Id, mapping.Name, run.Group + page, entry.Pfn),
                    wasLegal: entry.IsDirty);
            }
        }
    }

    // The entries that could not be flushed: none, or one and all after it. Zero entries have no memory.
    private ulong Flush(in EntryRun run, ulong chosen)
    {
        ulong rest = chosen & ~run.HeldWith(DaxEntry.ZeroBit);
        while (rest != 0)
        {
            ulong from = ulong.MaxValue << BitOperations.TrailingZeroCount(rest);
            if (!TryFlush(run.NextMemory(ref rest), run[BitOperations.TrailingZeroCount(from)].IsDirty))
            {
                return chosen & from;
            }
        }

        return 0;
    }

    // Memory that is lost cannot be made durable, and neither can pages whose storage fails.
    private bool TryFlush(PfnRange pages, bool isDirty)
    {
        if (isDirty && mapping.Device.Poison.FindFirst(pages.First, pages.PageCount) is not null)
        {
            return false;
        }

        try
        {
            mapping.Device.FlushUnchecked(pages.First.OffsetBytes, pages.PageCount << DaxConstants.PageShift);
            return true;
        }
        catch (DaxEnvironmentException)
        {
            return false;
        }
    }

    private void Report(in EntryRun run, ulong written)
    {
        EntryCount += BitOperations.PopCount(written);
        PageCount += BitOperations.PopCount(written) * run.Order.PageCount();
        for (ulong rest = mapping.Events is null ? 0 : written; rest != 0; rest &= rest - 1)
        {
            mapping.Events?.Receive(DaxEvent.WritebackOne(mapping.Id, run.Group + BitOperations.TrailingZeroCount(rest), run.Order));
        }
    }
}
