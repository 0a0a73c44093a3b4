using DaxEmu.Core.Atomics;
using DaxEmu.Native.Failures;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Iomap;

/// <summary>Says which pages of a device are free, hands them out, and counts how many files share one.</summary>
/// <remarks>
/// <para>
/// The device is cut into groups of whole 2 MiB, each with a lock and lines of its own (<see cref="BlockGroup"/>), so that files that are filled at
/// the same time meet nowhere: each begins in a group of its own (<see cref="HomeOf"/>) and goes on where its last block lies. A small device is
/// one group.
/// </para>
/// <para>
/// Big requests take wholly free 2 MiB, so that a PMD can map them. Small ones first continue at the hint, then fill the partly free
/// 2 MiB of the hint's group, the fullest first, and break a whole one only if they would lie in many pieces otherwise; then come the other
/// groups, in order. A file that has grown by 2 MiB in one piece breaks a whole one as soon as it cannot continue: two such files that filled one
/// 2 MiB would lie in it page by page. No request fails while a page is free: an answer of no group is taken again with all locks held.
/// </para>
/// <para>
/// The plain locks are held for a search, never for a copy, a wait or a scheduled step. Who holds an extent map's lock may take these, never the
/// other way round; of several groups the lower one is entered first.
/// </para>
/// </remarks>
internal sealed partial class BlockAllocator : IDisposable
{
    /// <summary>The least 2 MiB of a group: the words of their pages then share no line with those of other groups.</summary>
    private const int LeastGroupPmds = 32;

    /// <summary>The most groups: a search of a full device looks at each.</summary>
    private const int MostGroups = 64;

    /// <summary>The most pages of a device, 64 TiB: the bits of more would not be worth their memory.</summary>
    private const long MostPages = 1L << 34;

    private readonly long basePage;
    private readonly long groupPages;
    private readonly BlockGroup[] groups;
    private readonly ReservedRegion furtherSharers;

    /// <summary>Starts with every page free.</summary>
    /// <param name="range">The pages of the device that may be handed out.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is empty, begins before page 0 or ends behind 64 TiB.</exception>
    public unsafe BlockAllocator(PfnRange range)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(range.PageCount, nameof(range));
        ArgumentOutOfRangeException.ThrowIfNegative(range.First.Value, nameof(range));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(range.First.Value, MostPages, nameof(range));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(range.PageCount, MostPages - range.First.Value, nameof(range));
        Range = range;
        basePage = range.First.Value & ~(long)DaxConstants.ColourMask;
        long pmdCount = (range.End.Value - basePage + DaxConstants.ColourMask) >> DaxConstants.PmdOrder;
        long groupPmds = Math.Max(LeastGroupPmds, (pmdCount + MostGroups - 1) / MostGroups);
        groupPages = groupPmds * DaxConstants.PagesPerPmd;
        furtherSharers = ReservedRegion.Reserve(pmdCount * DaxConstants.PagesPerPmd * sizeof(uint));
        groups = new BlockGroup[(pmdCount + groupPmds - 1) / groupPmds];
        for (int i = 0; i < groups.Length; i++)
        {
            // SAFETY: the region has a word for each page of each group, and is closed only when no call runs; later ones look first.
            groups[i] = new BlockGroup(
                new Pfn(basePage + (i * groupPages)), Math.Min(groupPmds, pmdCount - (i * groupPmds)), (uint*)furtherSharers.Base + (i * groupPages));
        }

