using System.Text;
using DaxEmu.Core.Iomap;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>Makes volumes, and says what is on one.</summary>
internal static class VolumeWriter
{
    /// <summary>Makes an empty volume. Cut in the middle it leaves none, or one that is refused as damaged.</summary>
    public static void Format(IPersistentMemory memory, VolumeOptions options)
    {
        if (Encoding.UTF8.GetByteCount(options.Label) > Superblock.LabelBytes)
        {
            throw new ArgumentException($"The label '{options.Label}' has more than {Superblock.LabelBytes} bytes of UTF-8. Give a shorter one.", nameof(options));
        }

        for (int copy = 0; copy < VolumeFormat.CopyCount; copy++)
        {
            Superblock.Unmark(memory, copy);
        }

        memory.Drain();
        foreach (PfnRange page in VolumeFormat.ReservedPages)
        {
            memory.CopyNonTemporal(page.First.OffsetBytes, new byte[DaxConstants.PageSize]);
        }

        long ticks = options.Clock.GetUtcNow().UtcTicks;
        long pages = memory.SizeBytes >> DaxConstants.PageShift;
        var superblock = new Superblock(options.Id ?? Guid.NewGuid(), ticks, options.Label);
        using BlockAllocator allocator = Reserve(new PfnRange(new Pfn(0), pages));
        MetadataLog log = MetadataLog.Create(memory, allocator, superblock.Id, NewState(pages, ticks), options.Flaws);
        log.WriteFirstRoots();
        for (int copy = 0; copy < VolumeFormat.CopyCount; copy++)
        {
            superblock.Write(memory, copy, isMarked: false);
        }

        memory.Drain();
        Superblock.Mark(memory, 1);
        Superblock.Mark(memory, 0);
        memory.Drain(); // J5
    }

    /// <summary>The state of an empty volume.</summary>
    public static VolumeState NewState(long pageCount, long ticks, bool hasMedium = true)
    {
        var state = new VolumeState(pageCount, hasMedium);
        _ = state.Put(VolumeFormat.RootInode, isDirectory: true, 0x1ED, linkCount: 1, 0, ticks, ticks, ticks); // rwxr-xr-x
        return state;
    }

    /// <summary>An allocator from which a sound volume's pages are taken.</summary>
    /// <param name="devicePages">Pages of the device, those included that the volume does not use yet.</param>
    /// <param name="reading">The volume.</param>
    /// <param name="without">Files whose blocks are free already.</param>
    public static BlockAllocator AllocatorFor(long devicePages, VolumeReading reading, Inode[] without)
    {
        BlockAllocator allocator = Reserve(new PfnRange(new Pfn(0), devicePages));
        if (devicePages > reading.Root!.SizePages)
        {
            allocator.Claim(new PfnRange(new Pfn(reading.Root.SizePages), devicePages - reading.Root.SizePages));
        }

        foreach (PfnRange segment in reading.Root.Segments.SelectMany(copy => copy))
        {
            allocator.Claim(segment);
        }

        foreach (Inode inode in reading.State!.Inodes)
        {
            if (inode.Blocks.Count > 0 && !without.Contains(inode))
            {
                foreach (Extent extent in inode.Blocks.In(PageRange.All))
                {
                    allocator.Claim(new PfnRange(extent.Pfn, extent.PageCount));
                }
            }
        }

        return allocator;
    }

    /// <summary>What is on a volume, and what is wrong with it.</summary>
    public static VolumeReport Report(VolumeReading reading, IReadOnlyList<string> repairs)
    {
        VolumeState? state = reading.State;
        long size = reading.Root?.SizePages ?? 0;
        long metadata = reading.Root?.Segments.Sum(copy => copy.Sum(segment => segment.PageCount)) ?? 0;
        long held = metadata + VolumeFormat.ReservedPages.Length + (state is null ? 0 : HeldPages(state, size));
        long directories = state?.Inodes.Count(inode => inode.IsDirectory) ?? 0;
        return new VolumeReport(
            [.. reading.Problems],
            repairs,
            reading.Superblock?.Id ?? Guid.Empty,
            reading.Superblock?.Label ?? "",
            size << DaxConstants.PageShift,
            Math.Max(0, size - held) << DaxConstants.PageShift,
            (state?.InodeCount ?? 0) - directories,
            directories,
            state?.ExtentCount ?? 0,
            metadata << DaxConstants.PageShift)
        {
            Refusal = reading.Problems.Count > 0 && repairs.Count == 0 ? reading.Reason : null,
        };
    }

    private static BlockAllocator Reserve(PfnRange all)
    {
        var allocator = new BlockAllocator(all);
        foreach (PfnRange page in VolumeFormat.ReservedPages)
        {
            allocator.Claim(page);
        }

        return allocator;
    }

    // Shared pages count once.
    private static long HeldPages(VolumeState state, long sizePages)
    {
        var shared = new PageBits(sizePages);
        long count = 0;
        foreach (Extent extent in state.Inodes.SelectMany(inode => inode.Blocks.In(PageRange.All)))
        {
            for (long page = extent.Pfn.Value; extent.IsShared && page < extent.Pfn.Value + extent.PageCount; page++)
            {
                count += shared.IsSet(page) ? 0 : 1;
                shared.Assign(page, true);
            }

            count += extent.IsShared ? 0 : extent.PageCount;
        }

        return count;
    }
}
