using System.ComponentModel;

namespace DaxEmu.Bench.Documents;

/// <summary>What <c>bench --conflicts --output-format=json</c> writes.</summary>
[Description("daxemu bench --conflicts")]
internal sealed record ConflictDocument
{
    public required IReadOnlyList<ConflictEngineDocument> Engines { get; init; }
}

/// <summary>What the pairs of an engine's operations came to.</summary>
internal sealed record ConflictEngineDocument
{
    public required string Engine { get; init; }

    [Description("Pairs that count")]
    public required int Pairs { get; init; }

    [Description("Those of them that share no written cache line")]
    public required int Free { get; init; }

    public required double FreePercent { get; init; }

    public required int ExcludedPairs { get; init; }

    public required int ExcludedFree { get; init; }

    public required IReadOnlyList<ConflictPairDocument> Conflicts { get; init; }
}

/// <summary>A pair that shares lines, or does not commute.</summary>
internal sealed record ConflictPairDocument
{
    public required string Relation { get; init; }

    public required string One { get; init; }

    public required string Other { get; init; }

    public required bool Counted { get; init; }

    public required bool Commutes { get; init; }

    public required IReadOnlyList<ConflictLineDocument> Lines { get; init; }
}

/// <summary>A cache line that two operations share.</summary>
internal sealed record ConflictLineDocument
{
    public required string Line { get; init; }

    public string? Reason { get; init; }
}
