using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Core.Dax.Waiting.Policies;
using DaxEmu.Core.Tracing;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Dax.Entries;

/// <summary>
/// Locks, waits for, makes and removes entries: the operations that <c>fs/dax.c</c> builds on <c>get_unlocked_entry</c>. Jan Kara
/// named three uses of a lookup; each is a method here: <see cref="TakeAt"/> (this entry, which I know), <see cref="TakeAny"/>
/// (whatever covers this page), <see cref="Grab"/> (this page, with an order).
/// </summary>
/// <remarks>
/// In the kernel a lookup returns an unlocked entry, and the mapping's spin lock keeps it so. Here an entry is only the caller's
/// once its lock bit is set, so every lookup that is to act on an entry locks it. The rule that a woken thread must lock or
/// pass on is kept by <see cref="WaitTicket"/>.
/// </remarks>
internal sealed class EntryLocker : IWaitGraphSource
{
    private readonly EntryTable table;
    private readonly WaitTable waits;
    private readonly WaitProfile profile;
    private readonly bool refusesEmptyRange;

    public EntryLocker(EntryTable table, WaitTable waits, WaitProfile profile)
    {
        this.table = table;
        this.waits = waits;
        this.profile = profile;
        refusesEmptyRange = profile.Smaller.RefusesEmptyRange;
    }

    /// <summary>Receives waits, wake-ups and conflicts; null for nobody.</summary>
    public IDaxEventSink? Sink { get; set; }

    public EntryTable Table => table;

    public WaitTable Waits => waits;

    public WaitProfile Profile => profile;

    long IWaitGraphSource.MappingId => table.MappingId;

    IWaitKeying IWaitGraphSource.Keying => profile.Keying;

    /// <summary>
    /// The entry at <paramref name="index"/> for a fault of <paramref name="order"/>, locked (<c>grab_mapping_entry</c>, and the
    /// look-up of <c>dax_insert_pfn_mkwrite</c>). Sleeps while somebody else holds it.
    /// </summary>
    /// <param name="index">The page; of a 2 MiB request any page of the range.</param>
    /// <param name="order">A 4 KiB request may be given a real 2 MiB entry; a 2 MiB request is never given a smaller one.</param>
    /// <param name="create">Whether a placeholder is made where there is none.</param>
    /// <exception cref="ArgumentOutOfRangeException">The table has no room for the page.</exception>
    public Grab Grab(PageIndex index, PageOrder order, bool create = true)
    {
        if (!table.Covers(index))
        {
            ThrowNoRoom(index);
        }

        WaitTicket ticket = default;
        PageIndex searched = index.StartOf(order);
        while (true)
        {
            RegionWord region = table.ReadRegion(index);
            if (region.IsPmd)
            {
                if (!TryTake(ref table.RegionOf(index), index.PmdStart, region.Pmd, searched, order, isExclusive: true, ref ticket))
                {
                    continue;
                }

                bool isDowngrade = order == PageOrder.Pte && !region.Pmd.IsReal && create;
                return new Grab(isDowngrade ? GrabOutcome.NeedsDowngrade : GrabOutcome.Locked, new HeldEntry(index.PmdStart, region.Pmd));
            }

            if (order == PageOrder.Pmd)
            {
                if (GrabPmd(searched, region, create, ref ticket) is { } answer)
                {
                    return answer;
                }

                continue;
            }

            DaxEntry entry = table.ReadSlot(index);
            if (entry.IsPresent)
            {
                if (TryTake(ref table.SlotOf(index), index, entry, searched, order, isExclusive: true, ref ticket))
                {
                    return new Grab(GrabOutcome.Locked, new HeldEntry(index, entry));
                }
            }
            else if (!create)
            {
                Leave(ref ticket, null, LeaveOccasion.FoundNothing);
                return Entries.Grab.Missing;
            }
            else if (table.TryInsertPte(index, DaxEntry.Empty(PageOrder.Pte).WithLock))
            {
                Note(NoteKind.Inserted, index, PageOrder.Pte);
                Claim(ref ticket, index, PageOrder.Pte);
                return new Grab(GrabOutcome.Locked, new HeldEntry(index, DaxEntry.Empty(PageOrder.Pte)));
            }
        }
    }

