using DaxEmu.Core.Atomics;
using DaxEmu.Native.Failures;

namespace DaxEmu.Core.Iomap;

/// <summary>The extents of one file of the emulated file system, kept in memory and allocated from a <see cref="BlockAllocator"/>.</summary>
/// <remarks>
/// <para>
/// Readers take no lock: they read one reference to a snapshot that never changes (<see cref="ExtentTree"/>). Changes are made under the
/// map's lock and shown by storing the next snapshot. So an answer is always one that was true at a moment of the call.
/// </para>
/// <para>
/// <b>New blocks.</b> They are zeroed under the lock, before the snapshot that has them is shown. The loser of a race for a hole finds
/// them mapped when it gets the lock, is answered without <see cref="ExtentFlags.New"/>, and zeroes nothing: what the winner stored stays.
/// </para>
/// <para>
/// <b>Shared blocks.</b> A write gets fresh blocks, which are kept aside; the map goes on to show the old ones until
/// <see cref="End"/>. Were they switched at once, a read, or a file system that comes up after a crash, could see a block that is not
/// copied yet. Who asks for the same pages before the copy ends gets the same fresh blocks, as from the kernel's copy-on-write fork. Two
/// such callers must exclude each other for as long as they copy, page by page: faults do by the entry's lock, writes by the file's.
/// Fresh blocks that no copy ended stay aside for the next write, until the pages are punched or truncated, or the device runs out of
/// blocks (<see cref="ReleaseAside"/>).
/// </para>
/// <para>
/// <b>Dirty.</b> As XFS, which asks whether the inode has changes that are not in the log yet, the map has one mark for all its extents:
/// set by every change, cleared by <see cref="Commit"/>.
/// </para>
/// <para>
/// <b>Joined answers.</b> An extent answered as new may reach over neighbours that were there before: blocks that continue each other are
/// one extent, which is what lets a PMD map them.
/// </para>
/// <para>The plain lock is held over no wait and over no step that a scheduler owns, so a scheduled thread never stops inside.</para>
/// </remarks>
internal sealed partial class InMemoryExtentMap : IExtentMap
{
    private readonly PlainLock gate = new("lock of the extents");
    private readonly PlainLock commitGate = new("lock of the commits");
    private readonly BlockAllocator allocator;
    private readonly IBlockZeroer zeroer;
    private readonly IExtentJournal? journal;

    // The flag Shared in these trees means "may be shared": the allocator knows exactly, and is asked only where the flag is.
    private Published<ExtentTree> published;
    private PublishedFlag dirty;

    // Under the lock: fresh blocks whose copy has not ended, and for which pages one is being made; what has changed since the map was made;
    // where to look for space.
    private readonly List<PageRange> copying = [];
    private ExtentTree copies = ExtentTree.Empty;
    private long changeCount;
    private Pfn allocationHint;

    /// <summary>A file without blocks.</summary>
    /// <param name="allocator">Where the blocks come from.</param>
    /// <param name="zeroer">What zeroes new blocks.</param>
    /// <param name="journal">Stores the extents so that they survive a crash; null if nothing is to be stored.</param>
    public InMemoryExtentMap(BlockAllocator allocator, IBlockZeroer zeroer, IExtentJournal? journal = null)
        : this(allocator, zeroer, journal, ExtentTree.Empty)
    {
    }

    /// <summary>A file with blocks that are taken from the allocator already.</summary>
    /// <param name="allocator">Where the blocks come from.</param>
    /// <param name="zeroer">What zeroes new blocks.</param>
    /// <param name="journal">As for a new file.</param>
    /// <param name="blocks">Its blocks; those that may be shared say so.</param>
    /// <param name="home">Where to look for blocks while it has none; null for the start of the device.</param>
    internal InMemoryExtentMap(BlockAllocator allocator, IBlockZeroer zeroer, IExtentJournal? journal, ExtentTree blocks, Pfn? home = null)
    {
        ArgumentNullException.ThrowIfNull(allocator);
        ArgumentNullException.ThrowIfNull(zeroer);
        this.allocator = allocator;
        this.zeroer = zeroer;
        this.journal = journal;
        published = new Published<ExtentTree>(blocks);
        allocationHint = home ?? allocator.Range.First;
    }

    internal BlockAllocator Allocator => allocator;

    /// <summary>Extents now, holes not counted.</summary>
    public long ExtentCount => Blocks.Count;

    /// <summary>The blocks now.</summary>
    internal ExtentTree Blocks
    {
        get => published.Read(this, "extents");
        private set => published.Write(this, "extents", value);
    }

