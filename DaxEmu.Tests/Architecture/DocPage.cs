using System.Text.RegularExpressions;
using DaxEmu.Tests.Support;

namespace DaxEmu.Tests.Architecture;

/// <summary>A fenced block of a page.</summary>
/// <param name="Page">The page.</param>
/// <param name="Line">The line of its fence.</param>
/// <param name="Language">What stands behind the fence.</param>
/// <param name="Program">The name in a comment <c>fragment of: NAME</c> right before it; null if there is none.</param>
/// <param name="Lines">Its lines.</param>
internal sealed record DocBlock(DocPage Page, int Line, string Language, string? Program, IReadOnlyList<string> Lines)
{
    public string Text => string.Join('\n', Lines);

    public override string ToString() => $"{Page.Name}:{Line}";
}

/// <summary>A Markdown page of the repository.</summary>
internal sealed partial class DocPage
{
    private DocPage(string path)
    {
        FullPath = path;
        Name = Path.GetRelativePath(Solution.Root, path);
        Blocks = [];
        Prose = [];
        Read(File.ReadAllLines(path));
    }

    /// <summary>README.md, its neighbours and everything below docs.</summary>
    public static IReadOnlyList<DocPage> All { get; } = [.. Directory.EnumerateFiles(Solution.Root, "*.md")
        .Concat(Directory.EnumerateFiles(Path.Combine(Solution.Root, "docs"), "*.md", SearchOption.AllDirectories))
        .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)
        .Select(f => new DocPage(f))];

    public string FullPath { get; }

    /// <summary>The path below the solution's folder.</summary>
    public string Name { get; }

    public List<DocBlock> Blocks { get; }

    /// <summary>The lines outside blocks, with their numbers.</summary>
    public List<(int Line, string Text)> Prose { get; }

    /// <summary>Targets of its links, with their lines.</summary>
    public IEnumerable<(int Line, string Target)> Links =>
        from line in Prose
        from match in Link().Matches(Code().Replace(line.Text, string.Empty))
        select (line.Line, match.Groups[1].Value);

    /// <summary>The names that a link can give to its headings, as GitHub makes them.</summary>
    public IEnumerable<string> Anchors => Prose.Where(l => l.Text.StartsWith('#')).Select(l => Anchor().Replace(
        l.Text.TrimStart('#').Trim().ToLowerInvariant(), string.Empty).Replace(' ', '-'));

    /// <summary>Code in the text, in single backticks.</summary>
    public IEnumerable<(int Line, string Text)> InlineCode =>
        from line in Prose
        from match in Code().Matches(line.Text)
        select (line.Line, match.Groups[1].Value);

    private void Read(string[] lines)
    {
        string? program = null;
        for (int i = 0; i < lines.Length; i++)
        {
            if (lines[i].StartsWith("```", StringComparison.Ordinal))
            {
                int end = Array.FindIndex(lines, i + 1, l => l.StartsWith("```", StringComparison.Ordinal));
                end = end < 0 ? throw new FormatException($"{Name}:{i + 1}: the block has no end") : end;
                Blocks.Add(new DocBlock(this, i + 1, lines[i][3..].Trim(), program, lines[(i + 1)..end]));
                program = null;
                i = end;
                continue;
            }

            program = Fragment().Match(lines[i]) is { Success: true } mark ? mark.Groups[1].Value : lines[i].Length == 0 ? program : null;
            Prose.Add((i + 1, lines[i]));
        }
    }

    [GeneratedRegex(@"^<!-- fragment of: (\S+) -->$")]
    private static partial Regex Fragment();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex Anchor();
}
