using System.ComponentModel;

namespace DaxEmu.Bench.Documents;

/// <summary>Which part of a work that is spread over machines.</summary>
internal sealed record ShardDocument
{
    [Description("From 1 to count")]
    public required int Index { get; init; }

    public required int Count { get; init; }
}