    /// <summary>After <see cref="GrabOutcome.NeedsDowngrade"/>, and after the caller has unmapped the 2 MiB: the locked placeholder at <paramref name="index"/>.</summary>
    public HeldEntry FinishDowngrade(HeldEntry pmd, PageIndex index)
    {
        DaxEntry placeholder = DaxEntry.Empty(PageOrder.Pte);
        Note(NoteKind.Downgrades, pmd.Start, PageOrder.Pmd);
        table.SplitToPte(index, pmd.Entry, placeholder.WithLock);
        WakeRemoved(pmd, RemovalKind.Downgrade);
        return new HeldEntry(index, placeholder);
    }

    /// <summary>Locks whatever entry covers <paramref name="index"/> (<c>__dax_invalidate_entry</c>). Sleeps while somebody else holds it.</summary>
    /// <returns>False if none covers it.</returns>
    public bool TakeAny(PageIndex index, out HeldEntry held)
    {
        WaitTicket ticket = default;
        while (table.Covers(index))
        {
            RegionWord region = table.ReadRegion(index);
            DaxEntry entry = region.IsPmd ? region.Pmd : table.ReadSlot(index);
            if (!entry.IsPresent)
            {
                Leave(ref ticket, null, LeaveOccasion.FoundNothing);
                held = default;
                return false;
            }

            PageIndex start = index.StartOf(entry.Order);
            if (TryTake(ref table.WordOf(start, entry.Order), start, entry, index, PageOrder.Pte, isExclusive: true, ref ticket))
            {
                held = new HeldEntry(start, entry);
                return true;
            }
        }

        held = default;
        return false;
    }

    /// <summary>
    /// Locks the entry that starts at <paramref name="start"/> with <paramref name="order"/>, and no other: a scan that met it locked
    /// waits for it without moving on (<c>wait_entry_unlocked_exclusive</c>).
    /// </summary>
    /// <returns>False if it is gone or of another order by now.</returns>
    public bool TakeAt(PageIndex start, PageOrder order, out HeldEntry held)
    {
        WaitTicket ticket = default;
        while (table.Covers(start))
        {
            RegionWord region = table.ReadRegion(start);
            DaxEntry entry = region.IsPmd ? region.Pmd : table.ReadSlot(start);
            if (!entry.IsPresent || entry.Order != order)
            {
                Leave(ref ticket, entry.IsPresent ? KeyOf(start.StartOf(entry.Order), entry.Order) : null, LeaveOccasion.FoundNothing);
                held = default;
                return false;
            }

            if (TryTake(ref table.WordOf(start, order), start, entry, start, order, isExclusive: true, ref ticket))
            {
                held = new HeldEntry(start, entry);
                return true;
            }
        }

        held = default;
        return false;
    }

    /// <summary>
    /// Waits until the entry that covers <paramref name="index"/> is unlocked, or gone, and claims nothing: for who may never come back to
    /// it (<c>wait_entry_unlocked</c>).
    /// </summary>
    /// <returns>True if it had to wait, so that everything must be looked up anew.</returns>
    public bool WaitWithoutClaim(PageIndex index)
    {
        DaxEntry entry = table.Covers(index) ? table.Lookup(index) : default;
        if (!entry.IsLocked)
        {
            return false;
        }

        WaitTicket ticket = default;
        PageIndex start = index.StartOf(entry.Order);
        Sleep(ref table.WordOf(start, entry.Order), start, entry.Order, index, PageOrder.Pte, profile.GiveUp.IsExclusive, ref ticket);
        return true;
    }

    /// <summary>Stores <paramref name="entry"/> unlocked in place of the one held, and wakes the next sleeper (<c>dax_unlock_entry</c>).</summary>
    public void Unlock(PageIndex start, DaxEntry entry) => Unlock(start, ref table.WordOf(start, entry.Order), entry.Word);

