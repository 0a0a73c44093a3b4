using System.CommandLine;
using System.Globalization;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Commands;
using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Verification.Scenarios;
using DaxEmu.Core;
using DaxEmu.Tests.Documents;

namespace DaxEmu.Tests.Fuzzing.Inputs;

/// <summary>Cases of command lines: all verbs, all options, right values and wrong ones. What would run for long is asked to stop.</summary>
internal static class CommandInput
{
    // Each is above the bound of its option. Where an option had none, trying one would cost the machine its memory.
    private static readonly (string Option, string[] Values)[] Huge =
    [
        ("--size", ["17t", "8191t", "9223372036854775807"]),
        ("--numjobs", ["1025", "100001", "2147483647", "1,2147483647"]),
        ("--ranges", ["4097", "2147483647"]),
        ("--rounds", ["10001", "2147483647"]),
        ("--threads", ["1025", "100001", "2147483647", "0,100001"]),
    ];

    private static readonly Command[] Verbs =
        [BenchCommand.Create(), SoakCommand.Create(), CheckCommand.Create(), PoliciesCommand.Create(), ReplayCommand.Create(), ReportCommand.Create(), SchemaCommand.Create(), InfoCommand.Create(), SuitesCommand.Create()];

    private static readonly string[] Profiles = [.. WaitProfiles.All.Select(p => p.Name), .. WaitProfiles.Policies.Keys];
    private static readonly string[] Times = ["1ms", "5ms", "20ms", "50ms", "0.01", "10m", "1h", "8h", "2us"];
    private static readonly string[] Counts = ["1", "2", "3", "4", "8", "1,2", "2,2,1"];

    // Links stand for devices: what the command might remove or write beside them stays in the case's folder.
    private static readonly string[] Paths =
        ["new", "device", "{folder}/new", "{folder}/device", "odd", "empty", "text", "{folder}", ".", "missing/new", "text/new", "null", "zero", "full", "loop", "r.jsonl", "t.trace", "r.zip", "d.json", "b.json", "job.fio", "", " ", "-"];

    // To devices that swallow, do not end or refuse, and one to itself.
    private static readonly (string Name, string Target)[] Links = [("null", "/dev/null"), ("zero", "/dev/zero"), ("full", "/dev/full"), ("full.svg", "/dev/full"), ("loop", "loop")];

