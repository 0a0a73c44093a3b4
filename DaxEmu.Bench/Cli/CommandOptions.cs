using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using DaxEmu.Core;

namespace DaxEmu.Bench.Cli;

/// <summary>Makes the options that verbs have in common, each with its own way of reading a value.</summary>
internal static class CommandOptions
{
    private const int MostListed = 64;

    /// <summary>An option whose value has a text form of its own.</summary>
    /// <param name="name">The option's name, dashes included.</param>
    /// <param name="description">For the help.</param>
    /// <param name="parse">Reads the value; a <see cref="FormatException"/> or <see cref="ArgumentException"/> becomes the error line.</param>
    /// <param name="fallback">The value if the option is not given.</param>
    /// <param name="oldNames">Names that earlier versions had; they still work.</param>
    public static Option<T> Of<T>(string name, string description, Func<string, T> parse, T fallback, params string[] oldNames)
    {
        var option = new Option<T>(name, oldNames)
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
    /// <exception cref="FormatException">One is not what it should be, or there are too many.</exception>
    public static IReadOnlyList<T> ListOf<T>(string text, Func<string, T> parse)
    {
        string[] words = text.Split(',');
        return words.Length <= MostListed
            ? [.. words.Select(parse).Distinct()]
            : throw new FormatException($"a list of {words.Length} values is too long. Give at most {MostListed}.");
    }

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

    /// <summary><c>--mmu software|host</c>.</summary>
    public static Option<MmuKind> Mmu() => Of(
        "--mmu", "software (accesses look the emulator's page tables up) or host (they are real loads and stores, and faults are signals)",
        text => Choice(text, "software", "host") == "host" ? MmuKind.Host : MmuKind.Software,
        MmuKind.Software);

    /// <summary><c>--media optane|cxl|dram|FILE</c>.</summary>
    public static Option<MediaProfile?> Media() => Of<MediaProfile?>(
        "--media", "the medium that the device stands for: optane, cxl, dram, or a FILE of JSON with the figures of another (default: none, this machine's memory)", ParseMedia, null);

    /// <summary>The most threads of a verb: more than a machine has CPUs, and few enough that each has its stack.</summary>
    public const int MostJobs = 1024;

    /// <summary>A whole number from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public static int Count(string text, int least = 1, int most = int.MaxValue) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : throw new FormatException(
                most == int.MaxValue ? $"'{text}' is not a whole number of at least {least}." : $"'{text}' is not a whole number from {least} to {most}.");

    /// <summary>A number of threads.</summary>
    public static int JobCount(string text) => Count(text, 1, MostJobs);

    /// <summary>A list of numbers of threads, at most a few dozen of them.</summary>
    public static Option<IReadOnlyList<int>> Jobs(IReadOnlyList<int> fallback) =>
        List("--numjobs", string.Create(CultureInfo.InvariantCulture, $"threads, at most {MostJobs}; a list is allowed"), JobCount, fallback);

    /// <summary><c>--force</c>.</summary>
    public static Option<bool> Force() => new("--force") { Description = "overwrite what lies on the device of --filename" };

    /// <summary>One of some words.</summary>
    public static string Choice(string text, params string[] choices) =>
        choices.FirstOrDefault(c => c.Equals(text, StringComparison.OrdinalIgnoreCase))
        ?? throw new FormatException($"'{text}' is not known. Choose one of: {string.Join(", ", choices)}.");

    private static MediaProfile ParseMedia(string text) => text.ToUpperInvariant() switch
    {
        "OPTANE" => MediaProfile.Optane,
        "CXL" => MediaProfile.Cxl,
        "DRAM" => MediaProfile.Dram,
        _ when File.Exists(text) => MediaProfile.Load(text),
        _ => throw new FormatException($"'{text}' is neither a medium nor a file. Choose optane, cxl or dram, or name a file of JSON."),
    };

    private static T Read<T>(ArgumentResult argument, string name, Func<string, T> parse, T fallback)
    {
        try
        {
            return parse(argument.Tokens[0].Value);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            string written = (argument.Parent as OptionResult)?.IdentifierToken?.Value ?? name;
            argument.AddError($"{written}: {CommandFrame.MessageOf(e)}");
            return fallback;
        }
    }
}
