using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Pmem;

namespace DaxEmu.Bench.Verification.Scenarios;

/// <content>What must hold: at every moment, of pinned memory, and at the end.</content>
internal sealed unsafe partial class MappingFixture
{
    /// <summary>What must hold at every moment, seen from outside; of the pages that operations access.</summary>
    /// <exception cref="ScenarioViolationException">It does not.</exception>
    public void CheckNow()
    {
        string? wrong = Unscheduled.Look(() => TranslationError(PiecePages) ?? DurabilityError());
        ScenarioCheck.That(wrong is null, wrong!);
    }

    /// <summary>What must hold of pinned memory.</summary>
    /// <exception cref="ScenarioViolationException">A page of it was given up.</exception>
    public void CheckPinned(PagePin pin)
    {
        foreach (PfnRange run in pin.Pages)
        {
            for (Pfn pfn = run.First; pfn.Value < run.End.Value; pfn += 1)
            {
                ScenarioCheck.That(!Blocks.IsFreed(pfn), $"device page {pfn} is pinned and was given up");
            }
        }
    }

    /// <summary>What must hold of an entry that was locked through its block.</summary>
    /// <exception cref="ScenarioViolationException">It stands on another one, or on none.</exception>
    public static void CheckStandsOn(PageLock? held, Pfn block)
    {
        if (held is { } locked)
        {
            DaxEntry entry = locked.Held.Entry;
            ScenarioCheck.That(
                entry.IsReal && entry.Pfn + (locked.Page - locked.Held.Start) == block, $"the entry locked by block {block} is {entry}");
        }
    }

    /// <summary>What must hold when all have finished.</summary>
    /// <exception cref="ScenarioViolationException">It does not.</exception>
    public void Check()
    {
        IReadOnlyList<string> wrong = Mapping.Entries.Verify();
        ScenarioCheck.That(wrong.Count == 0, string.Join(' ', wrong));
        string? error = TranslationError(DaxConstants.PagesPerPmd) ?? DurabilityError() ?? EntryError() ?? OwnerError();
        ScenarioCheck.That(error is null, error!);
        ScenarioCheck.That(Device.Owners.FirstBusy(FixtureBlocks.All) is null, "a page is still pinned");
    }

    /// <summary>What must hold when a thread has synced a page that it stored to: a loss of power leaves the store.</summary>
    /// <exception cref="ScenarioViolationException">It does not.</exception>
    public void CheckStoredDurably(long page)
    {
        string? wrong = Unscheduled.Look(() => Blocks.BlockOf(page) is { } block && !IsDurable(block)
            ? $"page {page} was stored to and synced, and block {block} is not durable"
            : null);
        ScenarioCheck.That(wrong is null, wrong!);
    }

    // A page in the file is dirty, or its bytes are durable. What the file gave up, or shares, does not change any more.
    private string? DurabilityError()
    {
        for (long page = 0; page < PiecePages; page++)
        {
            if (page != CopiesTo && Blocks.BlockOf(page) is { } block && !EntryOf(page).Entry.IsDirty && !IsDurable(block))
            {
                return $"page {page} is clean ({EntryOf(page).Entry}), and what block {block} holds is not durable";
            }
        }

        return Blocks.FindChanged(Device) is { } changed ? $"block {changed} was given up or shared, and was stored to afterwards" : null;
    }

    private bool IsDurable(Pfn block) => Device.Durable!.IsDurable(block.OffsetBytes, sizeof(ulong));

