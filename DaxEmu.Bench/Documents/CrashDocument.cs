using System.ComponentModel;
using System.Text.Json.Serialization;

namespace DaxEmu.Bench.Documents;

/// <summary>What <c>crash --output-format=json</c> writes.</summary>
[Description("daxemu crash")]
internal sealed record CrashDocument
{
    public required string Workload { get; init; }

    [Description("The bug that was switched on")]
    public string? Bug { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Seed of the data and of what is chosen")]
    public long? Seed { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("The most power cuts of a case; left out for all")]
    public int? Points { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("The part that this process did; left out if it did all")]
    public ShardDocument? Shard { get; init; }

    [Description("Cases that were cut")]
    public required int Cases { get; init; }

    [Description("Cases of this process")]
    public required int CasesInAll { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Cases of all shards; left out if this process did all")]
    public int? CasesOfAllShards { get; init; }

    public required long Cuts { get; init; }

    [Description("What the cuts may leave, before states that recovery cannot tell apart are counted once")]
    public required double States { get; init; }

    [Description("States on which recovery was run")]
    public required long DistinctStates { get; init; }

    public required double Pruned { get; init; }

    [Description("Power cuts of which a sample of the states was run")]
    public required long IncompleteCuts { get; init; }

    public required double Seconds { get; init; }

    public required double DistinctStatesPerMinute { get; init; }

    public required bool Complete { get; init; }

    public required IReadOnlyList<CrashFailureDocument> Failures { get; init; }
}

/// <summary>A state after which recovery went wrong.</summary>
internal sealed record CrashFailureDocument
{
    public required string Case { get; init; }

    public required string Message { get; init; }

    public required long Cut { get; init; }

    public required int Begun { get; init; }

    public required int Acknowledged { get; init; }

    public required IReadOnlyList<string> Steps { get; init; }

    [Description("Stores that the cut lost")]
    public required IReadOnlyList<string> Lost { get; init; }

    [Description("For --replay")]
    public required string Replay { get; init; }
}

/// <summary>What <c>crash --cross-check --output-format=json</c> writes.</summary>
[Description("daxemu crash --cross-check")]
internal sealed record CrashComparisonDocument
{
    public required int Cases { get; init; }

    public required int TooLarge { get; init; }

    public required int Failing { get; init; }

    public required long DistinctStates { get; init; }

    public required long DistinctStatesWithoutPruning { get; init; }

    public required IReadOnlyList<string> Differences { get; init; }
}

/// <summary>What <c>crash --replay --output-format=json</c> writes.</summary>
[Description("daxemu crash --replay")]
internal sealed record CrashReplayDocument
{
    public required string Replay { get; init; }

    [Description("What is wrong with the state; null if it is right")]
    public CrashFailureDocument? Failure { get; init; }
}

/// <summary>What <c>crash --list --output-format=json</c> writes.</summary>
[Description("daxemu crash --list")]
internal sealed record CrashListDocument
{
    public required IReadOnlyList<CrashWorkloadDocument> Workloads { get; init; }
}

/// <summary>A workload that can be cut.</summary>
internal sealed record CrashWorkloadDocument
{
    public required string Name { get; init; }

    public required string Description { get; init; }

    public required IReadOnlyList<CrashBugDocument> Bugs { get; init; }
}

/// <summary>A bug that a workload has on demand.</summary>
internal sealed record CrashBugDocument
{
    public required string Name { get; init; }

    public required string Description { get; init; }
}
