using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Waiting;
using DaxEmu.Core.Dax.Waiting.Policies;

namespace DaxEmu.Core.Dax.Entries;

/// <summary>
/// Locks, waits for, makes and removes entries: the operations that <c>fs/dax.c</c> builds on <c>get_unlocked_entry</c>. Jan Kara
/// named three uses of a lookup; each is a method here: <see cref="LockAt"/> (this entry, known to the caller), <see cref="LockAny"/>
/// (the entry that covers this page), <see cref="Grab"/> (this page, with an order).
/// </summary>
/// <remarks>
/// In the kernel a lookup returns an unlocked entry, and the mapping's spin lock keeps it so. Here an entry is the caller's only once its
/// lock bit is set, so every lookup that acts on an entry locks it. <see cref="WaitTicket"/> keeps the rule that a woken thread locks the
/// entry or passes the wake-up on.
/// </remarks>
internal sealed partial class EntryLocker : IWaitGraphSource
{
    private readonly EntryTable table;
    private readonly WaitTable waits;
    private readonly WaitProfile profile;
    private readonly EntryWords words;
    private readonly bool refusesEmptyRange;

    public EntryLocker(EntryTable table, WaitTable waits, WaitProfile profile)
    {
        this.table = table;
        this.waits = waits;
        this.profile = profile;
        words = table.Words;
        refusesEmptyRange = profile.Smaller.RefusesEmptyRange;
    }

    public WaitProfile Profile => profile;

    long IWaitGraphSource.MappingId => table.MappingId;

    IWaitKeying IWaitGraphSource.Keying => profile.Keying;

    /// <summary>
    /// The entry at <paramref name="index"/> for a fault of <paramref name="order"/>, locked (<c>grab_mapping_entry</c>, and the
    /// look-up of <c>dax_insert_pfn_mkwrite</c>). Sleeps while another thread holds it.
    /// </summary>
    /// <param name="index">The page; of a 2 MiB request any page of the range.</param>
    /// <param name="order">A 4 KiB request may be given a real 2 MiB entry; a 2 MiB request is never given a smaller one.</param>
    /// <param name="create">Whether a placeholder is made where there is none.</param>
    /// <exception cref="ArgumentOutOfRangeException">The page lies past the table's capacity.</exception>
    public Grab Grab(PageIndex index, PageOrder order, bool create = true)
    {
        if (!table.Covers(index))
        {
            ThrowPastCapacity(index);
        }

        WaitTicket ticket = default;
        PageIndex searched = index.StartOf(order);
        while (true)
        {
            RegionWord region = table.ReadRegion(index);
            if (region.IsPmd)
            {
                if (!TryLock(ref table.RegionOf(index), index.PmdStart, region.Pmd, searched, order, isExclusive: true, ref ticket))
                {
                    continue;
                }

                bool isDowngrade = order == PageOrder.Pte && !region.Pmd.IsReal && create;
                return new Grab(isDowngrade ? GrabOutcome.NeedsDowngrade : GrabOutcome.Locked, new HeldEntry(index.PmdStart, region.Pmd));
            }

            if (order == PageOrder.Pmd)
            {
                if (GrabPmd(searched, region, create, ref ticket) is { } grabbed)
                {
                    return grabbed;
                }

                continue;
            }

            DaxEntry entry = table.ReadSlot(index);
            if (entry.IsPresent)
            {
                if (TryLock(ref table.SlotOf(index), index, entry, searched, order, isExclusive: true, ref ticket))
                {
                    return new Grab(GrabOutcome.Locked, new HeldEntry(index, entry));
                }
            }
            else if (!create)
            {
                Abandon(ref ticket, null, AbandonReason.FoundNothing);
                return Entries.Grab.Missing;
            }
            else if (IsInserted(index, table.TryInsertPte(index, DaxEntry.Empty(PageOrder.Pte).WithLock)))
            {
                Claim(ref ticket, index, PageOrder.Pte);
                return new Grab(GrabOutcome.Locked, new HeldEntry(index, DaxEntry.Empty(PageOrder.Pte)));
            }
        }
    }

    /// <summary>After <see cref="GrabOutcome.NeedsDowngrade"/>, and after the caller has unmapped the 2 MiB: the locked placeholder at <paramref name="index"/>.</summary>
    public HeldEntry FinishDowngrade(HeldEntry pmd, PageIndex index)
    {
        DaxEntry placeholder = DaxEntry.Empty(PageOrder.Pte);
        Trace(NoteKind.Downgrades, pmd.Start, PageOrder.Pmd);
        table.SplitToPte(index, pmd.Entry, placeholder.WithLock);
        WakeRemoved(pmd, RemovalKind.Downgrade);
        return new HeldEntry(index, placeholder);
    }

