using System.ComponentModel;
using System.Text.Json.Serialization;

namespace DaxEmu.Bench.Documents;

/// <summary>What <c>soak --output-format=json</c> writes.</summary>
[Description("daxemu soak")]
internal sealed record SoakDocument
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("host where accesses are real loads and stores, else left out")]
    public string? Mmu { get; init; }

    public required string Profile { get; init; }

    public required int Seed { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("The part that this process did; left out if it did all")]
    public ShardDocument? Shard { get; init; }

    public required int Numjobs { get; init; }

    [Description("Bytes of the device")]
    public required long Size { get; init; }

    [Description("clean, hang, corrupt, stopped or inconclusive")]
    public required string Outcome { get; init; }

    public required long Operations { get; init; }

    public required IReadOnlyDictionary<string, long> OperationsByKind { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("How often everything was checked with all threads at rest")]
    public int? QuiescentPoints { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SoakChecks? Checks { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Forced collections")]
    public long? Collections { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Pages that were compared at the end")]
    public long? PagesAtEnd { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SoakFaults? Faults { get; init; }

    [Description("How often a thread stood for the watchdog's time and went on once the others stopped")]
    public required int Stalls { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Threads that had not come to rest when a signal left no more time")]
    public int? Unrested { get; init; }

    public required double Seconds { get; init; }

    [Description("The same machinery on what it must find; null if the profile is the control's own")]
    public SoakControl? Control { get; init; }

    public required IReadOnlyList<SoakFindingDocument> Findings { get; init; }

    public required IReadOnlyList<string> LastOperations { get; init; }

    [Description("The command that does the same again")]
    public required string Again { get; init; }

    [Description("The course, at most a hundred")]
    public required IReadOnlyList<SoakSampleDocument> Samples { get; init; }

    public required SoakMachine Machine { get; init; }
}

/// <summary>What was checked.</summary>
internal sealed record SoakChecks
{
    public required long DurableAtOnce { get; init; }

    public required long CleanPagesDurable { get; init; }

    public required long PromisedPagesDurable { get; init; }

    public required long SyncedPagesDurable { get; init; }
}

/// <summary>Faults of real accesses.</summary>
internal sealed record SoakFaults
{
    public required long Pte { get; init; }

    public required long Pmd { get; init; }

    public required long Major { get; init; }

    public required long Refused { get; init; }

    public required double MedianNs { get; init; }

    public required double P99Ns { get; init; }
}

/// <summary>The control of a soak.</summary>
internal sealed record SoakControl
{
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PlantedFault { get; init; }

    public required bool Found { get; init; }

    public required double Seconds { get; init; }

    public required long Operations { get; init; }

    public required IReadOnlyList<SoakFindingDocument> Findings { get; init; }
}

/// <summary>What a soak found.</summary>
internal sealed record SoakFindingDocument
{
    public required string Kind { get; init; }

    public required string Text { get; init; }
}

/// <summary>How a soak went over an interval.</summary>
internal sealed record SoakSampleDocument
{
    [Description("The interval's end, from the start")]
    public required double Seconds { get; init; }

    public required double OperationsPerSecond { get; init; }

    [Description("Memory of the process, the device's included")]
    public required long ResidentBytes { get; init; }

    [Description("Memory of the runtime's heap")]
    public required long ManagedBytes { get; init; }
}

/// <summary>Where a soak ran.</summary>
internal sealed record SoakMachine
{
    public required int Cpus { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("The processor's model, as /proc/cpuinfo names it")]
    public string? CpuModel { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("The kernel's version")]
    public string? Kernel { get; init; }

    public required string System { get; init; }

    public required string Runtime { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Device { get; init; }
}
