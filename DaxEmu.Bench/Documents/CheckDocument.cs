using System.ComponentModel;
using System.Text.Json.Serialization;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Documents;

/// <summary>What <c>check --output-format=json</c> writes.</summary>
[Description("daxemu check")]
internal sealed record CheckDocument
{
    public required string Profile { get; init; }

    public required string Strategy { get; init; }

    [Description("The most preemptions of a schedule; null where schedules are sampled")]
    public int? PreemptionBound { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Sizes of generated scenarios, threads x operations of each")]
    public string? ScenarioSizes { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Seed of random schedules and of the sample of scenarios")]
    public long? Seed { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("The most schedules; left out if there is no bound")]
    public long? MaxSchedules { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("The part that this process did; left out if it did all")]
    public ShardDocument? Shard { get; init; }

    [Description("pass, fail, stopped or inconclusive")]
    public required string Outcome { get; init; }

    [Description("Scenarios of this process")]
    public required int Scenarios { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Scenarios of all shards; left out if this process did all")]
    public int? ScenariosInAll { get; init; }

    public required int ScenariosChecked { get; init; }

    public required int ScenariosCutOff { get; init; }

    [Description("Scenarios of which no schedule was left out, whatever the preemptions")]
    public required int ScenariosSeenWhole { get; init; }

    [JsonPropertyName(OldNames.Scenarios)]
    [Description("The name of version 0.1")]
    public int OldScenarios => Scenarios;

    [JsonPropertyName(OldNames.Scenarios + "_checked")]
    [Description("The name of version 0.1")]
    public int OldScenariosChecked => ScenariosChecked;

    [JsonPropertyName(OldNames.Scenarios + "_cut_off")]
    [Description("The name of version 0.1")]
    public int OldScenariosCutOff => ScenariosCutOff;

    [JsonPropertyName(OldNames.Scenarios + "_seen_whole")]
    [Description("The name of version 0.1")]
    public int OldScenariosSeenWhole => ScenariosSeenWhole;

    public required long Schedules { get; init; }

    public required long AtomicSteps { get; init; }

    public required long Pruned { get; init; }

    public required double Seconds { get; init; }

    [Description("Whether the same search found the hang of 2019; null if it was not searched")]
    public bool? ControlFound { get; init; }

    public string? Failure { get; init; }

    [Description("The scenario that failed")]
    public string? Scenario { get; init; }

    public required IReadOnlyList<string> Trace { get; init; }

    [Description("For --replay")]
    public string? Schedule { get; init; }
}

/// <summary>What <c>check --replay --output-format=json</c> writes.</summary>
[Description("daxemu check --replay")]
internal sealed record CheckReplayDocument
{
    public required string Scenario { get; init; }

    [JsonPropertyName(OldNames.Scenario)]
    [Description("The name of version 0.1")]
    public string OldScenario => Scenario;

    public required string Profile { get; init; }

    public string? Failure { get; init; }

    public required IReadOnlyList<string> Trace { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Steps { get; init; }
}

/// <summary>A row of <c>check --all --output-format=json</c>.</summary>
[Description("daxemu check --all: an historic bug")]
internal sealed record HistoricBugDocument
{
    public required string Bug { get; init; }

    public required string Profile { get; init; }

    public required string Scenario { get; init; }

    public required bool Found { get; init; }

    public int? Threads { get; init; }

    public int? Steps { get; init; }

    public long? AtomicSteps { get; init; }

    public required long Schedules { get; init; }

    public required double Ms { get; init; }

    public string? Schedule { get; init; }

    public required IReadOnlyList<string> Trace { get; init; }
}
