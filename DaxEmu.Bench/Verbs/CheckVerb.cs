using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Checking.Worlds;
using DaxEmu.Core.Interleaving;
using DaxEmu.Core.Waiting.Profiles;
using Spectre.Console;

namespace DaxEmu.Bench.Verbs;

/// <summary><c>daxemu check</c>: systematic schedules of small worlds over the real entry table.</summary>
internal static class CheckVerb
{
    private const int PreemptionBound = 3;
    // The bugs are in the order of steps, not in store buffers: they are searched without those, which is several times faster.
    private static readonly RunLimits AllLimits = new(long.MaxValue, TimeSpan.FromSeconds(20));

    // There are three million worlds of four threads with two operations each: a sample, spread evenly.
    private const int EveryLargeWorld = 29_989;
    private const long DefaultSchedules = 100_000;
    private const string ControlWorld = "pmd-behind-pte";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static readonly Option<WaitProfile> Profile = VerbOptions.Of("--profile", "the profile or policy of the entry locks", WaitProfiles.ByName, WaitProfiles.Fixed);
    private static readonly Option<string> Scenario = VerbOptions.Of("--scenario", "a scenario's name, or all", text => text, "all");
    private static readonly Option<string> Strategy = VerbOptions.Of("--strategy", "exhaustive (depth-first, up to three preemptions), pct (random priorities) or random", text => VerbOptions.Choice(text, "exhaustive", "pct", "random"), "exhaustive");
    private static readonly Option<long?> MaxSchedules = VerbOptions.Of<long?>("--max-schedules", "the most schedules: of all worlds together for pct and random (default 100000), of each world for exhaustive (default: all there are)", text => VerbOptions.Count(text), null);
    private static readonly Option<int> Seed = VerbOptions.Of("--seed", "seed of random schedules", text => VerbOptions.Count(text, 0), 1);
    private static readonly Option<string?> Replay = VerbOptions.Of<string?>("--replay", "a schedule string to do again", text => text, null);
    private static readonly Option<bool> Steps = new("--steps") { Description = "with --replay: every atomic step, and then the trace" };
    private static readonly Option<bool> All = new("--all") { Description = "finds every historic bug in its profile and prints the table" };
    private static readonly Option<OutputFormat> Format = VerbOptions.Format();

    public static Command Create()
    {
        var command = new Command(
            "check",
            "Runs small worlds - a few threads, an operation or two each, on the real entry table - under a deterministic scheduler.\n"
            + "A guilty profile ends with 1 and the shortest trace; a clean one is called so only after the hang of 2019 was found the same way.\n\n"
            + "Examples:\n  daxemu check --profile v4.20\n  daxemu check --all\n  daxemu check --profile fixed --strategy exhaustive")
        {
            Profile, Scenario, Strategy, MaxSchedules, Seed, Replay, Steps, All, Format,
        };
        CommandFrame.SetAction(command, Run);
        return command;
    }

    private static ExitCode Run(ParseResult parsed, CancellationToken cancellation)
    {
        AppContext.SetSwitch(InterleavingSwitch.Name, true);
        bool isJson = parsed.GetValue(Format) == OutputFormat.Json;
        if (parsed.GetValue(Replay) is { } schedule)
        {
            return ReplayOne(schedule, parsed.GetValue(Steps));
        }

        return parsed.GetValue(All) ? CheckAll(isJson, cancellation) : CheckProfile(parsed, isJson, cancellation);
    }

    private static ExitCode ReplayOne(string text, bool showsSteps)
    {
        Schedule schedule = Schedule.Parse(text);
        World world = LockWorlds.Named(schedule.World, WaitProfiles.ByName(schedule.Profile));
        ReplayedRun run = CheckRunner.Replay(world, schedule);
        Console.WriteLine(string.Join('\n', showsSteps ? [.. run.Steps, .. run.Trace] : run.Trace));
        return run.Failure is null ? ExitCode.Fine : ExitCode.Found;
    }

