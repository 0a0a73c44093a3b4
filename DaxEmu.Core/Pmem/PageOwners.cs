using System.Diagnostics;
using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;
using DaxEmu.Native.Failures;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Pmem;

/// <summary>
/// Which entry holds each page of a device, and what else uses its memory (the kernel's <c>folio-&gt;mapping</c>, <c>-&gt;index</c>, share
/// count and references).
/// </summary>
/// <remarks>
/// <para>
/// <b>Memory.</b> A word a page for 4 KiB entries and one a 2 MiB for PMD entries (<see cref="PageOwner"/>), so a PMD costs one step
/// and not 512; a pin word a page and a pin count a 2 MiB. All native, committed at first use.
/// </para>
/// <para>
/// <b>Writers of a holder's word.</b> Only a thread that holds the lock of a real entry with that pfn, when the entry is inserted or removed
/// (B20: not when it stays as it is). An unshared page has one such entry, so its word has one writer at a time, and is given by a load that must find
/// nothing (two entries with one unshared page are a bug of the file system) and a plain store. A shared
/// page has one entry a file, under different locks: their counts meet in a compare-and-exchange. An entry says itself whether its page is shared
/// (SHARED), and that does not change while it stands: what makes blocks shared takes the entries on them out first, under the invalidate lock.
/// </para>
/// <para>
/// <b>Pins.</b> A holder's word never says that a page is busy: the entry itself is no use of the memory. DMA and other long uses pin, and
/// a truncate that frees blocks waits for them. The pinning thread finds the page by a translation, pins it (a locked instruction, a full
/// fence), and reads the translation again [P1]: if it changed, it unpins and starts over. The freeing thread removes the translations and passes
/// a locked instruction, then reads the pins [P2]. Each side writes before it reads what the other writes, so at least one sees the other;
/// without [P1] a DMA could start on a block that already belongs to another file.
/// </para>
/// <para>
/// The count of a 2 MiB is raised before and dropped after the page's own word, so 0 there means that no pin of its pages is complete:
/// a scan skips 2 MiB with one load.
/// </para>
/// <para>
/// <b>Waiting.</b> A waiter sets a bit in the pin word by compare-and-exchange on a word with pins, and sleeps on the value that has
/// both. The unpin that drops the last pin clears the word in one step and learns from it whether to wake: the bit cannot be set after it
/// and missed. Every way of unpinning goes through that step. The caller decides whether it then wakes: Linux 5.18 had a put that did not
/// know the idle value and woke no waiter (B28), and a profile can have it again.
/// </para>
/// </remarks>
internal sealed unsafe partial class PageOwners : IDisposable, IWaitTarget
{
    private const ulong WaiterBit = 1UL << 31;
    private const ulong PinMask = WaiterBit - 1;
    private const long WordsPerLine = ThreadSlots.LineBytes / sizeof(ulong);

    private static readonly TimeSpan CancellationInterval = TimeSpan.FromMilliseconds(20);

    private readonly PfnRange range;
    private readonly long firstPmd;
    private readonly ReservedRegion words;
    private readonly ulong* pageHolders;
    private readonly ulong* pmdHolders;
    private readonly ulong* pagePins;
    private readonly ulong* pmdPins;

    /// <summary>No page has a holder or a pin.</summary>
    /// <param name="range">The pages of the device.</param>
    /// <param name="usesHugePages">Whether the words of a large device may lie in 2 MiB pages.</param>
    /// <exception cref="Native.DaxEnvironmentException">There is not enough address space.</exception>
    public PageOwners(PfnRange range, bool usesHugePages = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(range.PageCount, nameof(range));
        ArgumentOutOfRangeException.ThrowIfNegative(range.First.Value, nameof(range));
        this.range = range;
        firstPmd = range.First.Value >> DaxConstants.PmdOrder;
        long pmdCount = (range.End.Value >> DaxConstants.PmdOrder) - firstPmd + 1;
        long pageWords = WholeLines(range.PageCount);
        long pmdWords = WholeLines(pmdCount);
        words = ReservedRegion.Reserve(2 * (pageWords + pmdWords) * sizeof(ulong));

        if (usesHugePages)
        {
            words.PreferHugePages(TableMemory.HugePagesFor(range.PageCount)); // of the first array: pins are rare
        }

        // SAFETY: the four arrays lie one after the other in the region, which holds exactly their sum. Each begins at a line.
        pageHolders = (ulong*)words.Base;
        pagePins = pageHolders + pageWords;
        pmdHolders = pagePins + pageWords;
        pmdPins = pmdHolders + pmdWords;
    }

