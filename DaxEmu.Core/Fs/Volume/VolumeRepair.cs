using DaxEmu.Core.Iomap;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>Makes a sound volume from what can be read of a damaged one.</summary>
/// <remarks>
/// The repaired state is written as a new log to pages that nothing uses, and the root follows: a cut in the middle leaves the damaged volume
/// as it was, to be repaired again.
/// </remarks>
internal sealed class VolumeRepair
{
    private const string LostAndFound = "lost+found";

    private readonly VolumeReading reading;
    private readonly VolumeState damaged;
    private readonly VolumeState state;
    private readonly List<string> repairs = [];

    private VolumeRepair(VolumeReading reading)
    {
        this.reading = reading;
        damaged = reading.State!;
        state = new VolumeState(damaged.PageCount) { IsSnapshot = true };
    }

    /// <summary>Repairs what was read.</summary>
    /// <returns>What was done.</returns>
    /// <exception cref="DaxException">The device has no space for the repaired metadata; nothing was changed.</exception>
    public static List<string> Run(IPersistentMemory memory, VolumeReading reading)
    {
        var repair = new VolumeRepair(reading);
        repair.KeepInodes();
        repair.KeepNames();
        repair.FindLost();
        foreach (Inode inode in repair.state.Inodes)
        {
            repair.Count(inode);
        }

        repair.state.IsSnapshot = false;
        repair.Write(memory);
        return repair.repairs;
    }

    private void KeepInodes()
    {
        var owned = new PageBits(damaged.PageCount);
        foreach (PfnRange segment in reading.Root!.Segments.SelectMany(copy => copy))
        {
            Assign(owned, segment);
        }

        var shared = new PageBits(damaged.PageCount);
        foreach (Inode inode in damaged.Inodes.OrderBy(inode => inode.Number))
        {
            if (inode is { LinkCount: 0, NamesSeen: 0 })
            {
                repairs.Add($"file {inode.Number}, which was deleted while it was open, is gone");
                continue;
            }

            _ = state.Put(inode.Number, inode.IsDirectory, inode.Mode, 0, inode.SizeBytes, inode.CreatedTicks, inode.ModifiedTicks, inode.ChangedTicks);
            if (inode.Blocks.Count > 0)
            {
                _ = state.SetBlocks(inode.Number, PageRange.All, [.. KeepBlocks(inode, owned, shared)]);
            }
        }
    }

    // The first owner keeps a page; the others get a hole there, since whose the data are cannot be said.
    private List<Extent> KeepBlocks(Inode inode, PageBits owned, PageBits shared)
    {
        var kept = new List<Extent>();
        foreach (Extent extent in inode.Blocks.In(PageRange.All))
        {
            long lost = 0;
            for (long page = 0; page < extent.PageCount; page++)
            {
                long at = extent.Pfn.Value + page;
                bool isFree = extent.IsShared ? !owned.IsSet(at) : !owned.IsSet(at) && !shared.IsSet(at);
                if (!isFree)
                {
                    lost++;
                    continue;
                }

                (extent.IsShared ? shared : owned).Assign(at, true);
                kept.Add(ExtentTree.Cut(extent, new PageRange(extent.First + page, 1)));
            }

            if (lost > 0)
            {
                repairs.Add($"file {inode.Number} lost {lost} pages from page {extent.First} on, which another owner has");
            }
        }

        return kept;
    }

    private void KeepNames()
    {
        foreach (Inode directory in damaged.Inodes.Where(inode => inode.IsDirectory).OrderBy(inode => inode.Number))
        {
            foreach ((string name, long target) in directory.Names!.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                Inode? inode = state.Find(target);
                bool isSecond = inode is { IsDirectory: true } && (inode.Parent != 0 || target == VolumeFormat.RootInode);
                if (inode is null || isSecond || state.Link(directory.Number, name, target, directory.ModifiedTicks) is not null)
                {
                    repairs.Add($"the name '{name}' in directory {directory.Number}, which led to {(inode is null ? "nothing" : "a directory that has a name already")}, is gone");
                }
            }
        }
    }

    private void FindLost()
    {
        while (true)
        {
            foreach (Inode inode in state.Inodes)
            {
                inode.IsReached = false;
            }

            StructureCheck.Reach(state, state.Find(VolumeFormat.RootInode)!);
            Inode? lost = state.Inodes.Where(inode => !inode.IsReached && (!inode.IsDirectory || !HasLostParent(inode))).MinBy(inode => inode.Number)
                ?? state.Inodes.Where(inode => !inode.IsReached).MinBy(inode => inode.Number);
            if (lost is null)
            {
                return;
            }

            if (lost.IsDirectory && HasLostParent(lost))
            {
                Inode parent = state.Find(lost.Parent)!; // a circle of directories: it is opened here
                string old = parent.Names!.First(pair => pair.Value == lost.Number).Key;
                lost.LinkCount++;
                _ = state.Unlink(parent.Number, old, lost.Number, parent.ModifiedTicks);
            }

            string name = $"#{lost.Number}";
            _ = state.Link(LostAndFoundNumber(), name, lost.Number, lost.ChangedTicks);
            repairs.Add($"{(lost.IsDirectory ? "directory" : "file")} {lost.Number}, which could not be reached, is '{LostAndFound}/{name}' now");
        }
    }

    private bool HasLostParent(Inode inode) => state.Find(inode.Parent) is { IsReached: false } parent && parent.Names!.ContainsValue(inode.Number);

    private long LostAndFoundNumber()
    {
        Inode root = state.Find(VolumeFormat.RootInode)!;
        string name = LostAndFound;
        for (int i = 1; root.Names!.TryGetValue(name, out long found); i++)
        {
            if (state.Find(found) is { IsDirectory: true })
            {
                return found;
            }

            name = $"{LostAndFound}.{i}";
        }

        long number = state.TakeNumber();
        _ = state.Put(number, isDirectory: true, 0x1C0, 0, 0, root.ChangedTicks, root.ChangedTicks, root.ChangedTicks); // rwx------
        _ = state.Link(root.Number, name, number, root.ChangedTicks);
        return number;
    }

    private void Count(Inode inode)
    {
        int names = inode.Number == VolumeFormat.RootInode
            ? 1
            : state.Inodes.Where(directory => directory.IsDirectory).Sum(directory => directory.Names!.Values.Count(target => target == inode.Number));
        if (damaged.Find(inode.Number) is { } before && before.LinkCount != names)
        {
            repairs.Add($"{(inode.IsDirectory ? "directory" : "file")} {inode.Number} counts {names} names now, not {before.LinkCount}");
        }

        inode.LinkCount = names;
    }

    private void Write(IPersistentMemory memory)
    {
        var rest = new VolumeReading { Superblock = reading.Superblock, Root = reading.Root, State = state };
        using BlockAllocator allocator = VolumeWriter.AllocatorFor(reading.Root!.SizePages, rest, []);
        MetadataLog.Rewrite(memory, allocator, reading.Superblock!.Id, reading.Root, state);
        Superblock superblock = reading.Superblock;
        superblock.Write(memory, 1);
        superblock.Write(memory, 0);
        memory.Drain(); // J6
        repairs.Add($"all metadata are written anew, in two copies: {state.InodeCount} inodes, {state.NameCount} names, {state.ExtentCount} extents");
    }

    private static void Assign(PageBits bits, PfnRange pages)
    {
        for (long page = pages.First.Value; page < pages.End.Value; page++)
        {
            bits.Assign(page, true);
        }
    }
}
