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
        if (units.IsMixed)
        {
            RunMixed(units.Shuffled!, counts);
        }
        else if (load.SyncInterval > 0)
        {
            RunWithSyncs(counts);
        }
        else if (units.Shuffled is { } shuffled)
        {
            RunShuffled(shuffled, counts);
        }
        else
        {
            RunInOrder(counts);
        }
    }

    public void RunTimedPass(FaultCounts counts, HistogramBase latencies, HistogramBase writes)
    {
        if (units.IsMixed)
        {
            RunTimedMixed(units.Shuffled!, counts, latencies, writes);
            return;
        }

        long stride = load.Stride;
        long left = load.SyncInterval;
        TStep step = Begin(counts, load.IsWrite);
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

            if (--left == 0)
            {
                Sync();
                left = load.SyncInterval;
                end = Stopwatch.GetTimestamp();
            }

            begin = TStep.AsksTheHost ? Stopwatch.GetTimestamp() : end;
        }

        step.End(load.Order, units.Count);
    }

    /// <summary>Begins a pass on the calling thread.</summary>
    /// <param name="counts">What the pass is counted in.</param>
    /// <param name="isWrite">Whether the step writes.</param>
    protected abstract TStep Begin(FaultCounts counts, bool isWrite);

    /// <summary>Makes what was written durable (<see cref="FaultCase.SyncInterval"/>).</summary>
    protected virtual void Sync() => throw new InvalidOperationException($"phase {load.PhaseName} has no fsync");

    // A method for each order: the compiler then has each loop's own profile.
    private void RunInOrder(FaultCounts counts)
    {
        long stride = load.Stride;
        TStep step = Begin(counts, load.IsWrite);
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
        TStep step = Begin(counts, load.IsWrite);
        foreach (uint unit in shuffled)
        {
            step.Fault(unit * stride);
        }

        step.End(load.Order, units.Count);
    }

    private void RunWithSyncs(FaultCounts counts)
    {
        long stride = load.Stride;
        long left = load.SyncInterval;
        TStep step = Begin(counts, load.IsWrite);
        for (long i = 0; i < units.Count; i++)
        {
            long unit = units.Shuffled is { } shuffled ? shuffled[i] : units.First + i;
            step.Fault(unit * stride);
            if (--left == 0)
            {
                Sync();
                left = load.SyncInterval;
            }
        }

        step.End(load.Order, units.Count);
    }

    // A step for each direction: which of them a unit is for was drawn before.
    private void RunMixed(uint[] mixed, FaultCounts counts)
    {
        long stride = load.Stride;
        TStep read = Begin(counts, isWrite: false);
        TStep write = Begin(counts, isWrite: true);
        foreach (uint unit in mixed)
        {
            long place = (unit & UnitOrder.PlaceBits) * stride;
            if ((unit & UnitOrder.WriteBit) != 0)
            {
                write.Fault(place);
            }
            else
            {
                read.Fault(place);
            }
        }

        EndMixed(ref read, ref write);
    }

    private void RunTimedMixed(uint[] mixed, FaultCounts counts, HistogramBase reads, HistogramBase writes)
    {
        long stride = load.Stride;
        TStep read = Begin(counts, isWrite: false);
        TStep write = Begin(counts, isWrite: true);
        long begin = Stopwatch.GetTimestamp();
        foreach (uint unit in mixed)
        {
            long place = (unit & UnitOrder.PlaceBits) * stride;
            bool isWrite = (unit & UnitOrder.WriteBit) != 0;
            if (isWrite)
            {
                write.Fault(place);
            }
            else
            {
                read.Fault(place);
            }

            long end = Stopwatch.GetTimestamp();
            if (write.WasFault()) // the thread's, whichever step it was
            {
                HistogramBase latencies = isWrite ? writes : reads;
                latencies.RecordValue(Math.Clamp(end - begin, 1, latencies.HighestTrackableValue));
            }

            begin = TStep.AsksTheHost ? Stopwatch.GetTimestamp() : end;
        }

        EndMixed(ref read, ref write);
    }

    // The host counts a thread's faults, so that one step has them all.
    private void EndMixed(ref TStep read, ref TStep write)
    {
        if (TStep.AsksTheHost)
        {
            write.End(load.Order, units.Count);
            return;
        }

        read.End(load.Order, units.ReadCount);
        write.End(load.Order, units.Count - units.ReadCount);
    }
}
