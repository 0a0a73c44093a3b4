using System.CommandLine;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Verification.Crash;
using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu crash</c>: cuts the power at every point of a workload and checks what recovery makes of it.</summary>
internal static class CrashCommand
{
    private const string AllPoints = "all";

    private static readonly Option<ICrashWorkload> Workload = WorkloadOption();

    private static readonly Option<string> Points = CommandOptions.Of(
        "--points", "the power cuts of each case: all, or a number of them, chosen by the seed", text => CutsOf(text) is null ? AllPoints : text, AllPoints);

    private static readonly Option<int> Seed = CommandOptions.Seed("the data, and of what is chosen");
    private static readonly Option<string?> Bug = CommandOptions.Of<string?>("--bug", "a bug that the workload has on demand (see --list)", text => text, null).Offering([.. CrashWorkloads.All.SelectMany(w => w.Bugs).Select(b => b.Name).Distinct()]);
    private static readonly Option<string?> Case = CommandOptions.Of<string?>("--case", "only this case", text => text, null);
    private static readonly Option<int> Jobs = CommandOptions.Of("--numjobs", "threads (not given: one for each processor)", CommandOptions.JobCount, Environment.ProcessorCount, CommandOptions.JobNames);
    private static readonly Option<string?> Replay = CommandOptions.Of<string?>("--replay", "the string of a failure: makes its state again", text => text, null);
    private static readonly Option<bool> CrossCheck = CommandOptions.Flag("--cross-check", "runs each case of at most 65536 states also without pruning, and compares");
    private static readonly Option<bool> List = CommandOptions.List("the workloads and their bugs");
    private static readonly Option<Shard?> Part = CommandOptions.Part("every N-th case from the I-th on");
    private static readonly Option<OutputFormat> Format = CommandOptions.Format();

    public static Command Create()
    {
        var command = new Command(
            "crash",
            "Cuts the power at every point of a workload, and checks its recovery.\n"
            + "Recovery is run on everything that each cut may leave in persistent memory.\n"
            + "A failure ends with 1, the smallest case, and a string that makes it again.\n\n"
            + "Examples:\n  daxemu crash --workload log --points all\n  daxemu crash --workload log --bug missing-flush\n  daxemu crash --list")
        {
            Workload, Points, Seed, Bug, Case, Jobs, Replay, CrossCheck, List, Part, Format, OutputOption.Option,
        };
        ProgressOptions.AddTo(command);
        TelemetryOptions.AddTo(command);
        CommandFrame.SetAction(command, OutputOption.Around(Run));
        return command;
    }

    private static ExitCode Run(ParseResult parsed, CancellationToken cancellation)
    {
        bool isJson = parsed.GetValue(Format) == OutputFormat.Json;
        if (parsed.GetValue(List))
        {
            Console.Write(isJson ? JsonText.Of(ListDocument(), DocumentJson.Default.CrashListDocument) + "\n" : ListText());
            return ExitCode.Success;
        }

        ICrashWorkload workload = parsed.GetRequiredValue(Workload);
        CrashBug? bug = parsed.GetValue(Bug) is { } name ? BugOf(workload, name) : null;
        IReadOnlyList<PowerCutTest> cases = workload.Cases(bug, (ulong)parsed.GetValue(Seed));
        if (parsed.GetValue(Replay) is { } replay)
        {
            return ReplayOne(cases, replay, isJson);
        }

        IReadOnlyList<PowerCutTest> selected = Selected(cases, parsed.GetValue(Case));
        Shard shard = CommandOptions.PartOf(parsed.GetValue(Part));
        IReadOnlyList<PowerCutTest> ofShard = shard.Of(selected);
        if (parsed.GetValue(CrossCheck))
        {
            return Compare(workload, ofShard, parsed, isJson, cancellation);
        }

        PowerCutReport found;
        using (var progress = new ProgressLine(parsed))
        {
            found = PowerCutRunner.Explore(ofShard, OptionsOf(parsed), done => progress.Show(workload.Name, done), cancellation);
        }

        var report = new CrashReport(workload, bug, ofShard.Count, found)
        {
            Seed = parsed.GetValue(Seed),
            MostCuts = CutsOf(parsed.GetRequiredValue(Points)),
            Shard = shard,
            CaseCountOfAllShards = selected.Count,
        };
        Console.WriteLine(isJson ? JsonText.Of(report.ToDocument(), DocumentJson.Default.CrashDocument) : report.ToText());
        return found.Failures.Count > 0 ? ExitCode.Found
            : found.IsCancelled ? ExitCode.TimeLimit
            : found.IncompleteCuts > 0 ? ExitCode.Inconclusive
            : ExitCode.Success;
    }

