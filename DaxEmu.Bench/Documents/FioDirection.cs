using System.ComponentModel;
using System.Text.Json.Serialization;

namespace DaxEmu.Bench.Documents;

/// <summary>One direction of a job, as fio has it.</summary>
internal sealed record FioDirection
{
    public required long IoBytes { get; init; }

    public required long IoKbytes { get; init; }

    [Description("Bytes a second")]
    public required long BwBytes { get; init; }

    [Description("KiB a second")]
    public required long Bw { get; init; }

    public required double Iops { get; init; }

    [Description("Milliseconds")]
    public required long Runtime { get; init; }

    public required long TotalIos { get; init; }

    public required long ShortIos { get; init; }

    public required long DropIos { get; init; }

    public required FioLatency ClatNs { get; init; }

    /// <summary>A direction in which nothing was moved.</summary>
    public static FioDirection None { get; } = new()
    {
        IoBytes = 0,
        IoKbytes = 0,
        BwBytes = 0,
        Bw = 0,
        Iops = 0,
        Runtime = 0,
        TotalIos = 0,
        ShortIos = 0,
        DropIos = 0,
        ClatNs = FioLatency.None,
    };
}

/// <summary>Latencies in nanoseconds, as fio has them.</summary>
internal sealed record FioLatency
{
    public required long Min { get; init; }

    public required long Max { get; init; }

    public required double Mean { get; init; }

    public required double Stddev { get; init; }

    [JsonPropertyName("N")]
    public required long N { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Nanoseconds by percentile, which has six digits behind the point")]
    public IReadOnlyDictionary<string, long>? Percentile { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("How many took how many nanoseconds; only in json+")]
    public IReadOnlyDictionary<string, long>? Bins { get; init; }

    /// <summary>Of nothing.</summary>
    public static FioLatency None { get; } = new() { Min = 0, Max = 0, Mean = 0, Stddev = 0, N = 0 };
}
