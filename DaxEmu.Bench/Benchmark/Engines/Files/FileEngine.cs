using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Engines.Files;

/// <summary>
/// Blocks of files that are read and written: a file a mapping of the case, each in its own part of the device, so that all engines move bytes
/// between the same places.
/// </summary>
internal abstract class FileEngine(PmemDevice device) : IFaultEngine
{
    private readonly List<BlockBuffer> buffers = [];

    public abstract string Name { get; }

    /// <summary>The bytes that files hold before anything is written: none of them is a hole.</summary>
    internal const byte FileByte = 0xAD;

    /// <summary>The jobs' buffers.</summary>
    internal IReadOnlyList<BlockBuffer> Buffers => buffers;

    /// <summary>The device that the files lie on.</summary>
    protected PmemDevice Device => device;

    public IReadOnlyList<IFaultJob>? Start(FaultCase load, IReadOnlyList<UnitOrder> units, out string? refusal)
    {
        Stop();
        refusal = Prepare(load);
        if (refusal is not null)
        {
            return null;
        }

        var jobs = new List<IFaultJob>();
        for (int i = 0; i < units.Count; i++)
        {
            var buffer = new BlockBuffer(load.UnitBytes);
            buffers.Add(buffer);
            jobs.Add(JobFor(load, units[i], buffer, load.IsSeparate ? i : 0));
        }

        return jobs;
    }

    // What was read or written may be so again.
    public virtual void Reset(FaultPhase phase)
    {
    }

    public void Dispose() => Stop();

    /// <summary>Makes the files; each block of them is there, and none is a hole.</summary>
    /// <returns>Why it cannot be done here; null if it can.</returns>
    protected abstract string? Prepare(FaultCase load);

    /// <summary>A job on one of the files.</summary>
    protected abstract IFaultJob JobFor(FaultCase load, UnitOrder units, BlockBuffer buffer, int file);

    /// <summary>Forgets the files.</summary>
    protected virtual void Stop()
    {
        buffers.ForEach(buffer => buffer.Dispose());
        buffers.Clear();
    }

    /// <summary>Stores to every byte of the device's part that the case's files lie in: what was never stored to is read as a hole.</summary>
    public static void Fill(PmemDevice device, FaultCase load)
    {
        const long piece = DaxConstants.PagesPerPmd;
        long pages = load.MappingBytes * load.MappingCount >> DaxConstants.PageShift;
        for (long page = 0; page < pages; page += piece)
        {
            device.GetSpan(new Pfn(page), Math.Min(piece, pages - page)).Fill(FileByte);
        }
    }
}
