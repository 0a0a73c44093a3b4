using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>The emulator's own fault handler and range operations over a linear extent of a device (engine <c>emu</c>).</summary>
internal sealed class EmulatedEngine(Func<FaultCase, PmemDevice> deviceFor, WaitProfile profile, bool hasHugeTables = true) : IFaultEngine
{
    private const long MarksPerWord = 64;

    private readonly List<FaultHandler> handlers = [];
    private readonly List<FaultLoop> loops = [];
    private readonly List<VmArea> areas = [];
    private readonly List<VmArea> secondAreas = [];
    private readonly List<Job> faults = [];
    private byte stamp;

    public string Name => "emu";

    /// <summary>Dirty entries that the last scan found, of all jobs.</summary>
    internal long FoundDirty => faults.Sum(job => job.Found);

    /// <summary>The files of the case.</summary>
    internal IEnumerable<AddressSpace> Mappings => handlers.Select(h => h.Mapping);

    public IReadOnlyList<IFaultJob>? Start(FaultCase load, IReadOnlyList<UnitOrder> units, out string? refusal)
    {
        refusal = null;
        Stop();
        long bytes = load.MappingBytes;
        long pages = bytes >> DaxConstants.PageShift;
        PmemDevice device = deviceFor(load);
        for (int i = 0; i < load.MappingCount; i++)
        {
            var options = new AddressSpaceOptions { Profile = profile, MaximumSizeBytes = bytes, UsesHugeTables = hasHugeTables };
            var mapping = new AddressSpace(device, new LinearExtentMap(new Pfn(i * pages), pages), bytes, options);
            handlers.Add(new FaultHandler(mapping));
            loops.Add(new FaultLoop(handlers[i]));
            areas.Add(mapping.Map(new PageIndex(0), pages, KindOf(load)));
        }

        var jobs = new List<IFaultJob>();
        for (int i = 0; i < units.Count; i++)
        {
            jobs.Add(JobFor(load, units[i], load.IsSeparate ? i : 0));
        }

        if (load.Phase is FaultPhase.Scan or FaultPhase.Access or FaultPhase.Remap)
        {
            FaultEverything();
        }

        return jobs;
    }

    public void Reset(FaultPhase phase)
    {
        switch (phase)
        {
            case FaultPhase.Refault or FaultPhase.Populate:
                areas.ForEach(area => area.Zap(0, area.PageCount));
                break;
            case FaultPhase.Insert:
                Empty();
                break;
            case FaultPhase.Zap or FaultPhase.Truncate:
                FaultEverything();
                break;
            case FaultPhase.Writeback:
                FaultEverything();
                stamp++;
                faults.ForEach(job => job.FillPages(stamp));
                break;
            case FaultPhase.Scan:
                handlers.ForEach(handler => ForgetMarks(handler.Mapping.Entries));
                break;
            case FaultPhase.Remap:
                secondAreas.ForEach(area => area.Dispose());
                secondAreas.Clear();
                break;
        }
    }

    public void Dispose() => Stop();

    private static MapMode KindOf(FaultCase load) => MapMode.Shared | (load.Order == PageOrder.Pte ? MapMode.NoHugePage : 0);

    private IFaultJob JobFor(FaultCase load, UnitOrder units, int number)
    {
        FaultHandler handler = handlers[number];
        VmArea area = areas[number];
        AddressSpace mapping = handler.Mapping;
        UnitOrder pages = load.Phase == FaultPhase.Access ? new UnitOrder(0, area.PageCount >> (int)load.Order, null) : units;
        var job = new Job(handler, area, load with { Phase = FaultPhase.Refault }, pages, number * area.PageCount);
        faults.Add(job);
        return load.Phase switch
        {
            FaultPhase.Refault or FaultPhase.Insert => job,
            FaultPhase.Access => new AccessJob(new DaxView(loops[number], area), load, units),
            FaultPhase.Populate => new RangeJob(load, units, (first, count) => Populate(loops[number], area, load, first, count)),
            FaultPhase.Writeback => new RangeJob(load, units, (first, count) => mapping.Sync(new PageRange(new PageIndex(first), count))),
            FaultPhase.Zap => new RangeJob(load, units, (first, count) => area.Zap(first, count)),
            FaultPhase.Truncate => new RangeJob(load, units, (first, count) => mapping.DropRange(new PageRange(new PageIndex(first), count), discardsDirty: true)),
            FaultPhase.Scan => new RangeJob(load, units, (first, count) => job.Found = FindDirty(mapping.Entries, new PageRange(new PageIndex(first), count)), isWhole: true),
            FaultPhase.Remap => new RangeJob(load, units, (first, count) => MapAgain(loops[number], load, first, count), isWhole: true),
            _ => throw new InvalidOperationException($"phase {load.PhaseName} is one of files"),
        };
    }

    // Everything that a job accesses is there and mapped afterwards. By the calling thread alone: no pass runs.
    private void FaultEverything()
    {
        foreach (Job job in faults)
        {
            job.RunPass(new FaultCounts());
        }
    }