    /// <summary>What makes them durable.</summary>
    internal IExtentJournal? Journal => journal;

    /// <summary>Whether changes wait for <see cref="Commit"/>.</summary>
    public bool IsDirty
    {
        get => dirty.Read(this, "mark of changed extents");
        private set => dirty.Write(this, "mark of changed extents", value);
    }

    /// <summary>Blocks that are the file's and stand in no extent yet: fresh ones whose copy has not ended.</summary>
    internal IReadOnlyList<PfnRange> BlocksAside
    {
        get
        {
            using (gate.Enter())
            {
                return [.. copies.In(PageRange.All).Select(extent => new PfnRange(extent.Pfn, extent.PageCount))];
            }
        }
    }

    /// <summary>A file with the extents that a volume has stored. Their blocks are claimed from the allocator.</summary>
    /// <param name="allocator">Where the blocks come from.</param>
    /// <param name="zeroer">What zeroes new blocks.</param>
    /// <param name="extents">The extents in ascending order; holes are passed over.</param>
    /// <param name="journal">As for a new file.</param>
    /// <exception cref="ArgumentException">The extents overlap or are out of order.</exception>
    public static InMemoryExtentMap Load(
        BlockAllocator allocator,
        IBlockZeroer zeroer,
        IEnumerable<Extent> extents,
        IExtentJournal? journal = null)
    {
        ArgumentNullException.ThrowIfNull(allocator);
        ArgumentNullException.ThrowIfNull(extents);

        // Which of them are shared shows only when all files are loaded, so all of them may be.
        ExtentTree tree = ExtentTree.Of(
            from extent in extents
            where extent.Kind != ExtentKind.Hole
            select extent with { Flags = extent.Kind == ExtentKind.Mapped ? ExtentFlags.Shared : ExtentFlags.None });
        foreach (Extent extent in tree.In(PageRange.All))
        {
            allocator.Claim(new PfnRange(extent.Pfn, extent.PageCount));
        }

        return new InMemoryExtentMap(allocator, zeroer, journal, tree);
    }

    /// <summary>Blocks are given up, shared and moved only by changes of layout, which hold the invalidate lock for writing.</summary>
    public bool KeepsAnswers => true;

    /// <summary>Names its fields and locks.</summary>
    internal void NameLines(LineNames names, string file)
    {
        names.Add(this, file);
        names.Add(gate, file);
        names.Add(commitGate, file);
    }

    /// <summary>As <see cref="Find"/> to read, in numbers: a struct that is copied in pieces waits for the stores before it, and behind a write those are many.</summary>
    /// <param name="index">The page.</param>
    /// <param name="pfn">The device page behind it.</param>
    /// <param name="pageCount">How many pages of the extent are left from it on.</param>
    /// <returns>False if it reads as zeroes: <see cref="Find"/> tells how far.</returns>
    internal bool TryFindMapped(PageIndex index, out Pfn pfn, out long pageCount) => Blocks.TryFindMapped(index, out pfn, out pageCount, out _);

    /// <summary>As <see cref="TryFindMapped"/>, of pages that lie in one extent and are the file's alone.</summary>
    /// <param name="pages">The pages.</param>
    /// <param name="first">The device page behind the first.</param>
    /// <returns>False if it is not so.</returns>
    internal bool TryFindOwn(PageRange pages, out Pfn first)
    {
        if (!Blocks.TryFindMapped(pages.First, out first, out long pageCount, out ExtentFlags flags) || pageCount < pages.PageCount)
        {
            return false;
        }

        return (flags & ExtentFlags.Shared) == 0
            || (allocator.SharingRun(first, pages.PageCount, out bool isShared) == pages.PageCount && !isShared);
    }

