using System.ComponentModel;

namespace DaxEmu.Bench.Documents;

/// <summary>What <c>bench --mmu host --output-format=json</c> writes.</summary>
[Description("daxemu bench --mmu host")]
internal sealed record RealMemoryDocument
{
    public required IReadOnlyList<RealMemoryCaseDocument> Cases { get; init; }
}

/// <summary>A case of plain stores or calls.</summary>
internal sealed record RealMemoryCaseDocument
{
    public required string Case { get; init; }

    [Description("The median")]
    public required double Ns { get; init; }

    [Description("What it is compared with")]
    public string? Floor { get; init; }

    public double? FloorNs { get; init; }

    public double? Ratio { get; init; }

    [Description("The most that the ratio, or the time where there is no floor, is to be")]
    public required double Limit { get; init; }

    public required bool Within { get; init; }
}
