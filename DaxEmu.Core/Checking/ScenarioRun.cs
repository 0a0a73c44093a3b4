namespace DaxEmu.Core.Checking;

/// <summary>One run of a scenario: what its threads do, and what must hold when all have finished.</summary>
/// <example>See <see cref="Scenario"/>.</example>
public sealed class ScenarioRun
{
    /// <summary>Describes a run.</summary>
    /// <param name="threads">The threads, one to eight, as many in each run.</param>
    /// <param name="check">
    /// Runs when all threads have finished and all stores are in memory. It reports what is wrong with <see cref="ScenarioCheck.That"/>. A
    /// run that hangs is not checked. Null if there is nothing to check.
    /// </param>
    public ScenarioRun(IReadOnlyList<ScenarioThread> threads, Action? check = null)
    {
        ArgumentNullException.ThrowIfNull(threads);
        Threads = threads;
        Check = check;
    }

    /// <summary>The threads: T0, T1 and so on in traces.</summary>
    public IReadOnlyList<ScenarioThread> Threads { get; }

    /// <summary>What must hold when all have finished; null if there is nothing to check.</summary>
    public Action? Check { get; }
}
