using HdrHistogram;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>Something that serves faults: the emulator, the baseline, or the kernel itself.</summary>
internal interface IFaultEngine : IDisposable
{
    /// <summary>The name by which it is chosen.</summary>
    string Name { get; }

    /// <summary>Gets ready for a case: afterwards every page of every job has been faulted in once.</summary>
    /// <param name="load">The case.</param>
    /// <param name="units">For each job the units (pages, or 2 MiB) that it accesses, in order.</param>
    /// <param name="refusal">Why this engine cannot do the case here; null if it can.</param>
    /// <returns>A job for each thread; null if it is refused.</returns>
    IReadOnlyList<IFaultJob>? Start(FaultCase load, IReadOnlyList<UnitOrder> units, out string? refusal);

    /// <summary>Undoes a pass, untimed: clears the translations, or empties the table. No job runs meanwhile.</summary>
    void Reset(FaultPhase phase);
}

/// <summary>One thread's share of a case. A call is a pass over all its units, so that nothing virtual is in the timed loop.</summary>
internal interface IFaultJob
{
    /// <summary>Accesses every unit once.</summary>
    void RunPass(FaultCounts counts);

    /// <summary>As <see cref="RunPass"/>, timing every fault, in nanoseconds.</summary>
    /// <param name="counts">What the pass is counted in.</param>
    /// <param name="latencies">All latencies; of a mix of reads and writes those of the reads.</param>
    /// <param name="writes">Of a mix, those of the writes.</param>
    void RunTimedPass(FaultCounts counts, HistogramBase latencies, HistogramBase writes);
}
