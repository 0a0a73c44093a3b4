using System.ComponentModel;

namespace DaxEmu.Bench.Documents;

/// <summary>What <c>info --output-format=json</c> writes.</summary>
[Description("daxemu info")]
internal sealed record InfoDocument
{
    public required string Path { get; init; }

    [Description("block device or file")]
    public required string Kind { get; init; }

    public required string FileSystem { get; init; }

    public required long Size { get; init; }

    public string? SizeProblem { get; init; }

    public required long Align { get; init; }

    public long? Available { get; init; }

    public required bool InUse { get; init; }

    public required string PersistenceDomain { get; init; }

    public string? PersistenceReason { get; init; }

    public required bool MapSync { get; init; }

    public string? MapSyncReason { get; init; }

    public required bool HugePages { get; init; }

    public string? HugePagesReason { get; init; }

    public required IReadOnlyList<long> PageSizes { get; init; }

    public required bool StoreTracking { get; init; }

    public string? StoreTrackingReason { get; init; }

    public required string Flush { get; init; }
}
