using System.Diagnostics;
using HdrHistogram;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>The loops of a job, written once: the compiler makes them anew for each kind of step, so that no call through an interface is timed.</summary>
/// <typeparam name="TStep">What is done at a unit; a value, for the length of a pass.</typeparam>
internal abstract class FaultJob<TStep>(FaultCase load, UnitOrder units) : IFaultJob
    where TStep : struct, IFaultStep, allows ref struct
{
    /// <summary>The case.</summary>
    protected FaultCase Load => load;

    /// <summary>The job's units.</summary>
    protected UnitOrder Units => units;

    public void RunPass(FaultCounts counts)
    {
        if (units.Shuffled is { } shuffled)
        {
            RunShuffled(shuffled, counts);
        }
        else
        {
            RunInOrder(counts);
        }
    }

    public void RunTimedPass(FaultCounts counts, HistogramBase latencies)
    {
        long stride = load.Stride;
        TStep step = Begin(counts);
        long begin = Stopwatch.GetTimestamp();
        for (long i = 0; i < units.Count; i++)
        {
            long unit = units.Shuffled is { } shuffled ? shuffled[i] : units.First + i;
            step.Fault(unit * stride);
            long end = Stopwatch.GetTimestamp();
            if (step.WasFault())
            {
                latencies.RecordValue(Math.Clamp(end - begin, 1, latencies.HighestTrackableValue));
            }

            begin = TStep.AsksTheHost ? Stopwatch.GetTimestamp() : end;
        }

        step.End(load.Order, units.Count);
    }

    /// <summary>Begins a pass on the calling thread.</summary>
    /// <param name="counts">What the pass is counted in.</param>
    protected abstract TStep Begin(FaultCounts counts);

    // A method for each order: the compiler then has each loop's own profile.
    private void RunInOrder(FaultCounts counts)
    {
        long stride = load.Stride;
        TStep step = Begin(counts);
        long end = (units.First + units.Count) * stride;
        for (long place = units.First * stride; place < end; place += stride)
        {
            step.Fault(place);
        }

        step.End(load.Order, units.Count);
    }

    private void RunShuffled(uint[] shuffled, FaultCounts counts)
    {
        long stride = load.Stride;
        TStep step = Begin(counts);
        foreach (uint unit in shuffled)
        {
            step.Fault(unit * stride);
        }

        step.End(load.Order, units.Count);
    }
}