    /// <summary>Locks the entry that covers <paramref name="index"/> (<c>__dax_invalidate_entry</c>). Sleeps while another thread holds it.</summary>
    /// <returns>False if none covers it.</returns>
    public bool LockAny(PageIndex index, out HeldEntry held)
    {
        WaitTicket ticket = default;
        while (table.Covers(index))
        {
            RegionWord region = table.ReadRegion(index);
            DaxEntry entry = region.IsPmd ? region.Pmd : table.ReadSlot(index);
            if (!entry.IsPresent)
            {
                Abandon(ref ticket, null, AbandonReason.FoundNothing);
                held = default;
                return false;
            }

            PageIndex start = index.StartOf(entry.Order);
            if (TryLock(ref table.WordOf(start, entry.Order), start, entry, index, PageOrder.Pte, isExclusive: true, ref ticket))
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
    public bool LockAt(PageIndex start, PageOrder order, out HeldEntry held)
    {
        WaitTicket ticket = default;
        while (table.Covers(start))
        {
            RegionWord region = table.ReadRegion(start);
            DaxEntry entry = region.IsPmd ? region.Pmd : table.ReadSlot(start);
            if (!entry.IsPresent || entry.Order != order)
            {
                Abandon(ref ticket, entry.IsPresent ? KeyOf(start.StartOf(entry.Order), entry.Order) : null, AbandonReason.FoundNothing);
                held = default;
                return false;
            }

            if (TryLock(ref table.WordOf(start, order), start, entry, start, order, isExclusive: true, ref ticket))
            {
                held = new HeldEntry(start, entry);
                return true;
            }
        }

        held = default;
        return false;
    }

    /// <summary>
    /// Waits until the entry that covers <paramref name="index"/> is unlocked or gone, and locks nothing: for a caller that may not look at
    /// it again (<c>wait_entry_unlocked</c>).
    /// </summary>
    /// <returns>True if it had to wait, so that everything must be looked up anew.</returns>
    public bool WaitWithoutLocking(PageIndex index)
    {
        DaxEntry entry = table.Covers(index) ? table.Lookup(index) : default;
        if (!entry.IsLocked)
        {
            return false;
        }

        WaitTicket ticket = default;
        PageIndex start = index.StartOf(entry.Order);
        Wait(ref table.WordOf(start, entry.Order), start, entry.Order, index, PageOrder.Pte, profile.GiveUp.IsExclusive, ref ticket);
        return true;
    }

    /// <summary>Stores <paramref name="entry"/> unlocked in place of the one held, and wakes the next waiter (<c>dax_unlock_entry</c>).</summary>
    public void Unlock(PageIndex start, DaxEntry entry) => Unlock(start, ref table.WordOf(start, entry.Order), entry.Word);

    /// <summary>As <see cref="Unlock(PageIndex, DaxEntry)"/>, for a caller that has the word at hand.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Unlock(PageIndex start, ref ulong word, ulong entry)
    {
        // A plain store and a plain load: the barrier is on the waiter's side (WaitTable).
        Atomic.Store(ref word, entry, Site.UnlockEntry);
        Trace(NoteKind.Unlocked, start, new DaxEntry(entry).Order);
        if (Atomic.Load(ref words.Waiters, Site.ReadWaiters) != 0) // [W2] matches [W1] in WaitTable.Park
        {
            Wake(start, new DaxEntry(entry).Order, WakeMode.Next);
        }
    }

    /// <summary>Unlocks an entry that was left as it was (<c>put_unlocked_entry</c>).</summary>
    public void Put(HeldEntry held)
    {
        Atomic.Store(ref table.WordOf(held.Start, held.Entry.Order), held.Entry.Word, Site.UnlockEntry);
        Trace(NoteKind.Unlocked, held.Start, held.Entry.Order);
        if (profile.PassOn.WakesWhenPut && Atomic.Load(ref table.Waiters, Site.ReadWaiters) != 0)
        {
            Wake(held.Start, held.Entry.Order, WakeMode.Next);
        }
    }

    /// <summary>Unlocks an entry that was locked through a page of it (<c>dax_unlock_page</c>).</summary>
    public void UnlockByPage(PageIndex page, HeldEntry held)
    {
        Atomic.Store(ref table.WordOf(held.Start, held.Entry.Order), held.Entry.Word, Site.UnlockEntry);
        Trace(NoteKind.Unlocked, held.Start, held.Entry.Order);
        if (Atomic.Load(ref table.Waiters, Site.ReadWaiters) != 0)
        {
            PageOrder order = profile.UnlockSize.OrderFor(held.Entry.Order);
            Wake(page.StartOf(order), order, WakeMode.Next);
        }
    }

    /// <summary>Removes the held entry and wakes its waiters.</summary>
    public void Remove(HeldEntry held)
    {
        table.Remove(held.Start, held.Entry);
        Trace(NoteKind.Removed, held.Start, held.Entry.Order);
        WakeRemoved(held, RemovalKind.Delete);
    }

    AwaitedState IWaitGraphSource.StateOf(PageIndex start, PageOrder order)
    {
        DaxEntry entry = table.Covers(start) ? table.Lookup(start) : default;
        if (!entry.IsPresent || entry.Order != order)
        {
            return AwaitedState.Gone;
        }

        return entry.IsLocked ? AwaitedState.Locked : AwaitedState.Unlocked;
    }

    [DoesNotReturn]
    private void ThrowPastCapacity(PageIndex index) =>
        throw new ArgumentOutOfRangeException(nameof(index), index, $"The table holds {table.PageCapacity} pages.");

    /// <summary>Makes a locked placeholder in an empty slot whose range was seen as a table that is noted as used: what most inserts meet.</summary>
    /// <returns>False if it was not to be: the caller looks again.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryInsertInTable(PageIndex index, ref ulong slot)
    {
        if (!EntryTable.TryFillSlot(ref slot, DaxEntry.Empty(PageOrder.Pte).WithLock))
        {
            return false;
        }

        if (words.IsOpenTable(index.Value))
        {
            Trace(NoteKind.Inserted, index, PageOrder.Pte);
            return true;
        }

        return IsInserted(index, table.Confirm(index));
    }

    private bool IsInserted(PageIndex index, EntryTable.Insertion insertion)
    {
        if (insertion == EntryTable.Insertion.Done)
        {
            Trace(NoteKind.Inserted, index, PageOrder.Pte);
            return true;
        }

        if (insertion == EntryTable.Insertion.TakenBack && Atomic.Load(ref table.Waiters, Site.ReadWaiters) != 0)
        {
            Wake(index, PageOrder.Pte, WakeMode.All); // each of them looks again, whatever the profile's rule for removed entries
        }

        return false;
    }

    private Grab? GrabPmd(PageIndex start, RegionWord region, bool create, ref WaitTicket ticket)
    {
        if (region.Word == 0 && !refusesEmptyRange)
        {
            if (!create)
            {
                Abandon(ref ticket, null, AbandonReason.FoundNothing);
                return Entries.Grab.Missing;
            }

            DaxEntry placeholder = DaxEntry.Empty(PageOrder.Pmd);
            if (!table.TryInsertPmd(start, placeholder.WithLock))
            {
                return null;
            }

            return InsertedPmd(start, placeholder, ref ticket);
        }

        // A table may be left without an entry, and is then as good as nothing.
        if (region.IsTable && !refusesEmptyRange && !table.HasEntry(start.Region))
        {
            if (!create)
            {
                Abandon(ref ticket, null, AbandonReason.FoundNothing);
                return Entries.Grab.Missing;
            }

            DaxEntry placeholder = DaxEntry.Empty(PageOrder.Pmd);
            return table.TryClose(start, region, placeholder.WithLock) == EntryTable.Insertion.Done
                ? InsertedPmd(start, placeholder, ref ticket)
                : null;
        }

        if (region.Word == 0 || profile.Smaller.Meet(isLocked: true) == SmallerEntryAction.Conflict)
        {
            return Refuse(start, null, ref ticket);
        }

        // Historic policies want the first 4 KiB entry of the range. One that is not in its slot any more has just been removed: a smaller
        // entry with nothing to wait for.
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
            case SmallerEntryAction.Wait:
                Wait(ref table.SlotOf(found), found, PageOrder.Pte, start, PageOrder.Pmd, isExclusive: true, ref ticket);
                return null;
            case SmallerEntryAction.Return:
                // Returned locked: the put must not wake for it, the entry's owner will.
                return Refuse(start, entry.IsLocked ? null : foundKey, ref ticket);
            default:
                return Refuse(start, foundKey, ref ticket);
        }
    }

    private Grab InsertedPmd(PageIndex start, DaxEntry placeholder, ref WaitTicket ticket)
    {
        Trace(NoteKind.Inserted, start, PageOrder.Pmd);
        Claim(ref ticket, start, PageOrder.Pmd);
        return new Grab(GrabOutcome.Locked, new HeldEntry(start, placeholder));
    }

    private Grab Refuse(PageIndex start, PageIndex? foundKey, ref WaitTicket ticket)
    {
        ReportConflict(start, ticket);
        Abandon(ref ticket, foundKey, foundKey is null ? AbandonReason.Refused : AbandonReason.HasNoUse);
        return Entries.Grab.Conflict;
    }

    // One try to lock an entry that was seen. False if it was locked and waited for, or had changed: the caller looks it up anew.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryLock(
        ref ulong word, PageIndex start, DaxEntry seen, PageIndex searched, PageOrder searchedOrder, bool isExclusive, ref WaitTicket ticket)
    {
        if (seen.IsLocked)
        {
            Wait(ref word, start, seen.Order, searched, searchedOrder, isExclusive, ref ticket);
            return false;
        }

        if (!EntryTable.TryLock(ref word, seen))
        {
            return false;
        }

        Trace(NoteKind.Locked, start, seen.Order);
        Claim(ref ticket, start, seen.Order);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Wait(
        ref ulong word, PageIndex start, PageOrder order, PageIndex searched, PageOrder searchedOrder, bool isExclusive, ref WaitTicket ticket)
    {
        long begin = Stopwatch.GetTimestamp();
        if (!SpinBudget.TrySpin(ref word))
        {
            Park(ref word, start, order, searched, searchedOrder, isExclusive, ref ticket);
        }

        bool isForSmaller = order < searchedOrder;
        ReportWait(isForSmaller, begin);
        ticket = ticket with { WaitsForSmaller = ticket.WaitsForSmaller + (isForSmaller ? 1 : 0) };
    }

    private void Park(
        ref ulong word, PageIndex start, PageOrder order, PageIndex searched, PageOrder searchedOrder, bool isExclusive, ref WaitTicket ticket)
    {
        PageIndex keyPage = profile.Keying.KeyFor(searched, start, order);
        if (ticket.HasPendingWakeUp && ticket.Key != keyPage)
        {
            Abandon(ref ticket, keyPage, AbandonReason.SleepsAgain);
        }

        var condition = new EntryIsLocked(ref word, order);
        ReportSleep(start, order, keyPage);
        bool woken = waits.Park(
            new WaitKey(table.MappingId, keyPage),
            isExclusive,
            ref table.Waiters,
            ref condition,
            new WaitReason(searched, searchedOrder, start, order));
        if (woken)
        {
            ReportWoken(start, order, keyPage, ticket);
            ticket = ticket with { HasPendingWakeUp = isExclusive, Key = keyPage, WasWoken = true };
        }
    }

    // The thread has locked an entry, and its unlock wakes that entry's next waiter. If it was woken under another key, a waiter of that
    // key needs the wake-up.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Claim(ref WaitTicket ticket, PageIndex start, PageOrder order)
    {
        if (ticket.HasPendingWakeUp)
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
            Abandon(ref ticket, key, AbandonReason.LockedAnother);
        }
    }

