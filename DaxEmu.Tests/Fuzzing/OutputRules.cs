using System.Globalization;
using System.Text.Json;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Tests.Fuzzing;

/// <summary>What the command promises about its exit code and its output, whatever it is given.</summary>
internal static class OutputRules
{
    private const string Prefix = "daxemu: ";
    private const int ExcerptLength = 300;

    private static readonly int[] Codes = [0, 1, 2, 3, 124];

    private static readonly string[] RuntimeTexts =
    [
        "   at ", "Unhandled exception", "(Parameter '", "Sequence contains", "Object reference", "was not present in the dictionary", "Nullable object", "Index was outside",
        "Arithmetic operation", "Specified argument was out of the range", "Value cannot be null", "Collection was modified", "Exception of type", "Specified cast is not valid",
        "Unable to cast object", "Operation is not valid due to", "One or more errors occurred", "Index and length must refer", "non-negative", "Stack overflow",
    ];

    /// <summary>The first promise that is broken; null if all are kept.</summary>
    /// <remarks>A command that has several inputs has a line for each that it refuses.</remarks>
    public static Complaint? Check(int code, string output, string error, bool asksForJson, int mostInputs = 1)
    {
        string[] lines = WithoutCounts(error).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        bool saysWhy = lines.Length >= 1 && lines.Length <= mostInputs && lines.All(l => l.StartsWith(Prefix, StringComparison.Ordinal));
        return RuntimeText(output, error)
            ?? Code(code, error)
            ?? Control(output, "standard output")
            ?? Control(error, "standard error")
            ?? Refusal(code, output, lines, saysWhy)
            ?? (asksForJson ? Json(code, output, saysWhy) : null);
    }

    // What --metrics prints after the lines of a run.
    private static string WithoutCounts(string error) =>
        error.IndexOf("# TYPE ", StringComparison.Ordinal) is >= 0 and int at && error.EndsWith("# EOF\n", StringComparison.Ordinal) ? error[..at] : error;

    private static Complaint? Code(int code, string error) =>
        Codes.Contains(code) ? null : new Complaint(ComplaintKind.ExitCode, string.Create(CultureInfo.InvariantCulture, $"ended with {code}: {Excerpt(error)}"));

    // An inconclusive answer is a report, which says why; wrong usage has none.
    private static Complaint? Refusal(int code, string output, string[] lines, bool saysWhy)
    {
        bool isReport = code == 3 && output.Length > 0 && !lines.Any(l => l.StartsWith(Prefix, StringComparison.Ordinal));
        return code is not (2 or 3) || saysWhy || isReport ? null : new Complaint(
            ComplaintKind.ErrorLine,
            string.Create(CultureInfo.InvariantCulture, $"ended with {code} and {lines.Length} lines on standard error: {Excerpt(string.Join(" | ", lines))}"));
    }

    private static Complaint? RuntimeText(string output, string error)
    {
        foreach (string text in RuntimeTexts)
        {
            string where = error.Contains(text, StringComparison.Ordinal) ? error : output;
            int at = where.IndexOf(text, StringComparison.Ordinal);
            if (at >= 0)
            {
                return new Complaint(ComplaintKind.RuntimeText, $"printed '{text}': {Excerpt(where[Math.Max(0, at - 150)..])}");
            }
        }

        return null;
    }

    private static Complaint? Control(string text, string name)
    {
        int at = text.AsSpan().IndexOfAnyExceptInRange(' ', '~');
        for (; at >= 0 && at < text.Length; at++)
        {
            char c = text[at];
            if (c is not ('\n' or '\t') && (char.IsControl(c) || char.GetUnicodeCategory(c) == UnicodeCategory.Format))
            {
                string around = Excerpt(text[Math.Max(0, at - 100)..]);
                return new Complaint(ComplaintKind.ControlCharacter, string.Create(CultureInfo.InvariantCulture, $"U+{(int)c:x4} on {name}: {around}"));
            }
        }

        return null;
    }

    private static Complaint? Json(int code, string output, bool saysWhy)
    {
        if (output.Length == 0 && saysWhy && code is 2 or 3 or 124)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(output);
            return null;
        }
        catch (JsonException e)
        {
            string why = $"{Excerpt(e.Message)}): {Excerpt(output)}";
            return new Complaint(ComplaintKind.Json, string.Create(CultureInfo.InvariantCulture, $"ended with {code} and no single JSON document ({why}"));
        }
    }

    private static string Excerpt(string text) => Printable.Excerpt(text.ReplaceLineEndings(" "), ExcerptLength);
}
