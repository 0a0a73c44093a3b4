using DaxEmu.Bench.Cli;
using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>What state the entry table is in when a timed fault comes.</summary>
internal enum FaultPhase
{
    /// <summary>Entries are there, translations are not: they are cleared between passes, untimed.</summary>
    Refault,

    /// <summary>Neither is there: the table is emptied between passes, untimed.</summary>
    Insert,
}

/// <summary>A kind of fault load; what fio calls a job's settings.</summary>
/// <param name="Order">The order of the faults: <c>bs=4k</c> or <c>bs=2m</c>.</param>
/// <param name="IsWrite">Whether pages are written.</param>
/// <param name="IsRandom">Whether the order of pages is shuffled.</param>
/// <param name="JobCount">Threads.</param>
/// <param name="Phase">What is there when a fault comes.</param>
/// <param name="IsSeparate">Whether each job has a mapping of its own, or all share one.</param>
/// <param name="SizeBytes">Bytes of all mappings together.</param>
internal sealed record FaultCase(PageOrder Order, bool IsWrite, bool IsRandom, int JobCount, FaultPhase Phase, bool IsSeparate, long SizeBytes)
{
    /// <summary>Bytes of each mapping: whole 2 MiB.</summary>
    public long MappingBytes => SizeBytes / MappingCount / DaxConstants.PmdSize * DaxConstants.PmdSize;

    /// <summary>How many mappings there are.</summary>
    public int MappingCount => IsSeparate ? JobCount : 1;

    /// <summary>fio's word for the pattern.</summary>
    public string Pattern => (IsRandom ? "rand" : string.Empty) + (IsWrite ? "write" : "read");

    /// <summary>fio's word for the size.</summary>
    public string BlockSize => Order == PageOrder.Pmd ? "2m" : "4k";

    /// <summary>fio's word for the phase.</summary>
    public string PhaseName => Phase == FaultPhase.Refault ? "refault" : "insert";

    /// <summary>All of it, as a name.</summary>
    public string Name => $"{BlockSize} {Pattern} {PhaseName}, {SizeText.Format(SizeBytes)}, {JobCount} job{(JobCount == 1 ? string.Empty : "s")}{(IsSeparate ? ", separate" : string.Empty)}";
}
