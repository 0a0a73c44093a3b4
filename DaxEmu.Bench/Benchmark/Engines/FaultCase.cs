using DaxEmu.Bench.Cli;
using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>A kind of load; what fio calls a job's settings.</summary>
/// <param name="Order">The order of the faults, or of the translations that are met: <c>bs=4k</c> or <c>bs=2m</c>.</param>
/// <param name="IsWrite">Whether pages are written.</param>
/// <param name="IsRandom">Whether the order of units is shuffled.</param>
/// <param name="JobCount">Threads.</param>
/// <param name="Phase">What is timed.</param>
/// <param name="IsSeparate">Whether each job has a mapping, or a file, of its own, or all share one.</param>
/// <param name="SizeBytes">Bytes of all mappings together.</param>
internal sealed record FaultCase(PageOrder Order, bool IsWrite, bool IsRandom, int JobCount, FaultPhase Phase, bool IsSeparate, long SizeBytes)
{
    /// <summary>Bytes of an access (<see cref="FaultPhase.Access"/>).</summary>
    public const int AccessBytes = sizeof(long);

    /// <summary>Bytes of a block that is read or written; null where units are pages.</summary>
    public long? DataBytes { get; init; }

    /// <summary>The name of the job that the case is one of; null where it has none.</summary>
    public string? JobName { get; init; }

    /// <summary>The options of that job, by fio's names; null where it has none.</summary>
    public IReadOnlyDictionary<string, string>? JobOptions { get; init; }

    /// <summary>Of a hundred units of a mix, those that are read; null where all are read or all are written.</summary>
    public int? ReadPercent { get; init; }

    /// <summary>How places are drawn at random; null where each unit comes once a pass.</summary>
    public PlaceDistribution? Distribution { get; init; }

    /// <summary>After so many blocks that are written there is an fsync; 0 for none.</summary>
    public int SyncInterval { get; init; }

    /// <summary>Bytes from a unit to the next.</summary>
    public long UnitBytes => Phase == FaultPhase.Access ? AccessBytes : DataBytes ?? Order.SizeBytes();

    /// <summary>What steps are counted in from a unit to the next: pages, or bytes where units are no pages.</summary>
    public long Stride => Phase == FaultPhase.Access || DataBytes is not null ? UnitBytes : Order.PageCount();

    /// <summary>Bytes of each mapping: whole 2 MiB.</summary>
    public long MappingBytes => SizeBytes / MappingCount / DaxConstants.PmdSize * DaxConstants.PmdSize;

    /// <summary>How many mappings there are.</summary>
    public int MappingCount => IsSeparate ? JobCount : 1;

    /// <summary>fio's word for the pattern.</summary>
    public string Pattern => (IsRandom ? "rand" : string.Empty) + (ReadPercent is not null ? "rw" : IsWrite ? "write" : "read");

    /// <summary>fio's word for the size.</summary>
    public string BlockSize => SizeText.Format(DataBytes ?? Order.SizeBytes());

    /// <summary>The phase by its name.</summary>
    public string PhaseName => PhaseFacts.NameOf(Phase);

    /// <summary>All of it, as a name.</summary>
    public string Name => $"{(JobName is null ? string.Empty : $"{JobName}: ")}{BlockSize} {Pattern}{Details} {PhaseName}, "
        + $"{SizeText.Format(SizeBytes)}, {JobCount} job{(JobCount == 1 ? string.Empty : "s")}{(IsSeparate ? ", separate" : string.Empty)}";

    private string Details => (ReadPercent is { } percent ? $" {percent}/{100 - percent}" : string.Empty)
        + (Distribution is null ? string.Empty : $" {Distribution.Text}")
        + (SyncInterval == 0 ? string.Empty : $" fsync={SyncInterval}");
}
