using DaxEmu.Core.Pmem;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.Dax.ReadWrite;

/// <summary>Bytes of the device that an operation will zero once it has happened.</summary>
/// <param name="DeviceOffsetBytes">The first byte.</param>
/// <param name="LengthBytes">How many; 0 for none.</param>
internal readonly record struct ZeroedPart(long DeviceOffsetBytes, long LengthBytes);

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
            IoError error = BlockStore.Store(
                mapping, offsetBytes + done, lengthBytes - done, source: default, faults, out long stored, out bool isSkipped);
            if (error != IoError.None)
            {
                return new DataOutcome(done, error);
            }

            didZero |= stored > 0 && !isSkipped;
            done += stored;
        }

        return new DataOutcome(done, IoError.None);
    }

    /// <summary>
    /// Zeroes the rest of the block that the file's new end lies in (<c>dax_truncate_page</c>); nothing if it ends with a block.
    /// </summary>
    public static DataOutcome TruncatePage(AddressSpace mapping, long sizeBytes, FaultsAre faults, out bool didZero) =>
        Run(mapping, sizeBytes, -sizeBytes & (DaxConstants.PageSize - 1), faults, out didZero);

    /// <summary>
    /// Does all of zeroing a part of a page that can fail, and nothing that shows: a shared block gets a copy of its own, a poisoned one is
    /// refused. <see cref="Finish"/> does the rest.
    /// </summary>
    /// <param name="mapping">The file; the caller keeps faults out.</param>
    /// <param name="offsetBytes">The first byte.</param>
    /// <param name="lengthBytes">How many, inside one page; 0 for nothing.</param>
    /// <param name="part">What to hand to <see cref="Finish"/>.</param>
    public static IoError Prepare(AddressSpace mapping, long offsetBytes, long lengthBytes, out ZeroedPart part)
    {
        part = default;
        if (lengthBytes <= 0)
        {
            return IoError.None;
        }

        DataOutcome unshared = Unshare.RunHeld(mapping, offsetBytes, lengthBytes);
        if (unshared.Error != IoError.None)
        {
            return unshared.Error;
        }

        var page = PageIndex.FromBytes(offsetBytes);
        ExtentAnswer answer = mapping.Extents.Find(page, 1, ExtentIntent.Read);
        if (answer.Error != IoError.None)
        {
            return IoError.Io;
        }

        if (answer.Target.ReadsAsZeroes)
        {
            return IoError.None;
        }

        Pfn pfn = answer.Target.PfnAt(page);
        if (mapping.Device.Poison.Contains(pfn))
        {
            return IoError.Poison;
        }

        part = new ZeroedPart(pfn.OffsetBytes + (offsetBytes - page.OffsetBytes), lengthBytes);
        return IoError.None;
    }

    /// <summary>Zeroes what was prepared. The zeroes show in any case; if the storage fails to take them, the next sync reports it.</summary>
    /// <remarks>Never throws: the operation has happened, and what its caller does next must not be left out.</remarks>
    public static void Finish(AddressSpace mapping, ZeroedPart part)
    {
        if (part.LengthBytes == 0)
        {
            return;
        }

        try
        {
            mapping.Device.ZeroUnchecked(part.DeviceOffsetBytes, part.LengthBytes);
            mapping.Device.DrainUnchecked();
        }
#pragma warning disable CA1031 // See the remark.
        catch (Exception failure)
#pragma warning restore CA1031
        {
            using (new StoreTracker.OwnStore(mapping.Device.StrictStores, part.DeviceOffsetBytes, part.LengthBytes))
            {
                mapping.Device.SpanUnchecked(part.DeviceOffsetBytes, (int)part.LengthBytes).Clear();
            }

            mapping.Errors.Set(Errno.Eio);
            if (failure is ThreadInterruptedException)
            {
                Thread.CurrentThread.Interrupt(); // for who waits next
            }
        }
    }
}
