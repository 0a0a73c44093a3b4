using DaxEmu.Core.Atomics;
using DaxEmu.Native.Failures;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Iomap;

/// <summary>Says which pages of a device are free, hands them out, and counts how many files share one.</summary>
/// <remarks>
/// <para>
/// A bit a page, a count of free pages for each 2 MiB of the device, and two bit sets over the 2 MiB: wholly free ones, and partly free
/// ones. Big requests take wholly free 2 MiB, so that a PMD can map them. Small ones first continue at the hint, then fill partly free
/// 2 MiB, the fullest first, and break a whole one only if they would lie in many pieces otherwise.
/// </para>
/// <para>
/// A page that one file holds has no further sharers. Their number lies in native memory that is committed only where files do
/// share; a count of shared pages for each 2 MiB lets a walk skip the others. A plain lock guards all; it is held for a search, never for
/// a copy, a wait or a scheduled step. Who holds an extent map's lock may take this one, never the other way round.
/// </para>
/// </remarks>
internal sealed partial class BlockAllocator : IDisposable
{
    /// <summary>How many partly free 2 MiB are looked at.</summary>
    private const int PartialSearchLimit = 256;

    /// <summary>Into how many parts a request may be cut before a wholly free 2 MiB is broken for it instead.</summary>
    private const int WorstSplit = 16;

    /// <summary>The most pages of a device, 64 TiB: the bits of more would not be worth their memory.</summary>
    private const long MostPages = 1L << 34;

    private readonly PlainLock gate = new("lock of the allocator");
    private readonly long basePage;
    private readonly PageBits free;
    private readonly ushort[] freeInPmd;
    private readonly PageBits wholePmds;
    private readonly PageBits partialPmds;
    private readonly ReservedRegion furtherSharers;
    private readonly ushort[] sharedInPmd;
    private long freePageCount;
    private long sharedPageCount;
    private volatile bool hasShared;

