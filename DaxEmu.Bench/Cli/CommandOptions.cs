using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Parsing;
using System.Globalization;
using DaxEmu.Core;

namespace DaxEmu.Bench.Cli;

/// <summary>Makes the options that verbs have in common, each with its own way of reading a value.</summary>
internal static class CommandOptions
{
    private const int MostListed = 64;

    /// <summary>An option whose value has a text form of its own.</summary>
    /// <param name="name">The option's name, dashes included: the one that is documented.</param>
    /// <param name="description">For the help.</param>
    /// <param name="parse">Reads the value; a <see cref="FormatException"/> or <see cref="ArgumentException"/> becomes the error line.</param>
    /// <param name="fallback">The value if the option is not given.</param>
    /// <param name="otherNames">Names that are taken as well: earlier versions' and other verbs'. The help does not list them.</param>
    public static ValueOption<T> Of<T>(string name, string description, Func<string, T> parse, T fallback, params string[] otherNames)
    {
        var option = new ValueOption<T>(name, otherNames)
        {
            Description = description,
            HelpName = PlaceholderOf(name, typeof(T)),
            DefaultValueFactory = _ => fallback,
            Arity = ArgumentArity.ExactlyOne,
            Fallback = fallback,
        };
        option.CustomParser = argument => Read(argument, name, parse, fallback);
        return option;
    }

    /// <summary>The same option with another word for its value in the help.</summary>
    public static ValueOption<T> Called<T>(this ValueOption<T> option, string placeholder)
    {
        option.HelpName = placeholder;
        return option;
    }

    /// <summary>The same option, for whose value completion offers some words.</summary>
    public static ValueOption<T> Offering<T>(this ValueOption<T> option, params string[] words)
    {
        option.CompletionSources.Clear(); // the names of an enumeration as C# writes them
        option.CompletionSources.Add(context => Matches(words, context.WordToComplete));
        return option;
    }

    /// <summary>An option that names a file, or anything else that is taken as it stands.</summary>
    public static ValueOption<string?> File(string name, string description, params string[] otherNames) =>
        Of<string?>(name, description, text => text, null, otherNames).Called("FILE");

    /// <summary>An option that is given or not.</summary>
    public static Option<bool> Flag(string name, string description, params string[] otherNames) => new(name, otherNames) { Description = description };

    /// <summary>An option whose value is a list with commas; what is named twice counts once.</summary>
    public static ValueOption<IReadOnlyList<T>> List<T>(string name, string description, Func<string, T> parse, IReadOnlyList<T> fallback, params string[] otherNames) =>
        Of(name, description, text => ListOf(text, parse), fallback, otherNames);

    /// <summary>A list with commas; what is named twice counts once.</summary>
    /// <exception cref="FormatException">One is not what it should be, or there are too many.</exception>
    public static IReadOnlyList<T> ListOf<T>(string text, Func<string, T> parse)
    {
        string[] words = text.Split(',');
        return words.Length <= MostListed
            ? [.. words.Select(parse).Distinct()]
            : throw new FormatException($"a list of {words.Length} values is too long. Give at most {MostListed}.");
    }

    /// <summary><c>--output-format=normal|json</c>, and <c>json+</c> where there are latencies.</summary>
    public static ValueOption<OutputFormat> Format(bool hasBins = false) => Words(
        "--output-format", "normal (for people) or json (fio's form, alone on standard output)" + (hasBins ? ", or json+ (all bins of the latencies, too)" : string.Empty),
        OutputFormat.Normal,
        [("normal", OutputFormat.Normal), ("json", OutputFormat.Json), .. hasBins ? [("json+", OutputFormat.JsonPlus)] : Array.Empty<(string, OutputFormat)>()]);

    /// <summary><c>--mmu software|host</c>.</summary>
    public static ValueOption<MmuKind> Mmu() => Words(
        "--mmu", "software (accesses look the emulator's page tables up) or host (they are real loads and stores, and faults are signals)",
        MmuKind.Software, ("software", MmuKind.Software), ("host", MmuKind.Host));

    /// <summary>An option whose value is one of some words, which completion offers.</summary>
    public static ValueOption<T> Words<T>(string name, string description, T fallback, params (string Word, T Value)[] words)
    {
        string[] all = [.. words.Select(w => w.Word)];
        ValueOption<T> option = Of(name, description, text => words.First(w => w.Word == Choice(text, all)).Value, fallback);
        option.Written = value => words.First(w => Equals(w.Value, value)).Word;
        return option.Called(string.Join('|', all)).Offering(all);
    }

    /// <summary><c>--randseed N</c>, or <c>--seed</c>.</summary>
    /// <param name="what">What it is the seed of.</param>
    public static ValueOption<int> Seed(string what) => Of("--randseed", $"seed of {what}", text => Count(text, 0), 1, "--seed");

