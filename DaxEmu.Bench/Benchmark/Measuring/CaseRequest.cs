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
}