    /// <summary>A right value of each option that takes one. A test sees to it that none is missing.</summary>
    private static readonly Dictionary<string, string[]> Values = new()
    {
        ["--filename"] = Paths,
        ["--hgrm"] = [.. Paths, "h.hgrm"],
        ["--plot"] = ["p.png", "p.svg", "missing/p.svg", "{folder}/p.svg", "full.svg", ".svg", "device.png"],
        ["--csv"] = ["will-it-scale"],
        ["--size"] = ["4m", "8m", "2m", "16m", "0x400000", "4096k", "2097152", "32m"],
        ["--bs"] = ["4k", "2m", "4k,2m", "2097152"],
        ["--rw"] = ["read", "write", "randread", "randwrite", "read,randwrite", "rw", "randrw", "readwrite"],
        ["--numjobs"] = Counts,
        ["--runtime"] = Times,
        ["--ramp-time"] = Times,
        ["--watchdog"] = ["100ms", "1s", "5s", "1ms"],
        ["--hold"] = Times,
        ["--hold-2m"] = Times,
        ["--randseed"] = ["0", "1", "42", "2147483647"],
        ["--engine"] = ["emu", "locked-radix", "kernel", "emu,kernel", "kernel,emu,locked-radix"],
        ["--phase"] = ["refault", "insert", "insert,refault"],
        ["--profile"] = Profiles,
        ["--output-format"] = ["json", "normal", "JSON", "json+"],
        ["--output"] = [.. Paths, "o.html", "o.md", "out.txt"],
        ["--format"] = ["html", "markdown", "HTML"],
        ["--repeats"] = ["1", "2", "3"],
        ["--shard"] = ["1/1", "1/2", "2/2", "3/7", "0/2", "5/4", "0/1", "2/1000000"],
        ["--scenario"] = [.. SmallScenarios.Names, "all", "empty--pmd", "nope"],
        ["--strategy"] = ["exhaustive", "pct", "random"],
        ["--scenario-size"] = ["1x1", "2x1", "2x2", "3x1,2x2", "4x2"],
        ["--preemptions"] = ["0", "1", "2", "20"],
        ["--max-schedules"] = ["1", "10", "1000", "2147483647"],
        ["--replay"] = ["dax1:pmd-behind-pte:v4.20:sc:a14b18a5", "dax1:x:y:sc:a", "text"],
        ["--ranges"] = ["1", "2", "8", "64"],
        ["--mix"] = ["0", "30", "50"],
        ["--empty"] = ["0", "3", "50"],
        ["--empty-by"] = ["write", "truncate"],
        ["--rounds"] = ["1", "2", "9"],
        ["--trace"] = ["t.trace", "r.jsonl", "text", "missing", "{folder}", "empty"],
        ["--media"] = ["optane", "cxl", "dram", "text", "missing", "r.jsonl"],
        ["--metrics"] = ["-", "new", "missing/new", "full"],
        ["--mmu"] = ["software", "host"],
        ["--table-pages"] = ["4k", "2m", "1g"],
        ["--name"] = ["job", "a b", "", "4k"],
        ["--loops"] = ["1", "3", "1000000"],
        ["--rwmixread"] = ["0", "50", "100"],
        ["--random-distribution"] = ["random", "zipf", "zipf:1.1", "pareto:0.2", "normal:10", "zoned:60/10:40/90"],
        ["--percentile-list"] = ["50", "50:99:99.9", "100:0.001"],
        ["--fsync"] = ["0", "1", "64"],
        ["--cpus-allowed"] = ["0", "0-1", "8191"],
        ["--cpus-allowed-policy"] = ["split", "shared"],
        ["--numa-cpu-nodes"] = ["0", "7"],
        ["--ioengine"] = ["mmap", "psync", "sync"],
        ["--directory"] = ["{folder}", "missing", "."],
        ["--section"] = ["job", "other", ""],
        ["--status-interval"] = ["10m", "8h"],
        ["--eta"] = ["auto", "never"],
    };

    private static readonly string[] Refused =
    [
        "", " ", "x", "0", "-1", "--", "-", "1x", "1.5", "0x", "0xg", "99999999999999999999", "9223372036854775807g", "1e9", "NaN", "\u221e", "\u0661", "k", "4k4k", ",", "1,", ",1",
        "1,,2", "null", "[]", "\u001b[31m", "\u202eabc", "a\nb", "a\tb", "\ufeff1", "\ud83d\ude00", "@text", "@missing", "@", "*", "~", "%n", "{0}", "[red]", "=", "==", ":", "'", "\"", "1h1h", "-5s", "0ms",
    ];

    private static readonly double[] Numbers = [0, 1, 2, 3, -1, 0.5, 1e300, double.Epsilon, int.MaxValue, int.MinValue];

    // Ways out of the folder that the case runs in.
    private static readonly string[] Outward = ["..", "=/", ":/"];

    private static readonly string[] Lone =
        ["--", "-", "--help", "-h", "-?", "--version", "@text", "@missing", "--nope", "-x", "--size", "--output-format=json", "--SIZE", "/help", "--steps", "--markdown", "--separate", "[suggest]", "[diagram]", "[parse]", "\u001b[31m", ""];

    /// <summary>The options with a value that the table does not know.</summary>
    public static IEnumerable<string> OptionsWithoutValues =>
        Verbs.SelectMany(v => v.Options).Where(TakesValue).Select(o => o.Name).Where(n => !Values.ContainsKey(n)).Distinct();

