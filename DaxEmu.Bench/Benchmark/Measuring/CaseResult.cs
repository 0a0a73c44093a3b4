using DaxEmu.Bench.Benchmark.Engines;
using HdrHistogram;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>What one engine did on one case.</summary>
/// <param name="Engine">The engine's name.</param>
/// <param name="Load">The case.</param>
internal sealed record CaseResult(string Engine, FaultCase Load)
{
    /// <summary>Why there are no figures; null if there are.</summary>
    public string? Refusal { get; init; }

    /// <summary>Nanoseconds of a job per fault, a figure for each round, in the order of the rounds.</summary>
    public IReadOnlyList<double> Rounds
    {
        get;
        init
        {
            field = value;
            NsPerFaultRounds = [.. value.Order()];
        }
    } = [];

    /// <summary>What the fastest tenth of each round's passes do not exceed, in the same order and unit: what other programs take away is hardly in it. Empty where passes are not known.</summary>
    public IReadOnlyList<double> QuietRounds { get; init; } = [];

    /// <summary>The rounds' figures, ascending.</summary>
    public IReadOnlyList<double> NsPerFaultRounds { get; init; } = [];

    /// <summary>The median of the rounds.</summary>
    public double NsPerFault => NsPerFaultRounds.Count == 0 ? double.NaN : NsPerFaultRounds[NsPerFaultRounds.Count / 2];

    /// <summary>Faults a second of all jobs together.</summary>
    public double FaultsPerSecond => Load.JobCount * 1e9 / NsPerFault;

    /// <summary>How far the rounds lie apart, as a share of the median.</summary>
    public double Spread => NsPerFaultRounds.Count == 0 ? 0 : (NsPerFaultRounds[^1] - NsPerFaultRounds[0]) / NsPerFault;

    /// <summary>Bytes of all mappings that were measured: less than the case's where the host has no memory for them.</summary>
    public long MeasuredBytes { get; init; } = Load.SizeBytes;

    /// <summary>Timed seconds in all.</summary>
    public double Seconds { get; init; }

    /// <summary>Faults in the timed passes.</summary>
    public FaultCounts Counts { get; init; } = new();

    /// <summary>Nanoseconds of a processor per fault, of all jobs: what they use, however long they wait for a processor.</summary>
    public double? CpuNsPerFault { get; init; }

    /// <summary>Managed bytes that the timed passes allocated, per fault.</summary>
    public double AllocatedBytesPerFault { get; init; }

    /// <summary>Bytes of memory that the engine's tables took an entry, translations and all; null where it was not looked at, or is too little to tell.</summary>
    public double? TableBytesPerUnit { get; init; }

    /// <summary>Latencies of single faults in nanoseconds, from passes of their own; the timer's cost is in them.</summary>
    public LongHistogram? Latencies { get; init; }

    /// <summary>Of a mix, the latencies of its reads; null otherwise.</summary>
    public LongHistogram? ReadLatencies { get; init; }

    /// <summary>Of a mix, the latencies of its writes; null otherwise.</summary>
    public LongHistogram? WriteLatencies { get; init; }

    /// <summary>What stands against mappings of 2 MiB, if that was to be looked at; null if nothing does.</summary>
    public string? PmdProblem { get; init; }

    /// <summary>The control of the rounds with several jobs, the median; 1 for one job.</summary>
    public double Control { get; init; } = 1;
}
