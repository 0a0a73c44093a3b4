using DaxEmu.Bench.Benchmark.Engines;
using DaxEmu.Core;
using DaxEmu.Native;
using DaxEmu.Native.Libc;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>How much of the memory each engine gets: decided before any of it is taken, since past a limit the process is killed.</summary>
internal sealed class MemoryShare
{
    // Measured from 64 MiB to 8 TiB, rounded up. In a very wide mapping each unit of a pass has pages of the emulator's tables for itself,
    // and more mapping costs no more; of the baseline's, more nodes are allocated.
    private const long OwnBytes = 100L << 20;
    private const long EmulatorBytesPerPage = 26;
    private const long HugeTableBytesPerPage = 18;
    private const long EmulatorPages = UnitOrder.LargestPass << DaxConstants.PmdOrder;
    private const long FloorBytesPerUnit = 24;
    private const long DesignBytesPerUnit = 40;
    private const long RadixBytesPerPage = 10;
    private const long DenseRadixBytesPerPage = 10;
    private const long DenseRadixPages = 1L << 25;

    private readonly BenchPlan plan;
    private readonly long kernelBytes;
    private readonly long tableBytes;

    private MemoryShare(BenchPlan plan, long availableBytes)
    {
        this.plan = plan;
        kernelBytes = availableBytes / 2;
        HasKernel = (plan.Engines.Any(EngineSetup.IsHost) || plan.Cases.Any(c => PhaseFacts.NeedsPages(c.Phase))) && plan.SizeBytes <= kernelBytes;
        HasSecondDevice = HasKernel && plan.Engines.Contains("kernel") && plan.FileName is null && plan.SizeBytes <= kernelBytes / 2 && plan.Cases.Any(c => c.Order == PageOrder.Pmd);
        tableBytes = availableBytes - OwnBytes - (HasKernel ? plan.SizeBytes * (HasSecondDevice ? 2 : 1) : 0);
    }

    /// <summary>Whether the device's memory may be filled: by the kernel's own faults, or by phases that store to its pages.</summary>
    public bool HasKernel { get; }

    /// <summary>Whether there is memory for a second device, in 2 MiB pages.</summary>
    public bool HasSecondDevice { get; }

    /// <summary>Shares out what there is.</summary>
    /// <param name="plan">What is to be done.</param>
    /// <param name="availableBytes">What there is.</param>
    /// <exception cref="DaxEnvironmentException">It is not enough for anything.</exception>
    public static MemoryShare Of(BenchPlan plan, long availableBytes) => availableBytes > OwnBytes
        ? new MemoryShare(plan, availableBytes)
        : throw new DaxEnvironmentException(
            $"a benchmark needs at least {OwnBytes >> 20} MiB of memory, and {availableBytes >> 20} MiB are free", "Raise the limit of its memory group (cgroup), or end other programs.", Errno.Enomem);

    /// <summary>Whether the kernel's faults would fill more memory than there is to spare.</summary>
    public bool IsTooLargeForKernel(long bytes) => bytes > kernelBytes;

    /// <summary>Whether there is memory for the tables of all engines on a case.</summary>
    public bool HasTablesFor(FaultCase load)
    {
        long pages = load.SizeBytes >> DaxConstants.PageShift;
        long emulator = Math.Min(pages, EmulatorPages) * EmulatorBytesPerPage;
        if (plan.HasHugeTables && load.IsRandom)
        {
            emulator = Math.Max(emulator, pages * HugeTableBytesPerPage); // each 2 MiB of two tables is real after one access
        }

        long radix = (pages * RadixBytesPerPage) + (Math.Min(pages, DenseRadixPages) * DenseRadixBytesPerPage);
        long units = load.SizeBytes / load.Order.SizeBytes();
        return (plan.Engines.Contains("emu") ? emulator : 0)
            + (plan.Engines.Contains("locked-radix") ? radix : 0)
            + (plan.Engines.Contains("floor") ? units * FloorBytesPerUnit : 0)
            + (plan.Engines.Count(EngineCatalog.IsDesign) * units * DesignBytesPerUnit) <= tableBytes;
    }
}
