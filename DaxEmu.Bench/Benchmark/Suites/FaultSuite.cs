using BenchmarkDotNet.Attributes;
using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Suites;

/// <summary>The emulator's faults, a pass over 64 MiB an operation; figures are per fault.</summary>
[MemoryDiagnoser]
public class FaultSuite : IDisposable
{
    private const int Pages = 1 << 14;
    private const int Regions = Pages / DaxConstants.PagesPerPmd;

    private PmemDevice? device;
    private AddressSpace? small;
    private AddressSpace? huge;
    private FaultHandler smallFaults = null!;
    private FaultHandler hugeFaults = null!;
    private VmArea smallArea = null!;
    private VmArea hugeArea = null!;

    [GlobalSetup]
    public void Setup()
    {
        device = PmemDevice.CreateInMemory(2L * Pages * DaxConstants.PageSize);
        small = Mapping(0);
        huge = Mapping(Pages);
        smallFaults = new FaultHandler(small);
        hugeFaults = new FaultHandler(huge);
        smallArea = small.Map(new PageIndex(0), Pages, MapMode.Shared | MapMode.NoHugePage);
        hugeArea = huge.Map(new PageIndex(0), Pages, MapMode.Shared);
        WriteRefaultPte();
        WriteRefaultPmd();
    }

    [Benchmark(OperationsPerInvoke = Pages)]
    public void WriteRefaultPte()
    {
        FaultContext context = FaultContext.Mine;
        for (long page = 0; page < Pages; page++)
        {
            smallFaults.Fault(context, smallArea, page, FaultFlags.Write, PageOrder.Pte);
        }
    }

    [Benchmark(OperationsPerInvoke = Pages)]
    public void WriteRefaultPteWithoutAContext()
    {
        for (long page = 0; page < Pages; page++)
        {
            smallFaults.Fault(smallArea, page, FaultFlags.Write, PageOrder.Pte);
        }
    }

    [Benchmark(OperationsPerInvoke = Regions)]
    public void WriteRefaultPmd()
    {
        FaultContext context = FaultContext.Mine;
        for (long page = 0; page < Pages; page += DaxConstants.PagesPerPmd)
        {
            hugeFaults.Fault(context, hugeArea, page, FaultFlags.Write, PageOrder.Pmd);
        }
    }

    [Benchmark(OperationsPerInvoke = Pages)]
    public void InsertAndDeletePte()
    {
        WriteRefaultPte();
        small!.DropRange(PageRange.All, discardsDirty: true);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        small?.Dispose();
        huge?.Dispose();
        device?.Dispose();
        GC.SuppressFinalize(this);
    }

    private AddressSpace Mapping(long firstPfn) => new(
        device!,
        new LinearExtentMap(new Pfn(firstPfn), Pages),
        (long)Pages << DaxConstants.PageShift,
        new AddressSpaceOptions { MaximumSizeBytes = (long)Pages << DaxConstants.PageShift });
}
