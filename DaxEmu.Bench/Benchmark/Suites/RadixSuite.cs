using BenchmarkDotNet.Attributes;
using DaxEmu.Bench.Benchmark.Engines.Radix;
using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Suites;

/// <summary>The baseline's faults, a pass over 64 MiB an operation; figures are per fault.</summary>
[MemoryDiagnoser]
public class RadixSuite : IDisposable
{
    private const int Pages = 1 << 14;

    private RadixMapping? small;
    private RadixMapping? huge;
    private RadixMapping.Cursor cursor;

    [GlobalSetup]
    public void Setup()
    {
        small = new RadixMapping(Pages);
        huge = new RadixMapping(Pages);
    }

    [Benchmark(OperationsPerInvoke = Pages)]
    public void WriteRefaultPte()
    {
        for (long page = 0; page < Pages; page++)
        {
            small!.Fault(page, 0, isWrite: true, ref cursor);
        }
    }

    [Benchmark(OperationsPerInvoke = Pages / DaxConstants.PagesPerPmd)]
    public void WriteRefaultPmd()
    {
        for (long page = 0; page < Pages; page += DaxConstants.PagesPerPmd)
        {
            huge!.Fault(page, DaxConstants.PmdOrder, isWrite: true, ref cursor);
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        small?.Dispose();
        huge?.Dispose();
        GC.SuppressFinalize(this);
    }
}
