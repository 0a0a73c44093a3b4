using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Engines.Files;

/// <summary>A plain copy between a job's buffer and the device's memory, with nothing around it (engine <c>copy</c>).</summary>
internal sealed unsafe class CopyEngine(PmemDevice device) : FileEngine(device)
{
    public override string Name => "copy";

    protected override string? Prepare(FaultCase load)
    {
        if (load.SyncInterval > 0)
        {
            return "a plain copy has no fsync";
        }

        Fill(Device, load);
        return null;
    }

    protected override IFaultJob JobFor(FaultCase load, UnitOrder units, BlockBuffer buffer, int file) =>
        new Job(Device.Base + (nint)(file * load.MappingBytes), buffer, load, units);

    private sealed class Job(nint memory, BlockBuffer buffer, FaultCase load, UnitOrder units) : FaultJob<Step>(load, units)
    {
        protected override Step Begin(FaultCounts counts, bool isWrite) => new(memory, buffer, isWrite, counts);
    }

    // SAFETY: the buffer and the device stay while the engine runs, and the units lie inside the device.
    private readonly struct Step(nint memory, BlockBuffer buffer, bool isWrite, FaultCounts counts) : IFaultStep
    {
        private readonly byte* place = (byte*)memory;
        private readonly byte* start = buffer.Start;
        private readonly int length = buffer.LengthBytes;

        public static bool AsksTheHost => false;

        public void Fault(long offset)
        {
            if (isWrite)
            {
                Buffer.MemoryCopy(start, place + offset, length, length);
            }
            else
            {
                Buffer.MemoryCopy(place + offset, start, length, length);
            }
        }

        public bool WasFault() => true;

        public void End(PageOrder order, long unitCount) => counts.Served(order, unitCount);
    }
}
