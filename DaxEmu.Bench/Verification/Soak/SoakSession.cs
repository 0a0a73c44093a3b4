using DaxEmu.Bench.Cli;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>
/// A soak with its control: before a profile may be called clean, the hang of 2019 is found by the same machinery on the same machine.
/// </summary>
internal sealed class SoakSession
{
    // On two cores it takes a second or two until there is a hang.
    private static readonly TimeSpan MostControl = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan ControlWatchdog = TimeSpan.FromSeconds(2);

    private SoakSession(SoakPlan plan, SoakReport? control, SoakReport report, bool isStopped)
    {
        Plan = plan;
        Control = control;
        Report = report;
        IsStopped = isStopped;
    }

    /// <summary>What was to be done.</summary>
    public SoakPlan Plan { get; }

    /// <summary>The control; null if the profile is the control's own.</summary>
    public SoakReport? Control { get; }

    /// <summary>What the soak came to.</summary>
    public SoakReport Report { get; }

    /// <summary>Whether the user stopped it.</summary>
    public bool IsStopped { get; }

    /// <summary>Whether a clean report may be believed.</summary>
    public bool IsConclusive => Control is null || IsControlFound;

    /// <summary>Whether the control found what it had to.</summary>
    public bool IsControlFound => Control is { Outcome: SoakOutcome.Hang };

    /// <summary>Whether the control met something that it must not meet: its profile hangs, and does nothing else wrong.</summary>
    public bool IsControlCorrupt => Control is { } control && control.Findings.Any(f => f.Kind != FindingKind.Hang);

    /// <summary>What the command ends with.</summary>
    public ExitCode Code => Report.Outcome != SoakOutcome.Clean || IsControlCorrupt ? ExitCode.Found
        : IsStopped ? ExitCode.TimeLimit
        : IsConclusive ? ExitCode.Success
        : ExitCode.Inconclusive;

    /// <summary>The plan of a control.</summary>
    public static SoakPlan ControlOf(SoakPlan plan) => plan with
    {
        Profile = WaitProfiles.V4_20,
        Duration = MostControl,
        Watchdog = ControlWatchdog,
        SizeBytes = Math.Min(plan.SizeBytes, 64L << 20),
        JobCount = Math.Clamp(plan.JobCount, 8, 64),
        FileName = null,
    };

    /// <summary>Runs the control, then the soak.</summary>
    /// <param name="plan">What is to be done.</param>
    /// <param name="run">Runs one plan.</param>
    /// <param name="cancellation">Ends both.</param>
    public static SoakSession Run(SoakPlan plan, Func<SoakPlan, SoakReport> run, CancellationToken cancellation)
    {
        SoakReport? control = plan.Profile == WaitProfiles.V4_20 ? null : run(ControlOf(plan));
        SoakReport report = cancellation.IsCancellationRequested ? new SoakReport { Plan = plan } : run(plan);
        return new SoakSession(plan, control, report, cancellation.IsCancellationRequested);
    }
}
