using DaxEmu.Bench.Benchmark.Engines;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>The loads that a user asks for, each kind of setting as a list; null where none was given.</summary>
internal sealed record CaseRequest
{
    /// <summary>Bytes of a fault, or of a block.</summary>
    public IReadOnlyList<long>? BlockSizes { get; init; }

    /// <summary>fio's words for the patterns.</summary>
    public IReadOnlyList<string>? Patterns { get; init; }

    /// <summary>What is timed.</summary>
    public IReadOnlyList<FaultPhase>? Phases { get; init; }

    /// <summary>Numbers of threads.</summary>
    public required IReadOnlyList<int> JobCounts { get; init; }

    /// <summary>Whether each job has a mapping of its own.</summary>
    public bool IsSeparate { get; init; }

    /// <summary>Bytes of the device.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Whether the user chose the device or its size.</summary>
    public bool HasOwnDevice { get; init; }

    /// <summary>The name of the job that the cases are of; null for none.</summary>
    public string? JobName { get; init; }

    /// <summary>The options of that job, by fio's names; null for none.</summary>
    public IReadOnlyDictionary<string, string>? JobOptions { get; init; }

    /// <summary>Of a hundred units of a mix, those that are read; null if it was not said.</summary>
    public int? ReadPercent { get; init; }

    /// <summary>How places are drawn at random; null where each comes once a pass.</summary>
    public PlaceDistribution? Distribution { get; init; }

    /// <summary>After so many blocks that are written there is an fsync; 0 for none.</summary>
    public int SyncInterval { get; init; }
}
