using System.Globalization;

namespace DaxEmu.Bench.Replay;

/// <summary>The ops that a recording may hold, and the arguments that each takes.</summary>
internal static class GoldenOpText
{
    private const string MappingNumber = "V";

    // A word in capitals is a number, V is 0 or 1, alternatives are joined by '|', and what may be left out stands in brackets.
    private static readonly Dictionary<string, string[]> Shapes = new()
    {
        ["truncate"] = ["SIZE"],
        ["fallocate"] = ["OFFSET", "LENGTH"],
        ["fallocate_keep"] = ["OFFSET", "LENGTH"],
        ["punch"] = ["OFFSET", "LENGTH"],
        ["zero"] = ["OFFSET", "LENGTH"],
        ["collapse"] = ["OFFSET", "LENGTH"],
        ["insert"] = ["OFFSET", "LENGTH"],
        ["pwrite"] = ["OFFSET", "LENGTH", "BYTE"],
        ["pread"] = ["OFFSET", "LENGTH"],
        ["mmap"] = [MappingNumber, "shared|private|sync|ro|nohuge", "LENGTH", "LEAD", "[FIRST]"],
        ["munmap"] = [MappingNumber],
        ["r"] = [MappingNumber, "PAGE"],
        ["w"] = [MappingNumber, "PAGE", "BYTE"],
        ["msync"] = [MappingNumber, "OFFSET", "LENGTH"],
        ["fsync"] = [],
        ["syncfs"] = [],
        ["dontneed"] = [MappingNumber, "OFFSET", "LENGTH"],
        ["protect"] = [MappingNumber, "OFFSET", "LENGTH", "r|rw"],
        ["fadvise"] = ["OFFSET", "LENGTH"],
        ["drop_caches"] = [],
    };

    /// <summary>The words of an op: its verb and its arguments.</summary>
    /// <exception cref="FormatException">The verb is unknown, or an argument is missing, too many or not what it should be.</exception>
    public static string[] Split(string text)
    {
        string[] words = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length == 0 || !Shapes.TryGetValue(words[0], out string[]? shape))
        {
            throw new FormatException($"unknown op '{text}'");
        }

        int required = shape.Count(w => w[0] != '[');
        if (words.Length - 1 < required || words.Length - 1 > shape.Length)
        {
            throw new FormatException($"'{text}' should read '{words[0]} {string.Join(' ', shape)}'");
        }

        for (int i = 1; i < words.Length; i++)
        {
            if (!Fits(words[i], shape[i - 1]))
            {
                throw new FormatException($"'{words[i]}' in '{text}' is not {shape[i - 1]}");
            }
        }

        return words;
    }

    private static bool Fits(string word, string shape)
    {
        if (char.IsLower(shape[0]))
        {
            return shape.Split('|').Contains(word);
        }

        bool isNumber = long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long number);
        return isNumber && (shape != MappingNumber || number <= 1);
    }
}
