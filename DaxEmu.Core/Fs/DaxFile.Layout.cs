using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.ReadWrite;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Units;
using DaxEmu.Native;

namespace DaxEmu.Core.Fs;

/// <content>What changes size and blocks.</content>
public sealed partial class DaxFile
{
    /// <summary>Sets the size. What lies past it goes; new bytes read as zeroes.</summary>
    /// <exception cref="DaxException">The last block could not be zeroed, or is pinned; nothing has changed.</exception>
    public void SetLength(long sizeBytes)
    {
        CheckRange(sizeBytes, 0);
        PageRange discards = PageRange.Between(PageRange.Inside(sizeBytes, 0).First, PageRange.All.End);
        ChangeLayout(FileOperation.Truncate, sizeBytes, 0, discards, (change, steps) =>
        {
            bool isGrowing = sizeBytes > SizeBytes;
            ZeroBehindEndTo(sizeBytes, change);
            if (sizeBytes < SizeBytes)
            {
                PrepareZeroes(sizeBytes, -sizeBytes & (DaxConstants.PageSize - 1), steps);
            }

            steps.Change = () =>
            {
                FreedBlocks freed = isGrowing ? FreedBlocks.None : Extents.Truncate(discards.First);
                Mapping.SetSize(sizeBytes);
                return freed;
            };
        });
    }

    /// <summary>Puts blocks behind a range (fallocate); they read as zeroes where nothing was written.</summary>
    /// <param name="offsetBytes">First byte.</param>
    /// <param name="lengthBytes">How many, at least 1.</param>
    /// <param name="keepSize">Whether the file does not grow.</param>
    /// <exception cref="DaxException">There are not enough blocks; none is taken then.</exception>
    public void Allocate(long offsetBytes, long lengthBytes, bool keepSize = false)
    {
        CheckPositive(offsetBytes, lengthBytes);
        FileOperation operation = keepSize ? FileOperation.AllocateKeepingSize : FileOperation.Allocate;
        ChangeLayout(operation, offsetBytes, lengthBytes, discards: default, (change, steps) =>
        {
            long newSize = keepSize ? 0 : offsetBytes + lengthBytes;
            ZeroBehindEndTo(newSize, change);
            steps.Change = () =>
            {
                Require(Extents.Allocate(PageRange.Touching(offsetBytes, lengthBytes)), offsetBytes);
                Mapping.GrowSize(newSize);
                return FreedBlocks.None;
            };
        });
    }

    /// <summary>Takes the blocks out of a range, which reads as zeroes then; the size stays. Parts of pages are zeroed.</summary>
    /// <exception cref="DaxException">A part of a page could not be zeroed, or a page is pinned; nothing has changed.</exception>
    public void PunchHole(long offsetBytes, long lengthBytes)
    {
        CheckPositive(offsetBytes, lengthBytes);
        PageRange inside = PageRange.Inside(offsetBytes, lengthBytes);
        ChangeLayout(FileOperation.PunchHole, offsetBytes, lengthBytes, inside, (_, steps) =>
        {
            PrepareEdges(offsetBytes, lengthBytes, steps);
            steps.Change = () => Extents.Punch(inside);
        });
    }

    /// <summary>Makes a range read as zeroes, with blocks behind all of it; the file grows if it reaches past its end.</summary>
    /// <exception cref="DaxException">
    /// There are not enough blocks, a part of a page could not be zeroed, or a page is pinned; no byte and no size has changed.
    /// </exception>
    public void ZeroRange(long offsetBytes, long lengthBytes)
    {
        CheckPositive(offsetBytes, lengthBytes);
        PageRange inside = PageRange.Inside(offsetBytes, lengthBytes);
        ChangeLayout(FileOperation.ZeroRange, offsetBytes, lengthBytes, inside, (change, steps) =>
        {
            ZeroBehindEndTo(offsetBytes + lengthBytes, change);
            PrepareEdges(offsetBytes, lengthBytes, steps);
            Require(Extents.Allocate(PageRange.Touching(offsetBytes, lengthBytes)), offsetBytes);
            steps.Change = () =>
            {
                Require(Extents.ToUnwritten(inside, out FreedBlocks freed), offsetBytes);
                Mapping.GrowSize(offsetBytes + lengthBytes);
                return freed;
            };
        });
    }

