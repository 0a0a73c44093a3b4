using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Help;
using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Verification.Crash;
using DaxEmu.Bench.Verification.Scenarios;

namespace DaxEmu.Bench.Commands;

/// <summary>What a shell offers as values of options: by the option's name, so that an option means the same in every verb.</summary>
internal static class CompletionValues
{
    private const char Separator = ',';

    private static readonly Dictionary<string, Func<IEnumerable<string>>> Values = new()
    {
        ["--engine"] = () => EngineCatalog.Names,
        ["--phase"] = () => PhaseFacts.Names,
        ["--profile"] = Profiles,
        ["--scenario"] = () => SmallScenarios.Names.Prepend("all"),
        ["--strategy"] = () => ["exhaustive", "pct", "random"],
        ["--workload"] = () => CrashWorkloads.All.Select(w => w.Name),
        ["--bug"] = () => CrashWorkloads.All.SelectMany(w => w.Bugs).Select(b => b.Name).Distinct(),
        ["--rw"] = () => ["read", "write", "randread", "randwrite", "rw", "randrw"],
        ["--bs"] = () => ["4k", "2m"],
        ["--mmu"] = () => ["software", "host"],
        ["--csv"] = () => ["will-it-scale"],
        ["--output-format"] = () => ["normal", "json"],
    };

    /// <summary>The options that have values, by name.</summary>
    public static IReadOnlyCollection<string> Names => Values.Keys;

    /// <summary>Gives the options of a command, and of all below it, their values.</summary>
    public static void AddTo(Command command)
    {
        foreach (Option option in command.Options)
        {
            if (Values.TryGetValue(option.Name, out Func<IEnumerable<string>>? values))
            {
                option.CompletionSources.Clear(); // the names of an enumeration, in the case that C# has them
                option.CompletionSources.Add(context => Matches(values(), context.WordToComplete));
            }
            else if (option is HelpOption)
            {
                // An absolute path is no request for help here.
                option.Aliases.Remove("/h");
                option.Aliases.Remove("/?");
            }
        }

        foreach (Command below in command.Subcommands)
        {
            AddTo(below);
        }
    }

    // Of a list with commas the last word is completed, and the others stay.
    private static IEnumerable<CompletionItem> Matches(IEnumerable<string> values, string word)
    {
        int begin = word.LastIndexOf(Separator) + 1;
        string[] named = word[..begin].Split(Separator);
        return values
            .Where(v => v.StartsWith(word[begin..], StringComparison.OrdinalIgnoreCase) && !named.Contains(v))
            .Select(v => new CompletionItem(word[..begin] + v));
    }

    private static IEnumerable<string> Profiles() => CommandOptions.ProfileNames;
}