    public static FuzzInput Make(FuzzRandom random)
    {
        // A suite or a run costs much, a line that is refused nothing: most lines are wrong somewhere.
        Command verb = random.OneIn(60) ? Verbs[^1] : random.Pick(Verbs[..^1]);
        List<string> arguments = random.OneIn(20) ? [] : [random.OneIn(30) ? verb.Name.ToUpperInvariant() : verb.Name];
        int wrong = random.OneIn(4) ? 0 : random.Geometric(1, 4);
        foreach (Option option in Chosen(verb, random))
        {
            AddOption(arguments, option.Name, TakesValue(option) ? random.Pick(Values[option.Name]) : null, random);
        }

        AddPositional(arguments, verb, random);
        if (random.OneIn(3))
        {
            arguments.Add("--output-format=json");
        }

        for (; wrong > 0; wrong--)
        {
            Spoil(arguments, verb, random);
        }

        // A session of BenchmarkDotNet has no end that a case could wait for: only what it refuses or lists.
        if (arguments.Contains("suites"))
        {
            string[] head = random.OneIn(2) ? ["suites", "--"] : ["suites"];
            string[][] rests = [["--list", "flat"], ["--filter", "nope"], ["--help"], ["--nope"], ["--filter", random.Pick(Refused)], ["--list", "tree"], ["--job", "x"]];
            arguments = [.. head, .. random.Pick(rests)];
        }

        return new FuzzInput([.. Harmless(arguments)], Files(random)) { Links = Links, StopAfter = TimeSpan.FromMilliseconds(random.Between(10, random.OneIn(4) ? 300 : 60)) };
    }

    private static bool TakesValue(Option option) => option.ValueType != typeof(bool) && option.Arity.MaximumNumberOfValues > 0;

    private static Option[] Chosen(Command verb, FuzzRandom random)
    {
        int chance = random.Between(1, 6);
        return [.. verb.Options.Where(_ => random.OneIn(chance))];
    }

    private static void AddOption(List<string> arguments, string name, string? value, FuzzRandom random)
    {
        if (value is null)
        {
            arguments.Add(name);
        }
        else if (random.OneIn(3))
        {
            arguments.Add(name + (random.OneIn(10) ? ":" : "=") + value);
        }
        else
        {
            arguments.AddRange([name, value]);
        }
    }

    private static void AddPositional(List<string> arguments, Command verb, FuzzRandom random)
    {
        for (int i = verb.Name is "replay" or "report" or "info" ? random.Geometric(1, 4) : random.OneIn(20) ? 1 : 0; i > 0; i--)
        {
            arguments.Insert(random.Below(arguments.Count + 1), random.Pick(Paths));
        }
    }

    private static void Spoil(List<string> arguments, Command verb, FuzzRandom random)
    {
        int at = random.Below(arguments.Count + 1);
        bool isInside = at < arguments.Count;
        switch (random.Below(10))
        {
            case 0 when isInside:
                arguments.RemoveAt(at);
                break;
            case 1 when isInside:
                arguments.Insert(random.Below(arguments.Count + 1), arguments[at]);
                break;
            case 2 when isInside:
                int with = random.Below(arguments.Count);
                (arguments[at], arguments[with]) = (arguments[with], arguments[at]);
                break;
            case 3 when isInside:
                arguments[at] = arguments[at].Insert(random.Below(arguments[at].Length + 1), random.Pick(Refused));
                break;
            case 4:
                arguments.Insert(at, random.Pick(Lone));
                break;
            case 5:
                arguments.Insert(at, random.Pick(Refused));
                break;
            case 6:
                arguments.AddRange([random.Pick([.. Values.Keys]), random.OneIn(12) ? new string('9', random.Geometric(64, 1 << 16)) : random.Pick(Refused)]);
                break;
            case 7:
                (string name, string[] values) = random.Pick(Huge);
                arguments.AddRange([name, random.Pick(values)]);
                break;
            case 8 when verb.Options.Count > 0:
                Option option = random.Pick([.. verb.Options]);
                AddOption(arguments, option.Name, TakesValue(option) ? random.Pick(Refused) : random.OneIn(2) ? random.Pick(Refused) : null, random);
                break;
            default:
                arguments.Add(random.Pick(Lone));
                break;
        }
    }

