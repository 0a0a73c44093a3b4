using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>The mappings 0 and 1 of a replayed scenario, and the accesses to them.</summary>
internal interface IReplayMemory : IDisposable
{
    /// <summary>Ops that were not carried out by real accesses though they should have been, by reason.</summary>
    IReadOnlyDictionary<string, int> NotShown { get; }

    /// <summary>How many loads and stores were made at real addresses.</summary>
    long AccessCount { get; }

    /// <summary>The VMA of a mapping; null if there is none.</summary>
    VmArea? AreaOf(int number);

    /// <summary>Maps pages of the file. A mapping of that number is unmapped first.</summary>
    /// <param name="number">The mapping.</param>
    /// <param name="first">The first page of the file.</param>
    /// <param name="pageCount">How many pages.</param>
    /// <param name="mode">For what.</param>
    /// <param name="leadPages">Pages from a 2 MiB boundary of addresses to the first page.</param>
    void Map(int number, PageIndex first, long pageCount, MapMode mode, int leadPages);

    /// <summary>Unmaps a mapping, if there is one.</summary>
    void Unmap(int number);

    /// <summary>Changes the protection of pages of a mapping.</summary>
    void Protect(int number, PageRange pages, bool isReadOnly);

    /// <summary>Drops the translations of pages of a mapping (<c>MADV_DONTNEED</c>).</summary>
    void Zap(int number, PageRange pages);

    /// <summary>Loads a byte.</summary>
    /// <param name="number">The mapping.</param>
    /// <param name="page">A page of it.</param>
    /// <param name="offset">The byte's place in the page.</param>
    /// <param name="value">The byte, if it could be loaded.</param>
    /// <returns>Why the page cannot be reached; none if it can.</returns>
    IoError Load(int number, VmaPage page, int offset, out byte value);

    /// <summary>Stores a byte; see <see cref="Load"/>.</summary>
    /// <exception cref="FormatException">A translation allows a store that no kernel's would: the recording contradicts itself.</exception>
    IoError Store(int number, VmaPage page, int offset, byte value);

    /// <summary>What can be accessed without a fault though no translation allows it: the first few, as text; empty if there is nothing.</summary>
    string Excess();
}