    private static ValueOption<ICrashWorkload> WorkloadOption()
    {
        ValueOption<ICrashWorkload> option = CommandOptions.Of("--workload", "what is cut (see --list)", WorkloadOf, CrashWorkloads.All[0]);
        option.Written = workload => workload.Name;
        return option.Offering([.. CrashWorkloads.All.Select(w => w.Name)]);
    }

    private static ICrashWorkload WorkloadOf(string name) => CrashWorkloads.All.Any(w => w.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ? CrashWorkloads.ByName(name)
        : throw new FormatException($"'{name}' is not a workload.{Suggestion.OneOf(name, [.. CrashWorkloads.All.Select(w => w.Name)])}");

    private static CrashBug BugOf(ICrashWorkload workload, string name) => workload.Bugs.Any(b => b.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
        ? CrashWorkloads.BugOf(workload, name)
        : throw new FormatException($"'{name}' is not a bug of {workload.Name}.{Suggestion.OneOf(name, [.. workload.Bugs.Select(b => b.Name)])}");

    // Null for all.
    private static int? CutsOf(string text) => text.Equals(AllPoints, StringComparison.OrdinalIgnoreCase) ? null : CommandOptions.Count(text);

    private static PowerCutOptions OptionsOf(ParseResult parsed) => new()
    {
        WorkerCount = parsed.GetValue(Jobs),
        MostCuts = CutsOf(parsed.GetRequiredValue(Points)),
        Seed = (ulong)parsed.GetValue(Seed),
    };

    private static ExitCode Compare(
        ICrashWorkload workload, IReadOnlyList<PowerCutTest> cases, ParseResult parsed, bool isJson, CancellationToken cancellation)
    {
        CrashComparison comparison;
        using (var progress = new ProgressLine(parsed))
        {
            comparison = CrashComparison.Of(cases, OptionsOf(parsed), done => progress.Show(workload.Name, done), cancellation);
        }

        Console.WriteLine(isJson ? JsonText.Of(comparison.ToDocument(), DocumentJson.Default.CrashComparisonDocument) : comparison.ToText());
        return comparison.Differences.Count > 0 ? ExitCode.Found
            : cancellation.IsCancellationRequested ? ExitCode.TimeLimit
            : ExitCode.Success;
    }

    private static ExitCode ReplayOne(IReadOnlyList<PowerCutTest> cases, string replay, bool isJson)
    {
        string name = replay.Split(':').ElementAtOrDefault(1) ?? replay;
        PowerCutFailure? failure = PowerCutRunner.Replay(Selected(cases, name)[0], replay);
        Console.WriteLine(
            isJson ? JsonText.Of(
                new CrashReplayDocument { Replay = replay, Failure = failure is null ? null : CrashReport.ToDocument(failure) }, DocumentJson.Default.CrashReplayDocument)
            : failure is null ? $"{name}: right after this power cut"
            : failure.ToString());
        return failure is null ? ExitCode.Success : ExitCode.Found;
    }

    private static IReadOnlyList<PowerCutTest> Selected(IReadOnlyList<PowerCutTest> cases, string? name) => name is null ? cases
        : cases.Where(c => c.Name == name).ToArray() is { Length: > 0 } selected ? selected
        : throw new FormatException($"'{name}' is not a case of this workload.{Suggestion.Question(name, cases.Select(c => c.Name))} Its cases are named like '{cases[0].Name}'.");

    private static string ListText() => string.Join('\n', CrashWorkloads.All.Select(w =>
        HelpText.List($"{w.Name}: {w.Description}", w.Bugs.Select(b => ($"--bug {b.Name}", b.Description)))));

    private static CrashListDocument ListDocument() => new()
    {
        Workloads = [.. CrashWorkloads.All.Select(w => new CrashWorkloadDocument
        {
            Name = w.Name,
            Description = w.Description,
            Bugs = [.. w.Bugs.Select(b => new CrashBugDocument { Name = b.Name, Description = b.Description })],
        })],
    };
}
