using System.Text.RegularExpressions;
using DaxEmu.Tests.Architecture;
using DaxEmu.Tests.Support;

namespace DaxEmu.Tests.Documents;

/// <summary>A line of a document that a user can type.</summary>
/// <param name="Place">Where it stands.</param>
/// <param name="Text">The line.</param>
/// <param name="Arguments">The arguments of <c>daxemu</c>; null if it is no line of it.</param>
internal sealed record DocLine(string Place, string Text, string? Arguments)
{
    /// <summary>The arguments as a shell splits them.</summary>
    public string[] Words => DocCommands.Split(Arguments!);

    public override string ToString() => $"{Place}: {Text.Trim()}";
}

/// <summary>The command lines of the documents, and of the list that the command was ordered with.</summary>
internal static partial class DocCommands
{
    /// <summary>Each <c>daxemu</c> line, in blocks and in the text.</summary>
    public static IReadOnlyList<DocLine> All { get; } = [.. OfShellBlocks("sh", "").Concat(OfText()).Where(l => l.Arguments is not null)];

    /// <summary>The other lines of shell blocks.</summary>
    public static IReadOnlyList<DocLine> Others { get; } = [.. OfShellBlocks("sh").Where(l => l.Arguments is null && l.Text.Trim().Length > 0)];

    /// <summary>The lines of <c>command-lines.txt</c>: every verb with each of its options.</summary>
    public static IReadOnlyList<DocLine> Ordered { get; } = [.. File.ReadAllLines(Path.Combine(Solution.Root, "DaxEmu.Tests", "Documents", "command-lines.txt"))
        .Select((text, i) => (Text: text, Line: i + 1))
        .Where(l => l.Text.Length > 0 && l.Text[0] != '#')
        .Select(l => Of($"command-lines.txt:{l.Line}", "daxemu " + l.Text))];

    /// <summary>Words, with quotation marks; up to a comment, a pipe or a redirection.</summary>
    public static string[] Split(string line) => [.. Word().Matches(line)
        .Select(m => m.Value)
        .TakeWhile(w => w[0] is not ('#' or '|' or '>' or '<' or '&' or ';'))
        .Select(w => w.Trim('\'', '"'))];

    private static IEnumerable<DocLine> OfShellBlocks(params string[] languages) =>
        from page in DocPage.All
        from block in page.Blocks
        where languages.Contains(block.Language)
        from line in block.Lines.Select((text, i) => (Text: text, Line: block.Line + 1 + i))
        select Of($"{page.Name}:{line.Line}", line.Text);

    // A verb alone is its name there.
    private static IEnumerable<DocLine> OfText() =>
        from page in DocPage.All
        from code in page.InlineCode
        where code.Text.Count(c => c == ' ') > 1
        select Of($"{page.Name}:{code.Line}", code.Text);

    private static DocLine Of(string place, string text) =>
        new(place, text, Command().Match(text) is { Success: true } match ? match.Groups["arguments"].Value : null);

    [GeneratedRegex(@"^(?:\$ )?(?:\w+=\S+ )*(?:daxemu|dotnet run -c Release --project DaxEmu\.Bench --) (?<arguments>[a-z-].*)$|^source <\(daxemu (?<arguments>.*)\)$")]
    private static partial Regex Command();

    [GeneratedRegex("'[^']*'|\"[^\"]*\"|\\S+")]
    private static partial Regex Word();
}
