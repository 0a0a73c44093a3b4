using DaxEmu.Native.Failures;

namespace DaxEmu.Core.Iomap;

/// <summary>What <c>fallocate</c>, <c>ftruncate</c> and reflink do to the extents.</summary>
/// <remarks>
/// The caller holds the file's invalidate lock for writing, so that no fault acts on an older answer. Operations that take blocks
/// from the file return them, see <see cref="FreedBlocks"/>.
/// </remarks>
internal sealed partial class InMemoryExtentMap
{
    /// <summary>Changes blocks and size in one step, as a commit sees it.</summary>
    /// <param name="change">Changes both.</param>
    internal FreedBlocks ChangeWithSize(Func<FreedBlocks> change)
    {
        if (journal?.ChangeGate is not { } changeGate)
        {
            return change();
        }

        using (changeGate.Enter())
        {
            return change();
        }
    }

    /// <summary>Fills the holes of a range with unwritten blocks (<c>fallocate</c>).</summary>
    /// <returns><see cref="IoError.NoSpace"/> if they do not all fit; nothing is changed then.</returns>
    public IoError Allocate(PageRange range)
    {
        CheckRange(range);
        object reclaimed = allocator.ReclaimRound;
        IoError error = AllocateUnderLock(range);
        return error == IoError.NoSpace && allocator.Reclaim(reclaimed) ? AllocateUnderLock(range) : error;
    }

    /// <summary>Takes the blocks out of a range (<c>FALLOC_FL_PUNCH_HOLE</c>).</summary>
    public FreedBlocks Punch(PageRange range)
    {
        CheckRange(range);
        using (gate.Enter())
        {
            var freed = new List<PfnRange>();
            Shown(TakeOut(range, freed));
            return Freed(freed);
        }
    }

    /// <summary>Takes out everything from a page on (<c>ftruncate</c> to a smaller size; the whole file if it is page 0).</summary>
    public FreedBlocks Truncate(PageIndex end) => Punch(PageRange.Between(end, PageRange.All.End));

    /// <summary>Takes out everything: the file goes, and that cannot fail. That it went is made durable by the caller.</summary>
    internal FreedBlocks TakeEverything()
    {
        using (gate.Enter())
        {
            var freed = new List<PfnRange>();
            Shown(TakeOut(PageRange.All, freed));
            return new FreedBlocks(allocator, freed);
        }
    }

    /// <summary>Makes a range read as zeroes, with blocks behind all of it (<c>FALLOC_FL_ZERO_RANGE</c>).</summary>
    /// <remarks>
    /// Blocks of this file alone are only marked. Shared ones are given up for fresh ones: an unwritten block is zeroed in place by
    /// the next write, which the other file would see.
    /// </remarks>
    /// <param name="range">The pages.</param>
    /// <param name="freed">The shared blocks that were given up.</param>
    /// <returns><see cref="IoError.NoSpace"/> if there are not enough blocks; nothing is changed then.</returns>
    public IoError ToUnwritten(PageRange range, out FreedBlocks freed)
    {
        CheckRange(range);
        object reclaimed = allocator.ReclaimRound;
        IoError error = ToUnwrittenUnderLock(range, out freed);
        return error == IoError.NoSpace && allocator.Reclaim(reclaimed) ? ToUnwrittenUnderLock(range, out freed) : error;
    }

    private IoError AllocateUnderLock(PageRange range)
    {
        using (gate.Enter())
        {
            return FillHoles(Blocks, range, Show);
        }
    }

    private IoError ToUnwrittenUnderLock(PageRange range, out FreedBlocks freed)
    {
        using (gate.Enter())
        {
            ExtentTree next = Blocks;
            var given = new List<PfnRange>();
            foreach (Extent extent in List(Blocks.Only(range)))
            {
                var pages = new PageRange(extent.First, extent.PageCount);
                if (extent.IsShared)
                {
                    given.Add(new PfnRange(extent.Pfn, extent.PageCount));
                    next = next.With(pages);
                }
                else
                {
                    next = next.With(pages, extent with { Kind = ExtentKind.Unwritten });
                }
            }

            IoError error = FillHoles(next, range, filled =>
            {
                DropCopies(range, given);
                Show(filled);
            });
            freed = error == IoError.None ? Freed(given) : FreedBlocks.None;
            return error;
        }
    }

