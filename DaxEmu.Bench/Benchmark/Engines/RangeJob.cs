using System.Diagnostics;
using DaxEmu.Core;
using HdrHistogram;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>A job whose pass is one call for all its units.</summary>
/// <param name="load">The case.</param>
/// <param name="units">The job's units.</param>
/// <param name="run">Does the pages from the first on, so many of them.</param>
/// <param name="isWhole">Whether a call is always for the whole slice; otherwise latencies are those of calls for 2 MiB.</param>
internal sealed class RangeJob(FaultCase load, UnitOrder units, Action<long, long> run, bool isWhole = false) : IFaultJob
{
    public void RunPass(FaultCounts counts)
    {
        if (isWhole)
        {
            run(units.First * load.Stride, units.SliceCount * load.Stride);
        }
        else
        {
            run(units.First * load.Stride, units.Count * load.Stride);
        }

        counts.Served(load.Order, units.Count);
    }

    public void RunTimedPass(FaultCounts counts, HistogramBase latencies, HistogramBase writes)
    {
        long first = units.First * load.Stride;
        long end = first + ((isWhole ? units.SliceCount : units.Count) * load.Stride);
        long step = isWhole ? end - first : DaxConstants.PagesPerPmd;
        for (long at = first; at < end; at += step)
        {
            long begin = Stopwatch.GetTimestamp();
            run(at, Math.Min(step, end - at));
            latencies.RecordValue(Math.Clamp(Stopwatch.GetTimestamp() - begin, 1, latencies.HighestTrackableValue));
        }

        counts.Served(load.Order, units.Count);
    }
}
