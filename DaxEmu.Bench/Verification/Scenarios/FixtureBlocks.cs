using DaxEmu.Core;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Pmem;
using DaxEmu.Native.Memory;

namespace DaxEmu.Bench.Verification.Scenarios;

/// <summary>
/// The blocks of a mapping scenario's file: 2 MiB that lie there from the start, perhaps shared with another file, or a hole; and 2 MiB from
/// which a write fills holes and copies shared blocks to, each page at its own place, so that no run depends on which thread came first. It
/// remembers which blocks were given up.
/// </summary>
/// <remarks>One word of native memory locks all of it: a scheduler sees the two steps, and by them everything here is ordered.</remarks>
internal sealed unsafe class FixtureBlocks : IExtentMap
{
    /// <summary>The device that the blocks lie on has at least so many bytes.</summary>
    public const long DeviceBytes = 3 * DaxConstants.PmdSize;

    private const long PageCount = DaxConstants.PagesPerPmd;
    private const long OldFirst = PageCount;
    private const long FreshFirst = 2 * PageCount;
    private const long None = -1;
    private const long SecondOffset = 8;

    private readonly ReservedRegion gateMemory = ReservedRegion.Reserve(sizeof(ulong));
    private readonly long[] blocks = new long[PageCount];
    private readonly bool[] isShared = new bool[PageCount];
    private readonly bool[] isFreed = new bool[FreshFirst + PageCount];
    private readonly long[] committed = new long[PageCount];
    private readonly Dictionary<long, ulong> lastWords = [];
    private readonly List<Pfn> givenUp = [];
    private bool isDirty;

    /// <summary>As of a file system: given up, shared and moved only with the invalidate lock held for writing.</summary>
    public bool KeepsAnswers => true;

    /// <summary>Every device page that may be the file's.</summary>
    public static PfnRange All { get; } = new(new Pfn(OldFirst), 2 * PageCount);

    /// <summary>The block that the page has from the start, if the file begins with blocks.</summary>
    public static Pfn OldBlock(long page) => new(OldFirst + page);

