using Quickenshtein;

namespace DaxEmu.Bench.Cli;

/// <summary>What a mistyped word was probably meant to be.</summary>
internal static class Suggestion
{
    private const int MostLength = 64;

    /// <summary>The nearest of some words: by its beginning, or by few edits; null if none is near.</summary>
    public static string? Nearest(string word, IEnumerable<string> words)
    {
        string[] candidates = word.Length is > 1 and <= MostLength ? [.. words.Distinct()] : [];
        string[] begun = [.. candidates.Where(c => c.StartsWith(word, StringComparison.OrdinalIgnoreCase))];
        return begun.Length == 1 && word.Trim('-').Length > 1
            ? begun[0]
            : candidates
                .Select(c => (Word: c, Edits: Levenshtein.GetDistance(word.ToLowerInvariant(), c.ToLowerInvariant())))
                .Where(c => c.Edits <= MostEdits(word.Trim('-').Length))
                .OrderBy(c => c.Edits)
                .FirstOrDefault().Word;
    }

    /// <summary>The nearest as a question with a space before it; nothing if none is near.</summary>
    public static string Question(string word, IEnumerable<string> words) => Nearest(word, words) is { } nearest ? $" Did you mean '{nearest}'?" : string.Empty;

    /// <summary>The same question, and all of the words to choose from.</summary>
    public static string OneOf(string word, IReadOnlyCollection<string> words) => $"{Question(word, words)} Choose one of: {string.Join(", ", words)}.";

    // Two letters that changed places are two edits.
    private static int MostEdits(int length) => length switch
    {
        < 4 => 1,
        < 9 => 2,
        _ => 3,
    };
}