    /// <summary>Takes a range out and moves what lies behind it down (<c>FALLOC_FL_COLLAPSE_RANGE</c>).</summary>
    public FreedBlocks Collapse(PageRange range)
    {
        CheckRange(range);
        using (gate.Enter())
        {
            var freed = new List<PfnRange>();
            DropCopies(PageRange.Between(range.First, PageRange.All.End), freed);
            ExtentTree rest = TakeOut(range, freed);
            Shown(ExtentTree.Of(rest.In(PageRange.All).Select(
                extent => extent.First < range.End ? extent : extent with { First = extent.First + -range.PageCount })));
            return Freed(freed);
        }
    }

    /// <summary>Moves everything from the range's start on up by the range's length, and leaves a hole (<c>FALLOC_FL_INSERT_RANGE</c>).</summary>
    /// <returns>Fresh blocks of copies that had not ended; they hold nothing of the file.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The last extent would be moved past the largest file.</exception>
    public FreedBlocks Insert(PageRange range)
    {
        CheckRange(range);
        using (gate.Enter())
        {
            PageIndex limit = PageRange.All.End + -range.PageCount;
            if (Blocks.In(PageRange.Between(limit, PageRange.All.End)).Any())
            {
                throw new ArgumentOutOfRangeException(nameof(range), $"An extent would be moved past page {PageRange.All.End}.");
            }

            var freed = new List<PfnRange>();
            DropCopies(PageRange.Between(range.First, PageRange.All.End), freed);
            IEnumerable<Extent> before = Blocks.In(PageRange.Between(new PageIndex(0), range.First));
            IEnumerable<Extent> behind = Blocks.In(PageRange.Between(range.First, limit));
            Shown(ExtentTree.Of(before.Concat(behind.Select(extent => extent with { First = extent.First + range.PageCount }))));
            return Freed(freed);
        }
    }

    /// <summary>Puts the written blocks of a range of another file (or of this one) here too (<c>FICLONERANGE</c>).</summary>
    /// <remarks>
    /// Holes and unwritten blocks become holes, so that a shared block is always a written one. The caller holds the invalidate locks of
    /// both files for writing, and has written back and write-protected the source's entries: its next write must fault, to
    /// find that the blocks are shared.
    /// </remarks>
    /// <param name="source">The file to take from; must use the same allocator.</param>
    /// <param name="range">Which of its pages.</param>
    /// <param name="target">Where they go in this file.</param>
    /// <returns>What lay in this file's range before.</returns>
    /// <exception cref="ArgumentException">Another allocator, or two overlapping ranges of one file.</exception>
    public FreedBlocks ShareFrom(InMemoryExtentMap source, PageRange range, PageIndex target) => ShareFrom(source, range, target, cutsTarget: false);

    /// <summary>As the other; where it cuts the target, everything behind the range goes in the same step.</summary>
    /// <param name="source">The file to take from.</param>
    /// <param name="range">Which of its pages.</param>
    /// <param name="target">Where they go in this file.</param>
    /// <param name="cutsTarget">Whether what lies behind them goes.</param>
    /// <param name="alongWith">What a commit must not see apart from it: the file's new size.</param>
    internal FreedBlocks ShareFrom(InMemoryExtentMap source, PageRange range, PageIndex target, bool cutsTarget, Action? alongWith = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        CheckRange(range);
        var targetRange = new PageRange(target, range.PageCount);
        CheckRange(targetRange);
        PageRange replaced = cutsTarget ? PageRange.Between(target, PageRange.All.End) : targetRange;
        if (source.allocator != allocator)
        {
            throw new ArgumentException("The two files lie on different devices.", nameof(source));
        }

        if (source == this && range.Overlaps(targetRange))
        {
            throw new ArgumentException($"The ranges {range} and {targetRange} of one file overlap.", nameof(target));
        }

        // One lock after the other, never one inside the other: two opposite calls cannot wait for each other. In between, the blocks
        // are counted for this file already, so nobody can free them.
        var counted = new List<PfnRange>();
        bool isShown = false;
        try
        {
            Extent[] shared = source.ShareOut(range, counted);
            source.CommitFirst?.Invoke(); // or a crash would find blocks of two files of which one says that they are its own
            FreedBlocks answer = ChangeWithSize(() =>
            {
                FreedBlocks given = ShowShared(shared, range, replaced, target);
                alongWith?.Invoke();
                return given;
            });
            isShown = true;
            return answer;
        }
        finally
        {
            if (!isShown)
            {
                counted.ForEach(allocator.TakeBack);
            }
        }
    }

