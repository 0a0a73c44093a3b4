using DaxEmu.Core.Mm;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Core.Dax.Writeback;

/// <summary>Writes back the dirty entries of a range (<c>dax_writeback_mapping_range</c>).</summary>
/// <remarks>
/// First every dirty entry is marked TOWRITE, then the marked ones are walked in order of pages: what becomes dirty after the walk has passed
/// is the next pass's, so a busy writer cannot keep a pass from ending.
/// </remarks>
internal static class WritebackPass
{
    /// <summary>Runs a pass; an entry that touches the range is written back whole.</summary>
    /// <param name="mapping">The file.</param>
    /// <param name="range">The pages that were asked for.</param>
    /// <param name="cancellationToken">Ends the pass between two runs of entries; what is left stays dirty.</param>
    /// <exception cref="ArgumentOutOfRangeException">No file has such pages.</exception>
    /// <exception cref="OperationCanceledException">The pass was ended.</exception>
    /// <exception cref="ObjectDisposedException">The mapping was disposed.</exception>
    public static WritebackOutcome Run(AddressSpace mapping, PageRange range, CancellationToken cancellationToken = default)
    {
        PageRange.Check(range);
        using AsymmetricLock.ReadHold use = mapping.Use();
        return RunHeld(mapping, range, cancellationToken);
    }

    /// <summary>As <see cref="Run"/>, for a caller that keeps the mapping alive already: by the invalidate lock or by its own reference.</summary>
    public static WritebackOutcome RunHeld(AddressSpace mapping, PageRange range, CancellationToken cancellationToken = default)
    {
        if (range.IsEmpty)
        {
            return default;
        }

        EntryTable table = mapping.Entries;
        PageIndex last = range.End + -1;
        mapping.Events?.Receive(DaxEvent.WritebackRange(mapping.Id, range.First, last));
        table.TagTowrite(range);

        var cleaner = new EntryCleaner(mapping);
        IoError error = IoError.None;

        // A PMD that the range begins in the middle of stands at its own first page.
        PageIndex next = table.ReadsPmd(range.First) ? range.First.PmdStart : range.First;
        while (error == IoError.None && table.NextTowrite(next, range.End, out PageIndex start))
        {
            cancellationToken.ThrowIfCancellationRequested();
            next = start;
            error = cleaner.Clean(ref next, range.End) == CleanOutcome.Error ? IoError.Io : IoError.None;
        }

        if (error != IoError.None)
        {
            mapping.Errors.Set(error.Errno());
        }

        table.RefreshAnyDirty(range);
        mapping.Events?.Receive(DaxEvent.WritebackRangeDone(mapping.Id, next, last));
        return new WritebackOutcome(cleaner.EntryCount, cleaner.PageCount, error);
    }
}
