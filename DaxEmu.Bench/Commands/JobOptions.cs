using System.CommandLine;
using System.Globalization;
using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Cli.Fio;
using DaxEmu.Native;
using DaxEmu.Native.Cpu;

namespace DaxEmu.Bench.Commands;

/// <summary>The options of <c>daxemu bench</c> that say how one of fio's jobs runs.</summary>
internal static class JobOptions
{
    private const int MostLoops = 1_000_000;
    private const int MostSyncInterval = 1_000_000_000;
    private const int MostPercentiles = 20;
    private const int MostNode = 1023;
    private const string Shared = "shared";

    private static readonly string[] OneAtATime = ["libaio", "posixaio", "io_uring", "io_uring_cmd", "solarisaio", "windowsaio", "libiscsi", "nbd", "rados", "rbd", "http", "sg", "splice", "net", "netsplice", "e4defrag", "cpuio"];

    public static ValueOption<string?> Name { get; } = CommandOptions.Of<string?>(JobLines.Name, "name of the job, in the report; a second --name begins another job", text => text, null);

    public static ValueOption<int?> Loops { get; } = CommandOptions.Of<int?>("--loops", "passes that are measured, instead of a time; with --runtime at most so long", text => CommandOptions.Count(text, 1, MostLoops), null);

    public static ValueOption<int?> ReadMix { get; } = CommandOptions.Of<int?>("--rwmixread", "of a hundred units of --rw randrw or rw, those that are read (50 if not given)", text => CommandOptions.Count(text, 0, 100), null);

    public static ValueOption<PlaceDistribution?> Distribution { get; } = CommandOptions.Of("--random-distribution", "random, zipf:1.1, pareto:0.2, normal:10 or zoned:60/10:40/90", PlaceDistribution.Parse, null).Called("KIND");

    public static ValueOption<IReadOnlyList<double>?> Percentiles { get; } = CommandOptions.Of<IReadOnlyList<double>?>("--percentile-list", "percentiles of the latencies, as in 50:99:99.9", ParsePercentiles, null).Called("N:N..");

    public static ValueOption<int?> Sync { get; } = CommandOptions.Of<int?>("--fsync", "with --phase pwrite or append: an fsync after so many blocks", text => CommandOptions.Count(text, 0, MostSyncInterval), null);

    public static ValueOption<IReadOnlyList<int>?> Cpus { get; } = CommandOptions.Of<IReadOnlyList<int>?>("--cpus-allowed", "CPUs for the jobs, as in 0-3,8; each has one for itself where there are enough", ParseCpus, null).Called("LIST");

    public static ValueOption<IReadOnlyList<int>?> Nodes { get; } = CommandOptions.Of<IReadOnlyList<int>?>("--numa-cpu-nodes", "the same by NUMA nodes", ParseNodes, null).Called("LIST");

    public static ValueOption<string> CpuPolicy { get; } = CommandOptions.Words("--cpus-allowed-policy", "split (a CPU for each job) or shared (each may use all of them)", "split", ("split", "split"), ("shared", Shared));

    public static Option<bool> TimeBased { get; } = CommandOptions.Flag("--time-based", "runs for --runtime, as it does anyway");

    public static Option<bool> Stonewall { get; } = CommandOptions.Flag("--stonewall", "the job waits for the end of the one before");

    public static ValueOption<string?> IoEngine { get; } = CommandOptions.Of<string?>("--ioengine", "fio's engine: mmap for faults (--phase refault), psync for blocks (--phase pread or pwrite)", ParseIoEngine, null);

    public static ValueOption<string?> Directory { get; } = CommandOptions.Of<string?>("--directory", "a folder for the file of --filename's default", text => text, null);

    public static ValueOption<string?> Section { get; } = CommandOptions.Of<string?>("--section", "of a job file, this job alone", text => text, null);

    public static Option<bool> ParseOnly { get; } = CommandOptions.Flag("--parse-only", "shows the cases of the command line and the job files, and runs nothing");

    /// <summary>Adds them to the command.</summary>
    public static void AddTo(Command command)
    {
        foreach (Option option in (Option[])[Name, Loops, ReadMix, Distribution, Percentiles, Sync, Cpus, Nodes, Section, ParseOnly])
        {
            command.Add(option);
        }

        foreach (Option option in (Option[])[CpuPolicy, TimeBased, Stonewall, IoEngine, Directory])
        {
            option.Hidden = true; // in docs/fio.md alone
            command.Add(option);
        }
    }

    /// <summary>The options that a job with a name was given, by fio's names; null where it has no name.</summary>
    public static IReadOnlyDictionary<string, string>? Given(ParseResult parsed) => parsed.GetValue(Name) is null ? null : parsed.CommandResult.Command.Options
        .Where(option => !JobLines.OfTheRun.Contains(option.Name))
        .Select(parsed.GetResult)
        .Where(result => result is { Implicit: false })
        .ToDictionary(result => result!.Option.Name.TrimStart('-').Replace('-', '_'), result => result!.Tokens.Count == 0 ? "1" : result.Tokens[0].Value);