    private static ExitCode CheckAll(bool isJson, CancellationToken cancellation)
    {
        var rows = new JsonArray();
        var table = new Table().Border(TableBorder.Simple).AddColumns("bug", "profile", "mended by", "scenario", "threads", "steps", "schedules", "ms", "found");
        bool isAnyMissed = false;
        foreach (HistoricBug bug in LockWorlds.Bugs)
        {
            long begin = Stopwatch.GetTimestamp();
            CheckOutcome outcome = CheckRunner.Exhaust(LockWorlds.Named(bug.World, bug.Profile) with { Model = MemoryModel.SequentiallyConsistent }, AllLimits, PreemptionBound, cancellation);
            double ms = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
            var failed = outcome as CheckFailed;
            isAnyMissed |= failed is null;
            table.AddRow(
                bug.Id, bug.Profile.Name, bug.Commit, bug.World, Text(failed?.ThreadCount), Text(failed?.StepCount), Text(outcome.Effort.ScheduleCount), Text((long)ms), failed is null ? "NO" : "yes");
            rows.Add(new JsonObject
            {
                ["bug"] = bug.Id,
                ["profile"] = bug.Profile.Name,
                ["scenario"] = bug.World,
                ["found"] = failed is not null,
                ["threads"] = failed?.ThreadCount,
                ["steps"] = failed?.StepCount,
                ["schedules"] = outcome.Effort.ScheduleCount,
                ["ms"] = Math.Round(ms),
                ["schedule"] = failed?.Schedule.ToString(),
                ["trace"] = new JsonArray([.. (failed?.Trace ?? []).Select(l => (JsonNode)l)]),
            });
        }

        if (isJson)
        {
            Console.WriteLine(rows.ToJsonString(Indented));
        }
        else
        {
            ConsoleWidth.Terminal().Write(table);
        }

        // Here finding is what was asked for: a bug that stays hidden means that the checker sees nothing.
        return isAnyMissed ? ExitCode.CannotTell : ExitCode.Fine;
    }

    private static ExitCode CheckProfile(ParseResult parsed, bool isJson, CancellationToken cancellation)
    {
        WaitProfile profile = parsed.GetRequiredValue(Profile);
        string strategy = parsed.GetRequiredValue(Strategy);
        string scenario = parsed.GetRequiredValue(Scenario);
        long most = parsed.GetValue(MaxSchedules) ?? (strategy == "exhaustive" ? long.MaxValue : DefaultSchedules);
        ulong seed = (ulong)parsed.GetValue(Seed);
        World[] worlds = WorldsOf(profile, scenario, strategy);
        CheckOutcome Search(World world, CancellationToken wanted) => strategy switch
        {
            "exhaustive" => CheckRunner.Exhaust(world, new RunLimits(most, TimeSpan.MaxValue), PreemptionBound, wanted),
            "pct" => CheckRunner.Prioritise(world, new RunLimits(Math.Max(1, most / worlds.Length), TimeSpan.MaxValue), seed, cancellation: wanted),
            _ => CheckRunner.Walk(world, new RunLimits(Math.Max(1, most / worlds.Length), TimeSpan.MaxValue), seed, wanted),
        };

        long begin = Stopwatch.GetTimestamp();
        var tally = new Tally();
        using (var progress = new ProgressLine())
        {
            foreach (CheckOutcome outcome in CheckTeam.Search(
                worlds, Search, Environment.ProcessorCount, i => progress.Show(worlds[i].Name, (double)i / worlds.Length), cancellation))
            {
                tally.Add(outcome);
            }
        }

        CheckOutcome? control = tally.Failed is null ? Search(LockWorlds.Named(ControlWorld, WaitProfiles.V4_20) with { Model = MemoryModel.SequentiallyConsistent }, cancellation) : null;
        bool isConclusive = control is null or CheckFailed;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(begin);
        Console.WriteLine(isJson
            ? ToJson(profile, strategy, tally, worlds.Length, isConclusive, elapsed).ToJsonString(Indented)
            : ToText(profile, strategy, tally, worlds.Length, isConclusive, elapsed));
        return tally.Failed is not null ? ExitCode.Found
            : cancellation.IsCancellationRequested ? ExitCode.TimeLimit
            : isConclusive && tally.CutOff == 0 ? ExitCode.Fine
            : ExitCode.CannotTell;
    }

