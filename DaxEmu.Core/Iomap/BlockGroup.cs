using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Iomap;

/// <summary>The free pages of a part of a device, and which of its pages files share, under a lock of its own.</summary>
/// <remarks>
/// <para>
/// A bit a page, a count of free pages for each 2 MiB, and two bit sets over the 2 MiB: wholly free ones, and partly free ones. Pages are
/// counted from the group's first. A page that one file holds has no further sharers. Their number lies in native memory that is committed only
/// where files do share; a count of shared pages for each 2 MiB lets a walk skip the others.
/// </para>
/// <para>
/// Nothing that a group writes lies in a line with anything of another group: its objects are made one after the other, which the collector
/// keeps in that order, and the last field keeps a distance from what is made next.
/// </para>
/// </remarks>
internal sealed unsafe class BlockGroup
{
    /// <summary>How many partly free 2 MiB are looked at.</summary>
    private const int PartialSearchLimit = 256;

    /// <summary>Into how many parts a request may be cut before a wholly free 2 MiB is broken for it instead.</summary>
    private const int WorstSplit = 16;

    private readonly PlainLock gate = new("lock of the allocator");
    private readonly long basePage;
    private readonly uint* furtherSharers;
    private readonly PageBits free;
    private readonly ushort[] freeInPmd;
    private readonly PageBits wholePmds;
    private readonly PageBits partialPmds;
    private readonly ushort[] sharedInPmd;
    private PublishedFlag hasShared;
#pragma warning disable CA1823, CS0169, IDE0051 // Keeps a distance, and is never read.
    private Distance distance;
#pragma warning restore CA1823, CS0169, IDE0051

    /// <summary>A group without a free page.</summary>
    /// <param name="first">Its first device page, at a 2 MiB boundary.</param>
    /// <param name="pmdCount">How many 2 MiB it has.</param>
    /// <param name="furtherSharers">A word for each page: how many files share it beside the first.</param>
    public BlockGroup(Pfn first, long pmdCount, uint* furtherSharers)
    {
        basePage = first.Value;
        this.furtherSharers = furtherSharers;
        free = new PageBits(pmdCount * DaxConstants.PagesPerPmd);
        freeInPmd = new ushort[pmdCount];
        wholePmds = new PageBits(pmdCount);
        partialPmds = new PageBits(pmdCount);
        sharedInPmd = new ushort[pmdCount];
    }

    /// <summary>Its pages.</summary>
    public PfnRange Pages => new(new Pfn(basePage), free.Length);

    /// <summary>Pages without a holder; read and written under the lock.</summary>
    public long FreePageCount { get; private set; }

    /// <summary>Pages that more than one file holds; read and written under the lock.</summary>
    public long SharedPageCount { get; private set; }

    /// <summary>Enters the group's lock, which every method but <see cref="MayBeShared"/> needs.</summary>
    public Lock.Scope Enter() => gate.Enter();

    /// <summary>Whether a page of the group may be shared: if not, none was when it was asked.</summary>
    public bool MayBeShared => hasShared.Read(this, "mark of shared pages");

    /// <summary>Names its lock and fields.</summary>
    public void NameLines(LineNames names, int number)
    {
        names.Add(gate, $"group {number}");
        names.Add(this, $"allocator group {number}");
    }

    /// <summary>Takes a run of free pages, wherever they fit best.</summary>
    /// <param name="pageCount">How many are wished for.</param>
    /// <param name="hint">Where to begin to look; any page of the device.</param>
    /// <param name="fit">Which runs will do.</param>
    /// <param name="run">What was taken: at least a page, maybe fewer than wished.</param>
    public bool TryTake(long pageCount, Pfn hint, BlockFit fit, out PfnRange run)
    {
        (long First, long Count) found = FreePageCount == 0 ? default : FindFit(pageCount, Local(hint), fit);
        run = found.Count == 0 ? default : Take(found);
        return found.Count > 0;
    }

    /// <summary>Takes wholly free, adjacent 2 MiB.</summary>
    /// <param name="pmdCount">How many are wished for.</param>
    /// <param name="hint">Where to begin to look; any page of the device.</param>
    /// <param name="run">What was taken: maybe fewer than wished.</param>
    public bool TryTakePmds(long pmdCount, Pfn hint, out PfnRange run)
    {
        long first = wholePmds.NextSetAround(Local(hint) >> DaxConstants.PmdOrder);
        if (first < 0)
        {
            run = default;
            return false;
        }

        long end = wholePmds.NextClear(first, Math.Min(wholePmds.Length, first + pmdCount));
        run = Take((first << DaxConstants.PmdOrder, (end - first) << DaxConstants.PmdOrder));
        return true;
    }

    /// <summary>Makes pages free that have no holder and no sharer.</summary>
    public void SetFree(PfnRange pages) => SetFree(pages.First.Value - basePage, pages.PageCount);

    /// <summary>Counts a further file in for pages that are held.</summary>
    public void AddSharers(PfnRange pages) => AddSharers(pages.First.Value - basePage, pages.PageCount);

    /// <summary>Counts a file out; pages that no other file shares become free.</summary>
    /// <returns>Pages that became free.</returns>
    public long DropSharers(PfnRange pages) => DropSharers(pages.First.Value - basePage, pages.PageCount);

