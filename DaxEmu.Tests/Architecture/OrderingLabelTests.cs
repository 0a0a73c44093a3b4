using System.Text.RegularExpressions;
using DaxEmu.Tests.Support;
using NUnit.Framework;

namespace DaxEmu.Tests.Architecture;

/// <summary>Labels at ordering arguments: unique, each with its one end in the sources, and all listed in docs/ordering.md.</summary>
public sealed partial class OrderingLabelTests
{
    private static readonly string Document = Path.Combine(Solution.Root, "docs", "ordering.md");

    private static readonly Row[] Table =
        [.. File.ReadLines(Document).Select(line => RowPattern().Match(line)).Where(m => m.Success).Select(m => new Row(m.Groups[1].Value, m.Groups[2].Value, Labels(m.Groups[3].Value)))];

    private static readonly End[] Ends = [.. Solution.Sources("DaxEmu.Core").SelectMany(f => EndsOf(f, "DaxEmu.Core")), .. Solution.Sources("docs/samples").SelectMany(f => EndsOf(f, string.Empty))];

    [Test]
    public void EveryListedLabelHasItsOneEndInTheListedFile()
    {
        Assert.That(Table, Has.Length.GreaterThan(10), "the table was not read");
        Assert.That(Table.Select(r => r.Label), Is.Unique);
        Assert.That(Ends.Select(e => $"{e.Label} {e.File}"), Is.EquivalentTo(Table.Select(r => $"{r.Label} {r.File}")));
    }

    [Test]
    public void TheEndsOfAPairNameEachOther()
    {
        foreach (End end in Ends)
        {
            Assert.That(end.Matches, Is.EquivalentTo(Table.Single(r => r.Label == end.Label).Matches), $"[{end.Label}] in {end.File}");
            foreach (string other in end.Matches)
            {
                Assert.That(Ends.Single(e => e.Label == other).Matches, Does.Contain(end.Label), $"[{other}] does not name [{end.Label}]");
            }
        }
    }

    [Test]
    public void EveryLabelThatIsMentionedIsListed()
    {
        HashSet<string> listed = [.. Table.Select(r => r.Label)];
        IEnumerable<string> comments = new[] { "DaxEmu.Core", "DaxEmu.Bench", "DaxEmu.Tests", "docs/samples" }.SelectMany(Solution.Sources)
            .Where(file => Path.GetFileNameWithoutExtension(file) != nameof(OrderingLabelTests))
            .SelectMany(file => Mentions(file, line => line.IndexOf("//", StringComparison.Ordinal) is >= 0 and var start ? line[start..] : string.Empty));
        IEnumerable<string> documents = Directory.GetFiles(Path.Combine(Solution.Root, "docs"), "*.md", SearchOption.AllDirectories).SelectMany(file => Mentions(file, line => line));
        Assert.That(comments.Concat(documents), Is.Empty);

        IEnumerable<string> Mentions(string file, Func<string, string> text) => File.ReadLines(file)
            .SelectMany((line, i) => Labels(text(line)).Where(label => !listed.Contains(label)).Select(label => $"{file}:{i + 1}: [{label}]"));
    }

    private static IEnumerable<End> EndsOf(string file, string folder) => File.ReadLines(file)
        .Select(line => EndPattern().Match(line))
        .Where(m => m.Success)
        .Select(m => new End(m.Groups[1].Value, Path.GetRelativePath(Path.Combine(Solution.Root, folder), file), Labels(m.Groups[2].Value)));

    private static string[] Labels(string text) => [.. LabelPattern().Matches(text).Select(m => m.Groups[1].Value)];

    // A letter, and a digit where the label is one of a pair; not the text of a link.
    [GeneratedRegex(@"\[([A-Z]\d?'?)\](?!\()")]
    private static partial Regex LabelPattern();

    // A comment behind code.
    [GeneratedRegex(@"^\s*[^/\s].*// \[([A-Z]\d)\] matches (.*)$")]
    private static partial Regex EndPattern();

    [GeneratedRegex(@"^\| \[([A-Z]\d)\] \| (\S+) \| .* \| ([^|]*) \|$")]
    private static partial Regex RowPattern();

    private sealed record Row(string Label, string File, string[] Matches);

    private sealed record End(string Label, string File, string[] Matches);
}
