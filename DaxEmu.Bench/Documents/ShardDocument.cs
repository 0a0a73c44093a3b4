using System.ComponentModel;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Documents;

/// <summary>Which part of a work that is spread over machines.</summary>
internal sealed record ShardDocument
{
    [Description("From 1 to count")]
    public required int Index { get; init; }

    public required int Count { get; init; }

    /// <summary>Of a shard; null for all of a work.</summary>
    public static ShardDocument? Of(Shard shard) => shard.IsWhole ? null : new ShardDocument { Index = shard.Index, Count = shard.Count };
}
