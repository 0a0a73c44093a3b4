using System.Globalization;
using System.Text;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Reporting.Pages;

/// <summary>A page as Markdown, which is read as it is, too: tables have columns of one width.</summary>
internal static class MarkdownText
{
    /// <summary>The address of a figure: a number follows.</summary>
    public const string FigureAddress = "figure:";

    private const string Special = "\\`*[]<>|&~";

    /// <summary>Writes it.</summary>
    /// <param name="blocks">The page.</param>
    /// <param name="hasFigures">Whether a figure is written as an image, whose address is its number; else figures are left out.</param>
    public static string Write(IReadOnlyList<Block> blocks, bool hasFigures = false)
    {
        var text = new StringBuilder();
        int figures = 0;
        foreach (Block block in blocks)
        {
            if (block is Figure && !hasFigures)
            {
                continue;
            }

            text.Append(text.Length == 0 ? string.Empty : "\n");
            switch (block)
            {
                case Heading heading:
                    text.Append('#', heading.Level).Append(' ').Append(Escape(heading.Text, isLine: true)).Append('\n');
                    break;
                case Paragraph paragraph:
                    text.Append(Escape(paragraph.Text, isLine: true)).Append('\n');
                    break;
                case Warning warning:
                    text.Append("> **Warning:** ").Append(Escape(warning.Text)).Append('\n');
                    break;
                case Bullets bullets:
                    text.AppendJoin(string.Empty, bullets.Items.Select(i => $"- {Escape(i, isLine: true)}\n"));
                    break;
                case Listing listing:
                    AppendListing(text, listing.Text);
                    break;
                case DataTable table:
                    AppendTable(text, table);
                    break;
                case Figure figure:
                    text.Append(CultureInfo.InvariantCulture, $"![{Escape(figure.Caption)}]({FigureAddress}{figures++})\n");
                    break;
                default:
                    throw new NotSupportedException($"{block.GetType().Name} has no form in Markdown.");
            }
        }

        return text.ToString();
    }

    // A space in front of each line is safe in Markdown if there are four of them: nothing in such a block means anything.
    private static void AppendListing(StringBuilder text, string lines) =>
        text.AppendJoin('\n', lines.TrimEnd('\n').Split('\n').Select(l => l.Length == 0 ? string.Empty : "    " + Printable.Of(l))).Append('\n');

    private static void AppendTable(StringBuilder text, DataTable table)
    {
        string[][] rows = [.. table.Rows.Prepend(table.Header).Select(r => r.Select(cell => Escape(cell)).ToArray())];
        int[] widths = [.. table.Header.Select((_, column) => Math.Max(3, rows.Max(r => r[column].Length)))];
        for (int i = 0; i < rows.Length; i++)
        {
            AppendRow(text, [.. rows[i].Select((cell, column) => column < table.TextColumns ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]))]);
            if (i == 0)
            {
                AppendRow(text, [.. widths.Select((width, column) => column < table.TextColumns ? new string('-', width) : new string('-', width - 1) + ":")]);
            }
        }
    }

    private static void AppendRow(StringBuilder text, string[] cells) => text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    // Markdown's own signs lose their meaning behind a backslash; some have one only where a line begins. A line break or control character would end a cell.
    private static string Escape(string plain, bool isLine = false)
    {
        string line = isLine ? Printable.Of(plain).Trim() : Printable.Of(plain);
        var text = new StringBuilder(line.Length + 8);
        for (int i = 0; i < line.Length; i++)
        {
            bool isInWord = i > 0 && char.IsLetterOrDigit(line[i - 1]) && i + 1 < line.Length && char.IsLetterOrDigit(line[i + 1]);
            bool isFirst = isLine && (line[i] == '#' || (i == 0 && "-+=:".Contains(line[i], StringComparison.Ordinal)));
            bool isNumbered = isLine && i > 0 && (line[i] is '.' or ')') && line.AsSpan(0, i).IndexOfAnyExceptInRange('0', '9') < 0;
            if (Special.Contains(line[i], StringComparison.Ordinal) || (line[i] == '_' && !isInWord) || isFirst || isNumbered)
            {
                text.Append('\\');
            }

            text.Append(line[i]);
        }

        return text.ToString();
    }
}