    /// <summary>The CPUs that a command line asks for; null for all.</summary>
    /// <exception cref="DaxEnvironmentException">The process may not use one of them.</exception>
    public static CpuChoice? CpusOf(ParseResult parsed)
    {
        bool isShared = parsed.GetValue(CpuPolicy) == Shared;
        IReadOnlyList<int>? cpus = parsed.GetValue(Cpus);
        if (parsed.GetValue(Nodes) is { } ofNodes)
        {
            cpus = cpus is null ? ofNodes : [.. cpus.Intersect(ofNodes)];
        }

        if (cpus is null)
        {
            return isShared ? new CpuChoice(Topology.AllowedCpus(), IsShared: true) : null;
        }

        IReadOnlyList<int> allowed = Topology.AllowedCpus();
        int[] missing = [.. cpus.Except(allowed)];
        return missing.Length == 0 && cpus.Count > 0
            ? new CpuChoice(cpus, isShared)
            : throw new DaxEnvironmentException(
                missing.Length > 0 ? $"CPU {missing[0]} is not one that this process may use" : "no CPU is both in --cpus-allowed and in --numa-cpu-nodes",
                $"Give some of {string.Join(',', allowed)}.");
    }

    /// <summary>The phases that fio's engine stands for; null for the default ones.</summary>
    /// <exception cref="ArgumentException">It goes against another option.</exception>
    public static IReadOnlyList<FaultPhase>? PhasesOf(ParseResult parsed, IReadOnlyList<FaultPhase>? phases, IReadOnlyList<string>? patterns)
    {
        if (parsed.GetValue(IoEngine) is not { } engine)
        {
            return phases;
        }

        bool isOfFaults = engine == "mmap";
        if (phases is not null)
        {
            return phases.All(phase => PhaseFacts.IsData(phase) != isOfFaults)
                ? phases
                : throw new ArgumentException($"--ioengine {engine} and --phase {string.Join(',', phases.Select(PhaseFacts.NameOf))} exclude each other. Leave --ioengine away.");
        }

        return isOfFaults ? null
            : patterns is null ? [FaultPhase.Pread]
            : [.. patterns.Select(pattern => pattern.EndsWith("read", StringComparison.Ordinal) ? FaultPhase.Pread : FaultPhase.Pwrite).Distinct()];
    }

    private static string ParseIoEngine(string text) => text.ToUpperInvariant() switch
    {
        "MMAP" or "PAGE_FAULT" => "mmap",
        "SYNC" or "PSYNC" or "PVSYNC" or "PVSYNC2" => "psync",
        "LIBPMEM" or "DEV-DAX" => throw new FormatException($"'{text}' copies by instructions of its own. The nearest is mmap (faults), or psync (--phase pwrite), which copies and persists as DAX does."),
        "FTRUNCATE" or "FALLOCATE" or "FALLOC" => throw new FormatException($"'{text}' does no I/O. The nearest is --phase truncate."),
        "NULL" => throw new FormatException($"'{text}' does nothing. The nearest is --engine floor, the least that a fault must do."),
        _ when OneAtATime.Contains(text, StringComparer.OrdinalIgnoreCase) =>
            throw new FormatException($"'{text}' is not possible here: calls are made one after the other. The nearest is psync, or mmap for faults."),
        _ => throw new FormatException($"'{text}' is no engine of fio's that is known here. The nearest are mmap (faults) and psync (blocks of files)."),
    };

    private static IReadOnlyList<double> ParsePercentiles(string text)
    {
        string[] words = text.Split(':');
        double[] percentiles = [.. words.Select(w => double.TryParse(w, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double p) ? p : -1).Distinct().Order()];
        return words.Length <= MostPercentiles && percentiles[0] is > 0 && percentiles[^1] <= 100
            ? percentiles
            : throw new FormatException($"'{text}' is not a list of percentiles. Write at most {MostPercentiles} numbers above 0, up to 100, as in 50:99:99.9.");
    }

    private static IReadOnlyList<int> ParseCpus(string text) => CpuList.TryParse(text)
        ?? throw new FormatException($"'{text}' is not a list of CPUs. Write numbers and ranges, as in 0-3,8.");

    private static IReadOnlyList<int> ParseNodes(string text)
    {
        IReadOnlyList<int> nodes = CpuList.TryParse(text) ?? throw new FormatException($"'{text}' is not a list of nodes. Write numbers and ranges, as in 0-1.");
        var cpus = new SortedSet<int>();
        foreach (int node in nodes)
        {
            cpus.UnionWith(Topology.NodeCpus(node) ?? throw new FormatException(
                $"there is no NUMA node {node} here. Give some of {string.Join(',', Enumerable.Range(0, MostNode).Where(n => Topology.NodeCpus(n) is not null))}."));
        }

        return [.. cpus];
    }
}
