using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.ReadWrite;
using DaxEmu.Core.Fs;
using DaxEmu.Native;

namespace DaxEmu.Core;

/// <content>What changes size and blocks.</content>
public sealed partial class DaxFile
{
    /// <summary>Sets the length. What lies past it goes; new bytes read as zeroes.</summary>
    /// <param name="length">The new length, in bytes.</param>
    /// <param name="cancellationToken">Ends the wait for pins; nothing has changed then.</param>
    /// <exception cref="DaxException">The last block could not be zeroed, or is pinned; nothing has changed.</exception>
    public void SetLength(long length, CancellationToken cancellationToken = default)
    {
        CheckRange(length, 0);
        PageRange discards = PageRange.Between(PageRange.Inside(length, 0).First, PageRange.All.End);
        ChangeLayout(new LayoutRequest(FileOperation.Truncate, length, 0, discards, cancellationToken), (change, steps) =>
        {
            bool isGrowing = length > Length;
            ZeroBehindEndTo(length, change);
            if (length < Length)
            {
                PrepareZeroes(length, -length & (DaxConstants.PageSize - 1), steps);
            }

            steps.Change = () =>
            {
                FreedBlocks freed = isGrowing ? FreedBlocks.None : Extents.Truncate(discards.First);
                Mapping.SetSize(length);
                return freed;
            };
        });
    }

    /// <summary>Puts blocks behind a range (fallocate); they read as zeroes where nothing was written.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">How many, at least 1.</param>
    /// <param name="keepSize">Whether the file does not grow.</param>
    /// <param name="cancellationToken">Ends the wait for pins; nothing has changed then.</param>
    /// <exception cref="DaxException">There are not enough blocks; none is taken then.</exception>
    public void Allocate(long offset, long length, bool keepSize = false, CancellationToken cancellationToken = default)
    {
        CheckPositive(offset, length);
        FileOperation operation = keepSize ? FileOperation.AllocateKeepingSize : FileOperation.Allocate;
        ChangeLayout(new LayoutRequest(operation, offset, length, Discards: default, cancellationToken), (change, steps) =>
        {
            long newSize = keepSize ? 0 : offset + length;
            ZeroBehindEndTo(newSize, change);
            steps.Change = () =>
            {
                Require(Extents.Allocate(PageRange.Touching(offset, length)), offset);
                Mapping.GrowSize(newSize);
                return FreedBlocks.None;
            };
        });
    }

    /// <summary>Takes the blocks out of a range, which reads as zeroes then; the size stays. Parts of pages are zeroed.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">How many, at least 1.</param>
    /// <param name="cancellationToken">Ends the wait for pins; nothing has changed then.</param>
    /// <exception cref="DaxException">A part of a page could not be zeroed, or a page is pinned; nothing has changed.</exception>
    public void PunchHole(long offset, long length, CancellationToken cancellationToken = default)
    {
        CheckPositive(offset, length);
        PageRange inside = PageRange.Inside(offset, length);
        ChangeLayout(new LayoutRequest(FileOperation.PunchHole, offset, length, inside, cancellationToken), (_, steps) =>
        {
            PrepareEdges(offset, length, steps);
            steps.Change = () => Extents.Punch(inside);
        });
    }

    /// <summary>Makes a range read as zeroes, with blocks behind all of it; the file grows if it reaches past its end.</summary>
    /// <param name="offset">First byte.</param>
    /// <param name="length">How many, at least 1.</param>
    /// <param name="cancellationToken">Ends the wait for pins; nothing has changed then.</param>
    /// <exception cref="DaxException">
    /// There are not enough blocks, a part of a page could not be zeroed, or a page is pinned; no byte and no size has changed.
    /// </exception>
    public void ZeroRange(long offset, long length, CancellationToken cancellationToken = default)
    {
        CheckPositive(offset, length);
        PageRange inside = PageRange.Inside(offset, length);
        ChangeLayout(new LayoutRequest(FileOperation.ZeroRange, offset, length, inside, cancellationToken), (change, steps) =>
        {
            ZeroBehindEndTo(offset + length, change);
            PrepareEdges(offset, length, steps);
            Require(Extents.Allocate(PageRange.Touching(offset, length)), offset);
            steps.Change = () =>
            {
                Require(Extents.ToUnwritten(inside, out FreedBlocks freed), offset);
                Mapping.GrowSize(offset + length);
                return freed;
            };
        });
    }

