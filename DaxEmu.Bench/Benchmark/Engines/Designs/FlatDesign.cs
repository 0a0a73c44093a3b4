using System.Runtime.CompilerServices;

namespace DaxEmu.Bench.Benchmark.Engines.Designs;

/// <summary><see cref="FlatTable{TCounts}"/> as a design.</summary>
internal readonly struct FlatDesign<TCounts>(FlatTable<TCounts> table) : IDesign
    where TCounts : struct, IPageCounts
{
    public long UnitsPerFault => 1;

    public DesignArea Map() => table.Map();

    public void Unmap(DesignArea area) => table.Unmap(area);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fault(DesignArea area, long unit, bool isWrite, ref int extent) => table.Fault(area, unit, isWrite, ref extent);

    public void Zap(DesignArea area, long first, long count) => table.Zap(area, first, count);

    public void Truncate(long first, long count) => table.Truncate(first, count);

    public long CountDirty(long first, long count) => table.CountDirty(first, count);

    public long? Translate(DesignArea area, long unit, bool isWrite) => FlatTable<TCounts>.Translate(area, unit, isWrite);

    public void Dispose() => table.Dispose();
}
