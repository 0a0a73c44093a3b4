namespace DaxEmu.Bench.Benchmark.RealMemory;

/// <summary>How much is measured.</summary>
internal sealed record RealMemoryPlan
{
    /// <summary>Bytes that stores go to at random.</summary>
    public required long MappedBytes { get; init; }

    /// <summary>Bytes of the file that is read and written by calls.</summary>
    public long CalledBytes { get; init; } = 64 << 20;

    /// <summary>Bytes around a fault that are mapped with it, where that is measured.</summary>
    public long AroundBytes { get; init; } = 2 << 20;

    /// <summary>Rounds, of which the median counts.</summary>
    public int Rounds { get; init; } = 5;
}
