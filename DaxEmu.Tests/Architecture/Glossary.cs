using System.Text.RegularExpressions;
using DaxEmu.Tests.Support;

namespace DaxEmu.Tests.Architecture;

/// <summary>The words that docs/glossary.md says are not used, and what it says to write instead.</summary>
internal static partial class Glossary
{
    /// <summary>Each row of the table: a pattern for its words, and the remedy.</summary>
    public static IReadOnlyList<(Regex Pattern, string Remedy)> Unused { get; } = Read();

    private static (Regex Pattern, string Remedy)[] Read()
    {
        string document = File.ReadAllText(Path.Combine(Solution.Root, "docs", "glossary.md"));
        string table = document[document.IndexOf("## Words that are not used", StringComparison.Ordinal)..];
        return [.. Row().Matches(table).Select(row => (PatternOf(row.Groups["words"].Value), row.Groups["remedy"].Value))];
    }

    // A word also in the plural and with the ending of a verb; not as part of an option (--worlds) or of another name (PG_PMD_COLOUR, lock_lease).
    private static Regex PatternOf(string cell)
    {
        string words = string.Join('|', Quoted().Matches(cell).Select(m => Regex.Escape(m.Groups[1].Value).Replace("\\ ", "\\s+", StringComparison.Ordinal)));
        return new Regex($@"(?<![-\w])(?:{words})(?:s|es|ed|ing)?(?!\w)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);
    }

    [GeneratedRegex(@"^\| (?<words>`.*?) \| (?<remedy>.*?) \|$", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Quoted();
}
