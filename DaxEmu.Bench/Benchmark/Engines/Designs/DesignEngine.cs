using System.Runtime.CompilerServices;
using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Engines.Designs;

/// <summary>A design as an engine.</summary>
/// <typeparam name="TDesign">The design.</typeparam>
/// <param name="name">The engine's name.</param>
/// <param name="make">Makes a file of so many units of an order.</param>
internal sealed class DesignEngine<TDesign>(string name, Func<long, int, TDesign> make) : IFaultEngine
    where TDesign : struct, IDesign
{
    private readonly List<(TDesign File, DesignArea Area)> mappings = [];
    private readonly List<(TDesign File, DesignArea Area)> secondAreas = [];
    private readonly List<Job> faults = [];
    private long units;

    public string Name => name;

    /// <summary>The files of the case, each with its area.</summary>
    internal IReadOnlyList<(TDesign File, DesignArea Area)> Mappings => mappings;

    /// <summary>Areas that files were mapped by again.</summary>
    internal IReadOnlyList<(TDesign File, DesignArea Area)> SecondAreas => secondAreas;

    public IReadOnlyList<IFaultJob>? Start(FaultCase load, IReadOnlyList<UnitOrder> orders, out string? refusal)
    {
        Stop();
        refusal = null;
        units = load.MappingBytes / load.UnitBytes;
        for (int i = 0; i < load.MappingCount; i++)
        {
            TDesign file = make(units, (int)load.Order);
            mappings.Add((file, file.Map()));
        }

        IReadOnlyList<IFaultJob> jobs = [.. orders.Select((o, i) => JobFor(load, o, load.IsSeparate ? i : 0))];
        FaultEverything();
        return jobs;
    }

    public void Reset(FaultPhase phase)
    {
        switch (phase)
        {
            case FaultPhase.Refault or FaultPhase.Populate:
                mappings.ForEach(mapping => mapping.File.Zap(mapping.Area, 0, units));
                break;
            case FaultPhase.Insert:
                mappings.ForEach(mapping => mapping.File.Truncate(0, units));
                break;
            case FaultPhase.Zap or FaultPhase.Truncate:
                FaultEverything();
                break;
            case FaultPhase.Remap:
                secondAreas.ForEach(second => second.File.Unmap(second.Area));
                secondAreas.Clear();
                break;
        }
    }

    public void Dispose() => Stop();

    private IFaultJob JobFor(FaultCase load, UnitOrder order, int number)
    {
        (TDesign file, DesignArea area) = mappings[number];
        var job = new Job(file, area, load, order);
        faults.Add(job);
        int shift = (int)load.Order;
        return load.Phase switch
        {
            FaultPhase.Refault or FaultPhase.Insert => job,
            FaultPhase.Populate => new RangeJob(load, order, (first, count) => job.Populate(area, first >> shift, count >> shift)),
            FaultPhase.Zap => new RangeJob(load, order, (first, count) => file.Zap(area, first >> shift, count >> shift)),
            FaultPhase.Truncate => new RangeJob(load, order, (first, count) => file.Truncate(first >> shift, count >> shift)),
            FaultPhase.Scan => new RangeJob(load, order, (first, count) => job.Found = file.CountDirty(first >> shift, count >> shift), isWhole: true),
            FaultPhase.Remap => new RangeJob(load, order, (first, count) => MapAgain(file, job, first >> shift, count >> shift), isWhole: true),
            _ => throw new InvalidOperationException($"a design has no phase {load.PhaseName}"),
        };
    }

    private void MapAgain(TDesign file, Job job, long first, long count)
    {
        DesignArea area = file.Map();
        lock (secondAreas)
        {
            secondAreas.Add((file, area));
        }

        job.Populate(area, first, count);
    }

    // Everything that a job accesses is there and mapped afterwards.
    private void FaultEverything() => faults.ForEach(job => job.RunPass(new FaultCounts()));

    private void Stop()
    {
        mappings.ForEach(mapping => mapping.File.Dispose());
        mappings.Clear();
        secondAreas.Clear();
        faults.Clear();
    }

    private sealed class Job(TDesign file, DesignArea area, FaultCase load, UnitOrder units) : FaultJob<Step>(load, units)
    {
        private int extent;

        public long Found { get; set; }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Fault(long unit, bool isWrite) => file.Fault(area, unit, isWrite, ref extent);

        public void Populate(DesignArea through, long first, long count)
        {
            for (long unit = first; unit < first + count; unit += file.UnitsPerFault)
            {
                file.Fault(through, unit, Load.IsWrite, ref extent);
            }
        }

        protected override Step Begin(FaultCounts counts, bool isWrite) => new(this, (int)Load.Order, isWrite, counts);
    }

    private readonly struct Step(Job job, int shift, bool isWrite, FaultCounts counts) : IFaultStep
    {
        public static bool AsksTheHost => false;

        public void Fault(long page) => job.Fault(page >> shift, isWrite);

        public bool WasFault() => true;

        public void End(PageOrder order, long unitCount) => counts.Served(order, unitCount);
    }
}