    /// <inheritdoc/>
    public ExtentAnswer Find(PageIndex index, long pageCount, ExtentIntent intent)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index.Value, nameof(index));
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index.Value, PageRange.All.PageCount, nameof(index));

        if (Fallible.Fails(FallibleStep.ExtentMap))
        {
            return ExtentAnswer.Failed(IoError.Io);
        }

        Extent extent = Blocks.Covering(index);
        if (IsFinal(extent, intent))
        {
            return ExtentAnswer.Of(Finished(extent, index, isNew: false));
        }

        object reclaimed = allocator.ReclaimRound;
        ExtentAnswer answer = FindUnderLock(index, pageCount, intent);
        return answer.Error == IoError.NoSpace && allocator.Reclaim(reclaimed) ? FindUnderLock(index, pageCount, intent) : answer;
    }

    /// <inheritdoc/>
    public FreedBlocks End(in ExtentAnswer answer, PageRange completed)
    {
        if (!answer.IsCopy)
        {
            return FreedBlocks.None;
        }

        Extent target = answer.Target;
        PageIndex first = completed.First > target.First ? completed.First : target.First;
        PageIndex end = completed.End < target.End ? completed.End : target.End;
        var old = new List<PfnRange>();
        var freed = new FreedBlocks(allocator, old, CommitFirst);
        using (gate.Enter())
        {
            copying.Remove(new PageRange(target.First, target.PageCount));
            ExtentTree next = Blocks;
            ExtentTree rest = copies;

            // Pages whose copy another caller ended first, or whose blocks were punched meanwhile, are no longer aside: nothing to do.
            foreach (Extent fresh in copies.In(PageRange.Between(first, end)).Where(fresh => fresh.Pfn == target.PfnAt(fresh.First)))
            {
                var range = new PageRange(fresh.First, fresh.PageCount);
                old.AddRange(Blocks.In(range).Select(extent => new PfnRange(extent.Pfn, extent.PageCount)));
                rest = rest.With(range);
                next = next.With(range, fresh);
            }

            KeepAside(rest);
            Shown(next);
        }

        return freed;
    }

    /// <inheritdoc/>
    public void Commit()
    {
        Fallible.ThrowIfFails(FallibleStep.Commit);
        if (journal?.StoresNothing != false && !IsDirty)
        {
            return; // else a commit that runs may have taken the mark, and not be durable yet
        }

        using (commitGate.Enter())
        {
            long change;
            using (gate.Enter())
            {
                change = changeCount;
            }

            journal?.Commit(this); // what is shown by now, or more
            using (gate.Enter())
            {
                // A change made while we stored is not durable: its mark stays.
                IsDirty = IsDirty && changeCount != change;
            }
        }
    }

    /// <summary>The extents now, holes left out, in the order of the file's pages.</summary>
    public IReadOnlyList<Extent> Snapshot() => List(Blocks);

    private static bool IsFinal(in Extent extent, ExtentIntent intent) => extent.Kind == ExtentKind.Mapped
        ? !extent.IsShared || (intent & (ExtentIntent.Write | ExtentIntent.Zero | ExtentIntent.Unshare)) == 0
        : (intent & ExtentIntent.Write) == 0 || (intent & (ExtentIntent.Zero | ExtentIntent.Unshare)) != 0;

    private ExtentAnswer FindUnderLock(PageIndex index, long pageCount, ExtentIntent intent)
    {
        using (gate.Enter())
        {
            Extent extent = Blocks.Covering(index);
            if (IsFinal(extent, intent))
            {
                return ExtentAnswer.Of(Finished(extent, index, isNew: false));
            }

            return extent.Kind == ExtentKind.Mapped ? FindForCopy(extent, index, pageCount) : Fill(extent, index, pageCount);
        }
    }

    private ExtentAnswer Fill(in Extent extent, PageIndex index, long pageCount)
    {
        var run = new PfnRange(extent.PfnAt(index), Math.Min(pageCount, extent.End - index));
        bool isTaken = false;
        bool isShown = false;
        try
        {
            if (extent.Kind == ExtentKind.Hole)
            {
                isTaken = TryTake(index, run.PageCount, out run);
                if (!isTaken)
                {
                    return ExtentAnswer.Failed(IoError.NoSpace);
                }
            }

            if (!zeroer.TryZero(run))
            {
                return ExtentAnswer.Failed(IoError.Io);
            }

            var filled = new Extent(index, run.PageCount, ExtentKind.Mapped, run.First);
            Show(Blocks.With(new PageRange(index, filled.PageCount), filled));
            isShown = true;
            return ExtentAnswer.Of(Finished(Blocks.Covering(index), index, isNew: true));
        }
        finally
        {
            if (isTaken && !isShown)
            {
                allocator.TakeBack(run);
            }
        }
    }

    private ExtentAnswer FindForCopy(in Extent extent, PageIndex index, long pageCount)
    {
        Extent source = Finished(extent, index, isNew: false);
        if (!source.IsShared)
        {
            return ExtentAnswer.Of(source);
        }

        Extent aside = copies.Covering(index);
        source = ExtentTree.Cut(source, new PageRange(index, Math.Min(pageCount, aside.End - index)));
        PfnRange run = new(aside.PfnAt(index), source.PageCount);
        if (aside.Kind == ExtentKind.Hole && TakeAside(index, source.PageCount, out run) is var error and not IoError.None)
        {
            return ExtentAnswer.Failed(error);
        }

        source = source with { PageCount = run.PageCount };
        var target = new Extent(index, run.PageCount, ExtentKind.Mapped, run.First, ExtentFlags.New | ExtentFlags.Dirty);
        copying.Add(new PageRange(index, run.PageCount));
        return new ExtentAnswer(target, source, IoError.None);
    }

    private IoError TakeAside(PageIndex index, long pageCount, out PfnRange run)
    {
        if (!TryTake(index, pageCount, out run))
        {
            return IoError.NoSpace;
        }

        bool isAside = false;
        try
        {
            if (zeroer.TryHeal(run))
            {
                KeepAside(copies.With(
                    new PageRange(index, run.PageCount), new Extent(index, run.PageCount, ExtentKind.Mapped, run.First)));
                isAside = true;
            }
        }
        finally
        {
            if (!isAside)
            {
                allocator.TakeBack(run);
            }
        }

        return isAside ? IoError.None : IoError.Io;
    }

    /// <summary>Gives fresh blocks back that were set aside and for which no copy is being made.</summary>
    /// <returns>Pages that are free now.</returns>
    internal long ReleaseAside()
    {
        var freed = new List<PfnRange>();
        using (gate.Enter())
        {
            ExtentTree idle = copying.Aggregate(copies, (tree, range) => tree.With(range));
            ExtentTree rest = copies;
            foreach (Extent extent in idle.In(PageRange.All))
            {
                freed.Add(new PfnRange(extent.Pfn, extent.PageCount));
                rest = rest.With(new PageRange(extent.First, extent.PageCount));
            }

            KeepAside(rest);
        }

        return allocator.ReleaseWhenIdle(freed);
    }

    private void KeepAside(ExtentTree next)
    {
        if ((next.Count == 0) != (copies.Count == 0))
        {
            allocator.KnowAside(this, next.Count > 0);
        }

        copies = next;
    }

    /// <summary>Blocks for a run of pages: whole 2 MiB for a request that begins at one, else what continues the file best.</summary>
    private bool TryTake(PageIndex index, long pageCount, out PfnRange run)
    {
        Pfn hint = allocationHint;
        bool isGrowing = false;
        if (index.Value > 0 && Blocks.Covering(index + -1) is { Kind: not ExtentKind.Hole } before)
        {
            hint = before.PfnAt(index);
            isGrowing = before.PageCount >= DaxConstants.PagesPerPmd;
        }

        bool isTaken = (index.Colour == 0
                && pageCount >= DaxConstants.PagesPerPmd
                && allocator.TryAllocatePmds(pageCount, hint, out run))
            || allocator.TryAllocate(pageCount, hint, out run, isGrowing);
        allocationHint = isTaken ? run.End : hint;
        return isTaken;
    }

    /// <summary>The extent as a caller sees it: with exact flags, cut from <paramref name="index"/> on where sharing begins or ends.</summary>
    private Extent Finished(in Extent extent, PageIndex index, bool isNew)
    {
        Extent answer = extent;
        if (extent.IsShared)
        {
            long run = allocator.SharingRun(extent.PfnAt(index), extent.End - index, out bool isShared);
            answer = ExtentTree.Cut(extent, new PageRange(index, run)) with
            {
                Flags = isShared ? ExtentFlags.Shared : ExtentFlags.None,
            };
        }

        // The snapshot was read before the mark, and Show sets the mark first: a reader that sees a change sees it dirty, unless it is committed.
        ExtentFlags flags = (isNew ? ExtentFlags.New : 0) | (IsDirty && answer.Kind != ExtentKind.Hole && journal?.ReportsDirty != false ? ExtentFlags.Dirty : 0);
        return answer with { Flags = answer.Flags | flags };
    }

    private void Show(ExtentTree next)
    {
        changeCount++;
        IsDirty = true;
        Blocks = next;
    }

    private Extent[] List(ExtentTree tree)
    {
        var list = new List<Extent>();
        foreach (Extent extent in tree.In(PageRange.All))
        {
            PageIndex at = extent.First;
            while (at < extent.End)
            {
                Extent part = Finished(ExtentTree.Cut(extent, PageRange.Between(at, extent.End)), at, isNew: false);
                list.Add(part with { Flags = part.Flags & ExtentFlags.Shared });
                at = part.End;
            }
        }

        return [.. list];
    }

    private FreedBlocks Freed(List<PfnRange> ranges) => ranges.Count == 0 ? FreedBlocks.None : new FreedBlocks(allocator, ranges, CommitFirst);

    // Blocks that another file may have next must not be this one's any more after a crash.
    private Action? CommitFirst => journal?.CommitsBeforeRelease == true ? Commit : null;
}
