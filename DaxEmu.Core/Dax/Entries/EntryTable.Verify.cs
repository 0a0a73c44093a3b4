using System.Text;
using DaxEmu.Core.Dax.Entries;

namespace DaxEmu.Core;

/// <summary>What must hold when no thread works on the table, and snapshots of its state.</summary>
public sealed unsafe partial class EntryTable
{
    // Reading the slots of an empty range commits 4 KiB: for a sparse file of terabytes that is gigabytes.
    private const long MaximumRangesForSlotsOfEmpty = 1 << 16;

    /// <summary>Checks every invariant of a table that no thread works on.</summary>
    /// <remarks>Slots of 2 MiB ranges that are no tables are read only in files up to 128 GiB.</remarks>
    /// <returns>What is violated, a line each; empty if nothing is.</returns>
    public IReadOnlyList<string> Verify()
    {
        var wrong = new List<string>();
        if (Waiters != 0)
        {
            wrong.Add($"{Waiters} threads are still counted as waiters.");
        }

        for (long region = 0; region < UsedRegions; region++)
        {
            var word = new RegionWord(regions[region]);
            if (word.IsPmd)
            {
                VerifyPmd(region, word.Pmd, wrong);
            }
            else if (word.Word != 0 || UsedRegions <= MaximumRangesForSlotsOfEmpty)
            {
                VerifyTable(region, word, wrong);
            }
        }

        return wrong;
    }

    /// <summary>Forgets every entry, mark and waiter: for a checker that uses one small table for many runs. No other thread may use it meanwhile.</summary>
    internal void Reset()
    {
        // All ranges, not only those noted as used: a thread stopped in the middle of an insert may have filled one without noting it.
        for (long region = 0; region < RegionCapacity; region++)
        {
            SlotsOf(region).Clear();
            regions[region] = 0;
            new Span<ulong>(marks + (region * MarkWordsPerRegion), MarkWordsPerRegion).Clear();
        }

        *usedRegions = 0;
        *waiters = 0;
        *marking = 0;
    }

    /// <summary>Every entry with its first page, in order: <c>0:2m@1024* 600:4z</c>.</summary>
    public string Dump()
    {
        var text = new StringBuilder();
        PageIndex from = default;
        while (NextPresent(from, new PageIndex(PageCapacity), out PageIndex start, out DaxEntry entry))
        {
            text.Append(text.Length == 0 ? string.Empty : " ").Append(new EntrySnapshot(start, entry, IsTowrite(start)));
            from = start + entry.Order.PageCount();
        }

        return text.ToString();
    }

    /// <summary>Every entry in order, as a list of values.</summary>
    public IReadOnlyList<EntrySnapshot> Snapshot()
    {
        var all = new List<EntrySnapshot>();
        PageIndex from = default;
        while (NextPresent(from, new PageIndex(PageCapacity), out PageIndex start, out DaxEntry entry))
        {
            all.Add(new EntrySnapshot(start, entry, IsTowrite(start)));
            from = start + entry.Order.PageCount();
        }

        return all;
    }

    private void VerifyPmd(long region, DaxEntry pmd, List<string> wrong)
    {
        PageIndex start = new(region << DaxConstants.PmdOrder);
        VerifyEntry(start, pmd, wrong);
        if ((pmd.Word & UndefinedBits) != 0)
        {
            wrong.Add($"{start}: the 2 MiB entry 0x{pmd.Word:x} has undefined bits.");
        }

        if (pmd.IsReal && !pmd.Pfn.IsPmdAligned)
        {
            wrong.Add($"{start}: a 2 MiB entry on device page {pmd.Pfn}, which is not 2 MiB-aligned.");
        }

        Span<ulong> all = SlotsOf(region);
        for (int slot = 0; slot < all.Length; slot++)
        {
            if (all[slot] != 0)
            {
                wrong.Add($"{start + slot}: a 4 KiB entry {new DaxEntry(all[slot])} under a 2 MiB entry.");
            }

            if (slot != 0 && IsTowrite(start + slot))
            {
                wrong.Add($"{start + slot}: marked TOWRITE inside a 2 MiB entry.");
            }
        }
    }

    private void VerifyTable(long region, RegionWord word, List<string> wrong)
    {
        PageIndex start = new(region << DaxConstants.PmdOrder);
        Span<ulong> all = SlotsOf(region);
        int present = 0;
        for (int slot = 0; slot < all.Length; slot++)
        {
            var entry = new DaxEntry(all[slot]);
            if (!entry.IsPresent)
            {
                if (IsTowrite(start + slot))
                {
                    wrong.Add($"{start + slot}: marked TOWRITE without an entry.");
                }

                continue;
            }

            present++;
            VerifyEntry(start + slot, entry, wrong);
            if (entry.IsPmd)
            {
                wrong.Add($"{start + slot}: a 2 MiB entry in the slot of a page.");
            }

            if (entry.IsDirty && !word.AnyDirty)
            {
                wrong.Add($"{start + slot}: dirty, but its range has no ANYDIRTY.");
            }
        }

        if (present != 0 && !word.IsTable)
        {
            wrong.Add($"{start}: the range is no table and has {present} entries.");
        }

        if ((word.Word & ~(RegionWord.TableBit | RegionWord.AnyDirtyBit)) != 0)
        {
            wrong.Add($"{start}: the word of the range is 0x{word.Word:x}, which no thread at rest leaves.");
        }

        if (word.AnyDirty && !word.IsTable)
        {
            wrong.Add($"{start}: the range has ANYDIRTY and is no table.");
        }
    }

    private static void VerifyEntry(PageIndex start, DaxEntry entry, List<string> wrong)
    {
        if (entry.IsLocked)
        {
            wrong.Add($"{start}: still locked.");
        }

        if (entry.IsEmpty && entry.IsDirty)
        {
            wrong.Add($"{start}: a dirty placeholder.");
        }
    }

    private const ulong UndefinedBits = 0xF80;
}
