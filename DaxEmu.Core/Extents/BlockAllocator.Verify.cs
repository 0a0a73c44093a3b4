using DaxEmu.Core.Units;

namespace DaxEmu.Core.Extents;

/// <summary>The invariants, for tests and teardowns.</summary>
public sealed partial class BlockAllocator
{
    /// <summary>Counts everything anew and compares.</summary>
    /// <exception cref="InvalidOperationException">A count or a bit set disagrees with the bits of the pages.</exception>
    public void Verify()
    {
        lock (gate)
        {
            long freePages = 0;
            long sharedPages = 0;
            for (long pmd = 0; pmd < freeInPmd.Length; pmd++)
            {
                long first = pmd << DaxConstants.PmdOrder;
                int inPmd = 0;
                ReadOnlySpan<uint> sharers = Sharers(first, DaxConstants.PagesPerPmd);
                for (int i = 0; i < DaxConstants.PagesPerPmd; i++)
                {
                    bool isFree = free.IsSet(first + i);
                    inPmd += isFree ? 1 : 0;
                    sharedPages += sharers[i] != 0 ? 1 : 0;
                    Require(!isFree || sharers[i] == 0, $"device page {basePage + first + i} is free and shared");
                    Require(!isFree || Range.Contains(new Pfn(basePage + first + i)), $"device page {basePage + first + i} is free outside");
                }

                freePages += inPmd;
                Require(freeInPmd[pmd] == inPmd, $"2 MiB {pmd} has {inPmd} free pages and counts {freeInPmd[pmd]}");
                Require(wholePmds.IsSet(pmd) == (inPmd == DaxConstants.PagesPerPmd), $"2 MiB {pmd} is wrongly (not) called whole");
                Require(
                    partialPmds.IsSet(pmd) == inPmd is > 0 and < DaxConstants.PagesPerPmd, $"2 MiB {pmd} is wrongly (not) called partial");
            }

            Require(freePages == freePageCount, $"{freePages} pages are free and {freePageCount} are counted");
            Require(sharedPages == sharedPageCount, $"{sharedPages} pages are shared and {sharedPageCount} are counted");
        }
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"The allocator is inconsistent: {problem}.");
        }
    }
}
