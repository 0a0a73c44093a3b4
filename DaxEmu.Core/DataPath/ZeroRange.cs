using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.DataPath;

/// <summary>
/// Writes zeroes where there are data (<c>dax_zero_range</c>); holes and unwritten blocks read as zeroes already and stay.
/// </summary>
internal static class ZeroRange
{
    /// <summary>Zeroes bytes. The caller keeps other writers out.</summary>
    /// <param name="mapping">The file.</param>
    /// <param name="offsetBytes">The first byte.</param>
    /// <param name="lengthBytes">How many; may reach over the end of the file, whose last block is zeroed too.</param>
    /// <param name="faults">Whether the caller keeps faults out.</param>
    /// <param name="didZero">Whether any byte was stored.</param>
    public static DataOutcome Run(AddressSpace mapping, long offsetBytes, long lengthBytes, FaultsAre faults, out bool didZero)
    {
        didZero = false;
        long done = 0;
        while (done < lengthBytes)
        {
            DataError error = BlockStore.Store(
                mapping, offsetBytes + done, lengthBytes - done, source: default, faults, out long stored, out bool isSkipped);
            if (error != DataError.None)
            {
                return new DataOutcome(done, error);
            }

            didZero |= stored > 0 && !isSkipped;
            done += stored;
        }

        return new DataOutcome(done, DataError.None);
    }

    /// <summary>
    /// Zeroes the rest of the block that the file's new end lies in (<c>dax_truncate_page</c>); nothing if it ends with a block.
    /// </summary>
    public static DataOutcome TruncatePage(AddressSpace mapping, long sizeBytes, FaultsAre faults, out bool didZero) =>
        Run(mapping, sizeBytes, -sizeBytes & (DaxConstants.PageSize - 1), faults, out didZero);
}