    // Two operations each are searched without store buffers; one each, with them.
    private static World[] WorldsOf(WaitProfile profile, string scenario, string strategy)
    {
        IEnumerable<World> named = (scenario == "all" ? LockWorlds.Names : [scenario]).Select(n => LockWorlds.Named(n, profile));
        IEnumerable<World> generated = (scenario, strategy) switch
        {
            ("all", "exhaustive") => [.. LockWorlds.All(profile, 3, 1), .. LockWorlds.All(profile, 2, 2)],
            ("all", _) => LockWorlds.All(profile, 4, 2).Where((_, i) => i % EveryLargeWorld == 0),
            _ => [],
        };
        IEnumerable<World> buffered = scenario == "all" ? LockWorlds.All(profile, 2, 1) : [];
        return [.. named.Concat(generated).Select(w => w with { Model = MemoryModel.SequentiallyConsistent }), .. buffered];
    }

    private static string ToText(WaitProfile profile, string strategy, Tally tally, int worlds, bool isConclusive, TimeSpan elapsed)
    {
        string effort = string.Create(
            CultureInfo.InvariantCulture,
            $"{tally.Worlds} of {worlds} worlds, {tally.Schedules} schedules, {tally.Steps} steps, {tally.Pruned} pruned, {elapsed.TotalSeconds:0.0} s, {strategy}{(strategy == "exhaustive" ? $" up to {PreemptionBound} preemptions" : string.Empty)}");
        if (tally.Failed is { } failed)
        {
            return $"FAIL {profile.Name}: {failed.Failure.Kind} in scenario {failed.Effort.World}, {failed.ThreadCount} threads, {failed.StepCount} steps\n"
                + string.Join('\n', failed.Trace.Select(l => "  " + l)) + $"\nagain: daxemu check --replay {failed.Schedule}\n{effort}.";
        }

        return !isConclusive ? $"INCONCLUSIVE {profile.Name}: the control, the hang of 2019, was not found by the same search. {effort}."
            : tally.CutOff > 0 ? $"INCONCLUSIVE {profile.Name}: {tally.CutOff} worlds were cut off by --max-schedules. {effort}."
            : $"PASS {profile.Name}: {effort}. {tally.Complete} worlds were seen whole, whatever the preemptions. The control, the hang of 2019, was found by the same search.";
    }

    private static JsonObject ToJson(WaitProfile profile, string strategy, Tally tally, int worlds, bool isConclusive, TimeSpan elapsed) => new()
    {
        ["profile"] = profile.Name,
        ["strategy"] = strategy,
        ["preemption_bound"] = strategy == "exhaustive" ? PreemptionBound : null,
        ["outcome"] = tally.Failed is not null ? "fail" : isConclusive && tally.CutOff == 0 ? "pass" : "inconclusive",
        ["worlds"] = worlds,
        ["worlds_checked"] = tally.Worlds,
        ["worlds_cut_off"] = tally.CutOff,
        ["worlds_seen_whole"] = tally.Complete,
        ["schedules"] = tally.Schedules,
        ["steps"] = tally.Steps,
        ["pruned"] = tally.Pruned,
        ["seconds"] = Math.Round(elapsed.TotalSeconds, 2),
        ["failure"] = tally.Failed?.Failure.Kind.ToString(),
        ["scenario"] = tally.Failed?.Effort.World,
        ["trace"] = new JsonArray([.. (tally.Failed?.Trace ?? []).Select(l => (JsonNode)l)]),
        ["schedule"] = tally.Failed?.Schedule.ToString(),
    };

    private static string Text(long? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "-";

    /// <summary>The sum of the outcomes.</summary>
    private sealed class Tally
    {
        public CheckFailed? Failed { get; private set; }

        public int Worlds { get; private set; }

        public int CutOff { get; private set; }

        public int Complete { get; private set; }

        public long Schedules { get; private set; }

        public long Steps { get; private set; }

        public long Pruned { get; private set; }

        public void Add(CheckOutcome outcome)
        {
            Worlds++;
            Schedules += outcome.Effort.ScheduleCount;
            Steps += outcome.Effort.StepCount;
            Pruned += outcome.Effort.PrunedCount;
            Failed ??= outcome as CheckFailed;
            CutOff += outcome is CheckPassed { Coverage: Coverage.CutOff } or CheckInconclusive ? 1 : 0;
            Complete += outcome is CheckPassed { Coverage: Coverage.Everything } ? 1 : 0;
        }
    }
}
