using DaxEmu.Core.DataPath;
using DaxEmu.Core.Extents;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Files;

/// <content>What changes size and blocks.</content>
public sealed partial class DaxFile
{
    /// <summary>Sets the size. What lies behind it goes; new bytes read as zeroes.</summary>
    /// <exception cref="DaxFileException">The last block could not be zeroed, or is pinned.</exception>
    public void SetLength(long sizeBytes)
    {
        CheckRange(sizeBytes, 0);
        ChangeLayout(FileOperation.Truncate, sizeBytes, 0, (change, plan) =>
        {
            long oldSize = SizeBytes;
            if (sizeBytes < oldSize)
            {
                CheckAll(DataPath.ZeroRange.TruncatePage(Mapping, sizeBytes, FaultsAre.KeptOut, out _), sizeBytes);
            }
            else if (sizeBytes > oldSize && ZeroBehindEnd(FaultsAre.KeptOut))
            {
                change.WriteBackZeroed(plan);
            }

            Mapping.SetSize(sizeBytes);
            return sizeBytes <= oldSize ? Extents.Truncate(PageRange.Inside(sizeBytes, 0).First) : FreedBlocks.None;
        });
    }

    /// <summary>Puts blocks behind a range (fallocate); they read as zeroes where nothing was written.</summary>
    /// <param name="offsetBytes">First byte.</param>
    /// <param name="lengthBytes">How many, at least 1.</param>
    /// <param name="keepSize">Whether the file does not grow.</param>
    /// <exception cref="DaxFileException">There are not enough blocks; none is taken then.</exception>
    public void Allocate(long offsetBytes, long lengthBytes, bool keepSize = false)
    {
        CheckPositive(offsetBytes, lengthBytes);
        FileOperation operation = keepSize ? FileOperation.AllocateKeepingSize : FileOperation.Allocate;
        ChangeLayout(operation, offsetBytes, lengthBytes, (change, plan) =>
        {
            Require(Extents.Allocate(PageRange.Touching(offsetBytes, lengthBytes)), offsetBytes);
            GrowTo(keepSize ? 0 : offsetBytes + lengthBytes, change, plan);
            return FreedBlocks.None;
        });
    }

    /// <summary>Takes the blocks out of a range, which reads as zeroes then; the size stays. Parts of pages are zeroed.</summary>
    /// <exception cref="DaxFileException">A part of a page could not be zeroed, or a page is pinned.</exception>
    public void PunchHole(long offsetBytes, long lengthBytes)
    {
        CheckPositive(offsetBytes, lengthBytes);
        ChangeLayout(FileOperation.PunchHole, offsetBytes, lengthBytes, (_, _) =>
        {
            ZeroEdges(offsetBytes, lengthBytes);
            return Extents.Punch(PageRange.Inside(offsetBytes, lengthBytes));
        });
    }

    /// <summary>Makes a range read as zeroes, with blocks behind all of it; the file grows if it reaches behind its end.</summary>
    /// <exception cref="DaxFileException">There are not enough blocks, a part of a page could not be zeroed, or a page is pinned.</exception>
    public void ZeroRange(long offsetBytes, long lengthBytes)
    {
        CheckPositive(offsetBytes, lengthBytes);
        ChangeLayout(FileOperation.ZeroRange, offsetBytes, lengthBytes, (change, plan) =>
        {
            Require(Extents.ToUnwritten(PageRange.Inside(offsetBytes, lengthBytes), out FreedBlocks freed), offsetBytes);
            Mapping.ReleaseBlocks(freed);
            Require(Extents.Allocate(PageRange.Touching(offsetBytes, lengthBytes)), offsetBytes);
            ZeroEdges(offsetBytes, lengthBytes);
            GrowTo(offsetBytes + lengthBytes, change, plan);
            return FreedBlocks.None;
        });
    }

    /// <summary>Takes a range out of the file; what lies behind it moves down.</summary>
    /// <param name="offsetBytes">First byte; a multiple of 4096.</param>
    /// <param name="lengthBytes">How many; a multiple of 4096. The range ends before the file does.</param>
    /// <exception cref="ArgumentException">The range is not aligned, or reaches to the end.</exception>
    public void CollapseRange(long offsetBytes, long lengthBytes)
    {
        CheckPositive(offsetBytes, lengthBytes);
        CheckAligned(offsetBytes, lengthBytes);
        ChangeLayout(
            FileOperation.CollapseRange,
            offsetBytes,
            lengthBytes,
            (_, _) =>
            {
                FreedBlocks freed = Extents.Collapse(PageRange.Inside(offsetBytes, lengthBytes));
                Mapping.SetSize(SizeBytes - lengthBytes);
                return freed;
            },
            () => Refuse(
                offsetBytes + lengthBytes >= SizeBytes,
                $"The range {offsetBytes} + {lengthBytes} must end before the file does, at {SizeBytes}. To cut the file off, set its length."));
    }

