using System.Globalization;
using System.Text;

namespace DaxEmu.Bench.Cli;

/// <summary>Text from outside (names of files, words of recordings) made fit for a terminal.</summary>
internal static class Printable
{
    /// <summary>The text with each control character as <c>\x1b</c> or <c>\u202e</c>, and on one line; without any, the text itself.</summary>
    /// <remarks>Marks that turn the direction of what follows count as control characters: they make a line read as another one.</remarks>
    public static string Of(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int first = 0;
        while (first < text.Length && !IsControl(text[first]))
        {
            first++;
        }

        if (first == text.Length)
        {
            return text;
        }

        var line = new StringBuilder(text, 0, first, text.Length + 16);
        foreach (char c in text.AsSpan(first))
        {
            if (!IsControl(c))
            {
                line.Append(c);
            }
            else
            {
                line.Append(c <= 0xff ? $@"\x{(int)c:x2}" : $@"\u{(int)c:x4}");
            }
        }

        return line.ToString();
    }

    /// <summary>As <see cref="Of"/>, cut after <paramref name="most"/> characters.</summary>
    public static string Excerpt(string text, int most = 80)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length <= most ? Of(text) : Of(text[..most]) + "...";
    }

    private static bool IsControl(char c) => char.GetUnicodeCategory(c)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
