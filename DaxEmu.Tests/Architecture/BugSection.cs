using System.Text.RegularExpressions;
using DaxEmu.Tests.Support;

namespace DaxEmu.Tests.Architecture;

/// <summary>A command line of docs/bugs.md: what is searched under which profile, and how it ends.</summary>
internal sealed record BugCheck(string Profile, string Scenario, bool Fails);

/// <summary>A section of docs/bugs.md.</summary>
internal sealed partial record BugSection(string Number, string Text)
{
    public string Kernel => Line("Kernel");

    public string SmallestCase => Line("Smallest case");

    public string Switch => Line("Switch");

    public string PreventedBy => Line("Prevented by");

    public string Tests => Line("Tests");

    /// <summary>Names of mutants stand in quotation marks.</summary>
    public IEnumerable<string> Mutants => Quoted().Matches(Tests).Select(m => m.Groups[1].Value);

    public BugCheck? Check => CommandLine().Match(Line("Check")) is { Success: true } m
        ? new BugCheck(m.Groups["profile"].Success ? m.Groups["profile"].Value : "fixed", m.Groups["scenario"].Value, m.Groups["ends"].Value == "fails")
        : null;

    public static IReadOnlyList<BugSection> ReadAll() => [.. Section()
        .Matches(File.ReadAllText(Path.Combine(Solution.Root, "docs", "bugs.md")))
        .Select(m => new BugSection(m.Groups["number"].Value, m.Groups["text"].Value))];

    /// <summary>Names of types and members in a line, which stand in backticks and begin with a capital.</summary>
    public IEnumerable<string> Names(string line) => Name().Matches(line).Select(m => m.Groups[1].Value);

    private string Line(string title) => Regex.Match(Text, $"^- {title}: (.*)$", RegexOptions.Multiline).Groups[1].Value;

    [GeneratedRegex(@"^## (?<number>B\d\d): [^\n]+\n(?<text>.*?)(?=^## |\z)", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex Section();

    [GeneratedRegex(@"`daxemu check (?:--profile (?<profile>\S+) )?--scenario (?<scenario>\S+)` (?<ends>fails|passes)$")]
    private static partial Regex CommandLine();

    [GeneratedRegex(@"`([A-Z][\w.]+)`")]
    private static partial Regex Name();

    [GeneratedRegex("\"([^\"]+)\"")]
    private static partial Regex Quoted();
}
