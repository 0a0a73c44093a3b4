using DaxEmu.Core.Dax.Invalidation;
using DaxEmu.Core.Iomap;
using DaxEmu.Core.Mm;
using DaxEmu.Native;

namespace DaxEmu.Core.Dax.ReadWrite;

/// <summary>Makes a file show another's blocks (<c>dax_remap_file_range_prep</c> and the file system's reflink).</summary>
internal static class Remap
{
    /// <summary>Shares the blocks of a range. The caller keeps writers and other changes of layout out of both files.</summary>
    /// <remarks>
    /// Both sides lose the entries of their range: the target's because its blocks change, the source's because they would allow a write
    /// without a look at the extents, which now say "shared". Before that the source is written back, and pins of either are waited for:
    /// what a DMA stores would be seen by both files. All that can fail comes before the first entry goes.
    /// </remarks>
    /// <param name="source">The file whose blocks are shared.</param>
    /// <param name="sourceExtents">Its extents.</param>
    /// <param name="range">Which of its pages.</param>
    /// <param name="target">The file that shows them too.</param>
    /// <param name="targetExtents">Its extents.</param>
    /// <param name="first">Where it shows them.</param>
    /// <param name="cutsTarget">Whether the target ends with the range: everything after it goes.</param>
    /// <param name="targetSizeBytes">The target's size afterwards.</param>
    /// <param name="pinTimeout">How long to wait for pins; zero for not at all.</param>
    /// <param name="busy">The page that was still pinned then.</param>
    /// <param name="cancellationToken">Ends the wait for pins; nothing has changed then.</param>
    /// <returns>Why not: the source could not be written back. Nothing has changed then.</returns>
    public static IoError Share(
        AddressSpace source,
        InMemoryExtentMap sourceExtents,
        PageRange range,
        AddressSpace target,
        InMemoryExtentMap targetExtents,
        PageIndex first,
        bool cutsTarget,
        long targetSizeBytes,
        TimeSpan pinTimeout,
        out Pfn? busy,
        CancellationToken cancellationToken = default)
    {
        PageRange dropped = cutsTarget ? PageRange.Between(first, PageRange.All.End) : new PageRange(first, range.PageCount);
        while (true)
        {
            IoError error = TryShare(source, sourceExtents, range, target, targetExtents, dropped, cutsTarget, targetSizeBytes, out busy);
            if (busy is null || !source.Device.Owners.WaitIdle(busy.Value, pinTimeout, cancellationToken))
            {
                return error;
            }
        }
    }

    // In the order of ids, so that two opposite calls cannot wait for each other.
    private static IoError TryShare(
        AddressSpace source,
        InMemoryExtentMap sourceExtents,
        PageRange range,
        AddressSpace target,
        InMemoryExtentMap targetExtents,
        PageRange dropped,
        bool cutsTarget,
        long targetSizeBytes,
        out Pfn? busy)
    {
        AddressSpace lower = source.Id <= target.Id ? source : target;
        AddressSpace upper = lower == source ? target : source;
        using AsymmetricLock.WriteHold outer = lower.InvalidateLock.Write();
        using AsymmetricLock.WriteHold inner = lower == upper ? default : upper.InvalidateLock.Write();
        busy = LayoutBreak.AwaitIdle(source, default, range, maySleep: false) ?? LayoutBreak.AwaitIdle(target, default, dropped, maySleep: false);
        return busy is null ? ShareIdle(source, sourceExtents, range, target, targetExtents, dropped, cutsTarget, targetSizeBytes) : IoError.None;
    }

    private static IoError ShareIdle(
        AddressSpace source,
        InMemoryExtentMap sourceExtents,
        PageRange range,
        AddressSpace target,
        InMemoryExtentMap targetExtents,
        PageRange dropped,
        bool cutsTarget,
        long targetSizeBytes)
    {
        if (Fsync.WriteAndWait(source, range) is var lost && lost != IoError.None)
        {
            return lost;
        }

        FreedBlocks freed;
        try
        {
            LayoutBreak.FlushKept(source, range, discards: default);
            LayoutBreak.FlushKept(target, dropped, discards: dropped);
            freed = targetExtents.ShareFrom(sourceExtents, range, dropped.First, cutsTarget, () => target.SetSize(targetSizeBytes));
        }
        catch (DaxEnvironmentException)
        {
            return IoError.Io;
        }

        LayoutBreak.TakeOut(source, range);
        LayoutBreak.TakeOut(target, dropped);
        target.Unmap(dropped);
        target.ReleaseBlocks(freed);
        return IoError.None;
    }
}
