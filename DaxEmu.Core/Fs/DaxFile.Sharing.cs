using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.ReadWrite;
using DaxEmu.Core.Fs;

namespace DaxEmu.Core;

/// <content>Blocks that several files share.</content>
public sealed partial class DaxFile
{
    /// <summary>Makes another file show all of this one's blocks and have its size (<c>FICLONE</c>).</summary>
    /// <param name="target">Another file on the same volume, which may become as large as this one.</param>
    /// <param name="cancellationToken">Ends the wait for pins; nothing has changed then.</param>
    /// <exception cref="ArgumentException">It is this file, lies on another volume, or may not become so large; nothing has changed.</exception>
    /// <exception cref="DaxException">This file could not be written back, or a page of either is pinned; nothing has changed.</exception>
    public void CloneTo(DaxFile target, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        ThrowIfDisposed();
        target.ThrowIfDisposed();
        target.ThrowIfReadOnly();
        Refuse(target == this, $"{this} cannot be cloned onto itself. Give another file.");
        CheckVolume(target);
        WithBoth(this, target, () =>
        {
            long size = Length;
            if (size > target.options.MaximumSizeBytes)
            {
                throw new ArgumentException(
                    $"{this} has {size} bytes, and {target} can have {target.options.MaximumSizeBytes} at the most. Open it with a larger MaximumSizeBytes.");
            }

            Share(PageRange.Touching(0, size), target, new PageIndex(0), cutsTarget: true, size, cancellationToken);
        });
    }

    /// <summary>Makes another file show blocks of this one (<c>FICLONERANGE</c>): the first to write gets a copy.</summary>
    /// <param name="offset">First byte here; a multiple of 4096.</param>
    /// <param name="length">How many bytes, inside this file; a multiple of 4096 unless they end with both files.</param>
    /// <param name="target">A file on the same volume; it grows if need be.</param>
    /// <param name="targetOffset">First byte there; a multiple of 4096.</param>
    /// <param name="cancellationToken">Ends the wait for pins; nothing has changed then.</param>
    /// <exception cref="ArgumentException">A range is not aligned, reaches past this file, overlaps the other, or the volumes differ.</exception>
    /// <exception cref="DaxException">This file could not be written back, or a page of either is pinned; nothing has changed.</exception>
    public void CloneRange(long offset, long length, DaxFile target, long targetOffset, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(target);
        CheckPositive(offset, length);
        target.CheckPositive(targetOffset, length);
        target.ThrowIfReadOnly();
        CheckVolume(target);
        CheckAligned(offset, targetOffset);
        WithBoth(this, target, () =>
        {
            long end = offset + length;
            long targetEnd = targetOffset + length;
            Refuse(end > Length, $"The range {offset} + {length} reaches past the end of the file, {Length}.");
            Refuse(
                length % DaxConstants.PageSize != 0 && (end != Length || targetEnd < target.Length),
                $"A length that is no multiple of {DaxConstants.PageSize} ({length}) must end with both files.");
            PageRange pages = PageRange.Touching(offset, length);
            var first = PageIndex.FromBytes(targetOffset);
            Refuse(target == this && pages.Overlaps(new PageRange(first, pages.PageCount)), "The two ranges of the file overlap.");
            if (targetEnd > target.Length)
            {
                target.ZeroBehindEnd(FaultsAre.Allowed);
            }

            Share(pages, target, first, cutsTarget: false, Math.Max(targetEnd, target.Length), cancellationToken);
        });
    }

