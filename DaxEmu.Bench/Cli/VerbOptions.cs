using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace DaxEmu.Bench.Cli;

/// <summary>Makes the options that verbs have in common, each with its own way of reading a value.</summary>
internal static class VerbOptions
{
    /// <summary>An option with a value of a text form of its own.</summary>
    public static Option<T> Of<T>(string name, string description, Func<string, T> parse, T fallback)
    {
        var option = new Option<T>(name)
        {
            Description = description,
            DefaultValueFactory = _ => fallback,
            Arity = ArgumentArity.ExactlyOne,
        };
        option.CustomParser = argument => Read(argument, name, parse, fallback);
        return option;
    }

    /// <summary>An option whose value is a list with commas; what is named twice counts once.</summary>
    public static Option<IReadOnlyList<T>> List<T>(string name, string description, Func<string, T> parse, IReadOnlyList<T> fallback) =>
        Of(name, description, text => ListOf(text, parse), fallback);

    /// <summary>A list with commas; what is named twice counts once.</summary>
    public static IReadOnlyList<T> ListOf<T>(string text, Func<string, T> parse) => [.. text.Split(',').Select(parse).Distinct()];

    /// <summary><c>--output-format=normal|json</c>.</summary>
    public static Option<OutputFormat> Format() => Of(
        "--output-format", "normal (a table) or json (fio's form, alone on standard output)",
        text => text.ToUpperInvariant() switch
        {
            "NORMAL" => OutputFormat.Normal,
            "JSON" => OutputFormat.Json,
            _ => throw new FormatException($"'{text}' is not an output format. Choose normal or json."),
        },
        fallback: OutputFormat.Normal);

    /// <summary>A whole number of at least <paramref name="least"/>.</summary>
    public static int Count(string text, int least = 1) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least
            ? value
            : throw new FormatException($"'{text}' is not a whole number of at least {least}.");

    /// <summary>One of some words.</summary>
    public static string Choice(string text, params string[] choices) =>
        choices.FirstOrDefault(c => c.Equals(text, StringComparison.OrdinalIgnoreCase))
        ?? throw new FormatException($"'{text}' is not known. Choose one of: {string.Join(", ", choices)}.");

    private static T Read<T>(ArgumentResult argument, string name, Func<string, T> parse, T fallback)
    {
        try
        {
            return parse(argument.Tokens[0].Value);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            argument.AddError($"{name}: {e.Message}");
            return fallback;
        }
    }
}
