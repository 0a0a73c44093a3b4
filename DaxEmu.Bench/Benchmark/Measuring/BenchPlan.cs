using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>What a benchmark run is to do.</summary>
internal sealed record BenchPlan
{
    /// <summary>Engines, in the order in which they are shown.</summary>
    public required IReadOnlyList<string> Engines { get; init; }

    /// <summary>Cases, in order.</summary>
    public required IReadOnlyList<FaultCase> Cases { get; init; }

    /// <summary>Bytes of the device.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Timed time for each engine and case.</summary>
    public required TimeSpan Runtime { get; init; }

    /// <summary>Untimed time before it.</summary>
    public required TimeSpan RampTime { get; init; }

    /// <summary>Timed passes of each engine and case, in all rounds together; null where the time alone ends them.</summary>
    public int? Loops { get; init; }

    /// <summary>The CPUs that jobs may use; null for all that the process may.</summary>
    public CpuChoice? Cpus { get; init; }

    /// <summary>The percentiles that a report shows; null for its own.</summary>
    public IReadOnlyList<double>? Percentiles { get; init; }

    /// <summary>Seed of the shuffled orders.</summary>
    public required int Seed { get; init; }

    /// <summary>The profile of the entry locks.</summary>
    public required WaitProfile Policy { get; init; }

    /// <summary>Whether the emulator's tables may lie in 2 MiB pages of the host.</summary>
    public bool HasHugeTables { get; init; } = true;

    /// <summary>The device's path; null for a file of its own.</summary>
    public string? FileName { get; init; }

    /// <summary>Whether what lies on the device may be lost.</summary>
    public bool IsForced { get; init; }

    /// <summary>The medium that the emulator's device stands for; null for this machine's memory.</summary>
    public MediaProfile? Media { get; init; }

    /// <summary>Whether mappings that are not of 2 MiB are a failure.</summary>
    public bool AssertsPmd { get; init; }

    /// <summary>Rounds in which the engines take turns.</summary>
    public int Rounds { get; init; } = 5;
}