        ForEachGroup(range, static (group, part) => group.SetFree(part));
    }

    /// <summary>The pages that the allocator cares for.</summary>
    public PfnRange Range { get; }

    /// <summary>Pages without a holder. Those that waited for a pin and are idle now are given back first.</summary>
    /// <remarks>The sum over the groups, one after the other: exact while no other thread allocates or releases.</remarks>
    public long FreePageCount
    {
        get
        {
            ReleaseIdle();
            return SumOf(static group => group.FreePageCount);
        }
    }

    /// <summary>Pages that more than one file holds; as exact as <see cref="FreePageCount"/>.</summary>
    public long SharedPageCount => SumOf(static group => group.SharedPageCount);

    /// <summary>
    /// Looks for a page of a run that is still in use, and answers null if there is none. Asked before a release, outside the lock;
    /// a page found is a bug of the caller, who freed blocks before breaking the layout.
    /// </summary>
    internal Func<PfnRange, Pfn?>? InUseCheck { get; set; }

    /// <summary>Names its locks and fields.</summary>
    internal void NameLines(LineNames names)
    {
        names.Add(this, "the allocator");
        names.Add(waitingGate, "the allocator");
        for (int i = 0; i < groups.Length; i++)
        {
            groups[i].NameLines(names, i);
        }
    }

    /// <summary>Where a file without blocks begins to look: files with different numbers in different groups, as far as there are as many.</summary>
    /// <param name="number">The number of its inode.</param>
    internal Pfn HomeOf(long number)
    {
        // By the golden ratio: numbers that follow each other lie far apart, so that the files can grow.
        ulong place = Math.BigMul((ulong)number * 0x9E37_79B9_7F4A_7C15UL, (ulong)groups.Length, out _);
        Pfn first = groups[place].Pages.First;
        return first.Value < Range.First.Value ? Range.First : first;
    }

    /// <summary>Takes up to <paramref name="pageCount"/> pages in one run, wherever they fit best.</summary>
    /// <param name="pageCount">How many pages are wished for.</param>
    /// <param name="hint">Where to begin to look; the run starts exactly there if that page is free.</param>
    /// <param name="run">What was taken: at least a page, maybe fewer than wished.</param>
    /// <param name="isGrowing">Whether the file has grown by 2 MiB up to the hint.</param>
    /// <returns>Whether any page was free.</returns>
    public bool TryAllocate(long pageCount, Pfn hint, out PfnRange run, bool isGrowing = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageCount);
        pageCount = Math.Min(pageCount, Range.PageCount);
        run = default;
        return !Fallible.Fails(FallibleStep.BlockAllocation)
            && ((isGrowing && TryTake(pageCount, hint, BlockFit.Whole, out run))
                || TryTake(pageCount, hint, BlockFit.Good, out run)
                || TryTake(pageCount, hint, BlockFit.Any, out run)
                || TryTakeWithAllLocks(0, pageCount, hint, out run));
    }

    /// <summary>Takes wholly free, adjacent 2 MiB of the device.</summary>
    /// <param name="pageCount">How many pages are wished for, at least 512; only whole 2 MiB of it are served.</param>
    /// <param name="hint">Where to begin to look.</param>
    /// <param name="run">What was taken: aligned, a multiple of 512 pages, maybe fewer than wished.</param>
    /// <returns>Whether there was a wholly free 2 MiB in a group when it was looked at.</returns>
    public bool TryAllocatePmds(long pageCount, Pfn hint, out PfnRange run)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pageCount, DaxConstants.PagesPerPmd);
        run = default;
        if (Fallible.Fails(FallibleStep.BlockAllocation))
        {
            return false;
        }

        int home = GroupOf(hint);
        for (int i = 0; i < groups.Length; i++)
        {
            BlockGroup group = groups[(home + i) % groups.Length];
            using (group.Enter())
            {
                if (group.TryTakePmds(pageCount >> DaxConstants.PmdOrder, i == 0 ? hint : group.Pages.First, out run))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Counts a further file in for pages that are held already (reflink).</summary>
    /// <exception cref="InvalidOperationException">A page is free: there is nothing to share.</exception>
    public void Share(PfnRange blocks)
    {
        CheckRange(blocks);
        ForEachGroup(blocks, static (group, part) => group.RequireHeld(part));
        PfnRange done = blocks with { PageCount = 0 };
        try
        {
            ForEachGroup(blocks, (group, part) =>
            {
                group.AddSharers(part);
                done = done with { PageCount = part.End.Value - blocks.First.Value };
            });
        }
        catch
        {
            ForEachGroup(done, static (group, part) => _ = group.DropSharers(part));
            throw;
        }
    }

    /// <summary>Takes pages that a stored file says it holds: free ones become held, held ones get a further sharer.</summary>
    public void Claim(PfnRange blocks)
    {
        CheckRange(blocks);
        ForEachGroup(blocks, static (group, part) => group.Claim(part));
    }

    /// <summary>Counts a file out; pages that no other file shares become free.</summary>
    /// <remarks>The caller has broken the layout first, see <see cref="FreedBlocks"/>.</remarks>
    /// <returns>Pages that became free.</returns>
    /// <exception cref="InvalidOperationException">A page is free already, or still in use.</exception>
    public long Release(PfnRange blocks)
    {
        CheckRange(blocks);
        ForEachGroup(blocks, static (group, part) => group.RequireHeld(part));

        // Outside the lock: the check takes steps that a scheduler may own. The file's claim still stands, so no other thread can free them.
        RequireUnused(blocks);
        return Drop(blocks);
    }

    /// <summary>As <see cref="Release"/>, of pages that were taken or shared a moment ago and shown to no file: none can use them.</summary>
    internal void TakeBack(PfnRange blocks)
    {
        CheckRange(blocks);
        _ = Drop(blocks);
    }

    /// <summary>How many files hold the page; 0 if it is free.</summary>
    public long ShareCount(Pfn pfn)
    {
        CheckRange(new PfnRange(pfn, 1));
        ThrowIfClosed();
        BlockGroup group = groups[GroupOf(pfn)];
        using (group.Enter())
        {
            return group.ShareCount(pfn);
        }
    }

    /// <summary>How far from <paramref name="pfn"/> on the pages are alike: all shared, or none.</summary>
    /// <param name="pfn">The first page, which a file holds.</param>
    /// <param name="maxPageCount">How far to look at most.</param>
    /// <param name="isShared">Whether they are shared.</param>
    /// <returns>Number of pages, at least 1.</returns>
    public long SharingRun(Pfn pfn, long maxPageCount, out bool isShared)
    {
        var rest = new PfnRange(pfn, maxPageCount);
        CheckRange(rest);
        isShared = false;
        long alike = 0;
        while (!rest.IsEmpty)
        {
            PfnRange part = InFirstGroup(rest, out BlockGroup group);
            bool isPartShared = false;
            long partAlike = part.PageCount;
            if (group.MayBeShared)
            {
                ThrowIfClosed();
                using (group.Enter())
                {
                    partAlike = group.AlikeFrom(part, out isPartShared);
                }
            }

            if (alike > 0 && isPartShared != isShared)
            {
                break;
            }

            isShared = isPartShared;
            alike += partAlike;
            if (partAlike < part.PageCount)
            {
                break;
            }

            rest = new PfnRange(part.End, rest.PageCount - part.PageCount);
        }

        return alike;
    }

    /// <summary>Gives the memory back. No call may run when it begins; a later one that needs the memory throws.</summary>
    public void Dispose() => furtherSharers.Dispose();

    private bool TryTake(long pageCount, Pfn hint, BlockFit fit, out PfnRange run)
    {
        int home = GroupOf(hint);
        for (int i = 0; i < groups.Length; i++)
        {
            BlockGroup group = groups[(home + i) % groups.Length];
            using (group.Enter())
            {
                if (group.TryTake(pageCount, i == 0 ? hint : group.Pages.First, fit, out run))
                {
                    return true;
                }
            }
        }

        run = default;
        return false;
    }

    // One group after the other was full when it was looked at. Meanwhile a page may have become free in one that was passed, so only a look at
    // all of them at one moment says that none is free. Of a single group the look before was that.
    private bool TryTakeWithAllLocks(int entered, long pageCount, Pfn hint, out PfnRange run)
    {
        if (groups.Length == 1)
        {
            run = default;
            return false;
        }

        if (entered < groups.Length)
        {
            using (groups[entered].Enter())
            {
                return TryTakeWithAllLocks(entered + 1, pageCount, hint, out run);
            }
        }

        run = default;
        foreach (BlockGroup group in groups)
        {
            if (group.TryTake(pageCount, hint, BlockFit.Any, out run))
            {
                return true;
            }
        }

        return false;
    }

    private long Drop(PfnRange blocks)
    {
        ForEachGroup(blocks, static (group, part) => group.RequireHeld(part));
        long freed = 0;
        ForEachGroup(blocks, (group, part) => freed += group.DropSharers(part));
        return freed;
    }

    private int GroupOf(Pfn pfn) => (int)(Math.Clamp(pfn.Value - basePage, 0, (groups.Length * groupPages) - 1) / groupPages);

    private PfnRange InFirstGroup(PfnRange pages, out BlockGroup group)
    {
        group = groups[GroupOf(pages.First)];
        return pages with { PageCount = Math.Min(pages.PageCount, group.Pages.End.Value - pages.First.Value) };
    }

    // Each part under its group's lock. Most runs lie in one group.
    private void ForEachGroup(PfnRange pages, Action<BlockGroup, PfnRange> work)
    {
        ThrowIfClosed();
        PfnRange rest = pages;
        while (!rest.IsEmpty)
        {
            PfnRange part = InFirstGroup(rest, out BlockGroup group);
            using (group.Enter())
            {
                work(group, part);
            }

            rest = new PfnRange(part.End, rest.PageCount - part.PageCount);
        }
    }

    private long SumOf(Func<BlockGroup, long> count)
    {
        long sum = 0;
        foreach (BlockGroup group in groups)
        {
            using (group.Enter())
            {
                sum += count(group);
            }
        }

        return sum;
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

    private void ThrowIfClosed() => ObjectDisposedException.ThrowIf(furtherSharers.IsClosed, this);

    private void CheckRange(PfnRange blocks)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blocks.PageCount, nameof(blocks));
        if (blocks.First.Value < Range.First.Value || blocks.PageCount > Range.PageCount || blocks.First.Value > Range.End.Value - blocks.PageCount)
        {
            throw new ArgumentOutOfRangeException(nameof(blocks), $"The blocks {blocks} lie outside {Range}.");
        }
    }
}
