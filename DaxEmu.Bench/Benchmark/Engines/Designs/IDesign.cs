namespace DaxEmu.Bench.Benchmark.Engines.Designs;

/// <summary>
/// A way to keep a file's entries and its VMAs' translations, put beside the emulator's. A value around a class: loops over it are compiled for
/// each design, and call it directly.
/// </summary>
/// <remarks>Units are pages, or 2 MiB: a file has one size of them. Any thread may call any member at any time, but for <see cref="Unmap"/> and <see cref="IDisposable.Dispose"/>.</remarks>
internal interface IDesign : IDisposable
{
    /// <summary>How many units one fault makes accessible, where they lie together.</summary>
    long UnitsPerFault { get; }

    /// <summary>Maps the whole file.</summary>
    DesignArea Map();

    /// <summary>Unmaps an area, while no other thread works on the file.</summary>
    void Unmap(DesignArea area);

    /// <summary>Makes a unit accessible through an area, and dirty if it is to be written.</summary>
    /// <param name="area">An area of this file.</param>
    /// <param name="unit">The unit.</param>
    /// <param name="isWrite">Whether it is a store.</param>
    /// <param name="extent">What the thread remembers between its faults: the extent that it hit last.</param>
    void Fault(DesignArea area, long unit, bool isWrite, ref int extent);

    /// <summary>Takes translations of an area away; more than were asked for may go.</summary>
    void Zap(DesignArea area, long first, long count);

    /// <summary>Takes units out of the file: no area shows them when it returns, but for faults that came later.</summary>
    void Truncate(long first, long count);

    /// <summary>How many units of a run a writeback would have to write: those that are dirty, or lie with one.</summary>
    long CountDirty(long first, long count);

    /// <summary>The page frame that an access through an area would reach; null if it would fault.</summary>
    long? Translate(DesignArea area, long unit, bool isWrite);
}
