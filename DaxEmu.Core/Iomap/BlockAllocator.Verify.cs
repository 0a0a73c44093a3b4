namespace DaxEmu.Core.Iomap;

/// <summary>The invariants, for tests and teardowns.</summary>
internal sealed partial class BlockAllocator
{
    /// <summary>Counts everything anew and compares.</summary>
    /// <exception cref="InvalidOperationException">A count or a bit set disagrees with the bits of the pages.</exception>
    public void Verify()
    {
        using (gate.Enter())
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
                    bool isShared = Sharers(first + i) != 0;
                    sharedHere += isShared ? 1 : 0;
                    Require(!isFree || !isShared, $"device page {basePage + first + i} is free and shared");
                    Require(!isFree || Range.Contains(new Pfn(basePage + first + i)), $"device page {basePage + first + i} is free outside");
                }

                freePages += inPmd;
                sharedPages += sharedHere;
                Require(sharedInPmd[pmd] == sharedHere, $"2 MiB {pmd} has {sharedHere} shared pages and counts {sharedInPmd[pmd]}");
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