    /// <summary>
    /// Called with a run of pages after an unpin has made some of them idle, to give back blocks that wait for it; null for none. The caller
    /// may hold an invalidate lock for reading, and no plain lock.
    /// </summary>
    internal Action<PfnRange>? BecameIdle { get; set; }

    /// <summary>A real entry was put into a mapping: it holds its pages from now on (<c>dax_associate_entry</c>).</summary>
    /// <remarks>Called with the entry locked. Never for a ZERO or EMPTY entry, whose word has no pfn (B35): the caller looks at the kind first.</remarks>
    /// <param name="pfn">The entry's first device page.</param>
    /// <param name="order">The entry's order.</param>
    /// <param name="mapping">Id of the mapping, 1 to <see cref="PageOwner.MaxMapping"/>.</param>
    /// <param name="index">The entry's first page in the file.</param>
    /// <param name="isShared">Whether the blocks are shared between files: then holders are counted.</param>
    /// <exception cref="InvalidOperationException">Another entry holds the page and it is not shared.</exception>
    public void Associate(Pfn pfn, PageOrder order, long mapping, PageIndex index, bool isShared)
    {
        ref ulong word = ref Holder(pfn, order);
        var one = PageOwner.One(mapping, index);
        var now = new PageOwner(Atomic.Load(ref word, Site.PageOwner));
        if (!isShared)
        {
            if (!now.IsNone)
            {
                throw new InvalidOperationException(
                    $"Device page {pfn} cannot be given to mapping {mapping} at page {index}: {now} has it.");
            }

            Atomic.Store(ref word, one.Word, Site.PageOwner);
            return;
        }

        while (!Atomic.TryReplace(ref word, PageOwner.Counted(now.HolderCount + 1).Word, now.Word, Site.PageOwner))
        {
            now = new PageOwner(Atomic.Load(ref word, Site.PageOwner));
        }
    }

    /// <summary>As <see cref="Disassociate"/> of a 4 KiB entry on a page that no other file shares, where it holds the page.</summary>
    /// <param name="pfn">The entry's device page.</param>
    /// <param name="owner">Its holder's word, as it must be.</param>
    /// <returns>False if the word is another, or the device has no such page; nothing has changed then.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRelease(Pfn pfn, PageOwner owner)
    {
        long page = pfn.Value - range.First.Value;
        if ((ulong)page >= (ulong)range.PageCount || Atomic.Load(ref pageHolders[page], Site.PageOwner) != owner.Word)
        {
            return false;
        }

        Atomic.Store(ref pageHolders[page], 0, Site.PageOwner);
        return true;
    }

    /// <summary>Whether all pages of a run lie in the device.</summary>
    public bool Covers(PfnRange pages) => pages.First.Value >= range.First.Value && pages.End.Value <= range.End.Value;

    /// <summary>The word of a page's holder at 4 KiB, for a caller that gives it to an entry that it holds (<see cref="Associate"/> without its checks).</summary>
    /// <param name="pfn">A page that <see cref="Covers"/> says is the device's.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref ulong PageHolder(long pfn) => ref pageHolders[pfn - range.First.Value];

    /// <summary>A real entry was taken out or replaced: it holds its pages no longer (<c>dax_disassociate_entry</c>).</summary>
    /// <remarks>Called with the entry locked; never for a ZERO or EMPTY entry. Parameters as for <see cref="Associate"/>.</remarks>
    /// <returns>Holders that are left at this order: 0, unless the blocks are shared.</returns>
    /// <exception cref="InvalidOperationException">The entry does not hold the page.</exception>
    public long Disassociate(Pfn pfn, PageOrder order, long mapping, PageIndex index)
    {
        ref ulong word = ref Holder(pfn, order);
        var one = PageOwner.One(mapping, index);
        while (true)
        {
            var now = new PageOwner(Atomic.Load(ref word, Site.PageOwner));
            if (now.IsNone || (!now.IsShared && now != one))
            {
                throw new InvalidOperationException(
                    $"Device page {pfn} cannot be taken from mapping {mapping} at page {index}: {now} has it.");
            }

            var next = PageOwner.Counted(now.HolderCount - 1);
            if (Atomic.TryReplace(ref word, next.Word, now.Word, Site.PageOwner))
            {
                return next.HolderCount;
            }
        }
    }

