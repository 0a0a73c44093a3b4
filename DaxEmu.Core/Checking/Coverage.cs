namespace DaxEmu.Core.Checking;

/// <summary>How much of a scenario a search saw.</summary>
/// <example><code>bool isProof = CheckRunner.Exhaust(scenario) is CheckPassed { Coverage: Coverage.Everything };</code></example>
public enum Coverage
{
    /// <summary>Every schedule, whatever its preemptions.</summary>
    Everything,

    /// <summary>Every schedule up to the preemption bound.</summary>
    UpToTheBound,

    /// <summary>As many random schedules as asked for.</summary>
    Sample,

    /// <summary>A search that was to be complete met the limit of schedules or of time, or was cancelled.</summary>
    CutOff,
}