    /// <summary>Takes a range out of the file; what lies behind it moves down.</summary>
    /// <param name="offsetBytes">First byte; a multiple of 4096.</param>
    /// <param name="lengthBytes">How many; a multiple of 4096. The range ends before the file does.</param>
    /// <exception cref="ArgumentException">The range is not aligned, or reaches to the end.</exception>
    /// <exception cref="DaxException">A page that moves could not be written back, or is pinned; nothing has changed.</exception>
    public void CollapseRange(long offsetBytes, long lengthBytes)
    {
        CheckPositive(offsetBytes, lengthBytes);
        CheckAligned(offsetBytes, lengthBytes);
        PageRange inside = PageRange.Inside(offsetBytes, lengthBytes);
        ChangeLayout(
            FileOperation.CollapseRange,
            offsetBytes,
            lengthBytes,
            inside,
            (_, steps) => steps.Change = () =>
            {
                FreedBlocks freed = Extents.Collapse(inside);
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
    /// <exception cref="DaxException">A page that moves could not be written back, or is pinned; nothing has changed.</exception>
    public void InsertRange(long offsetBytes, long lengthBytes)
    {
        CheckPositive(offsetBytes, lengthBytes);
        CheckAligned(offsetBytes, lengthBytes);
        ChangeLayout(
            FileOperation.InsertRange,
            offsetBytes,
            lengthBytes,
            discards: default,
            (change, steps) =>
            {
                long newSize = SizeBytes + lengthBytes;
                ZeroBehindEndTo(newSize, change);
                steps.Change = () =>
                {
                    FreedBlocks freed = Extents.Insert(PageRange.Inside(offsetBytes, lengthBytes));
                    Mapping.SetSize(newSize);
                    return freed;
                };
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

    private delegate void LayoutPreparation(LayoutChange change, LayoutSteps steps);

    // One writer of the layout at a time; the plan is made when the size cannot change any more. What can fail runs first and shows
    // nothing; then extents and size change in one step; then entries, translations and edges follow, which cannot fail.
    private void ChangeLayout(
        FileOperation operation, long offset, long length, PageRange discards, LayoutPreparation prepare, Action? check = null)
    {
        using RwSemaphore.WriteHold hold = inodeLock.Write();
        ThrowIfDisposed();
        check?.Invoke();
        LayoutPlan plan = Habits.PlanFor(operation, offset, length, SizeBytes);
        if (!LayoutChange.TryBegin(Mapping, plan, options.WaitsForPins, out LayoutChange change, options.PinTimeout))
        {
            throw FileErrors.Busy(this, offset);
        }

        using (change)
        {
            Carry(change, discards, offset, prepare);
        }
    }

    private void Carry(LayoutChange change, PageRange discards, long offset, LayoutPreparation prepare)
    {
        var steps = new LayoutSteps();
        FreedBlocks freed;
        try
        {
            prepare(change, steps);
            change.FlushKept(discards);
            freed = steps.Change();
        }
        catch (DaxEnvironmentException failure)
        {
            throw FileErrors.Io(this, offset, failure);
        }

        change.TakeOut();
        steps.Zeroes.ForEach(part => Dax.ReadWrite.ZeroRange.Finish(Mapping, part));

        // Nothing maps or pins them any more: they may go to other files.
        Mapping.ReleaseBlocks(freed);
    }

    // What a layout change does once nothing can fail any more.
    private sealed class LayoutSteps
    {
        public Func<FreedBlocks> Change { get; set; } = () => FreedBlocks.None;

        public List<ZeroedPart> Zeroes { get; } = [];
    }

    private void ZeroBehindEndTo(long newSize, LayoutChange change)
    {
        if (newSize > SizeBytes && ZeroBehindEnd(FaultsAre.KeptOut))
        {
            change.WriteBackZeroed();
        }
    }

    // The parts of the first and the last page that a range does not cover whole.
    private void PrepareEdges(long offset, long length, LayoutSteps steps)
    {
        long end = offset + length;
        PageRange inside = PageRange.Inside(offset, length);
        long headEnd = inside.IsEmpty ? end : inside.First.OffsetBytes;
        long tailStart = inside.IsEmpty ? end : inside.End.OffsetBytes;
        if (inside.IsEmpty && PageIndex.FromBytes(offset) != PageIndex.FromBytes(end - 1))
        {
            // Two parts of two neighbouring pages, and no whole page between them.
            headEnd = tailStart = PageIndex.FromBytes(end - 1).OffsetBytes;
        }

        PrepareZeroes(offset, headEnd - offset, steps);
        PrepareZeroes(tailStart, end - tailStart, steps);
    }

    private void PrepareZeroes(long offset, long length, LayoutSteps steps)
    {
        IoError error = Dax.ReadWrite.ZeroRange.Prepare(Mapping, offset, length, out ZeroedPart part);
        if (error != IoError.None)
        {
            throw FileErrors.Of(this, error, offset);
        }

        steps.Zeroes.Add(part);
    }

    private void Require(IoError error, long offset)
    {
        if (error != IoError.None)
        {
            throw FileErrors.Of(this, error == IoError.NoSpace ? IoError.NoSpace : IoError.Io, offset);
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