    /// <summary>The holder of a page now. It may change at once: to act on it, lock the entry and ask again (as <c>dax_lock_folio</c>).</summary>
    /// <param name="pfn">The page.</param>
    /// <returns>Of a PMD entry, the page's own index in the file, not the entry's first; a sum if it is held at both orders.</returns>
    public PageOwner Find(Pfn pfn)
    {
        var page = new PageOwner(Atomic.Load(ref Holder(pfn, PageOrder.Pte), Site.PageOwner));
        var pmd = new PageOwner(Atomic.Load(ref PmdHolder(pfn), Site.PageOwner));
        if (pmd.IsNone)
        {
            return page;
        }

        if (!page.IsNone || pmd.IsShared)
        {
            return PageOwner.Counted(page.HolderCount + pmd.HolderCount);
        }

        return PageOwner.One(pmd.Mapping, pmd.Index + (pfn.Value & DaxConstants.ColourMask));
    }

    /// <summary>Holds the memory of pages beyond their mappings, for DMA and the like. The caller then follows [P1] above.</summary>
    public void Pin(PfnRange pages)
    {
        Check(pages);
        for (PfnRange rest = pages; !rest.IsEmpty; rest = After(rest))
        {
            PfnRange part = InFirstPmd(rest);
            Atomic.Add(ref PmdPins(part.First), part.PageCount, Site.PageOwner);
            for (Pfn pfn = part.First; pfn.Value < part.End.Value; pfn += 1)
            {
                ulong now = Atomic.Add(ref PagePins(pfn), 1, Site.PageOwner);
                Debug.Assert((now & PinMask) != 0, "The pins of a page have run over.");
            }
        }
    }

    /// <summary>Drops a hold of <see cref="Pin"/>; threads that wait for a page that is idle now are woken.</summary>
    /// <param name="pages">The pages.</param>
    /// <param name="wakes">False for a put that does not know when a page is idle, and wakes no waiter.</param>
    /// <exception cref="InvalidOperationException">A page is not pinned.</exception>
    public void Unpin(PfnRange pages, bool wakes = true)
    {
        Check(pages);
        bool isAnyIdle = false;
        for (PfnRange rest = pages; !rest.IsEmpty; rest = After(rest))
        {
            PfnRange part = InFirstPmd(rest);
            for (Pfn pfn = part.First; pfn.Value < part.End.Value; pfn += 1)
            {
                isAnyIdle |= UnpinOne(pfn, wakes);
            }

            Atomic.Add(ref PmdPins(part.First), -part.PageCount, Site.PageOwner);
        }

        if (isAnyIdle)
        {
            BecameIdle?.Invoke(pages);
        }
    }

    /// <summary>Whether the page is pinned beyond its mappings (<c>dax_busy_page</c>).</summary>
    public bool IsBusy(Pfn pfn)
    {
        Check(new PfnRange(pfn, 1));
        return (Atomic.Load(ref PagePins(pfn), Site.PageOwner) & PinMask) != 0;
    }

    /// <summary>The first page of a run that is pinned; null if none is. Its translations must be gone before: see [P2] above.</summary>
    public Pfn? FirstBusy(PfnRange pages)
    {
        Check(pages);
        Pfn pfn = pages.First;
        while (pfn.Value < pages.End.Value)
        {
            if (Atomic.Load(ref PmdPins(pfn), Site.PageOwner) == 0) // [P2] matches [P1] in PagePin
            {
                pfn = new Pfn((pfn.Value | DaxConstants.ColourMask) + 1);
                continue;
            }

            if (IsBusy(pfn))
            {
                return pfn;
            }

            pfn += 1;
        }

        return null;
    }

