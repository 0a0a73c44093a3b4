using System.ComponentModel;
using System.Text.Json.Serialization;

namespace DaxEmu.Bench.Documents;

/// <summary>What <c>bench --output-format=json</c> writes: fio's shape, where one I/O is one fault.</summary>
[Description("daxemu bench: fio's shape, where one I/O is one fault (or the unit of the phase)")]
internal sealed record BenchDocument
{
    [JsonPropertyName("fio version")]
    [Description("daxemu- and the version; under fio's name, since fio's readers ask for it")]
    public required string FioVersion { get; init; }

    [Description("Seconds since 1970")]
    public required long Timestamp { get; init; }

    [Description("Milliseconds since 1970")]
    public required long TimestampMs { get; init; }

    public required string Time { get; init; }

    [JsonPropertyName("global options")]
    [Description("What holds for all jobs; null if the run was stopped before anything was measured")]
    public BenchOptions? GlobalOptions { get; init; }

    [Description("The device and the machine; null if the run was stopped before there was one")]
    public BenchEnvironment? Environment { get; init; }

    [Description("An engine on a case each")]
    public required IReadOnlyList<BenchJob> Jobs { get; init; }
}

/// <summary>What holds for all jobs of a benchmark.</summary>
internal sealed record BenchOptions
{
    [Description("Bytes of the device")]
    public required long Size { get; init; }

    public required double RuntimeMs { get; init; }

    public required double RampTimeMs { get; init; }

    public required int Randseed { get; init; }

    public required string Policy { get; init; }

    public required string TablePages { get; init; }

    [Description("The device's path; null for a file of the run's own")]
    public string? Filename { get; init; }

    [Description("Rounds in which the engines took turns")]
    public required int Rounds { get; init; }
}

/// <summary>The device and the machine of a benchmark.</summary>
internal sealed record BenchEnvironment
{
    public required string Device { get; init; }

    public required string FileSystem { get; init; }

    public required bool MapSync { get; init; }

    public string? MapSyncReason { get; init; }

    [Description("Bytes of the pages that mappings may get")]
    public required IReadOnlyList<long> PageSizes { get; init; }

    [Description("CPUs that the process may use")]
    public required int Cpus { get; init; }

    [Description("The processor's model, as /proc/cpuinfo names it")]
    public string? CpuModel { get; init; }

    [Description("The kernel's version")]
    public string? Kernel { get; init; }

    [Description("The system's name and version")]
    public string? System { get; init; }

    [Description("The .NET runtime")]
    public string? Runtime { get; init; }

    [Description("What a clock reading costs, which is part of each latency")]
    public required double TimerCostNs { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("The medium that the emulator's device stands for (--media)")]
    public MediaDocument? Media { get; init; }

    public required IReadOnlyList<string> Notes { get; init; }
}

/// <summary>One engine on one case. A refused one has no figures.</summary>
internal sealed record BenchJob
{
    [Description("The engine and the case")]
    public required string Jobname { get; init; }

    public required int Groupid { get; init; }

    [JsonPropertyName("job options")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("The options of a job that has a name")]
    public IReadOnlyDictionary<string, string>? JobOptions { get; init; }

    [Description("0, or the exit code for a case that was left out")]
    public required int Error { get; init; }

    public required string Engine { get; init; }

    public required string Bs { get; init; }

    public required string Rw { get; init; }

    public required int Numjobs { get; init; }

    public required string Phase { get; init; }

    [Description("Bytes of all mappings together")]
    public required long Size { get; init; }

    [Description("shared or separate")]
    public required string Mapping { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Why there are no figures")]
    public string? Refused { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Bytes that were measured: less than size where the host has no memory for them")]
    public long? MeasuredSize { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Faults a second, of all jobs together")]
    public double? Iops { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Bytes a second; only where blocks are read or written")]
    public double? BwBytes { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Timed milliseconds")]
    public double? Runtime { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? TotalIos { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Wall time x jobs / faults: the median of the rounds")]
    public double? NsPerFault { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NsPerFaultMin { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? NsPerFaultMax { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Each round's figure, in the order of the rounds: samples for statistics")]
    public IReadOnlyList<double>? NsPerFaultRounds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("What the fastest tenth of each round's passes do not exceed: what other programs take away is hardly in it; left out where passes are not known")]
    public IReadOnlyList<double>? NsPerFaultQuietRounds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? AllocatedBytesPerFault { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? TableBytesPerEntry { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("How many times longer work in registers took for several jobs at once")]
    public double? Control { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Whether the control is near enough to 1 that figures of several jobs count")]
    public bool? ControlIsGood { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("How many times faster than another engine of the run, and than one job; null without both figures")]
    public IReadOnlyDictionary<string, double?>? Ratios { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("How many times the floor's time")]
    public double? XFloor { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public BenchFaults? Faults { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [Description("Latencies of single faults")]
    public FioLatency? ClatNs { get; init; }

    [Description("What was read, as fio has it")]
    public required FioDirection Read { get; init; }

    [Description("What was written, as fio has it")]
    public required FioDirection Write { get; init; }

    [Description("Nothing, as fio has it")]
    public required FioDirection Trim { get; init; }
}

/// <summary>Faults by their results.</summary>
internal sealed record BenchFaults
{
    [Description("Units that were accessed")]
    public required long Touches { get; init; }

    [Description("Served at 4 KiB")]
    public required long Pte { get; init; }

    [Description("Served at 2 MiB")]
    public required long Pmd { get; init; }

    [Description("Those that allocated")]
    public required long Major { get; init; }

    public required long Failed { get; init; }

    [Description("2 MiB faults that fell back, by reason")]
    public required IReadOnlyDictionary<string, long> Fallback { get; init; }
}
