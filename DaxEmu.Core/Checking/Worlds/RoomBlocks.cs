using DaxEmu.Core.Device;
using DaxEmu.Core.Extents;
using DaxEmu.Core.Interleaving;
using DaxEmu.Core.Units;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.Checking.Worlds;

/// <summary>
/// The blocks of a mapping world's file: 2 MiB that lie there from the start, perhaps shared with another file, or a hole; and 2 MiB from
/// which a write fills holes and copies shared blocks to, each page at its own place, so that no run depends on who came first. It
/// remembers which blocks were given up.
/// </summary>
/// <remarks>One word of native memory locks all of it: a scheduler sees the two steps, and by them everything here is ordered.</remarks>
internal sealed unsafe class RoomBlocks : IExtentMap
{
    /// <summary>The device that the blocks lie on has at least so many bytes.</summary>
    public const long DeviceBytes = 3 * DaxConstants.PmdSize;

    private const long PageCount = DaxConstants.PagesPerPmd;
    private const long OldFirst = PageCount;
    private const long FreshFirst = 2 * PageCount;
    private const long None = -1;

    private readonly ReservedRegion gateMemory = ReservedRegion.Reserve(sizeof(ulong));
    private readonly long[] blocks = new long[PageCount];
    private readonly bool[] isShared = new bool[PageCount];
    private readonly bool[] isFreed = new bool[FreshFirst + PageCount];

    /// <summary>Every device page that may be the file's.</summary>
    public static PfnRange All { get; } = new(new Pfn(OldFirst), 2 * PageCount);

    /// <summary>The block that the page has from the start, if the file begins with blocks.</summary>
    public static Pfn OldBlock(long page) => new(OldFirst + page);

    /// <summary>The block that a write puts where there is none.</summary>
    public static Pfn FreshBlock(long page) => new(FreshFirst + page);

    private ref ulong Gate => ref *(ulong*)gateMemory.Base;

    /// <summary>As at the start of a run.</summary>
    /// <param name="isHole">Whether there are no blocks.</param>
    /// <param name="isSharedByAll">Whether another file has the same blocks.</param>
    public void Reset(bool isHole, bool isSharedByAll)
    {
        Gate = 0;
        for (int page = 0; page < blocks.Length; page++)
        {
            blocks[page] = isHole ? None : OldFirst + page;
        }

        Array.Fill(isShared, isSharedByAll);
        Array.Clear(isFreed);
    }

    /// <summary>The page's block now; null in a hole. A look, not a step.</summary>
    public Pfn? BlockOf(long page) => blocks[page] == None ? null : new Pfn(blocks[page]);

    /// <summary>Whether the file gave the block up: it may be another file's. A look, not a step.</summary>
    public bool IsFreed(Pfn pfn) => isFreed[pfn.Value];

    /// <inheritdoc/>
    public ExtentAnswer Find(PageIndex index, long pageCount, ExtentIntent intent)
    {
        WordLock.Enter(ref Gate, Site.Other);
        int first = (int)index.Value;
        int end = (int)Math.Min(PageCount, index.Value + Math.Max(1, pageCount));
        bool isWrite = (intent & ExtentIntent.Write) != 0;
        bool isNew = isWrite && Fill(first, end);
        ExtentAnswer answer = isWrite && isShared[first] ? CopyOf(first, end) : ExtentAnswer.Of(Run(first, isNew ? ExtentFlags.New : ExtentFlags.None));
        WordLock.Leave(ref Gate, Site.Other);
        return answer;
    }

    /// <inheritdoc/>
    public FreedBlocks End(in ExtentAnswer answer, PageRange completed)
    {
        if (!answer.IsCopy || completed.IsEmpty)
        {
            return FreedBlocks.None;
        }

        WordLock.Enter(ref Gate, Site.Other);
        List<PfnRange> old = [];
        for (PageIndex page = completed.First; page < completed.End; page += 1)
        {
            old.Add(new PfnRange(new Pfn(blocks[page.Value]), 1));
            isFreed[blocks[page.Value]] = true;
            blocks[page.Value] = answer.Target.PfnAt(page).Value;
            isShared[page.Value] = false;
        }

        WordLock.Leave(ref Gate, Site.Other);
        return new FreedBlocks(null, old); // whose they are now is the other file's affair
    }

    /// <summary>The file gives the range's blocks up, which nobody may map, hold or pin any more.</summary>
    /// <exception cref="WorldViolationException">Somebody does.</exception>
    public void Free(PageRange range, PageOwners owners)
    {
        WordLock.Enter(ref Gate, Site.Other);
        for (long page = range.First.Value; page < Math.Min(PageCount, range.End.Value); page++)
        {
            if (BlockOf(page) is { } block)
            {
                Pfn? inUse = Unscheduled.Look(() => owners.FirstInUse(new PfnRange(block, 1)));
                WorldCheck.That(inUse is null, $"block {block} of page {page} is given up and still in use");
                Atomic.Note(new(NoteKind.Says, 0, new PageIndex(page), PageOrder.Pte, -1, $"gives block {block} of page {page} up"));
                isFreed[block.Value] = true;
                blocks[page] = None;
            }
        }

        WordLock.Leave(ref Gate, Site.Other);
    }

    /// <summary>Nothing is ever dirty.</summary>
    public void Commit()
    {
    }

    // Shared blocks and where their copy goes; the file shows it when the copy has ended.
    private ExtentAnswer CopyOf(int first, int end)
    {
        Extent source = Run(first, ExtentFlags.None);
        long count = Math.Min(end - first, source.PageCount);
        return new ExtentAnswer(
            new Extent(source.First, count, ExtentKind.Mapped, FreshBlock(first), ExtentFlags.New), source with { PageCount = count }, ExtentError.None);
    }

    private bool Fill(int first, int end)
    {
        bool isNew = false;
        for (int page = first; page < end; page++)
        {
            if (blocks[page] == None)
            {
                blocks[page] = FreshFirst + page;
                isFreed[blocks[page]] = false;
                isNew = true;
            }
        }

        return isNew;
    }

    // The run of one kind from a page on.
    private Extent Run(int first, ExtentFlags flags)
    {
        int end = first + 1;
        bool isHole = blocks[first] == None;
        while (end < PageCount && isShared[end] == isShared[first] && (isHole ? blocks[end] == None : blocks[end] == blocks[first] + (end - first)))
        {
            end++;
        }

        flags |= !isHole && isShared[first] ? ExtentFlags.Shared : ExtentFlags.None;
        return new Extent(
            new PageIndex(first), end - first, isHole ? ExtentKind.Hole : ExtentKind.Mapped, new Pfn(isHole ? 0 : blocks[first]), flags);
    }
}
