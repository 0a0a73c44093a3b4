using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>One engine's part in the loops of <see cref="FaultJob{TStep}"/>.</summary>
internal interface IFaultStep
{
    /// <summary>Whether <see cref="WasFault"/> costs a system call, which no latency may contain.</summary>
    static abstract bool AsksTheHost { get; }

    /// <summary>Accesses a unit.</summary>
    /// <param name="place">Its first 4 KiB page in the job's mapping; where units are no pages, its first byte.</param>
    void Fault(long place);

    /// <summary>Whether the last access was a fault. It always is where the engine serves faults by call.</summary>
    bool WasFault();

    /// <summary>Counts the pass.</summary>
    /// <param name="order">The size of its units.</param>
    /// <param name="unitCount">How many there were.</param>
    void End(PageOrder order, long unitCount);
}
