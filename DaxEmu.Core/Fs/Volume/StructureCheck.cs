using DaxEmu.Core.Iomap;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>Whether files, directories, names and blocks agree with each other.</summary>
internal static class StructureCheck
{
    /// <summary>Checks what was read, and reports what is wrong.</summary>
    public static void Run(VolumeReading reading)
    {
        VolumeState state = reading.State!;
        if (state.Find(VolumeFormat.RootInode) is not { IsDirectory: true } root)
        {
            reading.Report(VolumeProblemKind.LostMetadata, "there is no root directory");
            return;
        }

        CountNames(reading, state);
        Reach(state, root);
        foreach (Inode inode in state.Inodes)
        {
            CheckInode(reading, inode);
        }

        CheckUse(reading, state);
    }

    private static void CountNames(VolumeReading reading, VolumeState state)
    {
        foreach (Inode inode in state.Inodes)
        {
            inode.NamesSeen = inode.Number == VolumeFormat.RootInode ? 1 : 0;
            inode.IsReached = false;
        }

        foreach (Inode directory in state.Inodes)
        {
            if (directory.Names is not { Count: > 0 } names)
            {
                continue;
            }

            foreach ((string name, long target) in names)
            {
                if (state.Find(target) is { } inode)
                {
                    inode.NamesSeen++;
                }
                else
                {
                    reading.Report(VolumeProblemKind.WrongName, $"the name '{name}' in directory {directory.Number} leads to inode {target}, which does not exist");
                }
            }
        }
    }

    /// <summary>Marks what can be reached from a directory.</summary>
    public static void Reach(VolumeState state, Inode root)
    {
        var next = new Stack<Inode>();
        root.IsReached = true;
        next.Push(root);
        while (next.TryPop(out Inode? directory))
        {
            foreach (long target in directory.Names!.Values)
            {
                if (state.Find(target) is { IsReached: false } inode)
                {
                    inode.IsReached = true;
                    if (inode.IsDirectory)
                    {
                        next.Push(inode);
                    }
                }
            }
        }
    }

    private static void CheckInode(VolumeReading reading, Inode inode)
    {
        string what = inode.IsDirectory ? "directory" : "file";
        if (inode.IsDirectory && inode.NamesSeen > 1)
        {
            reading.Report(VolumeProblemKind.WrongName, $"directory {inode.Number} has {inode.NamesSeen} names");
        }

        if (inode.NamesSeen != inode.LinkCount)
        {
            reading.Report(VolumeProblemKind.WrongLinkCount, $"{what} {inode.Number} has {inode.NamesSeen} names and counts {inode.LinkCount}");
        }
        else if (!inode.IsReached && inode.LinkCount > 0)
        {
            reading.Report(VolumeProblemKind.Unreachable, $"{what} {inode.Number} cannot be reached from the root directory");
        }
    }

    // Two may have a page if both say that they share it; a log shares nothing.
    private static void CheckUse(VolumeReading reading, VolumeState state)
    {
        var used = new PageBits(state.PageCount);
        foreach (PfnRange segment in reading.Root!.Segments.SelectMany(copy => copy))
        {
            Use(reading, used, segment, "the log");
        }

        bool hasShared = false;
        foreach (Inode inode in state.Inodes)
        {
            foreach (Extent extent in inode.Blocks.In(PageRange.All))
            {
                hasShared |= extent.IsShared;
                if (!extent.IsShared)
                {
                    Use(reading, used, new PfnRange(extent.Pfn, extent.PageCount), $"file {inode.Number}");
                }
            }
        }

        if (!hasShared)
        {
            return;
        }

        foreach (Inode inode in state.Inodes)
        {
            foreach (Extent extent in inode.Blocks.In(PageRange.All).Where(extent => extent.IsShared))
            {
                long taken = used.NextSet(extent.Pfn.Value, extent.Pfn.Value + extent.PageCount);
                if (taken < extent.Pfn.Value + extent.PageCount)
                {
                    reading.Report(VolumeProblemKind.DoubleUse, $"page {taken}, which file {inode.Number} shares, has an owner that does not share it");
                }
            }
        }
    }

    private static void Use(VolumeReading reading, PageBits used, PfnRange pages, string owner)
    {
        long taken = used.NextSet(pages.First.Value, pages.End.Value);
        if (taken < pages.End.Value)
        {
            reading.Report(VolumeProblemKind.DoubleUse, $"page {taken} of {owner} belongs to another owner, too");
            return;
        }

        used.Set(pages.First.Value, pages.PageCount);
    }
}