    /// <summary>Starts with every page free.</summary>
    /// <param name="range">The pages of the device that may be handed out.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty, begins before page 0 or ends behind 64 TiB.</exception>
    public BlockAllocator(PfnRange range)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(range.PageCount, nameof(range));
        ArgumentOutOfRangeException.ThrowIfNegative(range.First.Value, nameof(range));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(range.First.Value, MostPages, nameof(range));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(range.PageCount, MostPages - range.First.Value, nameof(range));
        Range = range;
        basePage = range.First.Value & ~(long)DaxConstants.ColourMask;
        long pmdCount = (range.End.Value - basePage + DaxConstants.ColourMask) >> DaxConstants.PmdOrder;
        free = new PageBits(pmdCount * DaxConstants.PagesPerPmd);
        freeInPmd = new ushort[pmdCount];
        wholePmds = new PageBits(pmdCount);
        partialPmds = new PageBits(pmdCount);
        furtherSharers = ReservedRegion.Reserve(pmdCount * DaxConstants.PagesPerPmd * sizeof(uint));
        sharedInPmd = new ushort[pmdCount];
        SetFree(range.First.Value - basePage, range.PageCount);
    }

    /// <summary>The pages that the allocator cares for.</summary>
    public PfnRange Range { get; }

    /// <summary>Pages without a holder. Those that waited for a pin and are idle now are given back first.</summary>
    public long FreePageCount
    {
        get
        {
            ReleaseIdle();
            using (gate.Enter())
            {
                return freePageCount;
            }
        }
    }

    /// <summary>Pages that more than one file holds.</summary>
    public long SharedPageCount
    {
        get
        {
            using (gate.Enter())
            {
                return sharedPageCount;
            }
        }
    }

    /// <summary>
    /// Looks for a page of a run that is still in use, and answers null if there is none. Asked before a release, outside the lock;
    /// a page found is a bug of the caller, who freed blocks before breaking the layout.
    /// </summary>
    internal Func<PfnRange, Pfn?>? InUseCheck { get; set; }

    /// <summary>Names its locks and words.</summary>
    internal void NameLines(LineNames names)
    {
        names.Add(this, "the allocator");
        names.Add(gate, "all groups");
        names.Add(waitingGate, "the allocator");
    }

    /// <summary>Takes up to <paramref name="pageCount"/> pages in one run, wherever they fit best.</summary>
    /// <param name="pageCount">How many pages are wished for.</param>
    /// <param name="hint">Where to begin to look; the run starts exactly there if that page is free.</param>
    /// <param name="run">What was taken: at least a page, maybe fewer than wished.</param>
    /// <returns>Whether any page was free.</returns>
    public bool TryAllocate(long pageCount, Pfn hint, out PfnRange run)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageCount);
        using (gate.Enter())
        {
            if (freePageCount == 0 || Fallible.Fails(FallibleStep.BlockAllocation))
            {
                run = default;
                return false;
            }

            run = Take(FindFit(Math.Min(pageCount, Range.PageCount), LocalHint(hint)));
            return true;
        }
    }

    /// <summary>Takes wholly free, adjacent 2 MiB of the device.</summary>
    /// <param name="pageCount">How many pages are wished for, at least 512; only whole 2 MiB of it are served.</param>
    /// <param name="hint">Where to begin to look.</param>
    /// <param name="run">What was taken: aligned, a multiple of 512 pages, maybe fewer than wished.</param>
    /// <returns>Whether there was a wholly free 2 MiB.</returns>
    public bool TryAllocatePmds(long pageCount, Pfn hint, out PfnRange run)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pageCount, DaxConstants.PagesPerPmd);
        using (gate.Enter())
        {
            long first = wholePmds.NextSetAround(LocalHint(hint) >> DaxConstants.PmdOrder);
            if (first < 0 || Fallible.Fails(FallibleStep.BlockAllocation))
            {
                run = default;
                return false;
            }

            long end = wholePmds.NextClear(first, Math.Min(wholePmds.Length, first + (pageCount >> DaxConstants.PmdOrder)));
            run = Take((first << DaxConstants.PmdOrder, (end - first) << DaxConstants.PmdOrder));
            return true;
        }
    }

    /// <summary>Counts a further file in for pages that are held already (reflink).</summary>
    /// <exception cref="InvalidOperationException">A page is free: there is nothing to share.</exception>
    public void Share(PfnRange blocks)
    {
        CheckRange(blocks);
        using (gate.Enter())
        {
            long local = blocks.First.Value - basePage;
            RequireHeld(local, blocks.PageCount);
            AddSharers(local, blocks.PageCount);
        }
    }

    /// <summary>Takes pages that a stored file says it holds: free ones become held, held ones get a further sharer.</summary>
    public void Claim(PfnRange blocks)
    {
        CheckRange(blocks);
        using (gate.Enter())
        {
            long local = blocks.First.Value - basePage;
            long end = local + blocks.PageCount;
            while (local < end)
            {
                long heldEnd = free.NextSet(local, end);
                AddSharers(local, heldEnd - local);
                long freeEnd = free.NextClear(heldEnd, end);
                if (freeEnd > heldEnd)
                {
                    Take((heldEnd, freeEnd - heldEnd));
                }

                local = freeEnd;
            }
        }
    }

    /// <summary>Counts a file out; pages that no other file shares become free.</summary>
    /// <remarks>The caller has broken the layout first, see <see cref="FreedBlocks"/>.</remarks>
    /// <returns>Pages that became free.</returns>
    /// <exception cref="InvalidOperationException">A page is free already, or still in use.</exception>
    public long Release(PfnRange blocks)
    {
        CheckRange(blocks);
        using (gate.Enter())
        {
            RequireHeld(blocks.First.Value - basePage, blocks.PageCount);
        }

        // Outside the lock: the check takes steps that a scheduler may own. The file's claim still stands, so nobody else can free them.
        RequireUnused(blocks);

        using (gate.Enter())
        {
            long local = blocks.First.Value - basePage;
            RequireHeld(local, blocks.PageCount);
            return DropSharers(local, blocks.PageCount);
        }
    }

    /// <summary>As <see cref="Release"/>, of pages that were taken or shared a moment ago and shown to no file: none can use them.</summary>
    internal void TakeBack(PfnRange blocks)
    {
        CheckRange(blocks);
        using (gate.Enter())
        {
            long local = blocks.First.Value - basePage;
            RequireHeld(local, blocks.PageCount);
            _ = DropSharers(local, blocks.PageCount);
        }
    }

    /// <summary>How many files hold the page; 0 if it is free.</summary>
    public long ShareCount(Pfn pfn)
    {
        CheckRange(new PfnRange(pfn, 1));
        using (gate.Enter())
        {
            long local = pfn.Value - basePage;
            return free.IsSet(local) ? 0 : 1L + (IsSharedAt(local) ? Sharers(local) : 0);
        }
    }

    /// <summary>How far from <paramref name="pfn"/> on the pages are alike: all shared, or none.</summary>
    /// <param name="pfn">The first page, which a file holds.</param>
    /// <param name="maxPageCount">How far to look at most.</param>
    /// <param name="isShared">Whether they are shared.</param>
    /// <returns>Number of pages, at least 1.</returns>
    public long SharingRun(Pfn pfn, long maxPageCount, out bool isShared)
    {
        CheckRange(new PfnRange(pfn, maxPageCount));
        if (!hasShared)
        {
            isShared = false;
            return maxPageCount;
        }

        using (gate.Enter())
        {
            return AlikeFrom(pfn.Value - basePage, maxPageCount, out isShared);
        }
    }

    /// <summary>Gives the memory back. No call may run when it begins; a later one that needs the memory throws.</summary>
    public void Dispose() => furtherSharers.Dispose();

    private long LocalHint(Pfn hint) => Math.Clamp(hint.Value - basePage, 0, free.Length - 1);

    private (long First, long Count) FindFit(long pageCount, long hint)
    {
        if (free.IsSet(hint))
        {
            return (hint, free.NextClear(hint, Math.Min(free.Length, hint + pageCount)) - hint);
        }

        long wanted = Math.Min(pageCount, DaxConstants.PagesPerPmd);
        (long First, long Count) best = FindInPartial(hint >> DaxConstants.PmdOrder, wanted);
        long whole = best.Count * WorstSplit >= wanted ? -1 : wholePmds.NextSetAround(hint >> DaxConstants.PmdOrder);
        if (whole >= 0)
        {
            long first = whole << DaxConstants.PmdOrder;
            return (first, free.NextClear(first, Math.Min(free.Length, first + pageCount)) - first);
        }

        return best;
    }

    /// <summary>A run in a partly free 2 MiB: in the fullest one that has one of the wished length, else the longest that was found.</summary>
    /// <remarks>Filling the fullest first lets the others become wholly free, as their files go.</remarks>
    private (long First, long Count) FindInPartial(long pmd, long wanted)
    {
        (long First, long Count) best = default;
        int fewest = int.MaxValue;
        long firstTried = -1;
        for (int tried = 0; tried < PartialSearchLimit; tried++)
        {
            long partial = partialPmds.NextSetAround(pmd);
            if (partial < 0 || partial == firstTried)
            {
                break;
            }

            firstTried = firstTried < 0 ? partial : firstTried;
            pmd = partial + 1 == partialPmds.Length ? 0 : partial + 1;
            int count = freeInPmd[partial];
            if (count <= best.Count || (best.Count == wanted && count >= fewest))
            {
                continue;
            }

            (long First, long Count) found = LongestUpTo(partial, wanted);
            if (found.Count > best.Count || (found.Count == wanted && count < fewest))
            {
                best = found;
                fewest = count;
            }
        }

        return best;
    }

    /// <summary>The first run of <paramref name="wanted"/> pages in a 2 MiB, or its longest if there is none.</summary>
    private (long First, long Count) LongestUpTo(long pmd, long wanted)
    {
        (long First, long Count) best = default;
        long at = pmd << DaxConstants.PmdOrder;
        long end = at + DaxConstants.PagesPerPmd;
        while ((at = free.NextSet(at, end)) < end && best.Count < wanted)
        {
            long stop = free.NextClear(at, Math.Min(end, at + wanted));
            best = stop - at > best.Count ? (at, stop - at) : best;
            at = stop;
        }

        return best;
    }

    private PfnRange Take((long First, long Count) run)
    {
        free.Clear(run.First, run.Count);
        freePageCount -= run.Count;
        CountPmds(run.First, run.Count, sign: -1);
        return new PfnRange(new Pfn(basePage + run.First), run.Count);
    }

    private void SetFree(long first, long count)
    {
        free.Set(first, count);
        freePageCount += count;
        CountPmds(first, count, sign: 1);
    }

    private void CountPmds(long first, long count, int sign)
    {
        long end = first + count;
        while (first < end)
        {
            long pmd = first >> DaxConstants.PmdOrder;
            long stop = Math.Min(end, (pmd + 1) << DaxConstants.PmdOrder);
            int now = freeInPmd[pmd] + (sign * (int)(stop - first));
            freeInPmd[pmd] = (ushort)now;
            wholePmds.Assign(pmd, now == DaxConstants.PagesPerPmd);
            partialPmds.Assign(pmd, now is > 0 and < DaxConstants.PagesPerPmd);
            first = stop;
        }
    }

    private void AddSharers(long first, long count)
    {
        long end = first + count;
        for (long at = first; at < end; at++)
        {
            ref uint sharers = ref Sharers(at);
            if (sharers == uint.MaxValue)
            {
                _ = DropSharers(first, at - first);
                throw new InvalidOperationException($"Device page {basePage + at} has more sharers than can be counted.");
            }

            if (sharers++ == 0)
            {
                sharedInPmd[at >> DaxConstants.PmdOrder]++;
                sharedPageCount++;
                hasShared = true;
            }
        }
    }

    private long DropSharers(long first, long count)
    {
        // Never looks where nothing is shared: that memory stays uncommitted.
        long freed = 0;
        long end = first + count;
        for (long at = first; at < end;)
        {
            long run = AlikeFrom(at, end - at, out bool isShared);
            if (!isShared)
            {
                SetFree(at, run);
                freed += run;
            }

            for (long page = at; isShared && page < at + run; page++)
            {
                if (--Sharers(page) == 0)
                {
                    sharedInPmd[page >> DaxConstants.PmdOrder]--;
                    sharedPageCount--;
                    hasShared = sharedPageCount > 0;
                }
            }

            at += run;
        }

        return freed;
    }

    /// <summary>How many pages from one on are alike: all shared, or none.</summary>
    private long AlikeFrom(long first, long maxCount, out bool isShared)
    {
        isShared = IsSharedAt(first);
        long end = first + maxCount;
        long at = first + 1;
        while (at < end)
        {
            if (sharedInPmd[at >> DaxConstants.PmdOrder] == 0)
            {
                if (isShared)
                {
                    break;
                }

                at = (at | DaxConstants.ColourMask) + 1;
                continue;
            }

            if (IsSharedAt(at) != isShared)
            {
                break;
            }

            at++;
        }

        return Math.Min(at, end) - first;
    }

    private bool IsSharedAt(long at) => sharedInPmd[at >> DaxConstants.PmdOrder] != 0 && Sharers(at) != 0;

    private unsafe ref uint Sharers(long at)
    {
        ObjectDisposedException.ThrowIf(furtherSharers.IsClosed, this);

        // SAFETY: the callers have checked the page against the range, and the region has a word for each page of it.
        return ref ((uint*)furtherSharers.Base)[at];
    }

    private void RequireHeld(long first, long count)
    {
        long at = free.NextSet(first, first + count);
        if (at < first + count)
        {
            throw new InvalidOperationException($"Device page {basePage + at} is free: it cannot be shared or released.");
        }
    }

    /// <summary>Asks the hook for the pages that would become free; a page that others share may well be in use by them.</summary>
    private void RequireUnused(PfnRange blocks)
    {
        Pfn at = blocks.First;
        while (InUseCheck is { } check && at.Value < blocks.End.Value)
        {
            var run = new PfnRange(at, SharingRun(at, blocks.End.Value - at.Value, out bool isShared));
            if (!isShared && check(run) is { } busy)
            {
                throw new InvalidOperationException($"Device page {busy} is still in use and cannot be freed: break the layout first.");
            }

            at = run.End;
        }
    }

    private void CheckRange(PfnRange blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blocks.PageCount, nameof(blocks));
        if (blocks.First.Value < Range.First.Value || blocks.PageCount > Range.PageCount || blocks.First.Value > Range.End.Value - blocks.PageCount)
        {
            throw new ArgumentOutOfRangeException(nameof(blocks), $"The blocks {blocks} lie outside {Range}.");
        }
    }
}
