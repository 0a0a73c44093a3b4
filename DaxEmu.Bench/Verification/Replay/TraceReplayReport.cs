using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>How many faults came out how: of the recorded kernel, or of the emulator.</summary>
/// <param name="PmdServed">2 MiB faults that were served.</param>
/// <param name="PmdFellBack">2 MiB faults that fell back.</param>
/// <param name="PteServed">4 KiB faults that were served.</param>
/// <param name="Other">Faults that were neither: errors, and tries that are to be repeated.</param>
internal readonly record struct TraceCounts(long PmdServed, long PmdFellBack, long PteServed, long Other)
{
    public static TraceCounts operator +(TraceCounts left, TraceCounts right) => new(
        left.PmdServed + right.PmdServed,
        left.PmdFellBack + right.PmdFellBack,
        left.PteServed + right.PteServed,
        left.Other + right.Other);

    /// <summary>The count of one fault.</summary>
    public static TraceCounts Of(bool isPmd, FaultResult result) => (isPmd, result) switch
    {
        (true, _) when (result & FaultResult.Fallback) != 0 => new TraceCounts(0, 1, 0, 0),
        _ when (result & (FaultResult.Nopage | FaultResult.DoneCow | FaultResult.NeedDsync)) == 0 => new TraceCounts(0, 0, 0, 1),
        (true, _) => new TraceCounts(1, 0, 0, 0),
        _ => new TraceCounts(0, 0, 1, 0),
    };
}

/// <summary>Faults in which the emulator came out otherwise than the kernel, for one reason.</summary>
/// <param name="Reason">The reason, a clause.</param>
/// <param name="Count">How many.</param>
internal readonly record struct TraceDifference(string Reason, long Count);

/// <summary>What a replay of a recorded fault stream came to.</summary>
internal sealed record TraceReplayReport
{
    /// <summary>Faults replayed.</summary>
    public required long FaultCount { get; init; }

    /// <summary>Threads that replayed them.</summary>
    public required int ThreadCount { get; init; }

    /// <summary>Threads in the recording.</summary>
    public required int RecordedThreadCount { get; init; }

    /// <summary>Files: an inode number that was given to another file counts again.</summary>
    public required int FileCount { get; init; }

    /// <summary>VMAs, as printed.</summary>
    public required int AreaCount { get; init; }

    /// <summary>VMAs that were not printed and had to be assumed for 4 KiB faults.</summary>
    public required int AssumedAreaCount { get; init; }

    /// <summary>What the kernel's faults came to.</summary>
    public required TraceCounts Kernel { get; init; }

    /// <summary>What the emulator's faults came to.</summary>
    public required TraceCounts Emulator { get; init; }

    /// <summary>Why the emulator's 2 MiB faults fell back.</summary>
    public required IReadOnlyDictionary<FallbackReason, long> FallbacksByReason { get; init; }

    /// <summary>Faults that came out otherwise, by reason; none if the counts agree fault by fault.</summary>
    public required IReadOnlyList<TraceDifference> Differences { get; init; }

    /// <summary>How long the faults took, without reading and preparing.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Faults that came out as the kernel's did.</summary>
    public long AgreeingCount => FaultCount - Differences.Sum(d => d.Count);
}