    /// <summary><c>--runtime TIME</c>, or <c>--duration</c>.</summary>
    public static ValueOption<TimeSpan> Runtime(string what, TimeSpan fallback) => Of("--runtime", what, DurationText.Parse, fallback, "--duration");

    /// <summary><c>--profile NAME</c>, or <c>--policy</c>.</summary>
    public static ValueOption<WaitProfile> Profile() =>
        Of("--profile", "how entry locks wait: a profile or a policy of 2019 (see 'check --list')", ProfileOf, WaitProfiles.Fixed, "--policy").Offering([.. ProfileNames]);

    /// <summary>The names of profiles and policies.</summary>
    public static IReadOnlyList<string> ProfileNames { get; } = [.. WaitProfiles.Policies.Keys.Concat(WaitProfiles.All.Select(p => p.Name)).Distinct()];

    /// <summary>The profile or policy of a name.</summary>
    /// <exception cref="FormatException">There is none; the message has the nearest, and all.</exception>
    public static WaitProfile ProfileOf(string name) => ProfileNames.Contains(name, StringComparer.OrdinalIgnoreCase)
        ? WaitProfiles.ByName(name)
        : throw new FormatException($"there is no profile '{name}'.{Suggestion.OneOf(name, ProfileNames)}");

    /// <summary><c>--media optane|cxl|dram|FILE</c>.</summary>
    public static ValueOption<MediaProfile?> Media() => Of<MediaProfile?>(
        "--media", "the medium that the device stands for: optane, cxl, dram, or a FILE of JSON with the figures of another (not given: none, this machine's memory)", ParseMedia, null).Called("MEDIUM").Offering("optane", "cxl", "dram");

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
    public static ValueOption<IReadOnlyList<int>> Jobs(IReadOnlyList<int> fallback) =>
        List("--numjobs", string.Create(CultureInfo.InvariantCulture, $"threads, at most {MostJobs}; a list is allowed"), JobCount, fallback, JobNames);

    /// <summary>Other names of <c>--numjobs</c>.</summary>
    public static string[] JobNames { get; } = ["--threads", "--jobs"];

    /// <summary><c>--shard I/N</c>.</summary>
    /// <param name="description">What the parts are.</param>
    public static ValueOption<Shard?> Part(string description) => Of<Shard?>(
        "--shard", $"I/N, as in 2/8: does the I-th of N parts; {description} (not given: what {Shard.JobIndexName} and {Shard.CountVariable}, or {Shard.TaskIdName} say, else all)", text => Shard.Parse(text), null).Called("I/N");

    /// <summary>The part that was asked for, on the command line or by a cluster's variables.</summary>
    /// <exception cref="FormatException">The variables do not say which.</exception>
    public static Shard PartOf(Shard? given) => given ?? Shard.FromEnvironment(Environment.GetEnvironmentVariable);

    /// <summary><c>--force</c>.</summary>
    public static Option<bool> Force() => Flag("--force", "overwrite what lies on the device of --filename");

    /// <summary><c>--list</c>.</summary>
    public static Option<bool> List(string what) => Flag("--list", $"names {what}, and does nothing else");

    /// <summary>One of some words.</summary>
    public static string Choice(string text, params string[] choices) =>
        choices.FirstOrDefault(c => c.Equals(text, StringComparison.OrdinalIgnoreCase))
        ?? throw new FormatException($"'{text}' is not known.{Suggestion.OneOf(text, choices)}");

    private static string PlaceholderOf(string name, Type type)
    {
        bool isList = type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IReadOnlyList<>);
        Type of = isList ? type.GetGenericArguments()[0] : Nullable.GetUnderlyingType(type) ?? type;
        string one = of == typeof(TimeSpan) ? "TIME"
            : of == typeof(SizeOrShare) || (of == typeof(long) && !name.Contains("schedules", StringComparison.Ordinal)) ? "SIZE"
            : of == typeof(int) || of == typeof(long) || of == typeof(double) ? "N"
            : "NAME";
        return isList ? one + ",.." : one;
    }

    private static MediaProfile ParseMedia(string text) => text.ToUpperInvariant() switch
    {
        "OPTANE" => MediaProfile.Optane,
        "CXL" => MediaProfile.Cxl,
        "DRAM" => MediaProfile.Dram,
        _ when System.IO.File.Exists(text) => MediaProfile.Load(text),
        _ => throw new FormatException($"'{text}' is neither a medium nor a file. Choose optane, cxl or dram, or name a file of JSON."),
    };

    // Of a list with commas the last word is completed, and the others stay.
    private static IEnumerable<CompletionItem> Matches(IEnumerable<string> words, string typed)
    {
        int begin = typed.LastIndexOf(',') + 1;
        string[] named = typed[..begin].Split(',');
        return words
            .Where(w => w.StartsWith(typed[begin..], StringComparison.OrdinalIgnoreCase) && !named.Contains(w))
            .Select(w => new CompletionItem(typed[..begin] + w));
    }

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
