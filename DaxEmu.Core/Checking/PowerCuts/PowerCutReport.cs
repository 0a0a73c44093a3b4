namespace DaxEmu.Core.Checking;

/// <summary>What an exploration of power cuts came to.</summary>
/// <param name="TestCount">Tests that were explored: all, or those up to the first that failed.</param>
/// <param name="CutCount">Power cuts that were made.</param>
/// <param name="PossibleStates">States that these cuts may leave, each test's and each cut's counted for themselves, up to <see cref="MostPossibleStates"/>.</param>
/// <param name="DistinctStates">States that were recovered from and verified, those of one test that are alike in content and promises counted once.</param>
/// <param name="IncompleteCuts">Cuts with more states than were run.</param>
/// <param name="Elapsed">How long it took.</param>
/// <param name="Failures">What went wrong, the first test first.</param>
/// <param name="IsCancelled">Whether it was ended early.</param>
public sealed record PowerCutReport(
    int TestCount,
    long CutCount,
    double PossibleStates,
    long DistinctStates,
    long IncompleteCuts,
    TimeSpan Elapsed,
    IReadOnlyList<PowerCutFailure> Failures,
    bool IsCancelled)
{
    /// <summary>More states of a cut than this are not counted.</summary>
    public const double MostPossibleStates = 1e300;

    /// <summary>States that need no run of their own: recovery cannot tell them from one that was run, or they were alike.</summary>
    public double PrunedStates => Math.Max(PossibleStates - DistinctStates, 0);

    /// <summary>Whether every state of every cut is covered, and none failed.</summary>
    public bool IsComplete => IncompleteCuts == 0 && !IsCancelled && Failures.Count == 0;
}
