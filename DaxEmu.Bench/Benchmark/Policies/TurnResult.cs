using DaxEmu.Core;
using HdrHistogram;

namespace DaxEmu.Bench.Benchmark.Policies;

/// <summary>What one turn of a policy came to.</summary>
/// <param name="Elapsed">How long it took.</param>
/// <param name="FaultCount">Faults of all threads.</param>
/// <param name="HugeServed">2 MiB faults that got 2 MiB.</param>
/// <param name="HugeFellBack">2 MiB faults that got 4 KiB.</param>
/// <param name="Waits">What was waited for.</param>
/// <param name="HugeLatencies">Nanoseconds of the 2 MiB faults, the 4 KiB fault after a refusal included; null if not taken.</param>
internal sealed record TurnResult(
    TimeSpan Elapsed, long FaultCount, long HugeServed, long HugeFellBack, WaitCounts Waits, LongHistogram? HugeLatencies)
{
    /// <summary>Faults a second, of all threads together.</summary>
    public double FaultsPerSecond => FaultCount / Elapsed.TotalSeconds;
}

/// <summary>What a policy came to with a number of threads.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="JobCount">Threads.</param>
/// <param name="Turns">Its turns, in the order of the rounds.</param>
internal sealed record PolicyResult(string Policy, int JobCount, IReadOnlyList<TurnResult> Turns)
{
    /// <summary>The median of the turns.</summary>
    public double FaultsPerSecond => Median(Turns.Select(t => t.FaultsPerSecond));

    /// <summary>Faults of all turns.</summary>
    public long FaultCount => Turns.Sum(t => t.FaultCount);

    /// <summary>2 MiB faults of all turns that got 2 MiB.</summary>
    public long HugeServed => Turns.Sum(t => t.HugeServed);

    /// <summary>2 MiB faults of all turns that got 4 KiB.</summary>
    public long HugeFellBack => Turns.Sum(t => t.HugeFellBack);

    /// <summary>What was waited for in all turns.</summary>
    public WaitCounts Waits => Turns.Aggregate(default(WaitCounts), (sum, t) => sum + t.Waits);

    /// <summary>How many times as fast as another policy: the median of the rounds, as both had their turns in each.</summary>
    public double SpeedRelativeTo(PolicyResult other) =>
        Median(Turns.Zip(other.Turns, (mine, theirs) => mine.FaultsPerSecond / theirs.FaultsPerSecond));

    /// <summary>The 2 MiB faults' latencies of all turns; null if none were taken.</summary>
    public LongHistogram? HugeLatencies { get; } = Merged(Turns);

    /// <summary>A percentile of the 2 MiB faults' latency, in nanoseconds; null if not taken.</summary>
    public long? HugeLatencyNs(double percentile) => HugeLatencies is { TotalCount: > 0 } all ? all.GetValueAtPercentile(percentile) : null;

    private static LongHistogram? Merged(IReadOnlyList<TurnResult> turns)
    {
        LongHistogram? all = null;
        foreach (LongHistogram turn in turns.Select(t => t.HugeLatencies).OfType<LongHistogram>())
        {
            all ??= new LongHistogram(turn.LowestTrackableValue, turn.HighestTrackableValue, turn.NumberOfSignificantValueDigits);
            all.Add(turn);
        }

        return all;
    }

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : sorted[sorted.Length / 2];
    }
}
