using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DaxEmu.Core;
using DaxEmu.Native.Cpu;

namespace DaxEmu.Bench.Benchmark.Engines.Floor;

/// <summary>What is left to gain: the least work of each phase, on words of the same number and in the same order (engine <c>floor</c>).</summary>
internal sealed unsafe class FloorEngine(Func<FaultCase, PmemDevice> deviceFor) : IFaultEngine
{
    private readonly List<FloorMapping> mappings = [];
    private readonly List<FloorMapping> secondMappings = [];
    private readonly List<Job> faults = [];
    private byte stamp;

    public string Name => "floor";

    /// <summary>The words of the case.</summary>
    internal IReadOnlyList<FloorMapping> Mappings => mappings;

    public IReadOnlyList<IFaultJob>? Start(FaultCase load, IReadOnlyList<UnitOrder> units, out string? refusal)
    {
        Stop();
        refusal = load.Phase == FaultPhase.Writeback && FlushInstruction.Best is null ? "this CPU has no instruction that flushes a line, or the system forbids executable pages" : null;
        if (refusal is not null)
        {
            return null;
        }

        nint device = PhaseFacts.NeedsPages(load.Phase) ? deviceFor(load).Base : 0;
        for (int i = 0; i < load.MappingCount; i++)
        {
            mappings.Add(new FloorMapping(load.MappingBytes / load.Order.SizeBytes()));
        }

        IReadOnlyList<IFaultJob> jobs = [.. units.Select((u, i) => JobFor(load, u, load.IsSeparate ? i : 0, device))];
        FaultEverything();
        return jobs;
    }

    public void Reset(FaultPhase phase)
    {
        switch (phase)
        {
            case FaultPhase.Refault or FaultPhase.Populate:
                mappings.ForEach(mapping => mapping.Zap(0, mapping.UnitCount));
                break;
            case FaultPhase.Insert:
                mappings.ForEach(mapping => mapping.Truncate(0, mapping.UnitCount));
                break;
            case FaultPhase.Zap or FaultPhase.Truncate:
                FaultEverything();
                break;
            case FaultPhase.Writeback:
                stamp++;
                faults.ForEach(job => job.FillPages(stamp));
                break;
            case FaultPhase.Remap:
                secondMappings.ForEach(mapping => mapping.Dispose());
                secondMappings.Clear();
                break;
        }
    }

    public void Dispose() => Stop();

    private IFaultJob JobFor(FaultCase load, UnitOrder units, int number, nint device)
    {
        FloorMapping mapping = mappings[number];
        nint memory = device + (nint)(number * load.MappingBytes);
        if (load.Phase == FaultPhase.Access)
        {
            return new AccessJob(memory, load, units);
        }

        var fill = new Job(mapping, memory, load, units);
        faults.Add(fill);
        int shift = (int)load.Order;
        return load.Phase switch
        {
            FaultPhase.Refault => fill,
            FaultPhase.Insert => new InsertJob(mapping, load, units),
            FaultPhase.Populate => new RangeJob(load, units, (first, count) => mapping.Populate(first >> shift, count >> shift)),
            FaultPhase.Writeback => new RangeJob(load, units, (first, count) => FloorMapping.Flush(FlushInstruction.Best!, memory, first >> shift, count >> shift, load.UnitBytes)),
            FaultPhase.Zap => new RangeJob(load, units, (first, count) => mapping.Zap(first >> shift, count >> shift)),
            FaultPhase.Truncate => new RangeJob(load, units, (first, count) => mapping.Truncate(first >> shift, count >> shift)),
            FaultPhase.Scan => new RangeJob(load, units, (first, count) => fill.Found = mapping.CountDirty(first >> shift, count >> shift), isWhole: true),
            FaultPhase.Remap => new RangeJob(load, units, (_, count) => MapAgain(count >> shift), isWhole: true),
            _ => throw new InvalidOperationException($"phase {load.PhaseName} is one of files"),
        };
    }

    // New words, a translation for each.
    private void MapAgain(long unitCount)
    {
        var second = new FloorMapping(unitCount);
        lock (secondMappings)
        {
            secondMappings.Add(second);
        }

        second.Fill();
    }

    private void FaultEverything() => faults.ForEach(job => job.Insert());

    private void Stop()
    {
        mappings.ForEach(mapping => mapping.Dispose());
        secondMappings.ForEach(mapping => mapping.Dispose());
        mappings.Clear();
        secondMappings.Clear();
        faults.Clear();
    }

    private sealed class Job(FloorMapping mapping, nint memory, FaultCase load, UnitOrder units) : FaultJob<RefaultStep>(load, units)
    {
        public long Found { get; set; }

        public void Insert()
        {
            FloorMapping.Words words = mapping.Arrays(Load.IsWrite);
            foreach (long unit in Units.All())
            {
                words.Insert(unit);
            }
        }

        // SAFETY: the units lie inside the device, which the case is fitted to.
        public void FillPages(byte value)
        {
            for (long unit = Units.First; unit < Units.First + Units.Count; unit++)
            {
                NativeMemory.Fill((void*)(memory + (nint)(unit * Load.UnitBytes)), (nuint)Load.UnitBytes, value);
            }
        }

        protected override RefaultStep Begin(FaultCounts counts, bool isWrite) => new(mapping.Arrays(isWrite), (int)Load.Order, counts);
    }

    private sealed class InsertJob(FloorMapping mapping, FaultCase load, UnitOrder units) : FaultJob<InsertStep>(load, units)
    {
        protected override InsertStep Begin(FaultCounts counts, bool isWrite) => new(mapping.Arrays(isWrite), (int)Load.Order, counts);
    }

    private sealed class AccessJob(nint memory, FaultCase load, UnitOrder units) : FaultJob<AccessStep>(load, units)
    {
        protected override AccessStep Begin(FaultCounts counts, bool isWrite) => new(memory, isWrite, counts);
    }

    private readonly struct RefaultStep(FloorMapping.Words words, int shift, FaultCounts counts) : IFaultStep
    {
        private readonly FloorMapping.Words words = words;

        public static bool AsksTheHost => false;

        public void Fault(long page) => words.Refault(page >> shift);

        public bool WasFault() => true;

        public void End(PageOrder order, long unitCount) => counts.Served(order, unitCount);
    }

    private readonly struct InsertStep(FloorMapping.Words words, int shift, FaultCounts counts) : IFaultStep
    {
        private readonly FloorMapping.Words words = words;

        public static bool AsksTheHost => false;

        public void Fault(long page) => words.Insert(page >> shift);

        public bool WasFault() => true;

        public void End(PageOrder order, long unitCount) => counts.Served(order, unitCount);
    }

    // SAFETY: the offsets lie inside the device, which the case is fitted to and which stays while the engine runs.
    private struct AccessStep(nint memory, bool isWrite, FaultCounts counts) : IFaultStep
    {
        private readonly byte* start = (byte*)memory;
        private long sum;

        public static bool AsksTheHost => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Fault(long offset)
        {
            if (isWrite)
            {
                *(long*)(start + offset) = offset;
            }
            else
            {
                sum += *(long*)(start + offset);
            }
        }

        public readonly bool WasFault() => true;

        public readonly void End(PageOrder order, long unitCount)
        {
            counts.Keep(sum);
            counts.Served(order, unitCount);
        }
    }
}
