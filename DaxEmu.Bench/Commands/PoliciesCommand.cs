using System.CommandLine;
using DaxEmu.Bench.Benchmark.Policies;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Verification.Replay;
using DaxEmu.Bench.Verification.Replay.Input;
using DaxEmu.Core;
using Spectre.Console;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu policies</c>: what each policy of 2019 costs.</summary>
internal static class PoliciesCommand
{
    private const string Name = "policies";
    private const int MostRanges = 4096;
    private const int MostRounds = 10_000;

    private static readonly Option<IReadOnlyList<int>> Jobs = CommandOptions.Jobs([2, 8]);
    private static readonly Option<int> Ranges = CommandOptions.Of("--ranges", "2 MiB ranges on which the threads meet", ParseRanges, 2);
    private static readonly Option<int> Mix = CommandOptions.Of("--mix", "of a hundred operations, those that are 2 MiB faults", ParsePercent, 30);
    private static readonly Option<int> Empty = CommandOptions.Of("--empty", "of a hundred operations, those that empty a range", ParsePercent, 3);
    private static readonly Option<EmptyingKind> EmptyBy = CommandOptions.Words(
        "--empty-by", "write: clean entries are taken out past running faults; truncate: faults are kept out meanwhile",
        EmptyingKind.Write, ("write", EmptyingKind.Write), ("truncate", EmptyingKind.Truncate));
    private static readonly Option<TimeSpan> Hold = CommandOptions.Of("--hold", "how long the owner of a 4 KiB entry asks the file system", DurationText.Parse, TimeSpan.FromMicroseconds(2));
    private static readonly Option<TimeSpan> HugeHold = CommandOptions.Of("--hold-2m", "the same for 2 MiB", DurationText.Parse, TimeSpan.FromMicroseconds(50));
    private static readonly Option<int> Rounds = CommandOptions.Of("--rounds", "turns of each policy", text => CommandOptions.Count(text, 1, MostRounds), 9);
    private static readonly Option<TimeSpan> Runtime = CommandOptions.Runtime("how long a turn is", TimeSpan.FromMilliseconds(200));
    private static readonly Option<string?> Trace = CommandOptions.File("--trace", "the kernel's trace text (plain or .gz), to be replayed under each policy instead of the random faults");
    private static readonly Option<int> Seed = CommandOptions.Seed("all choices");
    private static readonly Option<bool> Markdown = CommandOptions.Flag("--markdown", "the table as Markdown");
    private static readonly Option<bool> List = CommandOptions.List("the policies");
    private static readonly Option<OutputFormat> Format = CommandOptions.Format();

    public static Command Create() => Create(Name);

    /// <summary>The same command under its name of version 0.1, for scripts; the help does not list it.</summary>
    public static Command CreateUnderOldName()
    {
        Command command = Create(OldNames.Policies);
        command.Hidden = true;
        return command;
    }

    private static Command Create(string name)
    {
        var command = new Command(
            name,
            "What each policy of 2019 costs.\n"
            + "Throughput, sleeps, needless sleeps and spurious wake-ups of mask-all, any-order, return-locked, conflict and fixed,\n"
            + "where 4 KiB and 2 MiB faults meet on the same ranges, or with a recorded fault stream.\n\n"
            + "Examples:\n  daxemu policies --numjobs 2,4,8\n  daxemu policies --trace rocksdb.trace.gz --numjobs 2,8")
        {
            Jobs, Ranges, Mix, Empty, EmptyBy, Hold, HugeHold, Rounds, Runtime, Trace, Seed, Markdown, List, Format, OutputOption.Option,
        };
        ProgressOptions.AddTo(command);
        TelemetryOptions.AddTo(command);
        CommandFrame.SetAction(command, OutputOption.Around(Run));
        return command;
    }

    private static ExitCode Run(ParseResult parsed, CancellationToken cancellation)
    {
        if (parsed.GetValue(List))
        {
            return NameList.Print(parsed.GetValue(Format) == OutputFormat.Json, ("policies", WaitProfiles.Policies.Select(p => (p.Key, p.Value.Description)).Append((WaitProfiles.Fixed.Name, WaitProfiles.Fixed.Description))));
        }

        PolicyPlan plan = PlanOf(parsed, cancellation);
        IReadOnlyList<PolicyResult> results;
        using (var progress = new ProgressLine(parsed))
        {
            results = new PolicyRunner(plan, progress.Show, cancellation).Run();
        }

        var report = new PolicyReport(results);
        if (parsed.GetValue(Format) == OutputFormat.Json)
        {
            Console.WriteLine(JsonText.Of(report.ToJson()));
        }
        else
        {
            IAnsiConsole console = ConsoleWidth.Terminal();
            report.Write(console, parsed.GetValue(Markdown));
            console.WriteLine(PolicyReport.Legend);
        }

        return cancellation.IsCancellationRequested ? ExitCode.TimeLimit : ExitCode.Success;
    }

    private static PolicyPlan PlanOf(ParseResult parsed, CancellationToken cancellation) => new()
    {
        JobCounts = parsed.GetRequiredValue(Jobs),
        RangeCount = parsed.GetValue(Ranges),
        HugePercent = parsed.GetValue(Mix),
        EmptyPercent = parsed.GetValue(Empty),
        Emptying = parsed.GetValue(EmptyBy),
        Hold = parsed.GetValue(Hold),
        HugeHold = parsed.GetValue(HugeHold),
        RoundCount = parsed.GetValue(Rounds),
        Turn = parsed.GetValue(Runtime),
        Seed = parsed.GetValue(Seed),
        Recording = parsed.GetValue(Trace) is { } path ? Read(path, cancellation) : null,
    };

    private static TracePlan Read(string path, CancellationToken cancellation)
    {
        IReadOnlyList<string> inputs = InputFiles.Expand(path);
        if (inputs.Count != 1)
        {
            throw new FormatException($"the folder '{path}' has {inputs.Count} recordings; name the one trace that is to be replayed.");
        }

        TracePlan? plan = null;
        foreach (InputText text in InputSource.Open(inputs[0], cancellation))
        {
            if (plan is not null || text.Kind != InputKind.Trace)
            {
                throw new FormatException($"{text.Name}: one trace text is replayed here, no recorded scenario and no second one. (See 'daxemu replay --help'.)");
            }

            plan = TracePlan.Read(text.Content, text.Name, cancellation);
        }

        return plan!;
    }

    private static int ParsePercent(string text) => CommandOptions.Count(text, 0) is var percent and <= 50
        ? percent
        : throw new FormatException($"'{text}' is more than 50 of a hundred: 4 KiB faults must have a share.");

    private static int ParseRanges(string text) => CommandOptions.Count(text) is var count and <= MostRanges
        ? count
        : throw new FormatException($"'{text}' is more than {MostRanges} ranges: the threads would hardly meet.");
}
