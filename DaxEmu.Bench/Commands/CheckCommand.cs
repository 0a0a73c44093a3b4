using System.CommandLine;
using System.Diagnostics;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Verification.Checks;
using DaxEmu.Bench.Verification.Scenarios;
using DaxEmu.Core;
using DaxEmu.Core.Checking;
using Spectre.Console;

namespace DaxEmu.Bench.Commands;

/// <summary><c>daxemu check</c>: systematic schedules of small scenarios, on the same table and wait code as everything else.</summary>
internal static class CheckCommand
{
    private const int DefaultPreemptions = 3;
    private const int MostPreemptions = 20;
    private const long DefaultRandomSchedules = 100_000;
    private const string AllScenarios = "all";
    private static readonly IReadOnlyList<ScenarioSize> ExhaustiveSizes = [new(3, 1), new(2, 2)];
    private static readonly IReadOnlyList<ScenarioSize> RandomSizes = [new(4, 2)];

    private static readonly Option<WaitProfile> Profile = CommandOptions.Profile();
    private static readonly Option<string> Scenario = CommandOptions.Of("--scenario", "a scenario's name (see --list), or all", ParseScenario, AllScenarios).Offering([AllScenarios, .. SmallScenarios.Names]);
    private static readonly Option<SearchStrategy> Strategy = CommandOptions.Words(
        "--strategy", "exhaustive (depth-first), pct (random priorities) or random",
        SearchStrategy.Exhaustive, ("exhaustive", SearchStrategy.Exhaustive), ("pct", SearchStrategy.Pct), ("random", SearchStrategy.Random));
    private static readonly Option<IReadOnlyList<ScenarioSize>?> Sizes = CommandOptions.Of<IReadOnlyList<ScenarioSize>?>("--scenario-size", "sizes of generated scenarios, threads x operations of each (not given: 3x1,2x2, all of them, for exhaustive; 4x2, a sample, for pct and random)", text => CommandOptions.ListOf(text, ScenarioSize.Parse), null, OldNames.ScenarioSize);
    private static readonly Option<int> Preemptions = CommandOptions.Of("--preemptions", "the most preemptions of a schedule, for exhaustive", ParsePreemptions, DefaultPreemptions);
    private static readonly Option<long?> MaxSchedules = CommandOptions.Of<long?>("--max-schedules", "the most schedules: of all scenarios together for pct and random (not given: 100000), of each scenario for exhaustive (not given: all there are)", text => CommandOptions.Count(text), null);
    private static readonly Option<int> Seed = CommandOptions.Seed("random schedules");
    private static readonly Option<string?> Replay = CommandOptions.Of<string?>("--replay", "a schedule string to do again", text => text, null);
    private static readonly Option<bool> Steps = CommandOptions.Flag("--steps", "with --replay: every atomic step, and then the trace");
    private static readonly Option<bool> All = CommandOptions.Flag("--all", "finds every historic bug in its profile and prints the table");
    private static readonly Option<bool> List = CommandOptions.List("the profiles and scenarios");
    private static readonly Option<Shard?> Part = CommandOptions.Part("every N-th scenario from the I-th on");
    private static readonly Option<OutputFormat> Format = CommandOptions.Format();

    public static Command Create()
    {
        var command = new Command(
            "check",
            "Searches the schedules of small scenarios for hangs and wrong states.\n"
            + "A scenario is a few threads with an operation or two each, on the real entry table, under a deterministic scheduler.\n"
            + "A failing profile ends with 1 and the shortest trace; one passes only after the same search has found the hang of 2019.\n\n"
            + "Examples:\n  daxemu check --profile v4.20\n  daxemu check --all\n  daxemu check --profile fixed --strategy exhaustive\n"
            + "  daxemu check --strategy pct --scenario-size 4x2,3x3 --max-schedules 1000000 --randseed 7")
        {
            Profile, Scenario, Strategy, Sizes, Preemptions, MaxSchedules, Seed, Replay, Steps, All, List, Part, Format, OutputOption.Option,
        };
        ProgressOptions.AddTo(command);
        TelemetryOptions.AddTo(command);
        CommandFrame.SetAction(command, OutputOption.Around(Run));
        return command;
    }

    private static ExitCode Run(ParseResult parsed, CancellationToken cancellation)
    {
        AppContext.SetSwitch(InterleavingSwitch.Name, true);
        bool isJson = parsed.GetValue(Format) == OutputFormat.Json;
        if (parsed.GetValue(List))
        {
            return NameList.Print(
                isJson, ("profiles", NamesOfProfiles()), ("scenarios", SmallScenarios.Names.Select(name => (name, DescriptionOf(name)))));
        }

        if (parsed.GetValue(Replay) is { } schedule)
        {
            return ReplayOne(schedule, parsed.GetValue(Steps), isJson);
        }

        return parsed.GetValue(All) ? CheckAll(parsed, isJson, cancellation) : Check(PlanOf(parsed), parsed, isJson, cancellation);
    }

    private static CheckPlan PlanOf(ParseResult parsed)
    {
        SearchStrategy strategy = parsed.GetValue(Strategy);
        bool isExhaustive = strategy == SearchStrategy.Exhaustive;
        string scenario = parsed.GetRequiredValue(Scenario);
        return new CheckPlan
        {
            Profile = parsed.GetRequiredValue(Profile),
            Scenario = scenario == AllScenarios ? null : scenario,
            Strategy = strategy,
            Sizes = parsed.GetValue(Sizes) ?? (isExhaustive ? ExhaustiveSizes : RandomSizes),
            Preemptions = parsed.GetValue(Preemptions),
            MostSchedules = parsed.GetValue(MaxSchedules) ?? (isExhaustive ? long.MaxValue : DefaultRandomSchedules),
            Seed = (ulong)parsed.GetValue(Seed),
            Shard = CommandOptions.PartOf(parsed.GetValue(Part)),
        };
    }