    // Emptying a table gives its memory back to the host, which the baseline's does not. What is timed is the insert, not the host's zeroing of a
    // page of slots every 512 entries: so the memory is accessed once.
    private void Empty()
    {
        foreach (FaultHandler handler in handlers)
        {
            EntryTable table = handler.Mapping.Entries;
            handler.Mapping.DropRange(PageRange.All, discardsDirty: true);
            foreach (Job job in faults.Where(j => j.Handler == handler))
            {
                job.AccessSlots(table);
            }
        }
    }

    private static void Populate(FaultLoop loop, VmArea area, FaultCase load, long first, long count)
    {
        IoError error = loop.Populate(area, first, count, load.IsWrite, out long reached);
        if (error != IoError.None || reached != count)
        {
            throw new InvalidOperationException($"{reached} of {count} pages were reached: {error}.");
        }
    }

    private void MapAgain(FaultLoop loop, FaultCase load, long first, long count)
    {
        VmArea area = loop.Handler.Mapping.Map(new PageIndex(first), count, KindOf(load));
        lock (secondAreas)
        {
            secondAreas.Add(area);
        }

        Populate(loop, area, load, 0, count);
    }

    // As a sync does it: look whether anything is dirty; if so mark it, then go from group of marks to group.
    private static long FindDirty(EntryTable table, PageRange range)
    {
        long found = 0;
        if (!table.HasDirty())
        {
            return found;
        }

        table.TagTowrite(range);
        PageIndex next = range.First;
        while (table.NextTowrite(next, range.End, out PageIndex start))
        {
            var group = new PageIndex(start.Value & ~(MarksPerWord - 1));
            found += BitOperations.PopCount(table.TowriteBits(group, start, range.End));
            next = group + MarksPerWord;
        }

        return found;
    }

    private static void ForgetMarks(EntryTable table)
    {
        PageIndex next = default;
        while (table.NextTowrite(next, PageRange.All.End, out PageIndex start))
        {
            table.ClearTowrite(start);
            next = start + 1;
        }
    }

    private void Stop()
    {
        foreach (FaultHandler handler in handlers)
        {
            handler.Mapping.Dispose();
        }

        handlers.Clear();
        loops.Clear();
        areas.Clear();
        secondAreas.Clear();
        faults.Clear();
    }

    private sealed class Job(FaultHandler handler, VmArea area, FaultCase load, UnitOrder units, long firstPfn) : FaultJob<Step>(load, units)
    {
        private readonly PageOrder order = load.Order;

        public FaultHandler Handler => handler;

        public long Found { get; set; }

        public VmArea Area => area;

        public PageOrder Order => order;

        /// <summary>What the pass that runs is counted in.</summary>
        public FaultCounts Counts { get; private set; } = new();

        [MethodImpl(MethodImplOptions.NoInlining)]
        public void FallBack(long page, FaultFlags flags, FaultOutcome outcome)
        {
            Counts.Note(outcome);
            if ((outcome.Result & FaultResult.Fallback) != 0)
            {
                Counts.Note(handler.Fault(area, page, flags, PageOrder.Pte));
            }
        }

        /// <summary>Makes the words of the job's units real memory, with the zeroes that are in them.</summary>
        public void AccessSlots(EntryTable table)
        {
            foreach (long unit in Units.All())
            {
                ref ulong word = ref table.WordOf(new PageIndex(unit * Load.Stride), order);
                Volatile.Write(ref word, 0);
            }
        }

        /// <summary>Stores to every line of the job's pages, as a program that fills them does: so that there is something to flush.</summary>
        public void FillPages(byte value)
        {
            for (long unit = Units.First; unit < Units.First + Units.Count; unit++)
            {
                handler.Mapping.Device.GetSpan(new Pfn(firstPfn + (unit * Load.Stride)), Load.Stride).Fill(value);
            }
        }

        protected override Step Begin(FaultCounts counts, bool isWrite)
        {
            Counts = counts;
            return new Step(this, FaultContext.Mine, isWrite ? FaultFlags.Write : FaultFlags.None);
        }
    }

    // As few fields as can be: what does not fit into registers is stored and loaded again at each fault.
    private readonly ref struct Step(Job job, FaultContext context, FaultFlags flags) : IFaultStep
    {
        private readonly FaultContext context = context;

        public static bool AsksTheHost => false;

        public void Fault(long page)
        {
            FaultOutcome outcome = job.Handler.Fault(context, job.Area, page, flags, job.Order);
            if (outcome.Result != FaultResult.Nopage)
            {
                job.FallBack(page, flags, outcome);
            }
        }

        public bool WasFault() => true;

        public void End(PageOrder order, long unitCount) => job.Counts.Served(order, unitCount);
    }

    private sealed class AccessJob(DaxView view, FaultCase load, UnitOrder units) : FaultJob<AccessStep>(load, units)
    {
        protected override AccessStep Begin(FaultCounts counts, bool isWrite) => new(view, isWrite, counts);
    }

    private struct AccessStep(DaxView view, bool isWrite, FaultCounts counts) : IFaultStep
    {
        private long sum;

        public static bool AsksTheHost => false;

        public void Fault(long offset)
        {
            if (isWrite)
            {
                MemoryMarshal.Write(view.Write(offset, FaultCase.AccessBytes), offset);
            }
            else
            {
                sum += MemoryMarshal.Read<long>(view.Read(offset, FaultCase.AccessBytes));
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
