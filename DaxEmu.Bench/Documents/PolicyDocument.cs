using System.ComponentModel;
using System.Text.Json.Serialization;

namespace DaxEmu.Bench.Documents;

/// <summary>A row of <c>policies --output-format=json</c>.</summary>
[Description("daxemu policies: a policy with a number of threads")]
internal sealed record PolicyDocument
{
    public required string Policy { get; init; }

    public required int Threads { get; init; }

    [Description("The median of the rounds")]
    public required double FaultsPerSecond { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Each round's figure, in the order of the rounds")]
    public IReadOnlyList<double>? FaultsPerSecondRounds { get; init; }

    public double? RelativeToConflict { get; init; }

    public required long Faults { get; init; }

    [Description("2 MiB faults that got 2 MiB")]
    public required long PmdServed { get; init; }

    [Description("2 MiB faults that got 4 KiB")]
    public required long PmdFallback { get; init; }

    public required long Waits { get; init; }

    public required long WaitedNs { get; init; }

    [Description("Waits that did not end while spinning")]
    public required long Sleeps { get; init; }

    [Description("2 MiB faults that waited for a 4 KiB entry")]
    public required long WaitsForSmaller { get; init; }

    [Description("Those of them that were refused after all")]
    public required long NeedlessWaits { get; init; }

    [JsonPropertyName("wrong_wakeups")]
    [Description("Spurious: for another entry of the same key")]
    public required long SpuriousWakeUps { get; init; }

    [JsonPropertyName("futile_wakeups")]
    [Description("After which the thread slept again")]
    public required long RepeatedSleeps { get; init; }

    public required long PassedOn { get; init; }

    public required long Conflicts { get; init; }

    public required long WakeCalls { get; init; }

    public required long EmptyWakeCalls { get; init; }

    [Description("Latencies of the 2 MiB faults by percentile; null if they were not taken")]
    public IReadOnlyDictionary<string, long>? PmdLatencyNs { get; init; }
}
