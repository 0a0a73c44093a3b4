using System.Diagnostics;
using DaxEmu.Bench.Benchmark.Engines.Radix;
using DaxEmu.Core.Units;
using HdrHistogram;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>The kernel's own design in user space, as well as we can write it: what the entry table is judged by (engine <c>locked-radix</c>).</summary>
internal sealed class LockedRadixEngine : IFaultEngine
{
    private readonly List<RadixMapping> mappings = [];

    public string Name => "locked-radix";

    public IReadOnlyList<IFaultJob>? Start(FaultCase load, IReadOnlyList<UnitOrder> units, out string? refusal)
    {
        refusal = null;
        Stop();
        for (int i = 0; i < load.MappingCount; i++)
        {
            mappings.Add(new RadixMapping(load.MappingBytes >> DaxConstants.PageShift));
        }

        return [.. units.Select((u, i) => new Job(mappings[load.IsSeparate ? i : 0], load, u))];
    }

    public void Reset(FaultPhase phase)
    {
        foreach (RadixMapping mapping in mappings)
        {
            if (phase == FaultPhase.Refault)
            {
                mapping.Zap();
            }
            else
            {
                mapping.Empty();
            }
        }
    }

    public void Dispose() => Stop();

    private void Stop()
    {
        foreach (RadixMapping mapping in mappings)
        {
            mapping.Dispose();
        }

        mappings.Clear();
    }

    private sealed class Job(RadixMapping mapping, FaultCase load, UnitOrder units) : IFaultJob
    {
        private RadixMapping.Cursor cursor;

        public void RunPass(FaultCounts counts)
        {
            int order = (int)load.Order;
            bool isWrite = load.IsWrite;
            if (units.Shuffled is { } shuffled)
            {
                foreach (uint unit in shuffled)
                {
                    mapping.Fault((long)unit << order, order, isWrite, ref cursor);
                }
            }
            else
            {
                long end = (units.First + units.Count) << order;
                for (long page = units.First << order; page < end; page += 1L << order)
                {
                    mapping.Fault(page, order, isWrite, ref cursor);
                }
            }

            counts.Served(load.Order, units.Count);
        }

        public void RunTimedPass(FaultCounts counts, HistogramBase latencies)
        {
            int order = (int)load.Order;
            long begin = Stopwatch.GetTimestamp();
            for (long i = 0; i < units.Count; i++)
            {
                long unit = units.Shuffled is { } shuffled ? shuffled[i] : units.First + i;
                mapping.Fault(unit << order, order, load.IsWrite, ref cursor);
                long end = Stopwatch.GetTimestamp();
                latencies.RecordValue(Math.Clamp(end - begin, 1, latencies.HighestTrackableValue));
                begin = end;
            }

            counts.Served(load.Order, units.Count);
        }
    }
}
