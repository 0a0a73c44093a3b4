using DaxEmu.Native.Memory;

namespace DaxEmu.Bench.Benchmark.Engines.Designs;

/// <summary>A VMA of a design: a word for each piece of the file that it can show by itself.</summary>
internal sealed unsafe class DesignArea(long wordCount) : IDisposable
{
    private readonly ReservedRegion memory = ReservedRegion.Reserve(wordCount * sizeof(ulong));

    /// <summary>Its words, 0 where nothing is shown.</summary>
    public ulong* Words => (ulong*)memory.Base;

    public void Dispose() => memory.Dispose();
}