    // Translations of the first pages of all VMAs: each has an entry behind it that leads to the same memory, dirty if it may be written
    // through, and none leads to a block that the file gave up. That holds of locked entries too: marks come before translations, and
    // translations go before entries.
    private string? TranslationError(long pageCount)
    {
        foreach (VmArea area in Mapping.Areas)
        {
            if (area.IsGone)
            {
                continue; // its threads are on their way out, and its table may be freed
            }

            bool isHuge = new Translation(area.Table.DirectoryWord(0)).IsHuge;
            for (long page = 0; page < Math.Min(pageCount, area.PageCount); page++)
            {
                var small = new Translation(area.Table.PageWord(page));
                if (isHuge && small.IsPresent)
                {
                    return $"page {page} is mapped at 4 KiB under a 2 MiB translation";
                }

                Translation seen = isHuge ? new Translation(area.Table.DirectoryWord(0)) : small;
                if (seen.IsPresent && !seen.IsCopy && TranslationError(page, seen) is { } error)
                {
                    return error;
                }

                if (area.IsSync && seen.IsWritable && seen.Pfn + (seen.IsHuge ? page : 0) is var reached && Blocks.CommittedBlockOf(page) != reached)
                {
                    return $"page {page} may be written through a synchronous VMA to block {reached}, and the durable metadata have "
                        + $"{Blocks.CommittedBlockOf(page)?.ToString() ?? "a hole"} there";
                }
            }
        }

        return null;
    }

    private string? TranslationError(long page, Translation seen)
    {
        Pfn? pfn = seen.IsZero ? null : seen.Pfn + (seen.IsHuge ? page : 0);
        if (pfn is { } block && Blocks.IsFreed(block))
        {
            return $"page {page} is mapped to block {block}, which was given up";
        }

        (DaxEntry entry, long start) = EntryOf(page);
        if (!entry.IsPresent)
        {
            return $"page {page} is mapped and has no entry";
        }

        if (seen.IsZero ? !entry.IsZero : !entry.IsReal || entry.Pfn + (page - start) != pfn)
        {
            return $"page {page} is mapped to {(pfn is null ? "the zero page" : $"block {pfn}")} and its entry is {entry}";
        }

        if (seen.IsWritable && Blocks.IsShared(page))
        {
            return $"page {page} may be written through and its block is another file's too";
        }

        return seen.IsWritable && !entry.IsDirty ? $"page {page} may be written through and its entry is clean" : null;
    }

    // Entries: no block where the file has a hole, and no other than the file's.
    private string? EntryError()
    {
        for (long page = 0; page < DaxConstants.PagesPerPmd; page++)
        {
            (DaxEntry entry, long start) = EntryOf(page);
            Pfn? shown = entry.IsReal ? entry.Pfn + (page - start) : null;
            if (entry.IsPresent && !entry.IsEmpty && shown != Blocks.BlockOf(page))
            {
                return $"the entry of page {page} is {entry}, and the file has {Blocks.BlockOf(page)?.ToString() ?? "a hole"} there";
            }

            if (shown is { } pfn && Mapping.CountTranslations(new PageIndex(page)) > 0 && Device.PoisonList.Contains(pfn))
            {
                return $"page {page} is mapped to block {pfn}, which is poisoned";
            }
        }

        return null;
    }

    // Only entries hold device pages.
    private string? OwnerError()
    {
        for (long page = 0; page < PiecePages; page++)
        {
            (DaxEntry entry, long start) = EntryOf(page);
            Pfn? shown = entry.IsReal ? entry.Pfn + (page - start) : null;
            foreach (Pfn pfn in (ReadOnlySpan<Pfn>)[FixtureBlocks.OldBlock(page), FixtureBlocks.FreshBlock(page), FixtureBlocks.SecondFreshBlock(page)])
            {
                PageOwner expected = pfn != shown ? default : entry.IsShared ? PageOwner.Counted(1) : PageOwner.One(MappingId, new PageIndex(page));
                if (Device.Owners.Find(pfn) is var owner && owner != expected)
                {
                    return $"block {pfn} is held by {owner}, not by {expected}";
                }
            }
        }

        return null;
    }

    private (DaxEntry Entry, long Start) EntryOf(long page)
    {
        var index = new PageIndex(page);
        var region = new RegionWord(Mapping.Entries.RegionOf(index));
        return region.IsPmd ? (region.Pmd, index.PmdStart.Value) : (new DaxEntry(Mapping.Entries.SlotOf(index)), page);
    }
}
