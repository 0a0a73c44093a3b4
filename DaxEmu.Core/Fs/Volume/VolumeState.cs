using System.Text;
using DaxEmu.Core.Iomap;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>
/// Files, directories and blocks as the log has them: what its records, applied one after the other, amount to. Changed by records only, at
/// the mount and later: so what is in memory is what the next mount finds.
/// </summary>
/// <remarks>Not thread-safe. Each change answers what is wrong with it, and then has not happened.</remarks>
internal sealed class VolumeState
{
    // 9999-12-31, the last day of DateTime.
    private const long LastTicks = 3_155_378_975_999_999_999;

    private readonly Dictionary<long, Inode> inodes = [];

    private readonly bool hasMedium;

    /// <summary>An empty state.</summary>
    /// <param name="pageCount">Pages of the device that the volume uses.</param>
    /// <param name="hasMedium">Whether superblocks take some of them.</param>
    public VolumeState(long pageCount, bool hasMedium = true)
    {
        PageCount = pageCount;
        this.hasMedium = hasMedium;
    }

    /// <summary>Pages of the device that the volume uses.</summary>
    public long PageCount { get; set; }

    /// <summary>The number for the next inode.</summary>
    public long NextNumber { get; private set; } = VolumeFormat.RootInode;

    /// <summary>All files and directories, in no order.</summary>
    public Dictionary<long, Inode>.ValueCollection Inodes => inodes.Values;

    /// <summary>How many files and directories.</summary>
    public int InodeCount => inodes.Count;

    /// <summary>How many names.</summary>
    public long NameCount { get; private set; }

    /// <summary>How many extents.</summary>
    public long ExtentCount { get; private set; }

    /// <summary>At most so many bytes the records take that amount to all this.</summary>
    public long SnapshotBytes { get; private set; } = VolumeFormat.RecordHeaderBytes + RecordReader.TotalsBytes;

    /// <summary>A file or directory; null if there is none of that number.</summary>
    public Inode? Find(long number) => inodes.GetValueOrDefault(number);

    /// <summary>A number that no file has, or had since the mount.</summary>
    public long TakeNumber() => NextNumber++;

    /// <summary>Whether the volume has these pages, and files may use them.</summary>
    public bool HasPages(Pfn first, long count) => !hasMedium
        ? first.Value >= 0 && count <= PageCount - first.Value
        : first.Value > VolumeFormat.SuperblockPage(0).Value && count <= PageCount - first.Value
        && (first.Value > VolumeFormat.SuperblockPage(1).Value || first.Value + count <= VolumeFormat.SuperblockPage(1).Value);

    public string? Put(
        long number, bool isDirectory, ushort mode, int linkCount, long sizeBytes, long createdTicks, long modifiedTicks, long changedTicks)
    {
        Inode? inode = Find(number);
        if (number is < VolumeFormat.RootInode or long.MaxValue || linkCount < 0 || sizeBytes < 0 || (inode is not null && inode.IsDirectory != isDirectory)
            || !IsTime(createdTicks) || !IsTime(modifiedTicks) || !IsTime(changedTicks))
        {
            return $"inode {number} cannot be {(isDirectory ? "a directory" : "a file")} with {linkCount} names and {sizeBytes} bytes";
        }

        if (inode is null)
        {
            inode = new Inode(number, isDirectory);
            inodes.Add(number, inode);
            NextNumber = Math.Max(NextNumber, number + 1);
            SnapshotBytes += InodeCost;
        }

        inode.Mode = mode;
        inode.LinkCount = linkCount;
        inode.SizeBytes = sizeBytes;
        inode.CreatedTicks = createdTicks;
        inode.ModifiedTicks = modifiedTicks;
        inode.ChangedTicks = changedTicks;
        return null;
    }

    /// <summary>Adds a name. In a snapshot the inode says how many it has; a link that comes later counts itself.</summary>
    public string? Link(long directory, string name, long target, long ticks)
    {
        Inode? parent = Find(directory);
        Inode? inode = Find(target);
        if (parent?.Names is not { } names || inode is null || !IsTime(ticks))
        {
            return $"the name '{name}' would lead from inode {directory}, {Describe(parent)}, to inode {target}, {Describe(inode)}";
        }

        if (!names.TryAdd(name, target))
        {
            return $"directory {directory} has a name '{name}' already";
        }

        NameCount++;
        SnapshotBytes += NameCost(name);
        if (inode.IsDirectory)
        {
            inode.Parent = directory;
        }

        if (!IsSnapshot)
        {
            parent.ModifiedTicks = parent.ChangedTicks = ticks;
            inode.LinkCount++;
            inode.ChangedTicks = ticks;
        }

        return null;
    }

