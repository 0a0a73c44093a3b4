using System.Diagnostics;
using DaxEmu.Core.Dax;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Core.Dax.Invalidation;
using DaxEmu.Core.Dax.Waiting.Policies;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Mm;
using DaxEmu.Core.Pmem;
using DaxEmu.Core.Units;
using HdrHistogram;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>The emulator's own fault handler over a linear extent of a device (engine <c>emu</c>).</summary>
internal sealed class EmulatedEngine(Func<FaultCase, PmemDevice> deviceFor, WaitProfile profile) : IFaultEngine
{
    private readonly List<FaultHandler> handlers = [];
    private readonly List<VmArea> areas = [];

    public string Name => "emu";

    public IReadOnlyList<IFaultJob>? Start(FaultCase load, IReadOnlyList<UnitOrder> units, out string? refusal)
    {
        refusal = null;
        Stop();
        long bytes = load.MappingBytes;
        long pages = bytes >> DaxConstants.PageShift;
        PmemDevice device = deviceFor(load);
        for (int i = 0; i < load.MappingCount; i++)
        {
            var options = new AddressSpaceOptions { Profile = profile, MaximumSizeBytes = bytes };
            var mapping = new AddressSpace(device, new LinearExtentMap(new Pfn(i * pages), pages), bytes, options);
            handlers.Add(new FaultHandler(mapping));
            MapMode kind = MapMode.Shared | (load.Order == PageOrder.Pte ? MapMode.NoHugePage : 0);
            areas.Add(mapping.Map(new PageIndex(0), pages, kind));
        }

        var jobs = new List<IFaultJob>();
        for (int i = 0; i < units.Count; i++)
        {
            int mapping = load.IsSeparate ? i : 0;
            jobs.Add(new Job(handlers[mapping], areas[mapping], load, units[i]));
        }

        return jobs;
    }

    public void Reset(FaultPhase phase)
    {
        for (int i = 0; i < handlers.Count; i++)
        {
            AddressSpace mapping = handlers[i].Mapping;
            if (phase == FaultPhase.Refault)
            {
                areas[i].Table.Unmap(0, areas[i].PageCount, keepCopies: false);
                continue;
            }

            mapping.InvalidateLock.EnterWrite();
            mapping.Unmap(PageRange.All);
            Invalidator.DeleteRange(mapping, PageRange.All);
            mapping.InvalidateLock.ExitWrite();
        }
    }

    public void Dispose() => Stop();

    private void Stop()
    {
        foreach (FaultHandler handler in handlers)
        {
            handler.Mapping.Dispose();
        }

        handlers.Clear();
        areas.Clear();
    }

    private sealed class Job(FaultHandler handler, VmArea area, FaultCase load, UnitOrder units) : IFaultJob
    {
        private readonly FaultFlags flags = load.IsWrite ? FaultFlags.Write : FaultFlags.None;

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
            int shift = (int)load.Order;
            FaultContext lane = FaultContext.Mine;
            long start = Stopwatch.GetTimestamp();
            for (long i = 0; i < units.Count; i++)
            {
                long unit = units.Shuffled is { } shuffled ? shuffled[i] : units.First + i;
                Touch(lane, unit << shift, counts);
                long end = Stopwatch.GetTimestamp();
                latencies.RecordValue(Math.Clamp(end - start, 1, latencies.HighestTrackableValue));
                start = end;
            }

            counts.Served(load.Order, units.Count);
        }

        private void RunInOrder(FaultCounts counts)
        {
            int shift = (int)load.Order;
            FaultContext lane = FaultContext.Mine;
            long end = (units.First + units.Count) << shift;
            for (long page = units.First << shift; page < end; page += 1L << shift)
            {
                Touch(lane, page, counts);
            }

            counts.Served(load.Order, units.Count);
        }

        private void RunShuffled(uint[] shuffled, FaultCounts counts)
        {
            int shift = (int)load.Order;
            FaultContext lane = FaultContext.Mine;
            foreach (uint unit in shuffled)
            {
                Touch(lane, (long)unit << shift, counts);
            }

            counts.Served(load.Order, units.Count);
        }

        private void Touch(FaultContext lane, long page, FaultCounts counts)
        {
            FaultOutcome outcome = handler.Fault(lane, area, page, flags, load.Order);
            if (outcome.Result != FaultResult.Nopage)
            {
                Mend(page, outcome, counts);
            }
        }

        private void Mend(long page, FaultOutcome outcome, FaultCounts counts)
        {
            counts.Note(outcome);
            if ((outcome.Result & FaultResult.Fallback) != 0)
            {
                counts.Note(handler.Fault(area, page, flags, PageOrder.Pte));
            }
        }
    }
}
