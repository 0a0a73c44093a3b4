using DaxEmu.Bench.Benchmark.Engines.Radix;
using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>The kernel's own design in user space, as well as we can write it: what the entry table is judged by (engine <c>locked-radix</c>).</summary>
internal sealed class LockedRadixEngine : IFaultEngine
{
    private readonly List<RadixMapping> mappings = [];
    private readonly List<Job> faults = [];
    private int order;

    public string Name => "locked-radix";

    /// <summary>The files of the case.</summary>
    internal IReadOnlyList<RadixMapping> Mappings => mappings;

    public IReadOnlyList<IFaultJob>? Start(FaultCase load, IReadOnlyList<UnitOrder> units, out string? refusal)
    {
        refusal = null;
        Stop();
        order = (int)load.Order;
        for (int i = 0; i < load.MappingCount; i++)
        {
            mappings.Add(new RadixMapping(load.MappingBytes >> DaxConstants.PageShift));
        }

        IReadOnlyList<IFaultJob> jobs = [.. units.Select((u, i) => JobFor(load, u, mappings[load.IsSeparate ? i : 0]))];
        FaultEverything();
        return jobs;
    }

    public void Reset(FaultPhase phase)
    {
        switch (phase)
        {
            case FaultPhase.Refault or FaultPhase.Populate:
                mappings.ForEach(mapping => mapping.Zap(0, mapping.PageCount, order));
                break;
            case FaultPhase.Insert:
                mappings.ForEach(mapping => mapping.Empty(order));
                break;
            case FaultPhase.Zap or FaultPhase.Truncate:
                FaultEverything();
                break;
        }
    }

    public void Dispose() => Stop();

    private IFaultJob JobFor(FaultCase load, UnitOrder units, RadixMapping mapping)
    {
        var job = new Job(mapping, load, units);
        faults.Add(job);
        return load.Phase switch
        {
            FaultPhase.Refault or FaultPhase.Insert => job,
            FaultPhase.Populate => new RangeJob(load, units, job.FaultRange),
            FaultPhase.Zap => new RangeJob(load, units, (first, count) => mapping.Zap(first, count, order)),
            FaultPhase.Truncate => new RangeJob(load, units, (first, count) => mapping.Truncate(first, count, order)),
            FaultPhase.Scan => new RangeJob(load, units, (first, count) => job.Found = mapping.CountDirty(first, count), isWhole: true),
            _ => throw new InvalidOperationException($"a tree has no phase {load.PhaseName}"),
        };
    }

    // Everything that a job accesses is there and mapped afterwards.
    private void FaultEverything() => faults.ForEach(job => job.RunPass(new FaultCounts()));

    private void Stop()
    {
        foreach (RadixMapping mapping in mappings)
        {
            mapping.Dispose();
        }

        mappings.Clear();
        faults.Clear();
    }

    private sealed class Job(RadixMapping mapping, FaultCase load, UnitOrder units) : FaultJob<Step>(load, units)
    {
        private RadixMapping.Cursor cursor;

        public long Found { get; set; }

        public void Fault(long page, int order, bool isWrite) => mapping.Fault(page, order, isWrite, ref cursor);

        // A loop of faults: the design has nothing better.
        public void FaultRange(long first, long count)
        {
            for (long page = first; page < first + count; page += Load.Stride)
            {
                Fault(page, (int)Load.Order, Load.IsWrite);
            }
        }

        protected override Step Begin(FaultCounts counts, bool isWrite) => new(this, (int)Load.Order, isWrite, counts);
    }

    private readonly struct Step(Job job, int order, bool isWrite, FaultCounts counts) : IFaultStep
    {
        public static bool AsksTheHost => false;

        public void Fault(long page) => job.Fault(page, order, isWrite);

        public bool WasFault() => true;

        public void End(PageOrder order, long unitCount) => counts.Served(order, unitCount);
    }
}
