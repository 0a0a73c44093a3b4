using DaxEmu.Core.Dax;
using DaxEmu.Core.Dax.Writeback;
using DaxEmu.Native;

namespace DaxEmu.Core;

/// <summary>Makes a range of a file durable: fsync, msync, O_DSYNC and synchronous faults (<c>vfs_fsync_range</c>).</summary>
public static class Fsync
{
    /// <summary>Makes pages of a file durable that is mapped without a <see cref="DaxFile"/>: writes back, waits, commits the extents.</summary>
    /// <param name="mapping">The file.</param>
    /// <param name="range">The pages; an entry that touches them is written back whole.</param>
    /// <param name="cancellationToken">Ends it between two entries; what is left stays dirty.</param>
    /// <exception cref="ArgumentOutOfRangeException">No file has such pages.</exception>
    /// <exception cref="OperationCanceledException">It was ended.</exception>
    /// <exception cref="DaxException">A page could not be written back, now or since the last call; or the extents could not be made durable.</exception>
    /// <exception cref="RawStoreException">
    /// All is durable, but spans were stored through against the rules (<see cref="StoreTracking.Strict"/>).
    /// </exception>
    /// <exception cref="ObjectDisposedException">The mapping was disposed.</exception>
    public static void Sync(this AddressSpace mapping, PageRange range, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(mapping);
        PageRange.Check(range);
        Range(mapping, range, mapping.OwnOpener, cancellationToken);
    }

    /// <summary>As <see cref="Sync"/>, for an opener of the file, to which errors are reported once.</summary>
    internal static void Range(AddressSpace mapping, PageRange range, WritebackErrors.Opener opener, CancellationToken cancellationToken = default)
    {
        Outcome outcome;
        using (mapping.Use())
        {
            outcome = RangeHeld(mapping, range, opener, cancellationToken);
        }

        if (outcome.CommitFailure is { } failure)
        {
            throw new DaxException(
                $"The blocks of {mapping.Name} could not be made durable, so a loss of power may take what was written since the last sync. Sync again: {failure.Message}",
                IoError.Io,
                range.First.OffsetBytes,
                failure);
        }

        if (outcome.Error != IoError.None)
        {
            throw Lost(mapping);
        }

        if (RawStores.Failure(mapping) is { } illegal)
        {
            throw illegal;
        }
    }

    /// <summary>As <see cref="Range"/>, for a caller that keeps the mapping alive already, by the invalidate lock or by a reference of its own.</summary>
    /// <param name="mapping">The file.</param>
    /// <param name="range">The pages.</param>
    /// <param name="opener">The opener; null for a caller that has no way to report earlier errors, which stay for the next fsync.</param>
    /// <param name="cancellationToken">Ends it between two entries.</param>
    internal static Outcome RangeHeld(
        AddressSpace mapping, PageRange range, WritebackErrors.Opener? opener, CancellationToken cancellationToken = default)
    {
        IoError error = WriteAndWait(mapping, range, cancellationToken);
        mapping.Device.DrainUnchecked();
        try
        {
            mapping.Extents.Commit();
        }
        catch (DaxEnvironmentException failure)
        {
            return new Outcome(IoError.Io, failure);
        }

        // The own pass counts even where another thread of the same opener got the error that this pass noted.
        int noted = opener?.Check() ?? 0;
        return new Outcome(error != IoError.None || noted != 0 ? IoError.Io : IoError.None, null);
    }

    /// <summary>
    /// Writes a range back, and notes an error for the next fsync (<c>filemap_write_and_wait_range</c>): a file without a dirty page is not
    /// asked. The caller keeps the mapping alive.
    /// </summary>
    internal static IoError WriteAndWait(AddressSpace mapping, PageRange range, CancellationToken cancellationToken = default)
    {
        if (range.IsEmpty)
        {
            return IoError.None;
        }

        IoError missed = mapping.Device.Stores is { } tracker ? RawStores.Collect(mapping, range, tracker) : IoError.None;
        IoError error = mapping.Entries.HasDirty(range) ? WritebackPass.RunHeld(mapping, range, cancellationToken).Error : IoError.None;
        return error == IoError.None ? missed : error;
    }

    /// <summary>Pages of a file are not durable.</summary>
    internal static DaxException Lost(AddressSpace mapping) => new(
        $"Writing back {mapping.Name} failed (error {IoError.Io.Errno()}): what was stored since the last sync may be lost. Look for poisoned pages, write them anew and sync again.",
        IoError.Io,
        0);

    /// <summary>What an fsync came to.</summary>
    /// <param name="Error">Why pages or extents are not durable; none if they are.</param>
    /// <param name="CommitFailure">What stopped the commit of the extents; null if they are durable.</param>
    internal readonly record struct Outcome(IoError Error, DaxEnvironmentException? CommitFailure);
}
