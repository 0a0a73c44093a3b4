using DaxEmu.Bench.Benchmark.Engines;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>One engine's part in a case.</summary>
internal interface ICaseRun
{
    /// <summary>The engine's name.</summary>
    string Engine { get; }

    /// <summary>Whether there was a round with figures.</summary>
    bool HasFigures { get; }

    /// <summary>Runs untimed for a while.</summary>
    void Warm(TimeSpan time);

    /// <summary>A round.</summary>
    /// <param name="time">How long.</param>
    /// <param name="passes">The most passes of it.</param>
    void Measure(TimeSpan time, long passes = long.MaxValue);

    /// <summary>What the rounds came to.</summary>
    /// <param name="asked">The case as it was asked for.</param>
    /// <param name="control">The control of the rounds.</param>
    /// <param name="measuresLatencies">Whether to run passes for latencies, too.</param>
    CaseResult ToResult(FaultCase asked, double control, bool measuresLatencies);
}
