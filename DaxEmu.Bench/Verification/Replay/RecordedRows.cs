using System.Text.Json;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>Reads the rows of a recorded line: extents, entries, page tables. What the replayer relies on is checked here, row by row.</summary>
internal static class RecordedRows
{
    private const long LastPage = ReplayLimits.Pages - 1;

    /// <summary>The extents after an op: ascending, apart from each other in the file and on the device.</summary>
    public static List<Extent>? Extents(JsonElement line)
    {
        List<Extent>? extents = List(line, "extents", Extent, (before, row) => row.First >= before.End);
        if (extents is not null)
        {
            RequireApart(extents.Select(e => (e.Pfn.Value, e.PageCount)), "extents");
        }

        return extents;
    }

    /// <summary>The entry table after an op: ascending, no page twice, no device page twice.</summary>
    public static List<EntryRow>? Entries(JsonElement line)
    {
        List<EntryRow>? entries = List(line, "entries", Entry, (before, row) => row.First >= before.First + before.PageCount);
        if (entries is not null)
        {
            RequireApart(entries.Where(e => e.Pfn >= 0).Select(e => (e.Pfn, e.PageCount)), "entries");
        }

        return entries;
    }

    /// <summary>A page table after an op. Whether its pages lie in the VMA is looked at where the VMA is known.</summary>
    public static List<TableRow>? Table(JsonElement line, string name) =>
        List(line, name, Table, (before, row) => row.Page > before.Page || (row.Page == before.Page && before.Kind == 'T' && row.Kind == 'P'));

    private static List<T>? List<T>(JsonElement line, string name, Func<JsonElement, T> read, Func<T, T, bool> isInOrder)
    {
        if (RecordedFields.TryField(line, name) is not { } rows)
        {
            return null;
        }

        var list = new List<T>();
        foreach (JsonElement row in RecordedFields.List(rows, name, ReplayLimits.Rows))
        {
            try
            {
                T next = read(row);
                if (list.Count > 0 && !isInOrder(list[^1], next))
                {
                    throw new FormatException("it is out of order, or begins inside the row before it");
                }

                list.Add(next);
            }
            catch (FormatException e)
            {
                throw new FormatException($"the row {RecordedFields.Excerpt(row)} of '{name}': {e.Message}", e);
            }
        }

        return list;
    }

    private static Extent Extent(JsonElement row)
    {
        RecordedFields.RequireRow(row, 4, 4, "[page, device page, pages, \"m\" or \"u\"]");
        long page = RecordedFields.Number(row[0], "page", 0, LastPage);
        long pfn = RecordedFields.Number(row[1], "device page", 0, LastPage);
        long count = RecordedFields.Number(row[2], "pages", 1, ReplayLimits.Pages - Math.Max(page, pfn));
        ExtentKind kind = RecordedFields.Text(row[3], "kind") switch
        {
            "m" => ExtentKind.Mapped,
            "u" => ExtentKind.Unwritten,
            var other => throw new FormatException($"there is no kind of extent '{other}': it is m or u"),
        };
        return new Extent(new PageIndex(page), count, kind, new Pfn(pfn));
    }

    private static EntryRow Entry(JsonElement row)
    {
        RecordedFields.RequireRow(row, 5, 5, "[page, pages, kind, device page, dirty]");
        long page = RecordedFields.Number(row[0], "page", 0, LastPage);
        long count = RecordedFields.Number(row[1], "pages", 1, DaxConstants.PagesPerPmd);
        bool isPmd = count == DaxConstants.PagesPerPmd;
        if (count != 1 && !isPmd)
        {
            throw new FormatException($"'pages' is {count}; an entry has 1 or {DaxConstants.PagesPerPmd}");
        }

        RequireAligned(page, isPmd, "page");
        string kind = RecordedFields.Text(row[2], "kind");
        if (kind is not ("m" or "z" or "e"))
        {
            throw new FormatException($"there is no kind of entry '{kind}': it is m, z or e");
        }

        bool isReal = kind == "m";
        if (!isReal && row[3].ValueKind != JsonValueKind.Null)
        {
            throw new FormatException($"'device page' is {RecordedFields.Excerpt(row[3])}; an entry of kind {kind} has none");
        }

        return new EntryRow(page, count, kind[0], isReal ? DevicePage(row[3], isPmd) : -1, Bit(row[4], "dirty"));
    }

    private static TableRow Table(JsonElement row)
    {
        const string Form = "[\"H\" or \"P\", page, where, writable, dirty] or [\"T\", page]";
        RecordedFields.RequireRow(row, 2, 5, Form);
        string kind = RecordedFields.Text(row[0], "kind");
        if (kind is not ("H" or "P" or "T"))
        {
            throw new FormatException($"there is no kind of row '{kind}': it is H, P or T");
        }

        // The 2 MiB of a table or a huge page may begin before the mapping.
        long page = RecordedFields.Number(row[1], "page", kind == "P" ? 0 : -DaxConstants.ColourMask, LastPage);
        if (kind == "T")
        {
            RecordedFields.RequireRow(row, 2, 2, Form);
            return new TableRow('T', page, 0, false, false);
        }

        RecordedFields.RequireRow(row, 5, 5, Form);
        bool isHuge = kind == "H";
        bool isWritable = Bit(row[3], "writable");
        bool isDirty = Bit(row[4], "dirty");
        long where = row[2].ValueKind == JsonValueKind.Number
            ? DevicePage(row[2], isHuge)
            : RecordedFields.Text(row[2], "where") switch
            {
                "z" when isWritable || isDirty => throw new FormatException("the zero page is neither writable nor dirty"),
                "z" => TableRow.ZeroPage,
                "a" when isHuge => throw new FormatException("a private copy has 4 KiB"),
                "a" => TableRow.Copy,
                var other => throw new FormatException($"there is no place '{other}' of a translation: it is a device page, z or a"),
            };
        return new TableRow(kind[0], page, where, isWritable, isDirty);
    }

    private static long DevicePage(JsonElement value, bool isPmd)
    {
        long pfn = RecordedFields.Number(value, "device page", 0, LastPage);
        RequireAligned(pfn, isPmd, "device page");
        return pfn;
    }

    private static bool Bit(JsonElement value, string what) => RecordedFields.Number(value, what, 0, 1) != 0;

    private static void RequireAligned(long page, bool isPmd, string what)
    {
        if (isPmd && (page & DaxConstants.ColourMask) != 0)
        {
            throw new FormatException($"'{what}' is {page}; of 2 MiB it is a multiple of {DaxConstants.PagesPerPmd}");
        }
    }

    private static void RequireApart(IEnumerable<(long First, long Count)> devicePages, string name)
    {
        (long First, long Count)[] ordered = [.. devicePages];
        Array.Sort(ordered);
        for (int i = 1; i < ordered.Length; i++)
        {
            if (ordered[i].First < ordered[i - 1].First + ordered[i - 1].Count)
            {
                throw new FormatException($"device page {ordered[i].First} stands in two rows of '{name}'");
            }
        }
    }
}