    /// <summary>Takes a range out of the file; what lies after it moves down.</summary>
    /// <param name="offset">First byte; a multiple of 4096.</param>
    /// <param name="length">How many; a multiple of 4096. The range ends before the file does.</param>
    /// <param name="cancellationToken">Ends the wait for pins; nothing has changed then.</param>
    /// <exception cref="ArgumentException">The range is not aligned, or reaches to the end.</exception>
    /// <exception cref="DaxException">A page that moves could not be written back, or is pinned; nothing has changed.</exception>
    public void CollapseRange(long offset, long length, CancellationToken cancellationToken = default)
    {
        CheckPositive(offset, length);
        CheckAligned(offset, length);
        PageRange inside = PageRange.Inside(offset, length);
        ChangeLayout(
            new LayoutRequest(FileOperation.CollapseRange, offset, length, inside, cancellationToken),
            (_, steps) => steps.Change = () =>
            {
                FreedBlocks freed = Extents.Collapse(inside);
                Mapping.SetSize(Length - length);
                return freed;
            },
            () => Refuse(
                offset + length >= Length,
                $"The range {offset} + {length} must end before the file does, at {Length}. To cut the file off, set its length."));
    }

    /// <summary>Inserts a hole: what lies at the offset and after it moves up.</summary>
    /// <param name="offset">Where; a multiple of 4096, before the end of the file.</param>
    /// <param name="length">How many bytes; a multiple of 4096.</param>
    /// <param name="cancellationToken">Ends the wait for pins; nothing has changed then.</param>
    /// <exception cref="ArgumentException">The range is not aligned, begins past EOF, or the file would become too large.</exception>
    /// <exception cref="DaxException">A page that moves could not be written back, or is pinned; nothing has changed.</exception>
    public void InsertRange(long offset, long length, CancellationToken cancellationToken = default)
    {
        CheckPositive(offset, length);
        CheckAligned(offset, length);
        ChangeLayout(
            new LayoutRequest(FileOperation.InsertRange, offset, length, Discards: default, cancellationToken),
            (change, steps) =>
            {
                long newSize = Length + length;
                ZeroBehindEndTo(newSize, change);
                steps.Change = () =>
                {
                    FreedBlocks freed = Extents.Insert(PageRange.Inside(offset, length));
                    Mapping.SetSize(newSize);
                    return freed;
                };
            },
            () =>
            {
                Refuse(
                    offset >= Length,
                    $"A hole is inserted before the end of the file, {Length}, not at {offset}. To let the file grow, set its length.");
                Refuse(
                    length > options.MaximumSizeBytes - Length,
                    $"With {length} bytes more than {Length} the file would be larger than {options.MaximumSizeBytes}.");
            });
    }

    // What is asked for: pages whose content goes (Discards) need not be written back.
    private readonly record struct LayoutRequest(
        FileOperation Operation, long Offset, long Length, PageRange Discards, CancellationToken CancellationToken);

    private delegate void LayoutPreparation(LayoutChange change, LayoutSteps steps);

    // One writer of the layout at a time; the plan is made when the size cannot change any more. What can fail runs first and shows
    // nothing; then extents and size change in one step; then entries, translations and edges follow, which cannot fail.
    private void ChangeLayout(in LayoutRequest request, LayoutPreparation prepare, Action? check = null)
    {
        ThrowIfReadOnly();
        using RwSemaphore.WriteHold hold = InodeLock.Write();
        ThrowIfDisposed();
        check?.Invoke();
        LayoutPlan plan = FileSystem.PlanFor(request.Operation, request.Offset, request.Length, Length);
        if (!LayoutChange.TryBegin(Mapping, plan, options.WaitsForPins, out LayoutChange change, options.PinTimeout, request.CancellationToken))
        {
            throw FileErrors.Busy(this, request.Offset);
        }

        using (change)
        {
            Carry(change, request, prepare);
        }
    }

    private void Carry(LayoutChange change, in LayoutRequest request, LayoutPreparation prepare)
    {
        var steps = new LayoutSteps();
        FreedBlocks freed;
        try
        {
            prepare(change, steps);
            change.FlushKept(request.Discards);
            freed = Extents.ChangeWithSize(steps.Change);
        }
        catch (DaxEnvironmentException failure)
        {
            throw FileErrors.Io(this, request.Offset, failure);
        }

        core.Node.IsModified = true;
        Mapping.LayoutOperation = request.Operation.ToString();
        change.TakeOut();
        Mapping.LayoutOperation = null;
        if (Extents.Journal?.CommitsBeforeRelease == true)
        {
            // Zeroes are stored in place: were they durable before the size, a cut would leave the old size without its last bytes.
            Mapping.CommitBlocks();
        }

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
        if (newSize > Length && ZeroBehindEnd(FaultsAre.KeptOut))
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
