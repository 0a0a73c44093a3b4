using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Engines.Files;

/// <summary>Files of a volume on the device, read and written by <see cref="DaxFile"/> (engine <c>emu</c>).</summary>
internal sealed unsafe class EmulatedFileEngine(PmemDevice device) : FileEngine(device)
{
    private readonly List<DaxFile> files = [];
    private DaxVolume? volume;

    public override string Name => "emu";

    /// <summary>The files of the case.</summary>
    internal IReadOnlyList<DaxFile> Files => files;

    protected override string? Prepare(FaultCase load)
    {
        volume = DaxVolume.ScratchOf(Device);
        for (int i = 0; i < load.MappingCount; i++)
        {
            DaxFile file = volume.CreateTemporary();
            files.Add(file);
            using var piece = new BlockBuffer(DaxConstants.PmdSize);
            piece.Span.Fill(FileByte);
            for (long offset = 0; offset < load.MappingBytes; offset += piece.LengthBytes)
            {
                _ = file.Write(piece.Span, offset);
            }
        }

        return null;
    }

    public override void Reset(FaultPhase phase)
    {
        if (phase == FaultPhase.Append)
        {
            files.ForEach(file => file.SetLength(0));
        }
    }

    protected override IFaultJob JobFor(FaultCase load, UnitOrder units, BlockBuffer buffer, int file) => new Job(files[file], buffer, load, units);

    protected override void Stop()
    {
        base.Stop();
        files.ForEach(file => file.Dispose());
        files.Clear();
        volume?.Dispose();
        volume = null;
    }

    private sealed class Job(DaxFile file, BlockBuffer buffer, FaultCase load, UnitOrder units) : FaultJob<Step>(load, units)
    {
        protected override Step Begin(FaultCounts counts, bool isWrite) => new(file, buffer, isWrite, counts);

        protected override void Sync() => file.Sync();
    }

    // SAFETY: the buffer stays while the engine runs.
    private readonly struct Step(DaxFile file, BlockBuffer buffer, bool isWrite, FaultCounts counts) : IFaultStep
    {
        private readonly byte* start = buffer.Start;
        private readonly int length = buffer.LengthBytes;

        public static bool AsksTheHost => false;

        public void Fault(long offset)
        {
            var bytes = new Span<byte>(start, length);
            int moved = isWrite ? file.Write(bytes, offset) : file.Read(bytes, offset);
            if (moved != length)
            {
                throw new IOException($"{moved} of {length} bytes were moved at {offset}.");
            }
        }

        public bool WasFault() => true;

        public void End(PageOrder order, long unitCount) => counts.Served(order, unitCount);
    }
}