    /// <summary>Takes free pages, and counts a further file in for the others.</summary>
    public void Claim(PfnRange pages)
    {
        long local = pages.First.Value - basePage;
        long end = local + pages.PageCount;
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

    /// <summary>How many files hold a page; 0 if it is free.</summary>
    public long ShareCount(Pfn pfn)
    {
        long local = pfn.Value - basePage;
        return free.IsSet(local) ? 0 : 1L + (IsSharedAt(local) ? furtherSharers[local] : 0);
    }

    /// <summary>How many pages from one on are alike: all shared, or none.</summary>
    public long AlikeFrom(PfnRange pages, out bool isShared) => AlikeFrom(pages.First.Value - basePage, pages.PageCount, out isShared);

    /// <summary>Refuses pages of which one is free.</summary>
    /// <exception cref="InvalidOperationException">One is.</exception>
    public void RequireHeld(PfnRange pages)
    {
        long first = pages.First.Value - basePage;
        long at = free.NextSet(first, first + pages.PageCount);
        if (at < first + pages.PageCount)
        {
            throw new InvalidOperationException($"Device page {basePage + at} is free: it cannot be shared or released.");
        }
    }

    /// <summary>Counts everything anew and compares.</summary>
    /// <param name="range">The pages that may be free.</param>
    /// <exception cref="InvalidOperationException">A count or a bit set disagrees with the bits of the pages.</exception>
    public void Verify(PfnRange range)
    {
        long freePages = 0;
        long sharedPages = 0;
        for (long pmd = 0; pmd < freeInPmd.Length; pmd++)
        {
            long first = pmd << DaxConstants.PmdOrder;
            int inPmd = 0;
            int sharedHere = 0;
            for (int i = 0; i < DaxConstants.PagesPerPmd; i++)
            {
                bool isFree = free.IsSet(first + i);
                inPmd += isFree ? 1 : 0;
                bool isShared = furtherSharers[first + i] != 0;
                sharedHere += isShared ? 1 : 0;
                Require(!isFree || !isShared, $"device page {basePage + first + i} is free and shared");
                Require(!isFree || range.Contains(new Pfn(basePage + first + i)), $"device page {basePage + first + i} is free outside");
            }

            freePages += inPmd;
            sharedPages += sharedHere;
            Require(sharedInPmd[pmd] == sharedHere, $"2 MiB {pmd} has {sharedHere} shared pages and counts {sharedInPmd[pmd]}");
            Require(freeInPmd[pmd] == inPmd, $"2 MiB {pmd} has {inPmd} free pages and counts {freeInPmd[pmd]}");
            Require(wholePmds.IsSet(pmd) == (inPmd == DaxConstants.PagesPerPmd), $"2 MiB {pmd} is wrongly (not) called whole");
            Require(
                partialPmds.IsSet(pmd) == inPmd is > 0 and < DaxConstants.PagesPerPmd, $"2 MiB {pmd} is wrongly (not) called partial");
        }

        Require(freePages == FreePageCount, $"{freePages} pages are free and {FreePageCount} are counted");
        Require(sharedPages == SharedPageCount, $"{sharedPages} pages are shared and {SharedPageCount} are counted");
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"The allocator is inconsistent: {problem}.");
        }
    }

    private long Local(Pfn pfn) => Math.Clamp(pfn.Value - basePage, 0, free.Length - 1);

    private (long First, long Count) FindFit(long pageCount, long hint, BlockFit fit)
    {
        if (free.IsSet(hint))
        {
            return (hint, free.NextClear(hint, Math.Min(free.Length, hint + pageCount)) - hint);
        }

        long wanted = Math.Min(pageCount, DaxConstants.PagesPerPmd);
        (long First, long Count) best = fit == BlockFit.Whole ? default : FindInPartial(hint >> DaxConstants.PmdOrder, wanted);
        bool isGood = best.Count > 0 && best.Count * WorstSplit >= wanted;
        long whole = isGood ? -1 : wholePmds.NextSetAround(hint >> DaxConstants.PmdOrder);
        if (whole >= 0)
        {
            long first = whole << DaxConstants.PmdOrder;
            return (first, free.NextClear(first, Math.Min(free.Length, first + pageCount)) - first);
        }

        return isGood || fit == BlockFit.Any ? best : default;
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
        FreePageCount -= run.Count;
        CountPmds(run.First, run.Count, sign: -1);
        return new PfnRange(new Pfn(basePage + run.First), run.Count);
    }

    private void SetFree(long first, long count)
    {
        free.Set(first, count);
        FreePageCount += count;
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
            ref uint sharers = ref furtherSharers[at];
            if (sharers == uint.MaxValue)
            {
                _ = DropSharers(first, at - first);
                throw new InvalidOperationException($"Device page {basePage + at} has more sharers than can be counted.");
            }

            if (sharers++ == 0)
            {
                sharedInPmd[at >> DaxConstants.PmdOrder]++;
                SharedPageCount++;
                hasShared.Write(this, "mark of shared pages", true);
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
                if (--furtherSharers[page] == 0)
                {
                    sharedInPmd[page >> DaxConstants.PmdOrder]--;
                    SharedPageCount--;
                    hasShared.Write(this, "mark of shared pages", SharedPageCount > 0);
                }
            }

            at += run;
        }

        return freed;
    }

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

    private bool IsSharedAt(long at) => sharedInPmd[at >> DaxConstants.PmdOrder] != 0 && furtherSharers[at] != 0;

    [InlineArray(ThreadSlots.LineBytes / sizeof(long))]
    private struct Distance
    {
        private long first;
    }
}
