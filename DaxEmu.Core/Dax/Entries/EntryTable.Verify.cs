using System.Text;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Dax.Entries;

/// <summary>What must hold when nobody works on the table, and a picture of its state for people.</summary>
public sealed unsafe partial class EntryTable
{
    // A look into the slots of an empty range touches 4 KiB: of a sparse file of terabytes that is gigabytes.
    private const long MaximumRangesForSlotsOfEmpty = 1 << 16;

    /// <summary>Checks every invariant of a table that nobody works on now.</summary>
    /// <remarks>Ranges that count no entry are looked into up to 128 GiB of file; of larger ones they are believed to hold none.</remarks>
    /// <returns>What is wrong, a line each; empty if all is well.</returns>
    public IReadOnlyList<string> Verify()
    {
        var wrong = new List<string>();
        if (Sleepers != 0)
        {
            wrong.Add($"{Sleepers} threads are still counted as sleepers.");
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

    /// <summary>Forgets every entry, mark and sleeper: for a checker that uses one small table for many runs. Nobody else may be at it.</summary>
    internal void Reset()
    {
        // All ranges, not only those that are noted as used: who was stopped in the middle of an insert has filled one and not said so.
        for (long region = 0; region < RegionCapacity; region++)
        {
            SlotsOf(region).Clear();
            regions[region] = 0;
            new Span<ulong>(marks + (region * MarkWordsPerRegion), MarkWordsPerRegion).Clear();
        }

        *usedRegions = 0;
        *sleepers = 0;
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
            wrong.Add($"{start}: the 2 MiB entry 0x{pmd.Word:x} has bits that mean nothing.");
        }

        if (pmd.IsReal && !pmd.Pfn.IsPmdAligned)
        {
            wrong.Add($"{start}: a 2 MiB entry on device page {pmd.Pfn}, which is not 2 MiB-aligned.");
        }

        Span<ulong> all = SlotsOf(region);
        for (int colour = 0; colour < all.Length; colour++)
        {
            if (all[colour] != 0)
            {
                wrong.Add($"{start + colour}: a 4 KiB entry {new DaxEntry(all[colour])} under a 2 MiB entry.");
            }

            if (colour != 0 && IsTowrite(start + colour))
            {
                wrong.Add($"{start + colour}: marked TOWRITE inside a 2 MiB entry.");
            }
        }
    }

    private void VerifyTable(long region, RegionWord word, List<string> wrong)
    {
        PageIndex start = new(region << DaxConstants.PmdOrder);
        Span<ulong> all = SlotsOf(region);
        int present = 0;
        for (int colour = 0; colour < all.Length; colour++)
        {
            var entry = new DaxEntry(all[colour]);
            if (!entry.IsPresent)
            {
                if (IsTowrite(start + colour))
                {
                    wrong.Add($"{start + colour}: marked TOWRITE without an entry.");
                }

                continue;
            }

            present++;
            VerifyEntry(start + colour, entry, wrong);
            if (entry.IsPmd)
            {
                wrong.Add($"{start + colour}: a 2 MiB entry in the slot of a page.");
            }

            if (entry.IsDirty && !word.AnyDirty)
            {
                wrong.Add($"{start + colour}: dirty, but its range does not say so.");
            }
        }

        if (word.Count == 0 && word.Word != 0)
        {
            wrong.Add($"{start}: the range holds nothing and says 0x{word.Word:x}, so that no 2 MiB entry can come.");
        }

        if (present != word.Count)
        {
            wrong.Add($"{start}: the range counts {word.Count} entries and has {present}.");
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