    public string? Unlink(long directory, string name, long target, long ticks)
    {
        Inode? parent = Find(directory);
        Inode? inode = Find(target);
        if (parent?.Names is not { } names || inode is null || !names.TryGetValue(name, out long found) || found != target || !IsTime(ticks))
        {
            return $"there is no name '{name}' in inode {directory}, {Describe(parent)}, that leads to inode {target}";
        }

        _ = names.Remove(name);
        NameCount--;
        SnapshotBytes -= NameCost(name);
        parent.ModifiedTicks = parent.ChangedTicks = ticks;
        inode.LinkCount--;
        inode.ChangedTicks = ticks;
        return null;
    }

    public string? Forget(long number)
    {
        if (Find(number) is not { LinkCount: 0 } inode || inode.Names is { Count: > 0 })
        {
            return $"inode {number} is forgotten, which has names or does not exist";
        }

        _ = inodes.Remove(number);
        CountBlocks(inode, ExtentTree.Empty);
        SnapshotBytes -= InodeCost;
        return null;
    }

    public string? SetSize(long number, long sizeBytes, long ticks)
    {
        if (Find(number) is not { IsDirectory: false } inode || sizeBytes < 0 || !IsTime(ticks))
        {
            return $"inode {number} cannot have {sizeBytes} bytes: {Describe(Find(number))}";
        }

        inode.SizeBytes = sizeBytes;
        inode.ModifiedTicks = inode.ChangedTicks = ticks;
        return null;
    }

    public string? SetBlocks(long number, PageRange range, ReadOnlySpan<Extent> extents)
    {
        if (Find(number) is not { IsDirectory: false } inode)
        {
            return $"inode {number} cannot have blocks: {Describe(Find(number))}";
        }

        CountBlocks(inode, inode.Blocks.With(range, extents));
        return null;
    }

    public string? CompareTotals(long inodeCount, long nameCount, long extentCount) =>
        inodeCount == InodeCount && nameCount == NameCount && extentCount == ExtentCount
            ? null
            : $"it counts {inodeCount} inodes, {nameCount} names and {extentCount} extents, and there are {InodeCount}, {NameCount} and {ExtentCount}";

    /// <summary>Whether the records that are applied are those of a snapshot.</summary>
    public bool IsSnapshot { get; set; }

    /// <summary>Records that amount to all this.</summary>
    public Transaction Snapshot()
    {
        var snapshot = new Transaction();
        foreach (Inode inode in inodes.Values.OrderBy(inode => inode.Number))
        {
            snapshot.Inode(inode);
            if (inode.Blocks.Count > 0)
            {
                snapshot.Blocks(inode.Number, PageRange.All, [.. Pieces(inode.Blocks.In(PageRange.All))]);
            }
        }

        foreach (Inode directory in inodes.Values.Where(inode => inode.IsDirectory).OrderBy(inode => inode.Number))
        {
            foreach ((string name, long target) in directory.Names!.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                snapshot.Link(directory.Number, name, target, directory.ModifiedTicks);
            }
        }

        snapshot.Totals(InodeCount, NameCount, ExtentCount);
        return snapshot;
    }

    /// <summary>All names below the root directory as paths, in no order, and what each leads to.</summary>
    public IEnumerable<(string Path, Inode Inode)> Paths()
    {
        var directories = new Stack<(Inode Directory, string Prefix)>();
        directories.Push((Find(VolumeFormat.RootInode)!, ""));
        while (directories.TryPop(out (Inode Directory, string Prefix) next))
        {
            foreach ((string name, long number) in next.Directory.Names!)
            {
                Inode inode = Find(number)!;
                yield return (next.Prefix + name, inode);
                if (inode.IsDirectory)
                {
                    directories.Push((inode, $"{next.Prefix}{name}/"));
                }
            }
        }
    }

    /// <summary>Extents as records hold them: of at most so many pages as 32 bits count.</summary>
    public static IEnumerable<Extent> Pieces(IEnumerable<Extent> extents)
    {
        foreach (Extent extent in extents)
        {
            Extent rest = extent;
            while (rest.PageCount > int.MaxValue)
            {
                yield return rest with { PageCount = int.MaxValue };
                rest = ExtentTree.Cut(rest, PageRange.Between(rest.First + int.MaxValue, rest.End));
            }

            yield return rest;
        }
    }

    private static long InodeCost => VolumeFormat.RecordHeaderBytes + RecordReader.InodeBytes
        + VolumeFormat.RecordHeaderBytes + RecordReader.BlocksHeaderBytes;

    private static long NameCost(string name) =>
        VolumeFormat.RecordHeaderBytes + RecordReader.NameHeaderBytes + Encoding.UTF8.GetByteCount(name) + sizeof(ulong);

    private static bool IsTime(long ticks) => ticks is >= 0 and <= LastTicks;

    private static string Describe(Inode? inode) => inode is null ? "which does not exist" : inode.IsDirectory ? "a directory" : "a file";

    private void CountBlocks(Inode inode, ExtentTree next)
    {
        long added = next.Count - inode.Blocks.Count;
        inode.Blocks = next;
        ExtentCount += added;
        SnapshotBytes += added * RecordReader.ExtentBytes;
    }
}
