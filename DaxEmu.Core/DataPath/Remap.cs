using DaxEmu.Core.Extents;
using DaxEmu.Core.Invalidation;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Units;
using DaxEmu.Core.Writeback;

namespace DaxEmu.Core.DataPath;

/// <summary>Makes a file show another's blocks (<c>dax_remap_file_range_prep</c> and the file system's reflink).</summary>
internal static class Remap
{
    /// <summary>Shares the blocks of a range. The caller keeps writers and other changes of layout out of both files.</summary>
    /// <remarks>
    /// Both sides lose the entries of their range: the target's because its blocks change, the source's because they would allow a write
    /// without a look at the extents, which now say "shared". Before that the source is written back, and pins of either are waited for:
    /// what a DMA stores would be seen by both files.
    /// </remarks>
    public static void Share(
        AddressSpace source, InMemoryExtentMap sourceExtents, PageRange range, AddressSpace target, InMemoryExtentMap targetExtents, PageIndex first)
    {
        var targetRange = new PageRange(first, range.PageCount);
        bool isOneFile = source == target;
        AddressSpace lower = source.Id <= target.Id ? source : target;
        AddressSpace upper = lower == source ? target : source;
        while (true)
        {
            Enter(lower, upper, isOneFile);
            Pfn? busy = null;
            try
            {
                busy = LayoutBreak.AwaitIdle(source, default, range, maySleep: false)
                    ?? LayoutBreak.AwaitIdle(target, default, targetRange, maySleep: false);
                if (busy is null)
                {
                    WritebackPass.Run(source, range);
                    LayoutBreak.TakeOut(source, range);
                    LayoutBreak.TakeOut(target, targetRange);
                    target.Unmap(targetRange);
                    target.ReleaseBlocks(targetExtents.ShareFrom(sourceExtents, range, first));
                    return;
                }
            }
            finally
            {
                Exit(lower, upper, isOneFile);
            }

            source.Device.Owners.WaitIdle(busy.Value);
        }
    }

    // In the order of ids, so that two opposite calls cannot wait for each other.
    private static void Enter(AddressSpace lower, AddressSpace upper, bool isOneFile)
    {
        lower.InvalidateLock.EnterWrite();
        if (!isOneFile)
        {
            upper.InvalidateLock.EnterWrite();
        }
    }

    private static void Exit(AddressSpace lower, AddressSpace upper, bool isOneFile)
    {
        if (!isOneFile)
        {
            upper.InvalidateLock.ExitWrite();
        }

        lower.InvalidateLock.ExitWrite();
    }
}
