namespace DaxEmu.Core.Mm;

/// <summary>What else shows the translations of a page table: a real address range. The table is the authority.</summary>
/// <remarks>
/// The table calls it after it has changed its words, and does not go on before it returns. Nothing is called when a translation is
/// installed: a thread that faults looks the word up (<see cref="HostMmu"/>), so what is shown lags behind in rights, never ahead.
/// </remarks>
internal interface IMmu
{
    /// <summary>The translations of a run of pages were cleared, or replaced by ones to other memory.</summary>
    void Drop(VmaPage first, long count);

    /// <summary>Translations of a run of pages may have lost the right to write.</summary>
    void WriteProtect(VmaPage first, long count);
}
