using DaxEmu.Bench.Benchmark.Engines.Radix;
using DaxEmu.Core;

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

    private sealed class Job(RadixMapping mapping, FaultCase load, UnitOrder units) : FaultJob<Step>(load, units)
    {
        private RadixMapping.Cursor cursor;

        public void Fault(long page, int order, bool isWrite) => mapping.Fault(page, order, isWrite, ref cursor);

        protected override Step Begin(FaultCounts counts) => new(this, (int)Load.Order, Load.IsWrite, counts);
    }

    private readonly struct Step(Job job, int order, bool isWrite, FaultCounts counts) : IFaultStep
    {
        public static bool AsksTheHost => false;

        public void Fault(long page) => job.Fault(page, order, isWrite);

        public bool WasFault() => true;

        public void End(PageOrder order, long unitCount) => counts.Served(order, unitCount);
    }
}