    /// <summary>Makes room in the file: what lies at the offset and behind it moves up, and a hole is left.</summary>
    /// <param name="offsetBytes">Where; a multiple of 4096, before the end of the file.</param>
    /// <param name="lengthBytes">How many bytes; a multiple of 4096.</param>
    /// <exception cref="ArgumentException">The range is not aligned, begins behind the end, or the file would become too large.</exception>
    public void InsertRange(long offsetBytes, long lengthBytes)
    {
        CheckPositive(offsetBytes, lengthBytes);
        CheckAligned(offsetBytes, lengthBytes);
        ChangeLayout(
            FileOperation.InsertRange,
            offsetBytes,
            lengthBytes,
            (change, plan) =>
            {
                long newSize = SizeBytes + lengthBytes;
                if (ZeroBehindEnd(FaultsAre.KeptOut))
                {
                    change.WriteBackZeroed(plan);
                }

                FreedBlocks freed = Extents.Insert(PageRange.Inside(offsetBytes, lengthBytes));
                Mapping.SetSize(newSize);
                return freed;
            },
            () =>
            {
                Refuse(
                    offsetBytes >= SizeBytes,
                    $"Room is made before the end of the file, {SizeBytes}, not at {offsetBytes}. To let the file grow, set its length.");
                Refuse(
                    lengthBytes > options.MaximumSizeBytes - SizeBytes,
                    $"With {lengthBytes} bytes more than {SizeBytes} the file would be larger than {options.MaximumSizeBytes}.");
            });
    }

    private delegate FreedBlocks LayoutWork(LayoutChange change, LayoutPlan plan);

    // One writer of the layout at a time; the plan is made when the size cannot change any more.
    private void ChangeLayout(FileOperation operation, long offset, long length, LayoutWork work, Action? check = null)
    {
        inodeLock.EnterWriteLock();
        try
        {
            check?.Invoke();
            LayoutPlan plan = Habits.PlanFor(operation, offset, length, SizeBytes);
            if (!LayoutChange.TryBegin(Mapping, plan, options.WaitsForPins, out LayoutChange change))
            {
                throw DaxFileException.Busy(this, offset);
            }

            using (change)
            {
                // Nothing maps or pins them any more: they may go to other files.
                Mapping.ReleaseBlocks(work(change, plan));
            }
        }
        finally
        {
            inodeLock.ExitWriteLock();
        }
    }

    private void GrowTo(long sizeBytes, LayoutChange change, LayoutPlan plan)
    {
        if (sizeBytes <= SizeBytes)
        {
            return;
        }

        if (ZeroBehindEnd(FaultsAre.KeptOut))
        {
            change.WriteBackZeroed(plan);
        }

        Mapping.GrowSize(sizeBytes);
    }

    // The parts of the first and the last page that a range does not cover whole.
    private void ZeroEdges(long offset, long length)
    {
        long end = offset + length;
        PageRange inside = PageRange.Inside(offset, length);
        long headEnd = inside.IsEmpty ? end : inside.First.OffsetBytes;
        long tailStart = inside.IsEmpty ? end : inside.End.OffsetBytes;
        CheckAll(DataPath.ZeroRange.Run(Mapping, offset, headEnd - offset, FaultsAre.KeptOut, out _), offset);
        CheckAll(DataPath.ZeroRange.Run(Mapping, tailStart, end - tailStart, FaultsAre.KeptOut, out _), tailStart);
    }

    private void Require(ExtentError error, long offset)
    {
        if (error != ExtentError.None)
        {
            throw DaxFileException.Of(this, error == ExtentError.NoSpace ? DataError.NoSpace : DataError.Io, offset);
        }
    }

    private void CheckPositive(long offset, long length)
    {
        CheckRange(offset, length);
        ArgumentOutOfRangeException.ThrowIfZero(length);
    }

    private static void CheckAligned(long offset, long length) => Refuse(
        (offset | length) % DaxConstants.PageSize != 0,
        $"Offset {offset} and length {length} must be multiples of {DaxConstants.PageSize}.");

    private static void Refuse(bool isWrong, string message)
    {
        if (isWrong)
        {
            throw new ArgumentException(message);
        }
    }
}