    /// <summary>As <see cref="Unlock(PageIndex, DaxEntry)"/>, for who has the word at hand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Unlock(PageIndex start, ref ulong word, ulong entry)
    {
        // A plain store and a plain load. The sleeper's barrier makes that safe: see WaitTable.
        Atomic.Store(ref word, entry, Site.UnlockEntry);
        Note(NoteKind.Unlocked, start, new DaxEntry(entry).Order);
        if (Atomic.Load(ref table.Sleepers, Site.ReadSleepers) != 0) // [B] matches [A] in WaitTable.Park
        {
            Wake(start, new DaxEntry(entry).Order, WakeMode.Next);
        }
    }

    /// <summary>Lets go of an entry that was locked and left as it was (<c>put_unlocked_entry</c>).</summary>
    public void Put(HeldEntry held)
    {
        Atomic.Store(ref table.WordOf(held.Start, held.Entry.Order), held.Entry.Word, Site.UnlockEntry);
        Note(NoteKind.Unlocked, held.Start, held.Entry.Order);
        if (profile.PassOn.WakesWhenPut && Atomic.Load(ref table.Sleepers, Site.ReadSleepers) != 0)
        {
            Wake(held.Start, held.Entry.Order, WakeMode.Next);
        }
    }

    /// <summary>Unlocks an entry that was locked through a page of it (<c>dax_unlock_page</c>).</summary>
    public void UnlockByPage(PageIndex page, HeldEntry held)
    {
        Atomic.Store(ref table.WordOf(held.Start, held.Entry.Order), held.Entry.Word, Site.UnlockEntry);
        Note(NoteKind.Unlocked, held.Start, held.Entry.Order);
        if (Atomic.Load(ref table.Sleepers, Site.ReadSleepers) != 0)
        {
            PageOrder order = profile.UnlockSize.OrderFor(held.Entry.Order);
            Wake(page.StartOf(order), order, WakeMode.Next);
        }
    }

    /// <summary>Takes the held entry out and wakes who slept for it.</summary>
    public void Remove(HeldEntry held)
    {
        table.Remove(held.Start, held.Entry);
        Note(NoteKind.Removed, held.Start, held.Entry.Order);
        WakeRemoved(held, RemovalKind.Delete);
    }

    SleptForState IWaitGraphSource.StateOf(PageIndex start, PageOrder order)
    {
        DaxEntry entry = table.Covers(start) ? table.Lookup(start) : default;
        if (!entry.IsPresent || entry.Order != order)
        {
            return SleptForState.Gone;
        }

        return entry.IsLocked ? SleptForState.Locked : SleptForState.Unlocked;
    }

    [DoesNotReturn]
    private void ThrowNoRoom(PageIndex index) =>
        throw new ArgumentOutOfRangeException(nameof(index), index, $"The table has room for {table.PageCapacity} pages.");

    private Grab? GrabPmd(PageIndex start, RegionWord region, bool create, ref WaitTicket ticket)
    {
        if (region.Word == 0 && !refusesEmptyRange)
        {
            if (!create)
            {
                Leave(ref ticket, null, LeaveOccasion.FoundNothing);
                return Entries.Grab.Missing;
            }

            DaxEntry placeholder = DaxEntry.Empty(PageOrder.Pmd);
            if (!table.TryInsertPmd(start, placeholder.WithLock))
            {
                return null;
            }

            Note(NoteKind.Inserted, start, PageOrder.Pmd);
            Claim(ref ticket, start, PageOrder.Pmd);
            return new Grab(GrabOutcome.Locked, new HeldEntry(start, placeholder));
        }

        if (region.Word == 0 || profile.Smaller.Meet(isLocked: true) == SmallerEntryAnswer.Conflict)
        {
            return Refuse(start, null, ref ticket);
        }

        // The answers of history want the first 4 KiB entry of the range. One that is counted and not there yet, or there no more, is
        // somebody's who is just at it: a smaller entry without anything to wait for.
        if (!table.NextPresent(start, start + DaxConstants.PagesPerPmd, out PageIndex found, out DaxEntry entry))
        {
            return Refuse(start, null, ref ticket);
        }

        if (entry.IsPmd)
        {
            return null;
        }

        PageIndex foundKey = KeyOf(found, PageOrder.Pte);
        switch (profile.Smaller.Meet(entry.IsLocked))
        {
            case SmallerEntryAnswer.Wait:
                Sleep(ref table.SlotOf(found), found, PageOrder.Pte, start, PageOrder.Pmd, isExclusive: true, ref ticket);
                return null;
            case SmallerEntryAnswer.Return:
                // Handed back locked: the put must not wake for it, the entry's owner will.
                return Refuse(start, entry.IsLocked ? null : foundKey, ref ticket);
            default:
                return Refuse(start, foundKey, ref ticket);
        }
    }

