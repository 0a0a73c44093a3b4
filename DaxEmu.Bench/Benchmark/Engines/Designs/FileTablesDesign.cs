using System.Runtime.CompilerServices;

namespace DaxEmu.Bench.Benchmark.Engines.Designs;

/// <summary><see cref="FileTables"/> as a design.</summary>
internal readonly struct FileTablesDesign(FileTables tables) : IDesign
{
    public long UnitsPerFault => tables.UnitsPerFault;

    public DesignArea Map() => tables.Map();

    public void Unmap(DesignArea area) => tables.Unmap(area);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Fault(DesignArea area, long unit, bool isWrite, ref int extent) => tables.Fault(area, unit, isWrite, ref extent);

    public void Zap(DesignArea area, long first, long count) => tables.Zap(area, first, count);

    public void Truncate(long first, long count) => tables.Truncate(first, count);

    public long CountDirty(long first, long count) => tables.CountDirty(first, count);

    public long? Translate(DesignArea area, long unit, bool isWrite) => tables.Translate(area, unit, isWrite);

    public void Dispose() => tables.Dispose();
}
