namespace DaxEmu.Core.Checking;

/// <summary>How a run of a scenario can go wrong.</summary>
/// <example><code>bool hangs = CheckRunner.Exhaust(scenario) is CheckFailed { Failure.Kind: FailureKind.Hang };</code></example>
public enum FailureKind
{
    /// <summary>No thread can go on and not all have finished: a deadlock or a lost wake-up.</summary>
    Hang,

    /// <summary>More steps than <see cref="Scenario.StepLimit"/>.</summary>
    Livelock,

    /// <summary>Something that must hold does not (<see cref="ScenarioCheck.That"/>).</summary>
    Violation,

    /// <summary>A thread or the final check threw something else.</summary>
    Exception,
}
