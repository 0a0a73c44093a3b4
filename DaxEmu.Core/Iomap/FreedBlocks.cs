using System.Runtime.ExceptionServices;
using DaxEmu.Core.Iomap;

namespace DaxEmu.Core;

/// <summary>Blocks that a file gave up and that no other file may have yet.</summary>
/// <remarks>
/// Giving blocks back is a step of its own. Between taking them out of the file and <see cref="Release"/> the caller breaks the layout:
/// drops translations and entries and waits for pins, so that no store and no DMA reaches a block that already belongs to another file
/// (as <c>xfs_break_layouts</c> before the blocks are freed). A file system that must survive a crash also makes the metadata durable
/// in between.
/// </remarks>
public sealed class FreedBlocks
{
    private readonly BlockAllocator? allocator;
    private readonly List<PfnRange> ranges;
    private readonly Action? commit;
    private bool isReleased;

    /// <summary>Blocks of an allocator.</summary>
    /// <param name="allocator">Where they go back to.</param>
    /// <param name="ranges">The blocks.</param>
    /// <param name="commit">Makes durable that the file gave them up, before they go back; null if that is done, or nothing is durable.</param>
    internal FreedBlocks(BlockAllocator? allocator, List<PfnRange> ranges, Action? commit = null)
    {
        this.allocator = allocator;
        this.ranges = ranges;
        this.commit = commit;
    }

    /// <summary>No blocks.</summary>
    public static FreedBlocks None { get; } = new(null, []);

    /// <summary>The blocks, in the order of the file's pages.</summary>
    public IReadOnlyList<PfnRange> Ranges => ranges;

    /// <summary>How many pages.</summary>
    public long PageCount
    {
        get
        {
            long sum = 0;
            foreach (PfnRange range in ranges)
            {
                sum += range.PageCount;
            }

            return sum;
        }
    }

    /// <summary>Takes this file's claim from the blocks; those that no other file shares are free from here on.</summary>
    /// <returns>Pages that became free.</returns>
    /// <exception cref="InvalidOperationException">Released before, or a block is still in use; the others are released all the same.</exception>
    public long Release()
    {
        if (!Begin())
        {
            return 0;
        }

        Exception? first = null;
        long freed = allocator!.ReleaseParts(ranges, ref first);
        if (first is not null)
        {
            ExceptionDispatchInfo.Throw(first);
        }

        return freed;
    }

    /// <summary>As <see cref="Release"/>, but blocks that are pinned are free only when the last pin is dropped.</summary>
    /// <returns>Pages that became free now.</returns>
    internal long ReleaseWhenIdle() => Begin() ? allocator!.ReleaseWhenIdle(ranges) : 0;

    private bool Begin()
    {
        if (allocator is null || ranges.Count == 0)
        {
            return false;
        }

        if (isReleased)
        {
            throw new InvalidOperationException("These blocks were released before.");
        }

        isReleased = true;
        commit?.Invoke(); // one that fails keeps the blocks: after a crash they may be the file's again
        return true;
    }
}