    private FreedBlocks ShowShared(Extent[] shared, PageRange range, PageRange replaced, PageIndex target)
    {
        using (gate.Enter())
        {
            var freed = new List<PfnRange>();
            var answer = new FreedBlocks(allocator, freed, CommitFirst);
            ExtentTree next = Blocks.With(replaced);
            foreach (Extent extent in shared)
            {
                PageIndex first = target + (extent.First - range.First);
                next = next.With(new PageRange(first, extent.PageCount), extent with { First = first, Flags = ExtentFlags.Shared });
            }

            _ = TakeOut(replaced, freed);
            Shown(next);
            return answer;
        }
    }

    // The blocks of a range, counted for one file more and marked as shared.
    private Extent[] ShareOut(PageRange range, List<PfnRange> counted)
    {
        using (gate.Enter())
        {
            Extent[] shared = [.. Blocks.In(range).Where(extent => extent.Kind == ExtentKind.Mapped)];
            counted.EnsureCapacity(shared.Length);
            ExtentTree next = Blocks;
            foreach (Extent extent in shared)
            {
                var run = new PfnRange(extent.Pfn, extent.PageCount);
                next = next.With(new PageRange(extent.First, extent.PageCount), extent with { Flags = ExtentFlags.Shared });
                allocator.Share(run);
                counted.Add(run);
            }

            Blocks = next;
            return shared;
        }
    }

    private static void CheckRange(PageRange range)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(range.First.Value, nameof(range));
        ArgumentOutOfRangeException.ThrowIfNegative(range.PageCount, nameof(range));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(range.PageCount, PageRange.All.End - range.First, nameof(range));
        Fallible.ThrowIfFails(FallibleStep.ExtentMap);
    }

    private IoError Shown(ExtentTree next)
    {
        if (next != Blocks)
        {
            Show(next);
        }

        return IoError.None;
    }

    private ExtentTree TakeOut(PageRange range, List<PfnRange> freed)
    {
        DropCopies(range, freed);
        foreach (Extent extent in Blocks.In(range))
        {
            freed.Add(new PfnRange(extent.Pfn, extent.PageCount));
        }

        return Blocks.With(range);
    }

    private void DropCopies(PageRange range, List<PfnRange> freed)
    {
        foreach (Extent extent in copies.In(range))
        {
            freed.Add(new PfnRange(extent.Pfn, extent.PageCount));
        }

        KeepAside(copies.With(range));
    }

    /// <summary>
    /// Puts unwritten blocks into every hole of the range, whole 2 MiB where the pages are aligned, and shows the result; all or none.
    /// </summary>
    private IoError FillHoles(ExtentTree tree, PageRange range, Action<ExtentTree> show)
    {
        ExtentTree next = tree;
        var taken = new List<PfnRange>();
        bool isShown = false;
        try
        {
            PageIndex at = range.First;
            while (at < range.End)
            {
                Extent extent = next.Covering(at);
                if (extent.Kind != ExtentKind.Hole)
                {
                    at = extent.End;
                    continue;
                }

                PageIndex end = extent.End < range.End ? extent.End : range.End;
                PageIndex boundary = at.PmdStart + DaxConstants.PagesPerPmd;
                if (at.Colour != 0 && boundary < end)
                {
                    end = boundary;
                }

                taken.EnsureCapacity(taken.Count + 1);
                if (!TryTake(at, end - at, out PfnRange run))
                {
                    return IoError.NoSpace;
                }

                taken.Add(run);
                next = next.With(new PageRange(at, run.PageCount), new Extent(at, run.PageCount, ExtentKind.Unwritten, run.First));
                at += run.PageCount;
            }

            if (next != Blocks)
            {
                show(next);
            }

            isShown = true;
            return IoError.None;
        }
        finally
        {
            if (!isShown)
            {
                taken.ForEach(allocator.TakeBack);
            }
        }
    }
}