    // The thread abandons its wait. A wake-up that it has not used goes to another waiter, if the profile says so.
    private void Abandon(ref WaitTicket ticket, PageIndex? foundKey, AbandonReason reason)
    {
        if (!ticket.HasPendingWakeUp)
        {
            return;
        }

        PageIndex waited = ticket.Key;
        ticket = ticket with { HasPendingWakeUp = false };
        if (profile.PassOn.KeyToWake(waited, foundKey, reason) is { } key)
        {
            ReportPassedOn(key);
            WakeKey(key, WakeMode.Next, WakeCause.PassedOn);
        }
        else
        {
            Trace(NoteKind.Abandons, waited, PageOrder.Pte, waited.Value);
        }
    }

    private void WakeRemoved(HeldEntry held, RemovalKind kind)
    {
        if (Atomic.Load(ref table.Waiters, Site.ReadWaiters) != 0)
        {
            WakeMode mode = profile.RemovalWake.ModeFor(kind) switch
            {
                RemovalWakeMode.All => WakeMode.All,
                RemovalWakeMode.One => WakeMode.Next,
                _ => WakeMode.None,
            };
            Wake(held.Start, held.Entry.Order, mode);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Wake(PageIndex start, PageOrder order, WakeMode mode)
    {
        if (mode == WakeMode.None)
        {
            return;
        }

        PageIndex key = KeyOf(start, order);
        ReportWake(start, order, key, mode);
        WakeKey(key, mode, new WakeCause(start.Value, order));
    }

    private void WakeKey(PageIndex key, WakeMode mode, WakeCause cause) => waits.Wake(new WaitKey(table.MappingId, key), mode, cause);

    // The key that an entry's owner wakes: it searches with the entry's own index.
    private PageIndex KeyOf(PageIndex start, PageOrder order) => profile.Keying.KeyFor(start, start, order);

    /// <summary>How far a thread's wait for one operation has come.</summary>
    /// <param name="HasPendingWakeUp">It was woken exclusively, and has neither locked that entry nor passed the wake-up on.</param>
    /// <param name="Key">The key under which it was woken.</param>
    /// <param name="WasWoken">It was woken at least once.</param>
    /// <param name="WaitsForSmaller">How often it waited for an entry smaller than the one it wants.</param>
    private readonly record struct WaitTicket(bool HasPendingWakeUp, PageIndex Key, bool WasWoken, int WaitsForSmaller);

    /// <summary>Evaluated under the queue's lock: is the entry still there, of that order, and locked?</summary>
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
