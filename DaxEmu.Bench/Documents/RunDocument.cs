using System.ComponentModel;

namespace DaxEmu.Bench.Documents;

/// <summary>What <c>run --output-format=json</c> writes.</summary>
[Description("daxemu run")]
internal sealed record RunDocument
{
    [Description("Programs that used the volume")]
    public required IReadOnlyList<string> Programs { get; init; }

    [Description("Whether a thread hung")]
    public required bool Hang { get; init; }

    public required RunFaults Faults { get; init; }

    public required RunWaits Waits { get; init; }

    public required RunLatency ClatNs { get; init; }
}

/// <summary>Faults of a program.</summary>
internal sealed record RunFaults
{
    [Description("Served at 4 KiB")]
    public required long Pte { get; init; }

    [Description("Served at 2 MiB")]
    public required long Pmd { get; init; }

    public required long Major { get; init; }

    public required long Stores { get; init; }

    [Description("Those that ended in SIGBUS")]
    public required long Bus { get; init; }

    public required long Evictions { get; init; }

    [Description("2 MiB faults that fell back, by reason")]
    public required IReadOnlyDictionary<string, long> Fallback { get; init; }

    [Description("The share of the memory that 2 MiB translations map")]
    public required double MappedByPmd { get; init; }
}

/// <summary>What a program's threads waited for.</summary>
internal sealed record RunWaits
{
    public required long Waits { get; init; }

    public required long WaitedNs { get; init; }

    public required long Sleeps { get; init; }

    public required long WaitsForSmaller { get; init; }

    public required long SpuriousWakeUps { get; init; }

    public required long Conflicts { get; init; }
}

/// <summary>Latencies of a program's faults, in nanoseconds.</summary>
internal sealed record RunLatency
{
    public required long Count { get; init; }

    public required IReadOnlyDictionary<string, long> Percentile { get; init; }
}