    /// <summary>Whatever the changes made of it: no path leaves the case's folder, and what runs stays small.</summary>
    private static IEnumerable<string> Harmless(List<string> arguments)
    {
        bool isRun = arguments.Contains("bench");
        if (isRun && !arguments.Any(a => a.StartsWith("--size", StringComparison.Ordinal)))
        {
            arguments.AddRange(["--size", "4m"]); // the default is larger than what a case may take
        }

        string option = string.Empty;
        foreach (string argument in arguments)
        {
            int sign = argument.StartsWith("--", StringComparison.Ordinal) ? argument.IndexOfAny(['=', ':']) : -1;
            option = sign > 0 ? argument[..sign] : argument.StartsWith("--", StringComparison.Ordinal) ? argument : option;
            string head = sign > 0 ? argument[..(sign + 1)] : string.Empty;
            yield return head + Harmless(option, argument[head.Length..]).Replace("\0", string.Empty, StringComparison.Ordinal);
        }
    }

    private static string Harmless(string option, string value)
    {
        if (value.TrimStart().StartsWith('/') || Outward.Any(o => value.Contains(o, StringComparison.Ordinal)))
        {
            return "new";
        }

        bool isSize = option.StartsWith("--si", StringComparison.OrdinalIgnoreCase);
        bool isCount = option.StartsWith("--n", StringComparison.OrdinalIgnoreCase) || option.StartsWith("--th", StringComparison.OrdinalIgnoreCase)
            || option.StartsWith("--ra", StringComparison.OrdinalIgnoreCase) || option.StartsWith("--ro", StringComparison.OrdinalIgnoreCase);
        bool isCostly = (isSize && IsBetween(value, 64L << 20, 17L << 40)) || (isCount && value.Split(',').Any(v => IsBetween(v, 64, 1024)));
        return isCostly ? "2" : value;
    }

    // What is no size, or too large a one, is refused.
    private static bool IsBetween(string text, long least, long most)
    {
        try
        {
            return SizeText.Parse(text) is var value && value > least && value < most;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static List<(string Name, byte[] Content)> Files(FuzzRandom random) =>
    [
        ("device", new byte[4 << 20]),
        ("odd", new byte[4097]),
        ("empty", []),
        ("text", Latin1.Bytes(random.Pick((string[])["hello\n", "@text\n", "--help", "dax1:pmd-behind-pte:v4.20:sc:a14b18a5\n", "\u001b[31m\n"]))),
        ("r.jsonl", Latin1.Bytes(string.Join('\n', Corpus.Recording(random)))),
        ("r.zip", Containers.ZipOf(Latin1.Bytes(string.Join('\n', Corpus.Recording(random))))),
        ("job.fio", Latin1.Bytes(random.Pick((string[])["[global]\nbs=4k\nsize=4m\n[job]\nrw=randread\n", "[job]\nsize=4m\niodepth=8\n", "[a]\nstonewall\n[a]\n", "bs=4k\n", "[job\n", "[job]\nnope\n", "\u001b[31m\n"]))),
        ("d.json", DocumentOf(random.Pick(DocumentKind.All), random)),
        ("b.json", DocumentOf(DocumentKind.All[0], random)),
        ("t.trace", Latin1.Bytes(string.Join('\n', Corpus.Trace(random)))),
    ];

    // What report reads: of the right form with odd texts and numbers; sometimes damaged.
    private static byte[] DocumentOf(DocumentKind kind, FuzzRandom random)
    {
        string text = new DocumentFiller(() => random.Pick(Refused), () => random.Pick(Numbers)).Make(kind).ToJsonString();
        int at = random.Below(text.Length);
        return Latin1.Bytes(random.Below(6) switch
        {
            0 => text[..at],
            1 => text.Remove(at, 1),
            2 => text.Insert(at, random.Pick((string[])["\"", "{", "[", "-", "9", "e9", ",", "null"])),
            _ => text,
        });
    }

    /// <summary>An argument as a shell takes it.</summary>
    public static string Quote(string argument) => argument.Any(char.IsControl)
        ? "$'" + string.Concat(argument.Select(c => c is '\'' or '\\' ? "\\" + c : char.IsControl(c) ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : c.ToString())) + "'"
        : "'" + argument.Replace("'", @"'\''", StringComparison.Ordinal) + "'";
}
