using System.Globalization;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>The ops that a recording may hold, and the arguments that each takes.</summary>
internal static class GoldenOpText
{
    private const string MappingNumber = "V";

    // A word in capitals is a number, alternatives are joined by '|', and what may be left out stands in brackets.
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

    private static readonly Dictionary<string, long> Largest = new()
    {
        [MappingNumber] = 1,
        ["SIZE"] = ReplayLimits.FileBytes,
        ["OFFSET"] = ReplayLimits.FileBytes,
        ["LENGTH"] = ReplayLimits.FileBytes,
        ["BYTE"] = byte.MaxValue,
        ["LEAD"] = DaxConstants.ColourMask,
        ["FIRST"] = ReplayLimits.Pages - 1,
        ["PAGE"] = ReplayLimits.Pages - 1,
    };

    /// <summary>Reads an op: its verb and its arguments.</summary>
    /// <exception cref="FormatException">The verb is unknown, or an argument is missing, too many or not what it should be.</exception>
    public static GoldenOp Read(string text)
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
            Require(words[i], shape[i - 1].Trim('[', ']'), text);
        }

        var op = new GoldenOp(text, 0, 0) { Verb = words[0], Arguments = words[1..] };
        RequireRange(op, shape);
        return op;
    }

    private static void Require(string word, string shape, string text)
    {
        if (char.IsLower(shape[0]))
        {
            if (!shape.Split('|').Contains(word))
            {
                throw new FormatException($"'{word}' in '{text}' is not {shape}");
            }

            return;
        }

        long largest = Largest[shape];
        if (!long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out long number) || number > largest)
        {
            throw new FormatException($"'{word}' in '{text}' is not {shape}: a number from 0 to {largest}");
        }
    }

    // Offset and length together, and the pages of a mapping.
    private static void RequireRange(GoldenOp op, string[] shape)
    {
        int offset = Array.IndexOf(shape, "OFFSET");
        if (offset >= 0 && op.Number(offset) > ReplayLimits.FileBytes - op.Number(offset + 1))
        {
            throw new FormatException($"'{op.Text}' reaches beyond byte {ReplayLimits.FileBytes}, the largest size of a file");
        }

        if (op.Verb != "mmap")
        {
            return;
        }

        long first = op.Arguments.Count > 4 ? op.Number(4) : 0;
        long length = op.Number(2);
        if (length == 0 || first > ReplayLimits.Pages - PageRange.Touching(0, length).PageCount)
        {
            throw new FormatException($"'{op.Text}' maps {length} bytes from page {first} on; a mapping has at least a byte, and ends at page {ReplayLimits.Pages}");
        }
    }
}
