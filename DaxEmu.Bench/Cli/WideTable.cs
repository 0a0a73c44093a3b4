using Spectre.Console;
using Spectre.Console.Rendering;

namespace DaxEmu.Bench.Cli;

/// <summary>
/// A table that keeps all of its columns on any terminal: where they are too many for its width, they are shown in several parts, one below
/// the other, each with the columns that say what a row is about.
/// </summary>
/// <param name="groupHeader">Header of the column of groups; null if rows have none.</param>
/// <param name="keyCount">How many columns say what a row is about; they are in each part.</param>
/// <param name="headers">Headers of all other columns, the keys first.</param>
internal sealed class WideTable(string? groupHeader, int keyCount, params string[] headers)
{
    private const int Unlimited = 10_000;

    private readonly List<(string Group, string[] Cells)> rows = [];

    /// <summary>Columns from the left that are aligned to the left; the keys if it is not set.</summary>
    public int? LeftCount { get; init; }

    /// <summary>Adds a row.</summary>
    /// <param name="group">What it belongs to; shown once for rows that follow each other.</param>
    /// <param name="cells">A cell for each header.</param>
    public void Add(string group, params string[] cells) => rows.Add((group, cells));

    /// <summary>Shows it.</summary>
    /// <param name="console">Where.</param>
    /// <param name="border">Its border where it fits.</param>
    public void Write(IAnsiConsole console, TableBorder border)
    {
        Table whole = Whole(border);
        if (border == TableBorder.Markdown)
        {
            console.Profile.Width = Unlimited; // a row is a line
        }

        if (Width(console, whole) <= console.Profile.Width)
        {
            console.Write(whole);
            return;
        }

        foreach (int[] part in Parts(console))
        {
            console.WriteLine();
            WritePart(console, part);
        }

        console.WriteLine();
    }

    private Table Whole(TableBorder border)
    {
        Table table = new Table().Border(border);
        if (groupHeader is not null)
        {
            table.AddColumn(new TableColumn(groupHeader).NoWrap());
        }

        for (int i = 0; i < headers.Length; i++)
        {
            table.AddColumn(Column(i));
        }

        string? last = null;
        foreach ((string group, string[] cells) in rows)
        {
            IEnumerable<string> shown = groupHeader is null ? cells : cells.Prepend(group == last ? string.Empty : group);
            table.AddRow([.. shown.Select(Markup.Escape)]);
            last = group;
        }

        return table;
    }

    // As few parts as fit, each about as wide as the others.
    private List<int[]> Parts(IAnsiConsole console)
    {
        List<int[]> best = PartsWithin(console, console.Profile.Width);
        for (int width = console.Profile.Width - 1; width > 0; width--)
        {
            List<int[]> narrower = PartsWithin(console, width);
            if (narrower.Count > best.Count)
            {
                break;
            }

            best = narrower;
        }

        return best;
    }

    private List<int[]> PartsWithin(IAnsiConsole console, int most)
    {
        int[] keys = [.. Enumerable.Range(0, keyCount)];
        var parts = new List<int[]> { keys };
        for (int i = keyCount; i < headers.Length; i++)
        {
            int[] wider = [.. parts[^1], i];
            if (parts[^1].Length > keyCount && Width(console, Part(wider, [])) > most)
            {
                parts.Add([.. keys, i]);
            }
            else
            {
                parts[^1] = wider;
            }
        }

        return parts;
    }

    private void WritePart(IAnsiConsole console, int[] columns)
    {
        bool hasHeader = false;
        for (int first = 0; first < rows.Count;)
        {
            string group = rows[first].Group;
            string[][] cells = [.. rows.Skip(first).TakeWhile(r => r.Group == group).Select(r => r.Cells)];
            if (group.Length > 0)
            {
                console.WriteLine(group);
            }

            Table part = Part(columns, cells);
            part.ShowHeaders = !hasHeader;
            hasHeader = true;
            console.Write(part);
            first += cells.Length;
        }
    }

    // All groups have columns of the same width.
    private Table Part(int[] columns, IEnumerable<string[]> cells)
    {
        Table table = new Table().Border(TableBorder.None);
        foreach (int i in columns)
        {
            TableColumn column = Column(i);
            column.Width = rows.Select(r => r.Cells[i].Length).Append(headers[i].Length).Max();
            table.AddColumn(column);
        }

        foreach (string[] row in cells)
        {
            table.AddRow([.. columns.Select(i => Markup.Escape(row[i]))]);
        }

        return table;
    }

    private TableColumn Column(int i)
    {
        TableColumn column = new TableColumn(Markup.Escape(headers[i])).NoWrap();
        return i < (LeftCount ?? keyCount) ? column.LeftAligned() : column.RightAligned();
    }

    private static int Width(IAnsiConsole console, Table table) => ((IRenderable)table).Measure(RenderOptions.Create(console), Unlimited).Max;
}
