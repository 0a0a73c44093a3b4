using DaxEmu.Core;
using DaxEmu.Core.Dax.Entries;
using DaxEmu.Core.Mm;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>Reads the emulator's state in the form of the recordings, and sets it where a replay takes over what was recorded.</summary>
internal static class ReplayState
{
    /// <summary>The entry table, in order of pages.</summary>
    public static List<EntryRow> Entries(AddressSpace mapping) => [.. mapping.Entries.Snapshot().Select(s => new EntryRow(
        s.Start.Value,
        s.Entry.Order.PageCount(),
        s.Entry.IsZero ? 'z' : s.Entry.IsEmpty ? 'e' : 'm',
        s.Entry.IsReal ? s.Entry.Pfn.Value : -1,
        s.Entry.IsDirty))];

    /// <summary>The page table of a VMA: a row for each table and translation.</summary>
    public static List<TableRow> Table(VmArea? area)
    {
        var rows = new List<TableRow>();
        if (area is null)
        {
            return rows;
        }

        PageTable table = area.Table;
        for (long slot = 0; slot < table.SlotCount; slot++)
        {
            long first = table.FirstPageOf(slot);
            Translation directory = table.Directory(Math.Max(0, first));
            if (directory.IsHuge)
            {
                rows.Add(Row('H', first, directory));
            }
            else if (directory.IsTable)
            {
                rows.Add(new TableRow('T', first, 0, false, false));
                long end = Math.Min(first + DaxConstants.PagesPerPmd, area.PageCount);
                for (long page = Math.Max(0, first); page < end; page++)
                {
                    if (table.Page(page) is { IsPresent: true } translation)
                    {
                        rows.Add(Row('P', page, translation));
                    }
                }
            }
        }

        return rows;
    }

    /// <summary>Makes the entry table what was recorded.</summary>
    /// <exception cref="FormatException">The file or its device has no such page.</exception>
    public static void SetEntries(AddressSpace mapping, IReadOnlyList<EntryRow> rows)
    {
        foreach (EntryRow row in rows)
        {
            if (!Fits(row.First, row.PageCount, mapping.MaximumSizeBytes >> DaxConstants.PageShift)
                || !Fits(Math.Max(0, row.Pfn), row.PageCount, mapping.Device.PageCount))
            {
                throw new FormatException($"the entry {row} reaches beyond the file or its device");
            }
        }

        Invalidator.DeleteRange(mapping, PageRange.All);
        foreach (EntryRow row in rows)
        {
            PageOrder order = row.PageCount > 1 ? PageOrder.Pmd : PageOrder.Pte;
            DaxEntry entry = row.Kind switch
            {
                'z' => DaxEntry.Zero(order),
                'e' => DaxEntry.Empty(order),
                _ => DaxEntry.Real(new Pfn(row.Pfn), order),
            };
            Grab grab = mapping.Locker.Grab(new PageIndex(row.First), order);
            mapping.Associate(grab.Held.Start, entry);
            if (row.IsDirty && order == PageOrder.Pte)
            {
                mapping.Entries.NoteDirty(grab.Held.Start);
            }

            mapping.Locker.Unlock(grab.Held.Start, entry.WithDirty(row.IsDirty));
        }
    }

    /// <summary>Refuses rows of which a page table of this VMA cannot be made.</summary>
    /// <exception cref="FormatException">A row lies outside the VMA, not at the start of its 2 MiB, or where another row stands; or the device has no such page.</exception>
    public static void CheckTable(VmArea? area, IReadOnlyList<TableRow> rows, long devicePageCount, string name)
    {
        if (area is null)
        {
            return;
        }

        long hugeSlot = -1;
        foreach (TableRow row in rows)
        {
            long slot = area.Table.SlotOf(row.Page);
            if (row.Page + area.LeadPages < 0 || slot >= area.Table.SlotCount || (row.Kind == 'P' && (row.Page < 0 || row.Page >= area.PageCount)))
            {
                throw Wrong(row, name, $"lies outside the mapping, which has {area.PageCount} pages and begins {area.LeadPages} after 2 MiB");
            }

            if (row.Kind != 'P' && row.Page != area.Table.FirstPageOf(slot))
            {
                throw Wrong(row, name, $"does not begin where its 2 MiB begin, at page {area.Table.FirstPageOf(slot)}");
            }

            if (row.Kind == 'P' && slot == hugeSlot)
            {
                throw Wrong(row, name, "stands inside a 2 MiB translation");
            }

            hugeSlot = row.Kind == 'H' ? slot : hugeSlot;
            if (!Fits(Math.Max(0, row.Where), row.Kind == 'H' ? DaxConstants.PagesPerPmd : 1, devicePageCount))
            {
                throw Wrong(row, name, $"reaches beyond the device, which has {devicePageCount} pages");
            }
        }
    }

    /// <summary>Makes a page table what was recorded.</summary>
    /// <exception cref="FormatException">See <see cref="CheckTable"/>.</exception>
    public static void SetTable(VmArea? area, IReadOnlyList<TableRow> rows, long devicePageCount, string name)
    {
        if (area is null)
        {
            return;
        }

        CheckTable(area, rows, devicePageCount, name);

        // Clearing leaves tables behind; they are cleared by hand, since here the whole table is ours.
        area.Table.Unmap(0, area.PageCount, keepCopies: false);
        for (long slot = 0; slot < area.Table.SlotCount; slot++)
        {
            area.Table.DirectoryWord(Math.Max(0, area.Table.FirstPageOf(slot))) = 0;
        }

        foreach (TableRow row in rows)
        {
            long page = Math.Max(0, row.Page);
            if (row.Kind == 'H')
            {
                area.Table.DirectoryWord(page) = Word(row, PageOrder.Pmd);
                continue;
            }

            area.Table.EnsureTable(page);
            if (row.Kind == 'P')
            {
                area.Table.PageWord(page) = Word(row, PageOrder.Pte);
            }
        }
    }

    private static FormatException Wrong(TableRow row, string name, string problem) => new($"the row {row} of '{name}' {problem}");

    private static bool Fits(long first, long count, long capacity) => first >= 0 && first <= capacity - count;

    private static TableRow Row(char kind, long page, Translation translation) => new(
        kind,
        page,
        translation.IsZero ? TableRow.ZeroPage : translation.IsCopy ? TableRow.Copy : translation.Pfn.Value,
        translation.IsWritable,
        translation.IsDirty);

    private static ulong Word(TableRow row, PageOrder order)
    {
        Translation place = row.Where switch
        {
            TableRow.ZeroPage => Translation.ZeroPage(order),
            TableRow.Copy => Translation.Copy,
            _ => Translation.Device(new Pfn(row.Where), order, writable: false),
        };
        ulong word = place.Word & ~(Translation.WritableBit | Translation.DirtyBit);
        return word | (row.IsWritable ? Translation.WritableBit : 0) | (row.IsDirty ? Translation.DirtyBit : 0);
    }
}
