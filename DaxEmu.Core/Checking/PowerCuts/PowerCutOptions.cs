namespace DaxEmu.Core.Checking;

/// <summary>How power cuts are explored.</summary>
public sealed record PowerCutOptions
{
    /// <summary>Everything, with as many workers as there are processors.</summary>
    public static PowerCutOptions Default { get; } = new();

    /// <summary>How many threads explore at once. The result does not depend on it.</summary>
    public int WorkerCount { get; init; } = Environment.ProcessorCount;

    /// <summary>How many cuts of each test are made, chosen by <see cref="Seed"/>; null for all.</summary>
    public int? MostCuts { get; init; }

    /// <summary>
    /// How many states of one cut are run in order. Of a cut with more, <see cref="SampleCount"/> random ones follow, and the report says
    /// that not everything was seen.
    /// </summary>
    public long MostStates { get; init; } = 1L << 20;

    /// <summary>How many random states follow where a cut has more than <see cref="MostStates"/>.</summary>
    public long SampleCount { get; init; } = 1L << 16;

    /// <summary>Chooses cuts and random states.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>
    /// Whether every combination is run, also those that differ only where recovery does not read. For tests of the exploration itself: it
    /// gives the same verdict, later.
    /// </summary>
    public bool IsBruteForce { get; init; }

    /// <summary>Whether the tests after one that failed are explored too.</summary>
    public bool ContinuesAfterFailure { get; init; }
}
