using DaxEmu.Core.DataPath;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Files;

/// <content>Blocks that several files share.</content>
public sealed partial class DaxFile
{
    /// <summary>Makes another file show all of this one's blocks and have its size (<c>FICLONE</c>).</summary>
    /// <param name="target">A file on the same volume.</param>
    public void CloneTo(DaxFile target)
    {
        ArgumentNullException.ThrowIfNull(target);
        target.SetLength(0);
        if (SizeBytes > 0)
        {
            CloneRange(0, SizeBytes, target, 0);
        }
    }

    /// <summary>Makes another file show blocks of this one (<c>FICLONERANGE</c>): who writes first gets a copy.</summary>
    /// <param name="offsetBytes">First byte here; a multiple of 4096.</param>
    /// <param name="lengthBytes">How many bytes, inside this file; a multiple of 4096 unless they end with both files.</param>
    /// <param name="target">A file on the same volume; it grows if need be.</param>
    /// <param name="targetOffsetBytes">First byte there; a multiple of 4096.</param>
    /// <exception cref="ArgumentException">A range is not aligned, reaches behind this file, overlaps the other, or the volumes differ.</exception>
    public void CloneRange(long offsetBytes, long lengthBytes, DaxFile target, long targetOffsetBytes)
    {
        ArgumentNullException.ThrowIfNull(target);
        CheckPositive(offsetBytes, lengthBytes);
        target.CheckPositive(targetOffsetBytes, lengthBytes);
        Refuse(target.Volume != Volume, "Files on different devices cannot share blocks.");
        CheckAligned(offsetBytes, targetOffsetBytes);
        WithBoth(this, target, () =>
        {
            long end = offsetBytes + lengthBytes;
            long targetEnd = targetOffsetBytes + lengthBytes;
            Refuse(end > SizeBytes, $"The range {offsetBytes} + {lengthBytes} reaches behind the end of the file, {SizeBytes}.");
            Refuse(
                lengthBytes % DaxConstants.PageSize != 0 && (end != SizeBytes || targetEnd < target.SizeBytes),
                $"A length that is no multiple of {DaxConstants.PageSize} ({lengthBytes}) must end with both files.");
            PageRange pages = PageRange.Touching(offsetBytes, lengthBytes);
            var first = PageIndex.FromBytes(targetOffsetBytes);
            Refuse(target == this && pages.Overlaps(new PageRange(first, pages.PageCount)), "The two ranges of the file overlap.");
            if (targetEnd > target.SizeBytes)
            {
                target.ZeroBehindEnd(FaultsAre.Allowed);
            }

            Remap.Share(Mapping, Extents, pages, target.Mapping, target.Extents, first);
            target.Mapping.GrowSize(targetEnd);
        });
    }

    /// <summary>
    /// Gives this file blocks of its own where a range shares them (<c>FALLOC_FL_UNSHARE_RANGE</c>), whole blocks at a time.
    /// </summary>
    /// <exception cref="DaxFileException">There are not enough blocks, or one that is shared is lost.</exception>
    public void Unshare(long offsetBytes, long lengthBytes)
    {
        CheckPositive(offsetBytes, lengthBytes);
        inodeLock.EnterWriteLock();
        try
        {
            CheckAll(DataPath.Unshare.Run(Mapping, offsetBytes, lengthBytes), offsetBytes);
        }
        finally
        {
            inodeLock.ExitWriteLock();
        }
    }

    /// <summary>Compares a range with one of another file, or of this one.</summary>
    /// <returns>How many bytes are alike, from the start on: all of them if the ranges are.</returns>
    /// <exception cref="ArgumentException">A range reaches behind its file.</exception>
    /// <exception cref="DaxFileException">A block cannot be read.</exception>
    public long Compare(long offsetBytes, DaxFile other, long otherOffsetBytes, long lengthBytes)
    {
        ArgumentNullException.ThrowIfNull(other);
        CheckRange(offsetBytes, lengthBytes);
        other.CheckRange(otherOffsetBytes, lengthBytes);
        Comparison comparison = default;
        WithBoth(this, other, () =>
        {
            Refuse(
                offsetBytes + lengthBytes > SizeBytes,
                $"The range {offsetBytes} + {lengthBytes} reaches behind the end of the file, {SizeBytes}.");
            Refuse(
                otherOffsetBytes + lengthBytes > other.SizeBytes,
                $"The range {otherOffsetBytes} + {lengthBytes} reaches behind the end of the other file, {other.SizeBytes}.");
            comparison = Dedupe.Compare(Mapping, offsetBytes, other.Mapping, otherOffsetBytes, lengthBytes);
        });
        return comparison.Error == DataError.None
            ? comparison.EqualBytes
            : throw DaxFileException.Of(this, comparison.Error, offsetBytes + comparison.EqualBytes);
    }

    // In the order of ids, so that two opposite calls cannot wait for each other.
    private static void WithBoth(DaxFile left, DaxFile right, Action work)
    {
        DaxFile lower = left.Mapping.Id <= right.Mapping.Id ? left : right;
        DaxFile upper = lower == left ? right : left;
        lower.inodeLock.EnterWriteLock();
        try
        {
            if (lower == upper)
            {
                work();
                return;
            }

            upper.inodeLock.EnterWriteLock();
            try
            {
                work();
            }
            finally
            {
                upper.inodeLock.ExitWriteLock();
            }
        }
        finally
        {
            lower.inodeLock.ExitWriteLock();
        }
    }
}
