using DaxEmu.Core;

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
                areas[i].Zap(0, areas[i].PageCount);
                continue;
            }

            mapping.DropRange(PageRange.All, discardsDirty: true);
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

    private sealed class Job(FaultHandler handler, VmArea area, FaultCase load, UnitOrder units) : FaultJob<Step>(load, units)
    {
        private readonly FaultFlags flags = load.IsWrite ? FaultFlags.Write : FaultFlags.None;
        private readonly PageOrder order = load.Order;

        public void Fault(FaultContext context, long page, FaultCounts counts)
        {
            FaultOutcome outcome = handler.Fault(context, area, page, flags, order);
            if (outcome.Result != FaultResult.Nopage)
            {
                FallBack(page, outcome, counts);
            }
        }

        protected override Step Begin(FaultCounts counts) => new(this, FaultContext.Mine, counts);

        private void FallBack(long page, FaultOutcome outcome, FaultCounts counts)
        {
            counts.Note(outcome);
            if ((outcome.Result & FaultResult.Fallback) != 0)
            {
                counts.Note(handler.Fault(area, page, flags, PageOrder.Pte));
            }
        }
    }

    private readonly ref struct Step(Job job, FaultContext context, FaultCounts counts) : IFaultStep
    {
        private readonly FaultContext context = context;

        public static bool AsksTheHost => false;

        public void Fault(long page) => job.Fault(context, page, counts);

        public bool WasFault() => true;

        public void End(PageOrder order, long unitCount) => counts.Served(order, unitCount);
    }
}
