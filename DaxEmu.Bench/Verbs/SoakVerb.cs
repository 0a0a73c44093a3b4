using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Soak;
using DaxEmu.Core.Waiting.Profiles;

namespace DaxEmu.Bench.Verbs;

/// <summary><c>daxemu soak</c>: random concurrent operations for a time, verified.</summary>
internal static class SoakVerb
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    // The control must find the hang of 2019 before anything may be called clean; on two cores it takes a second or two.
    private static readonly TimeSpan MostControl = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan ControlWatchdog = TimeSpan.FromSeconds(2);

    private static readonly Option<TimeSpan> Duration = VerbOptions.Of("--duration", "how long", DurationText.Parse, TimeSpan.FromSeconds(30));
    private static readonly Option<int> Jobs = VerbOptions.Of("--numjobs", "threads", text => VerbOptions.Count(text), 8);
    private static readonly Option<long> Size = VerbOptions.Of("--size", "bytes of the device; the file has half of them", SizeText.Parse, 64L << 20);
    private static readonly Option<WaitProfile> Profile = VerbOptions.Of("--profile", "the profile or policy of the entry locks", WaitProfiles.ByName, WaitProfiles.Fixed);
    private static readonly Option<int> Seed = VerbOptions.Of("--randseed", "seed of all threads' choices", text => VerbOptions.Count(text, 0), 1);
    private static readonly Option<TimeSpan> Watchdog = VerbOptions.Of("--watchdog", "a thread that stands still for so long hangs", DurationText.Parse, TimeSpan.FromSeconds(5));
    private static readonly Option<string?> FileName = VerbOptions.Of<string?>("--filename", "the device: a file or block device (default: a file of its own on tmpfs, removed afterwards)", text => text, null);
    private static readonly Option<OutputFormat> Format = VerbOptions.Format();

    public static Command Create()
    {
        var command = new Command(
            "soak",
            "Many threads, all operations, every page stamped with a version; a watchdog that names the culprit.\n"
            + "Before a profile is called clean, the hang of 2019 is found by the same machinery, or the answer is inconclusive.\n\n"
            + "Examples:\n  daxemu soak --duration 8h --randseed 42\n  daxemu soak --profile v4.20 --duration 60s")
        {
            Duration, Jobs, Size, Profile, Seed, Watchdog, FileName, Format,
        };
        CommandFrame.SetAction(command, Run);
        return command;
    }

    private static ExitCode Run(ParseResult parsed, CancellationToken cancellation)
    {
        var plan = new SoakPlan
        {
            Duration = parsed.GetValue(Duration),
            JobCount = parsed.GetValue(Jobs),
            SizeBytes = parsed.GetValue(Size),
            Profile = parsed.GetRequiredValue(Profile),
            Seed = parsed.GetValue(Seed),
            Watchdog = parsed.GetValue(Watchdog),
            FileName = parsed.GetValue(FileName),
        };
        SoakReport? control;
        SoakReport report;
        using (var progress = new ProgressLine())
        {
            control = plan.Profile == WaitProfiles.V4_20 ? null : new SoakRunner(
                plan with { Profile = WaitProfiles.V4_20, Duration = MostControl, Watchdog = ControlWatchdog, FileName = null },
                progress.Show,
                cancellation).Run();
            report = new SoakRunner(plan, progress.Show, cancellation).Run();
        }

        bool isConclusive = control is null or { Outcome: SoakOutcome.Hang };
        ExitCode code = report.Outcome != SoakOutcome.Clean ? ExitCode.Found
            : cancellation.IsCancellationRequested ? ExitCode.TimeLimit
            : isConclusive ? ExitCode.Fine
            : ExitCode.CannotTell;
        Console.WriteLine(parsed.GetValue(Format) == OutputFormat.Json
            ? ToJson(plan, control, report, isConclusive).ToJsonString(Indented)
            : ToText(plan, control, report, isConclusive));
        return code;
    }

    private static string ToText(SoakPlan plan, SoakReport? control, SoakReport report, bool isConclusive)
    {
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Operations} operations by {plan.JobCount} threads in {report.Elapsed.TotalSeconds:0.0} s, everything checked {report.QuietPoints} times.");
        string controlLine = control is null ? string.Empty : string.Create(
            CultureInfo.InvariantCulture,
            $"Control: {(control.Outcome == SoakOutcome.Hang ? "the hang of 2019 (v4.20) was found" : "the hang of 2019 (v4.20) was NOT found")} after {control.Elapsed.TotalSeconds:0.0} s and {control.Operations} operations.\n");
        return report.Outcome switch
        {
            SoakOutcome.Clean when isConclusive => $"{controlLine}PASS {plan.Profile.Name}, seed {plan.Seed}: {line}",
            SoakOutcome.Clean => $"{controlLine}INCONCLUSIVE {plan.Profile.Name}: {line} Nothing was found, but neither was what had to be. Run it longer, on more cores.",
            _ => $"{controlLine}FAIL after {line}\n{report.Findings}",
        };
    }

    private static JsonObject ToJson(SoakPlan plan, SoakReport? control, SoakReport report, bool isConclusive) => new()
    {
        ["profile"] = plan.Profile.Name,
        ["seed"] = plan.Seed,
        ["numjobs"] = plan.JobCount,
        ["size"] = plan.SizeBytes,
        ["outcome"] = report.Outcome == SoakOutcome.Clean && !isConclusive ? "inconclusive" : report.Outcome.ToString(),
        ["operations"] = report.Operations,
        ["quiet_points"] = report.QuietPoints,
        ["seconds"] = Math.Round(report.Elapsed.TotalSeconds, 1),
        ["control_found"] = control is null ? null : control.Outcome == SoakOutcome.Hang,
        ["findings"] = report.Findings,
        ["again"] = plan.Command,
    };
}