    /// <summary>Makes another file show blocks of this one if both hold the same bytes there (<c>FIDEDUPERANGE</c>).</summary>
    /// <remarks>No write(2) comes in between; a store through a mapping of the target may, as in the kernel, and is lost then.</remarks>
    /// <returns>Whether they did.</returns>
    /// <exception cref="ArgumentException">A range is not aligned, reaches past its file, overlaps the other, or the volumes differ.</exception>
    /// <exception cref="DaxException">A block cannot be read, this file could not be written back, or a page of either is pinned; nothing has changed.</exception>
    internal bool Deduplicate(long offset, long length, DaxFile target, long targetOffset, CancellationToken cancellationToken = default)
    {
        CheckPositive(offset, length);
        target.CheckPositive(targetOffset, length);
        target.ThrowIfReadOnly();
        CheckVolume(target);
        CheckAligned(offset | targetOffset, length);
        bool isEqual = false;
        WithBoth(this, target, () =>
        {
            Refuse(offset + length > Length, $"The range {offset} + {length} reaches past the end of the file, {Length}.");
            Refuse(targetOffset + length > target.Length, $"The range {targetOffset} + {length} reaches past the end of the other file, {target.Length}.");
            PageRange pages = PageRange.Touching(offset, length);
            var first = PageIndex.FromBytes(targetOffset);
            Refuse(target == this && pages.Overlaps(new PageRange(first, pages.PageCount)), "The two ranges of the file overlap.");
            Comparison comparison = Dedupe.Compare(Mapping, offset, target.Mapping, targetOffset, length);
            if (comparison.Error != IoError.None)
            {
                throw FileErrors.Of(this, comparison.Error, offset + comparison.EqualBytes);
            }

            isEqual = comparison.EqualBytes == length;
            if (isEqual)
            {
                Share(pages, target, first, cutsTarget: false, target.Length, cancellationToken);
            }
        });
        return isEqual;
    }

    private void Share(PageRange pages, DaxFile target, PageIndex first, bool cutsTarget, long targetSize, CancellationToken cancellationToken)
    {
        TimeSpan pinTimeout = options.WaitsForPins && target.options.WaitsForPins ? Shorter(options.PinTimeout, target.options.PinTimeout) : TimeSpan.Zero;
        IoError error = Remap.Share(
            Mapping, Extents, pages, target.Mapping, target.Extents, first, cutsTarget, targetSize, pinTimeout, out Pfn? busy, cancellationToken);
        if (error != IoError.None)
        {
            throw FileErrors.Of(this, error, pages.First.OffsetBytes);
        }

        if (busy is not null)
        {
            throw FileErrors.Busy(this, pages.First.OffsetBytes);
        }
    }

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right) =>
        right == Timeout.InfiniteTimeSpan || (left != Timeout.InfiniteTimeSpan && left < right) ? left : right;

    private void CheckVolume(DaxFile target) =>
        Refuse(target.Volume != Volume, $"{this} lies on {Volume.Device.Name} and {target} on {target.Volume.Device.Name}: only files of one volume can share blocks.");

    /// <summary>
    /// Gives this file blocks of its own where a range shares them (<c>FALLOC_FL_UNSHARE_RANGE</c>), whole blocks at a time.
    /// </summary>
    /// <exception cref="DaxException">There are not enough blocks, or one that is shared is lost.</exception>
    public void Unshare(long offset, long length)
    {
        CheckPositive(offset, length);
        ThrowIfReadOnly();
        using RwSemaphore.WriteHold hold = InodeLock.Write();
        CheckAll(Dax.ReadWrite.Unshare.Run(Mapping, offset, length), offset);
    }

    /// <summary>Compares a range with one of another file, or of this one.</summary>
    /// <returns>How many bytes are alike, from the start on: all of them if the ranges are.</returns>
    /// <exception cref="ArgumentException">A range reaches past its file.</exception>
    /// <exception cref="DaxException">A block cannot be read.</exception>
    public long Compare(long offset, DaxFile other, long otherOffset, long length)
    {
        ArgumentNullException.ThrowIfNull(other);
        CheckRange(offset, length);
        other.CheckRange(otherOffset, length);
        Comparison comparison = default;
        WithBoth(this, other, () =>
        {
            Refuse(
                offset + length > Length,
                $"The range {offset} + {length} reaches past the end of the file, {Length}.");
            Refuse(
                otherOffset + length > other.Length,
                $"The range {otherOffset} + {length} reaches past the end of the other file, {other.Length}.");
            comparison = Dedupe.Compare(Mapping, offset, other.Mapping, otherOffset, length);
        });
        return comparison.Error == IoError.None
            ? comparison.EqualBytes
            : throw FileErrors.Of(this, comparison.Error, offset + comparison.EqualBytes);
    }

    // In the order of ids, so that two opposite calls cannot wait for each other.
    private static void WithBoth(DaxFile left, DaxFile right, Action work)
    {
        DaxFile lower = left.Mapping.Id <= right.Mapping.Id ? left : right;
        DaxFile upper = lower == left ? right : left;
        using RwSemaphore.WriteHold outer = lower.InodeLock.Write();
        if (lower == upper)
        {
            work();
            return;
        }

        using RwSemaphore.WriteHold inner = upper.InodeLock.Write();
        work();
    }
}
