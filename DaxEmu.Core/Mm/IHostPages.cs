namespace DaxEmu.Core.Mm;

/// <summary>The system calls of a <see cref="HostMmu"/>: pages of a real address range, counted from the VMA's start.</summary>
internal interface IHostPages
{
    /// <summary>Shows memory that a translation leads to.</summary>
    /// <param name="first">The first page.</param>
    /// <param name="count">How many; the memory behind them is contiguous.</param>
    /// <param name="translation">The translation of the first page.</param>
    /// <param name="isWritable">Whether it may be written.</param>
    /// <returns>False if the process has too many mappings.</returns>
    bool TryMap(VmaPage first, long count, Translation translation, bool isWritable);

    /// <summary>Shows nothing: an access faults.</summary>
    void Drop(VmaPage first, long count);

    /// <summary>Takes the right to write away from pages that are shown.</summary>
    void WriteProtect(VmaPage first, long count);

    /// <summary>Gives the addresses back; nothing of them may be changed any more.</summary>
    void Release(VmaPage first, long count);
}