    /// <summary>The block that a write puts where the first one was given up.</summary>
    public static Pfn SecondFreshBlock(long page) => new(FreshFirst + SecondOffset + page);

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
        lastWords.Clear();
        givenUp.Clear();
        isDirty = false;
        blocks.CopyTo(committed, 0);
    }

    /// <summary>Gives a page another block, before the threads begin.</summary>
    public void Place(long page, Pfn? block)
    {
        blocks[page] = committed[page] = block?.Value ?? None;
    }

    /// <summary>The metadata have changed, and are not durable: a synchronous fault has to wait for them.</summary>
    public void MakeDirty() => isDirty = true;

    /// <summary>The page's block in the durable metadata. A look, not a step.</summary>
    public Pfn? CommittedBlockOf(long page) => committed[page] == None ? null : new Pfn(committed[page]);

    /// <summary>Whether another file has the page's block too. A look, not a step.</summary>
    public bool IsShared(long page) => isShared[page];

    /// <summary>The first block whose content changed after the file gave it up, or while another file shared it; null if none did. A look, not a step.</summary>
    public Pfn? FindChanged(PmemDevice device)
    {
        foreach ((long block, ulong word) in lastWords)
        {
            if (FirstWord(device, block) != word)
            {
                return new Pfn(block);
            }
        }

        return null;
    }

    /// <summary>Another file shows the range's blocks from now on; what they hold may not change any more.</summary>
    public void Share(PageRange range, PmemDevice device)
    {
        WordLock.Enter(ref Gate, Site.Other);
        for (long page = range.First.Value; page < Math.Min(PageCount, range.End.Value); page++)
        {
            if (blocks[page] != None && !isShared[page])
            {
                isShared[page] = true;
                lastWords[blocks[page]] = FirstWord(device, blocks[page]);
            }
        }

        isDirty = true;
        WordLock.Leave(ref Gate, Site.Other);
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
        ExtentAnswer extent = isWrite && isShared[first] ? CopyOf(first, end) : ExtentAnswer.Of(Run(first, isNew ? ExtentFlags.New : ExtentFlags.None));
        WordLock.Leave(ref Gate, Site.Other);
        return extent;
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
            isDirty = true;
        }

        WordLock.Leave(ref Gate, Site.Other);
        return new FreedBlocks(null, old); // whose they are now is the other file's affair
    }

    /// <summary>The range becomes a hole; its blocks are still the file's until <see cref="Release"/>. The caller keeps faults out.</summary>
    public void Punch(PageRange range, PmemDevice device)
    {
        WordLock.Enter(ref Gate, Site.Other);
        for (long page = range.First.Value; page < Math.Min(PageCount, range.End.Value); page++)
        {
            if (BlockOf(page) is { } block)
            {
                lastWords[block.Value] = FirstWord(device, block.Value);
                givenUp.Add(block);
                blocks[page] = None;
                isDirty = true;
            }
        }

        WordLock.Leave(ref Gate, Site.Other);
    }

    /// <summary>What was punched may be another file's: it must not be mapped, held or pinned any more.</summary>
    /// <exception cref="ScenarioViolationException">It is.</exception>
    public void Release(PageOwners owners)
    {
        WordLock.Enter(ref Gate, Site.Other);
        foreach (Pfn block in givenUp)
        {
            Pfn? inUse = Unscheduled.Look(() => owners.FirstInUse(new PfnRange(block, 1)));
            ScenarioCheck.That(inUse is null, $"block {block} is given up and still in use");
            Atomic.Note(new(NoteKind.Says, 0, default, PageOrder.Pte, -1, $"gives block {block} up"));
            isFreed[block.Value] = true;
        }

        givenUp.Clear();
        WordLock.Leave(ref Gate, Site.Other);
    }

    /// <summary>Both at once: what an operation does that has taken the entries out before.</summary>
    /// <exception cref="ScenarioViolationException">A block is still in use.</exception>
    public void Free(PageRange range, PmemDevice device)
    {
        Punch(range, device);
        Release(device.Owners);
    }

    /// <inheritdoc/>
    public void Commit()
    {
        WordLock.Enter(ref Gate, Site.Other);
        blocks.CopyTo(committed, 0);
        isDirty = false;
        WordLock.Leave(ref Gate, Site.Other);
    }

    private static ulong FirstWord(PmemDevice device, long block) =>
        BitConverter.ToUInt64(device.SpanUnchecked(block << DaxConstants.PageShift, sizeof(ulong)));

    // Shared blocks and where their copy goes; the file shows it when the copy has ended.
    private ExtentAnswer CopyOf(int first, int end)
    {
        Extent source = Run(first, ExtentFlags.None);
        long count = Math.Min(end - first, source.PageCount);
        return new ExtentAnswer(
            new Extent(source.First, count, ExtentKind.Mapped, FreshBlock(first), ExtentFlags.New | ExtentFlags.Dirty), source with { PageCount = count }, IoError.None);
    }

    private bool Fill(int first, int end)
    {
        bool isNew = false;
        for (int page = first; page < end; page++)
        {
            if (blocks[page] == None)
            {
                // Another block than the one that was given up, so that a look can distinguish them.
                blocks[page] = FreshFirst + page + (isFreed[FreshFirst + page] ? SecondOffset : 0);
                isFreed[blocks[page]] = false;
                lastWords.Remove(blocks[page]);
                isNew = true;
                isDirty = true;
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
        flags |= !isHole && isDirty ? ExtentFlags.Dirty : ExtentFlags.None;
        return new Extent(
            new PageIndex(first), end - first, isHole ? ExtentKind.Hole : ExtentKind.Mapped, new Pfn(isHole ? 0 : blocks[first]), flags);
    }
}
