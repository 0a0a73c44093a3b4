using DaxEmu.Bench.Cli;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.RealMemory;

/// <summary>A soak of real memory with its control: before it may be called clean, a planted fault is found by the same machinery.</summary>
internal sealed class HostSoakSession
{
    /// <summary>The fault of the control: a page whose translation is dropped stays mapped at its address.</summary>
    public const string PlantedFault = "stale-host-pages";

    private static readonly TimeSpan MostControl = TimeSpan.FromSeconds(30);

    private HostSoakSession(HostSoakReport control, HostSoakReport report, bool isStopped)
    {
        Control = control;
        Report = report;
        IsStopped = isStopped;
    }

    /// <summary>The control.</summary>
    public HostSoakReport Control { get; }

    /// <summary>What the soak came to.</summary>
    public HostSoakReport Report { get; }

    /// <summary>Whether the user stopped it.</summary>
    public bool IsStopped { get; }

    /// <summary>Whether the control found what it had to: wrong contents, or an access that had to be refused.</summary>
    public bool IsControlFound => Control.Outcome == SoakOutcome.Corrupt;

    /// <summary>What the command ends with.</summary>
    public ExitCode Code => Report.Outcome != SoakOutcome.Clean ? ExitCode.Found
        : IsStopped ? ExitCode.TimeLimit
        : IsControlFound ? ExitCode.Success
        : ExitCode.Inconclusive;

    /// <summary>The plan of the control.</summary>
    public static SoakPlan ControlOf(SoakPlan plan) => plan with
    {
        Profile = WaitProfiles.Fixed,
        Duration = MostControl,
        SizeBytes = Math.Min(plan.SizeBytes, 64L << 20),
        JobCount = Math.Clamp(plan.JobCount, 4, 16),
        FileName = null,
    };

    /// <summary>Runs the control, then the soak.</summary>
    /// <param name="plan">What is to be done.</param>
    /// <param name="run">Runs one plan, with a planted fault or none.</param>
    /// <param name="cancellation">Ends both.</param>
    public static HostSoakSession Run(SoakPlan plan, Func<SoakPlan, string?, HostSoakReport> run, CancellationToken cancellation)
    {
        HostSoakReport control = run(ControlOf(plan), PlantedFault);
        HostSoakReport report = cancellation.IsCancellationRequested ? new HostSoakReport { Plan = plan } : run(plan, null);
        return new HostSoakSession(control, report, cancellation.IsCancellationRequested);
    }
}