    private Grab Refuse(PageIndex start, PageIndex? foundKey, ref WaitTicket ticket)
    {
        Note(NoteKind.Conflict, start, PageOrder.Pmd);
        Sink?.Receive(DaxEvent.EntryConflict(table.MappingId, start));
        CountRefusal(ticket);
        Leave(ref ticket, foundKey, foundKey is null ? LeaveOccasion.Refused : LeaveOccasion.HasNoUse);
        return Entries.Grab.Conflict;
    }

    // One try to lock an entry that was seen: true if it is ours; else it was waited for, or had changed, and the caller looks anew.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryTake(
        ref ulong word, PageIndex start, DaxEntry seen, PageIndex searched, PageOrder searchedOrder, bool isExclusive, ref WaitTicket ticket)
    {
        if (seen.IsLocked)
        {
            Sleep(ref word, start, seen.Order, searched, searchedOrder, isExclusive, ref ticket);
            return false;
        }

        if (!EntryTable.TryLock(ref word, seen))
        {
            return false;
        }

        Note(NoteKind.Locked, start, seen.Order);
        Claim(ref ticket, start, seen.Order);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Sleep(
        ref ulong word, PageIndex start, PageOrder order, PageIndex searched, PageOrder searchedOrder, bool isExclusive, ref WaitTicket ticket)
    {
        long begin = Stopwatch.GetTimestamp();
        if (!SpinBudget.TrySpin(ref word))
        {
            Park(ref word, start, order, searched, searchedOrder, isExclusive, ref ticket);
        }

        bool isForSmaller = order < searchedOrder;
        CountWait(isForSmaller, begin);
        ticket = ticket with { WaitsForSmaller = ticket.WaitsForSmaller + (isForSmaller ? 1 : 0) };
    }

    private void Park(
        ref ulong word, PageIndex start, PageOrder order, PageIndex searched, PageOrder searchedOrder, bool isExclusive, ref WaitTicket ticket)
    {
        PageIndex keyPage = profile.Keying.KeyFor(searched, start, order);
        if (ticket.IsOwed && ticket.Key != keyPage)
        {
            Leave(ref ticket, keyPage, LeaveOccasion.SleepsAgain);
        }

        var condition = new EntryIsLocked(ref word, order);
        Note(NoteKind.Sleeps, start, order, keyPage.Value);
        Sink?.Receive(DaxEvent.EntryWait(table.MappingId, start, order));
        bool woken = waits.Park(
            new WaitKey(table.MappingId, keyPage),
            isExclusive,
            ref table.Sleepers,
            ref condition,
            new SleepReason(searched, searchedOrder, start, order));
        if (woken)
        {
            Note(NoteKind.Woken, start, order, keyPage.Value);
            CountFutile(ticket.WasWoken);
            ticket = ticket with { IsOwed = isExclusive, Key = keyPage, WasWoken = true };
        }
    }

    // The thread has an entry's lock now, and its unlock will wake the next sleeper of that entry. If it was woken for another
    // key, somebody who sleeps on that one is owed a wake-up.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Claim(ref WaitTicket ticket, PageIndex start, PageOrder order)
    {
        if (ticket.IsOwed)
        {
            ClaimSlow(ref ticket, start, order);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void ClaimSlow(ref WaitTicket ticket, PageIndex start, PageOrder order)
    {
        PageIndex key = KeyOf(start, order);
        if (key != ticket.Key)
        {
            Leave(ref ticket, key, LeaveOccasion.LockedAnother);
        }
    }

    // The thread was woken and walks away from the key that it slept on: somebody else may have to be woken in its stead.
    private void Leave(ref WaitTicket ticket, PageIndex? foundKey, LeaveOccasion occasion)
    {
        if (!ticket.IsOwed)
        {
            return;
        }

        PageIndex waited = ticket.Key;
        ticket = ticket with { IsOwed = false };
        if (profile.PassOn.KeyToWake(waited, foundKey, occasion) is { } key)
        {
            Note(NoteKind.PassesOn, key, PageOrder.Pte, key.Value);
            CountPassedOn();
            WakeKey(key, WakeMode.Next, WakeCause.PassedOn);
        }
        else
        {
            Note(NoteKind.WalksAway, waited, PageOrder.Pte, waited.Value);
        }
    }

    private void WakeRemoved(HeldEntry held, RemovalKind kind)
    {
        if (Atomic.Load(ref table.Sleepers, Site.ReadSleepers) != 0)
        {
            WakeMode mode = profile.RemovalWake.ModeFor(kind) switch
            {
                RemovalWakeMode.All => WakeMode.All,
                RemovalWakeMode.One => WakeMode.Next,
                _ => WakeMode.Nobody,
            };
            Wake(held.Start, held.Entry.Order, mode);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Wake(PageIndex start, PageOrder order, WakeMode mode)
    {
        if (mode == WakeMode.Nobody)
        {
            return;
        }

        PageIndex key = KeyOf(start, order);
        Note(mode == WakeMode.All ? NoteKind.WakesAll : NoteKind.WakesNext, start, order, key.Value);
        Sink?.Receive(DaxEvent.EntryWake(table.MappingId, start, order, wakesAll: mode == WakeMode.All));
        WakeKey(key, mode, new WakeCause(start.Value, order));
    }

    private void WakeKey(PageIndex key, WakeMode mode, WakeCause cause) => waits.Wake(new WaitKey(table.MappingId, key), mode, cause);

    private static unsafe void CountWait(bool isForSmaller, long beginTimestamp)
    {
        WaitTally* tally = WaitTally.Mine;
        tally->Waits++;
        tally->WaitedTicks += Stopwatch.GetTimestamp() - beginTimestamp;
        tally->WaitsForSmaller += isForSmaller ? 1 : 0;
    }

    private static unsafe void CountFutile(bool wasWokenBefore) => WaitTally.Mine->FutileWakeUps += wasWokenBefore ? 1 : 0;

    private static unsafe void CountPassedOn() => WaitTally.Mine->PassedOn++;

    private static unsafe void CountRefusal(in WaitTicket ticket)
    {
        WaitTally* tally = WaitTally.Mine;
        tally->Conflicts++;
        tally->NeedlessWaits += ticket.WaitsForSmaller;
    }

    // The key under which an entry's owner wakes: he searches with the entry's own index.
    private PageIndex KeyOf(PageIndex start, PageOrder order) => profile.Keying.KeyFor(start, start, order);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Note(NoteKind kind, PageIndex start, PageOrder order, long key = -1)
    {
        if (InterleavingSwitch.On)
        {
            Atomic.Note(new InterleavingNote(kind, table.MappingId, start, order, key));
        }
    }

    /// <summary>What a thread's waiting has come to so far.</summary>
    /// <param name="IsOwed">It was woken exclusively, and has not yet locked that entry or passed the wake-up on.</param>
    /// <param name="Key">The key that it was woken on.</param>
    /// <param name="WasWoken">It was woken, and has not got what it wants.</param>
    /// <param name="WaitsForSmaller">How often it waited for an entry smaller than what it wants.</param>
    private readonly record struct WaitTicket(bool IsOwed, PageIndex Key, bool WasWoken, int WaitsForSmaller);

    /// <summary>Asked under the queue's lock: is the entry still there, of that order, and locked?</summary>
    private readonly unsafe struct EntryIsLocked(ref ulong word, PageOrder order) : IParkCondition
    {
        // SAFETY: the word lies in the table's native memory, which outlives every operation on the table.
        private readonly ulong* location = (ulong*)Unsafe.AsPointer(ref word);

        public bool StillHolds()
        {
            ulong seen = Atomic.Load(ref *location, Site.RecheckEntry);
            return order == PageOrder.Pmd
                ? new RegionWord(seen).IsPmd && new DaxEntry(seen).IsLocked
                : new DaxEntry(seen).IsLocked;
        }
    }
}
