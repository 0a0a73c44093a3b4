namespace DaxEmu.Core.Iomap;

/// <summary>Fills device pages with zeroes before any file shows them (what <c>dax_zero_page_range</c> does for a new block).</summary>
/// <remarks>
/// Called under an extent map's own lock. It must not wait for an entry, fault on a file, call an extent map, or take a step that a
/// scheduler owns.
/// </remarks>
internal interface IBlockZeroer
{
    /// <summary>Zeroes the pages, durably if the medium is to be trusted after a crash.</summary>
    /// <param name="blocks">Pages of the device that no file shows yet.</param>
    /// <returns>Whether it worked; if not, the extent map answers <see cref="IoError.Io"/> and shows nothing.</returns>
    bool TryZero(PfnRange blocks);

    /// <summary>Prepares pages that a copy will fill: what could not be stored to, because its memory was lost once, is usable afterwards.</summary>
    /// <param name="blocks">Pages of the device that no file shows yet; what they hold is without meaning.</param>
    /// <returns>Whether it worked; if not, the extent map answers <see cref="IoError.Io"/>.</returns>
    bool TryHeal(PfnRange blocks) => true;
}
