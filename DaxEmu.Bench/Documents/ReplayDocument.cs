using System.ComponentModel;
using System.Text.Json.Serialization;

namespace DaxEmu.Bench.Documents;

/// <summary>What <c>replay --output-format=json</c> writes for recorded scenarios.</summary>
[Description("daxemu replay of recorded scenarios")]
internal sealed record ReplayDocument
{
    public required int Scenarios { get; init; }

    public required long Ops { get; init; }

    [Description("Ops that differ from the kernel")]
    public required long Differ { get; init; }

    [Description("Ops of the file system's own")]
    public required long FileSystemOps { get; init; }

    [Description("Those of them that took the recorded state over")]
    public required long Adopted { get; init; }

    public required IReadOnlyList<ReplayMismatchDocument> Mismatches { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Loads and stores that were carried out (--mmu host)")]
    public long? Accesses { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Faults that the processor raised (--mmu host)")]
    public long? HostFaults { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Ops that were not carried out by real accesses, by reason (--mmu host)")]
    public IReadOnlyDictionary<string, long>? NotShown { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<TraceDocument>? Traces { get; init; }
}

/// <summary>An op that differs from the recording.</summary>
internal sealed record ReplayMismatchDocument
{
    public required string Scenario { get; init; }

    public required int Number { get; init; }

    public required string Op { get; init; }

    public required bool Adopted { get; init; }

    public required IReadOnlyList<string> Lines { get; init; }
}

/// <summary>What <c>replay --output-format=json</c> writes for a trace text; a list of them where there is nothing else.</summary>
[Description("daxemu replay of the kernel's trace text")]
internal sealed record TraceDocument
{
    public required string File { get; init; }

    public required long Faults { get; init; }

    public required int Threads { get; init; }

    public required double Seconds { get; init; }

    public required TraceCountsDocument Kernel { get; init; }

    public required TraceCountsDocument Emulator { get; init; }

    [Description("Faults of the emulator that fell back, by reason")]
    public required IReadOnlyDictionary<string, long> Fallback { get; init; }

    public required long Agree { get; init; }

    [Description("Faults that differ, by reason")]
    public required IReadOnlyDictionary<string, long> Differences { get; init; }
}

/// <summary>Faults by their results.</summary>
internal sealed record TraceCountsDocument
{
    public required long PmdServed { get; init; }

    public required long PmdFallback { get; init; }

    public required long PteServed { get; init; }

    public required long Other { get; init; }
}