    /// <summary>The first page of a run that an entry holds or that is pinned; null if none is. Blocks may be freed only then.</summary>
    public Pfn? FirstInUse(PfnRange pages)
    {
        Check(pages);
        for (Pfn pfn = FirstSuspect(pages, pages.First); pfn.Value < pages.End.Value; pfn = FirstSuspect(pages, pfn + 1))
        {
            if (!Find(pfn).IsNone)
            {
                return pfn;
            }
        }

        return FirstBusy(pages);
    }

    // Outside a scheduler, whose steps these loads would be, words are looked through in bulk: a run can have 2^32 pages.
    private Pfn FirstSuspect(PfnRange pages, Pfn from)
    {
        Pfn at = from;
        while (Atomic.Current is null && at.Value < pages.End.Value && new PageOwner(Atomic.Load(ref PmdHolder(at), Site.PageOwner)).IsNone)
        {
            PfnRange part = InFirstPmd(new PfnRange(at, pages.End.Value - at.Value));

            // SAFETY: the part lies in the range, for each page of which the array has a word.
            int found = new ReadOnlySpan<ulong>(pageHolders + (at.Value - range.First.Value), (int)part.PageCount).IndexOfAnyExcept(0UL);
            if (found >= 0)
            {
                return at + found;
            }

            at = part.End;
        }

        return at;
    }

    /// <summary>Sleeps until the page has no pin (<c>wait_page_idle</c>). The caller must hold nothing that the unpinning thread needs.</summary>
    public void WaitIdle(Pfn pfn) => _ = WaitIdle(pfn, Timeout.InfiniteTimeSpan, CancellationToken.None);

    /// <summary>As the other, for at most a time, or until it is cancelled.</summary>
    /// <param name="pfn">The page.</param>
    /// <param name="timeout">How long; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False if the time ran out.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled. The pins are as they were.</exception>
    public bool WaitIdle(Pfn pfn, TimeSpan timeout, CancellationToken cancellationToken)
    {
        Check(new PfnRange(pfn, 1));
        WaitRegistry.Registration registration = default;
        try
        {
            return WaitIdle(pfn, timeout, cancellationToken, ref registration);
        }
        finally
        {
            registration.Dispose();
        }
    }

    /// <summary>Says that no page has a holder or a pin.</summary>
    /// <exception cref="InvalidOperationException">One has.</exception>
    public void VerifyUnused()
    {
        if (FirstInUse(range) is { } pfn)
        {
            throw new InvalidOperationException($"Device page {pfn} is still in use: {Find(pfn)}, pinned: {IsBusy(pfn)}.");
        }
    }

