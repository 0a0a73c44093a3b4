namespace DaxEmu.Core.Checking;

/// <summary>One run of a scenario: its state, its threads, its final check.</summary>
/// <remarks>
/// <see cref="IDisposable.Dispose"/> is also called after a run that was abandoned in the middle, with locks still taken: it gives
/// memory back and does little else. A step in it that would wait for ever throws <see cref="WouldWaitException"/>, which is
/// swallowed there.
/// </remarks>
internal interface IScenarioRun : IDisposable
{
    /// <summary>The threads, always as many.</summary>
    IReadOnlyList<ScenarioThread> Threads { get; }

    /// <summary>Runs when all threads have finished and all stores are in memory.</summary>
    /// <exception cref="ScenarioViolationException">Something is wrong.</exception>
    void Check();
}
