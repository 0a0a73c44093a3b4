using System.Text.Json;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>Reads the fields of a line of a recording: each is there, of its type and in its range, or the message names it and its value.</summary>
internal static class RecordedFields
{
    private const int ExcerptLength = 60;

    /// <summary>A field that must be there.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static JsonElement Field(JsonElement parent, string name) =>
        TryField(parent, name) ?? throw new FormatException($"'{name}' is missing");

    /// <summary>A field that may be there.</summary>
    /// <exception cref="FormatException">The parent is no object.</exception>
    public static JsonElement? TryField(JsonElement parent, string name)
    {
        if (parent.ValueKind != JsonValueKind.Object)
        {
            throw new FormatException($"{Excerpt(parent)} is no object with fields");
        }

        return parent.TryGetProperty(name, out JsonElement value) ? value : null;
    }

    /// <summary>A field that is a whole number.</summary>
    public static long NumberOf(JsonElement parent, string name, long least, long most) => Number(Field(parent, name), name, least, most);

    /// <summary>A whole number.</summary>
    /// <param name="value">The value.</param>
    /// <param name="what">What messages call it.</param>
    /// <param name="least">The smallest that is allowed.</param>
    /// <param name="most">The largest that is allowed.</param>
    /// <exception cref="FormatException">It is none, or not in the range.</exception>
    public static long Number(JsonElement value, string what, long least, long most)
    {
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw new FormatException($"'{what}' is no number but {Excerpt(value)}");
        }

        return value.TryGetInt64(out long number) && number >= least && number <= most
            ? number
            : throw new FormatException($"'{what}' is {Excerpt(value)}; it is a whole number from {least} to {most}");
    }

    /// <summary>A field that is <c>true</c> or <c>false</c>, or not there.</summary>
    public static bool Flag(JsonElement parent, string name) => TryField(parent, name) is { } value && (value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new FormatException($"'{name}' is {Excerpt(value)}; it is true or false"),
    });

    /// <summary>A field that is a text.</summary>
    public static string TextOf(JsonElement parent, string name) => Text(Field(parent, name), name);

    /// <summary>A text without control characters, not too long.</summary>
    public static string Text(JsonElement value, string what)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw new FormatException($"'{what}' is no text but {Excerpt(value)}");
        }

        string text = value.GetString()!;
        if (text.Length > ReplayLimits.TextLength)
        {
            throw new FormatException($"'{what}' has {text.Length} characters; at most {ReplayLimits.TextLength} are read");
        }

        return ReferenceEquals(Printable.Of(text), text) ? text : throw new FormatException($"'{what}' has a control character: '{Printable.Of(text)}'");
    }

    /// <summary>The elements of a list.</summary>
    public static JsonElement.ArrayEnumerator List(JsonElement value, string what, int most)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            throw new FormatException($"'{what}' is no list but {Excerpt(value)}");
        }

        return value.GetArrayLength() <= most
            ? value.EnumerateArray()
            : throw new FormatException($"'{what}' has {value.GetArrayLength()} elements; at most {most} are read");
    }

    /// <summary>Refuses a row with another number of elements.</summary>
    public static void RequireRow(JsonElement row, int least, int most, string form)
    {
        if (row.ValueKind != JsonValueKind.Array || row.GetArrayLength() < least || row.GetArrayLength() > most)
        {
            throw new FormatException($"it is not {form}");
        }
    }

    /// <summary>A value as it stands in the recording, cut if it is long.</summary>
    public static string Excerpt(JsonElement value) => Printable.Excerpt(value.GetRawText(), ExcerptLength);
}