    /// <summary>Forgets every holder and pin: for a checker that uses one device for many runs. No other thread may use it meanwhile.</summary>
    public void Reset()
    {
        // SAFETY: the region holds exactly the four arrays, and they are words.
        new Span<byte>((void*)words.Base, checked((int)words.LengthBytes)).Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => words.Dispose();

    WaitTargetState IWaitTarget.StateOf(WaitKind kind, long detail)
    {
        var pfn = new Pfn(detail);
        string name = $"device page {pfn}";
        if (words.IsClosed)
        {
            return new WaitTargetState(name, "of a closed device", []);
        }

        ulong pins = PagePins(pfn) & PinMask; // no step of a schedule
        return new WaitTargetState(name, pins == 0 ? "not pinned" : $"pinned {pins} {(pins == 1 ? "time" : "times")}", []);
    }

    private bool WaitIdle(Pfn pfn, TimeSpan timeout, CancellationToken cancellationToken, ref WaitRegistry.Registration registration)
    {
        ref ulong word = ref PagePins(pfn);
        long start = Environment.TickCount64;
        while (true)
        {
            ulong now = Atomic.Load(ref word, Site.PageOwner);
            if ((now & PinMask) == 0)
            {
                return true;
            }

            // Before the bit is set. A bit that is left behind costs the last unpin a needless wake-up.
            cancellationToken.ThrowIfCancellationRequested();
            Fallible.ThrowIfFails(FallibleStep.Wait);
            TimeSpan rest = timeout == Timeout.InfiniteTimeSpan
                ? Timeout.InfiniteTimeSpan
                : timeout - TimeSpan.FromMilliseconds(Environment.TickCount64 - start);
            if (rest <= TimeSpan.Zero && rest != Timeout.InfiniteTimeSpan)
            {
                return false;
            }

            if ((now & WaiterBit) == 0 && !Atomic.TryReplace(ref word, now | WaiterBit, now, Site.PageOwner))
            {
                continue;
            }

            if (registration.IsNone)
            {
                registration = WaitRegistry.Enter(this, WaitKind.ForUnpin, pfn.Value);
            }

            // A pin or unpin in between changes the word, and the sleep ends at once or does not begin.
            Atomic.Note(new(NoteKind.AwaitsIdle, 0, default, PageOrder.Pte, pfn.Value));
            if (rest == Timeout.InfiniteTimeSpan && !cancellationToken.CanBeCanceled)
            {
                Atomic.Wait(ref word, now | WaiterBit, Site.Sleep);
                continue;
            }

            // A cancellation changes no word that would wake this thread, so it checks from time to time.
            TimeSpan slice = rest == Timeout.InfiniteTimeSpan || (cancellationToken.CanBeCanceled && rest > CancellationInterval)
                ? CancellationInterval
                : rest;
            Atomic.WaitFor(ref word, now | WaiterBit, slice, Site.Sleep);
        }
    }

    private static long WholeLines(long count) => (count + WordsPerLine - 1) & -WordsPerLine;

    private static PfnRange InFirstPmd(PfnRange pages) =>
        pages with { PageCount = Math.Min(pages.PageCount, DaxConstants.PagesPerPmd - (pages.First.Value & DaxConstants.ColourMask)) };

    private static PfnRange After(PfnRange pages)
    {
        PfnRange part = InFirstPmd(pages);
        return new PfnRange(part.End, pages.PageCount - part.PageCount);
    }

    private bool UnpinOne(Pfn pfn, bool wakes)
    {
        ref ulong word = ref PagePins(pfn);
        while (true)
        {
            ulong now = Atomic.Load(ref word, Site.PageOwner);
            if ((now & PinMask) == 0)
            {
                throw new InvalidOperationException($"Device page {pfn} is not pinned.");
            }

            // The last unpin clears the waiters' bit too.
            ulong next = (now & PinMask) == 1 ? 0 : now - 1;
            if (!Atomic.TryReplace(ref word, next, now, Site.PageOwner))
            {
                continue;
            }

            if (next == 0 && (now & WaiterBit) != 0)
            {
                Atomic.Note(new(wakes ? NoteKind.WakesAtIdle : NoteKind.IgnoresIdle, 0, default, PageOrder.Pte, pfn.Value));
                if (wakes)
                {
                    Atomic.Wake(ref word, Site.WakeWaiter);
                }
            }

            return next == 0;
        }
    }

    private ref ulong Holder(Pfn pfn, PageOrder order)
    {
        Check(new PfnRange(pfn, order.PageCount()));
        if (order == PageOrder.Pte)
        {
            // SAFETY: the page lies in the range, for each page of which the array has a word.
            return ref pageHolders[pfn.Value - range.First.Value];
        }

        if (!pfn.IsPmdAligned)
        {
            throw new ArgumentException($"Device page {pfn} is not at a 2 MiB boundary.", nameof(pfn));
        }

        return ref PmdHolder(pfn);
    }

    // SAFETY (the next three): the callers have checked the page against the range; the arrays have a word for each page and
    // for each 2 MiB that overlaps the range.
    private ref ulong PmdHolder(Pfn pfn) => ref pmdHolders[(pfn.Value >> DaxConstants.PmdOrder) - firstPmd];

    private ref ulong PmdPins(Pfn pfn) => ref pmdPins[(pfn.Value >> DaxConstants.PmdOrder) - firstPmd];

    private ref ulong PagePins(Pfn pfn) => ref pagePins[pfn.Value - range.First.Value];

    private void Check(PfnRange pages)
    {
        ObjectDisposedException.ThrowIf(words.IsClosed, this);
        if (pages.PageCount < 0 || pages.First.Value < range.First.Value || pages.End.Value > range.End.Value)
        {
            throw new ArgumentOutOfRangeException(nameof(pages), $"The device pages {pages} lie outside {range}.");
        }
    }
}
