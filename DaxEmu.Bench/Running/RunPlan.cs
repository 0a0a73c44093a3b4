using DaxEmu.Bench.Cli;
using DaxEmu.Core;

namespace DaxEmu.Bench.Running;

/// <summary>What <c>daxemu run</c> is asked for.</summary>
internal sealed record RunPlan
{
    /// <summary>The file or block device of the volume; null for a fresh one that is removed after.</summary>
    public string? VolumePath { get; init; }

    /// <summary>Bytes of a fresh volume; null if none are given.</summary>
    public long? SizeBytes { get; init; }

    /// <summary>The path under which the program sees it.</summary>
    public required string Prefix { get; init; }

    /// <summary>The profile of the entry locks.</summary>
    public required WaitProfile Profile { get; init; }

    /// <summary>How much longer a fault keeps its entry locked.</summary>
    public TimeSpan Hold { get; init; }

    /// <summary>The file for trace text; null for none.</summary>
    public string? TracePath { get; init; }

    /// <summary>A thread that waits for so long hangs.</summary>
    public TimeSpan Watchdog { get; init; }

    /// <summary>Bytes around a fault that are mapped with it; 0 for none.</summary>
    public long FaultAroundBytes { get; init; }

    /// <summary>The file for the report; null for standard error.</summary>
    public string? ReportPath { get; init; }

    /// <summary>How the report is written.</summary>
    public OutputFormat Format { get; init; }

    /// <summary>The program and its arguments.</summary>
    public required IReadOnlyList<string> Program { get; init; }
}