    private static ExitCode ReplayOne(string text, bool showsSteps, bool isJson)
    {
        Schedule schedule = Schedule.Parse(text);
        Scenario scenario = SmallScenarios.Named(schedule.Scenario, WaitProfiles.ByName(schedule.Profile));
        ReplayedRun run = CheckRunner.Replay(scenario, schedule);
        Console.WriteLine(isJson ? JsonText.Of(ToDocument(scenario, run, showsSteps), DocumentJson.Default.CheckReplayDocument) : string.Join('\n', showsSteps ? [.. run.Steps, .. run.Trace] : run.Trace));
        return run.Failure is null ? ExitCode.Success : ExitCode.Found;
    }

    private static CheckReplayDocument ToDocument(Scenario scenario, ReplayedRun run, bool showsSteps) => new()
    {
        Scenario = scenario.Name,
        Profile = scenario.Profile,
        Failure = run.Failure?.Message,
        Trace = run.Trace,
        Steps = showsSteps ? run.Steps : null,
    };

    private static ExitCode CheckAll(ParseResult parsed, bool isJson, CancellationToken cancellation)
    {
        HistoricBugTable table;
        using (var progress = new ProgressLine(parsed))
        {
            table = HistoricBugTable.Search(progress.Show, cancellation);
        }

        if (isJson)
        {
            Console.WriteLine(JsonText.Of(table.ToDocument(), DocumentJson.Default.IReadOnlyListHistoricBugDocument));
        }
        else
        {
            table.Rows().Write(ConsoleWidth.Terminal(), TableBorder.Simple);
        }

        return cancellation.IsCancellationRequested ? ExitCode.TimeLimit
            : table.IsComplete ? ExitCode.Success
            : ExitCode.Inconclusive;
    }

    private static ExitCode Check(CheckPlan plan, ParseResult parsed, bool isJson, CancellationToken cancellation)
    {
        long begin = Stopwatch.GetTimestamp();
        plan.Check();
        IReadOnlyList<Scenario> all = plan.Scenarios();
        IReadOnlyList<Scenario> scenarios = plan.Shard.Of(all);
        IReadOnlyList<CheckOutcome> outcomes;
        using (var progress = new ProgressLine(parsed))
        {
            outcomes = Search(plan.Shard.Of(plan.QuickPassScenarios()), plan.QuickPass, progress, cancellation);
            if (!outcomes.Any(o => o is CheckFailed))
            {
                outcomes = Search(scenarios, (scenario, wanted) => plan.Search(scenario, all.Count, wanted), progress, cancellation);
            }
        }

        CheckOutcome? control = outcomes.Any(o => o is CheckFailed) || cancellation.IsCancellationRequested ? null : plan.SearchControl(cancellation);
        var report = new CheckReport(plan, scenarios.Count, outcomes)
        {
            Control = control,
            ScenarioCountOfAllShards = all.Count,
            IsCancelled = cancellation.IsCancellationRequested,
            Elapsed = Stopwatch.GetElapsedTime(begin),
        };
        Console.WriteLine(isJson ? JsonText.Of(report.ToDocument(), DocumentJson.Default.CheckDocument) : report.ToText());
        return report.Failed is not null ? ExitCode.Found
            : report.IsPass ? ExitCode.Success
            : report.IsCancelled ? ExitCode.TimeLimit
            : ExitCode.Inconclusive;
    }

    private static IReadOnlyList<CheckOutcome> Search(
        IReadOnlyList<Scenario> scenarios, Func<Scenario, CancellationToken, CheckOutcome> search, ProgressLine progress, CancellationToken cancellation) =>
        CheckTeam.Search(scenarios, search, Environment.ProcessorCount, i => progress.Show(scenarios[i].Name, (double)i / scenarios.Count), cancellation);

    /// <summary>Every profile, and the policies of 2019 by their names.</summary>
    public static IEnumerable<(string Name, string Description)> NamesOfProfiles() => WaitProfiles.All.Select(p => (p.Name, p.Description))
        .Concat(WaitProfiles.Policies.Where(p => p.Key != p.Value.Name).Select(p => (p.Key, $"The same as {p.Value.Name}.")));

    private static string DescriptionOf(string scenario) => string.Join(
        "; ", SmallScenarios.Bugs.Where(b => b.Scenario == scenario).Select(b => $"{b.Id} in {b.Profile.Name}, fixed by {b.Commit}"));

    // Generated scenarios have long names, which the search itself reads.
    private static string ParseScenario(string text) => text == AllScenarios || text.Contains("--", StringComparison.Ordinal) || SmallScenarios.Names.Contains(text)
        ? text
        : throw new FormatException($"there is no scenario '{text}'.{Suggestion.Question(text, SmallScenarios.Names)} Choose all, or one of: {string.Join(", ", SmallScenarios.Names)}.");

    private static int ParsePreemptions(string text) => CommandOptions.Count(text, 0) is var count and <= MostPreemptions
        ? count
        : throw new FormatException($"'{text}' is more than {MostPreemptions} preemptions: such a search would not end.");
}
