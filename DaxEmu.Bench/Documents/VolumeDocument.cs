using System.ComponentModel;
using System.Text.Json.Serialization;

namespace DaxEmu.Bench.Documents;

/// <summary>What <c>volume</c> writes with <c>--output-format=json</c>, but for ls, get and put.</summary>
[Description("daxemu volume format, info, check, repair and grow")]
internal sealed record VolumeDocument
{
    public required string Path { get; init; }

    public required string Id { get; init; }

    public required string Label { get; init; }

    public required long Size { get; init; }

    public required long DeviceSize { get; init; }

    public required long Free { get; init; }

    public required long Files { get; init; }

    public required long Directories { get; init; }

    public required long Extents { get; init; }

    [Description("Bytes")]
    public required long Metadata { get; init; }

    public required bool Sound { get; init; }

    public required IReadOnlyList<VolumeProblemDocument> Problems { get; init; }

    public required IReadOnlyList<string> Repairs { get; init; }
}

/// <summary>What is wrong with a volume.</summary>
internal sealed record VolumeProblemDocument
{
    public required string Kind { get; init; }

    public required string Description { get; init; }
}

/// <summary>A row of <c>volume ls --output-format=json</c>.</summary>
[Description("daxemu volume ls: a file or directory")]
internal sealed record VolumeEntryDocument
{
    public required string Name { get; init; }

    [Description("file or directory")]
    public required string Kind { get; init; }

    public required long Inode { get; init; }

    public required long Size { get; init; }

    public required long Allocated { get; init; }

    [Description("Octal")]
    public required string Mode { get; init; }

    public required long Links { get; init; }

    public required string Created { get; init; }

    public required string Modified { get; init; }

    public required string Changed { get; init; }
}

/// <summary>What <c>volume get, put, mv, rm, mkdir</c> and the like write with <c>--output-format=json</c>: the one property that fits.</summary>
[Description("daxemu volume get, put, mv, rm and mkdir")]
internal sealed record VolumeDoneDocument
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Bytes that were copied")]
    public long? Size { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Renamed { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Removed { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Made { get; init; }
}
