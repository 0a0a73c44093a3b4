using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Fs.Volume;
using DaxEmu.Core.Iomap;

namespace DaxEmu.Bench.Verification.Crash.Volume;

/// <summary>A volume as a mount finds it in what a power cut has left.</summary>
internal sealed class RecoveredVolume : IDisposable
{
    private readonly CrashImage image;
    private readonly BlockAllocator? allocator;
    private readonly VolumeStore? store;

    private RecoveredVolume(CrashImage image, VolumeReading reading, VolumeStore? store, BlockAllocator? allocator)
    {
        this.image = image;
        this.store = store;
        this.allocator = allocator;
        Problem = reading.Problems.Count == 0 ? null : $"the mount refuses it: {reading.Problems[0]}";
        if (Problem is null)
        {
            foreach ((string path, Inode inode) in reading.State!.Paths())
            {
                Names.Add(path, inode);
            }
        }
    }

    /// <summary>Why it is not mounted; null if it is.</summary>
    public string? Problem { get; }

    /// <summary>All paths and what they lead to.</summary>
    public SortedDictionary<string, Inode> Names { get; } = new(StringComparer.Ordinal);

    public static RecoveredVolume Mount(CrashImage image, VolumeFlaws flaws)
    {
        VolumeReading reading = VolumeReader.Read(image, flaws);
        if (reading.Problems.Count > 0)
        {
            return new RecoveredVolume(image, reading, null, null);
        }

        VolumeStore store = VolumeMounter.Open(image, reading, new VolumeOptions { Flaws = flaws }, out BlockAllocator allocator);
        return new RecoveredVolume(image, reading, store, allocator);
    }

    public void Dispose() => allocator?.Dispose();

    /// <summary>Whether a file holds what it may hold.</summary>
    public bool Holds(Inode inode, FileModel file) => inode.Mode == file.Mode
        && (file.IsMixed ? HoldsMix(inode, file.Versions) : file.Versions.Any(version => HoldsMix(inode, [version])));

    /// <summary>Whether a file has the size of one version, and each of its bytes stands at its place in a version that is long enough.</summary>
    public bool HoldsMix(Inode inode, IReadOnlyList<byte[]> versions)
    {
        if (!versions.Any(version => version.Length == inode.SizeBytes))
        {
            return false;
        }

        long at = 0;
        while (at < inode.SizeBytes)
        {
            Extent extent = inode.Blocks.Covering(PageIndex.FromBytes(at));
            int length = (int)(Math.Min(inode.SizeBytes, extent.End.OffsetBytes) - at);
            long start = at;
            bool isRight = extent.ReadsAsZeroes
                ? AreZeroes(versions, start, length)
                : EveryVersionFits(versions, start, extent.PfnAt(PageIndex.FromBytes(at)).OffsetBytes + (at % DaxConstants.PageSize), length);
            if (!isRight)
            {
                return false;
            }

            at += length;
        }

        return true;
    }

    /// <summary>Whether it can be used: everything in it is deleted, a file is made and written, and the next mount finds that.</summary>
    /// <returns>What is wrong; null if nothing is.</returns>
    public string? UseAgain()
    {
        foreach ((string path, Inode inode) in Names.Reverse())
        {
            store!.Change((state, transaction) =>
            {
                NamePlace place = NamePlace.Find(state, path, path.Split('/'));
                transaction.Unlink(place.Directory.Number, place.Name, inode.Number, 1);
                if (inode.LinkCount == 1)
                {
                    transaction.Forget(inode.Number);
                }
            });
        }

        if (!allocator!.TryAllocate(1, default, out PfnRange block))
        {
            return "there is no free block";
        }

        byte[] content = [1, 2, 3];
        image.CopyNonTemporal(block.First.OffsetBytes, content);
        store!.Change((state, transaction) =>
        {
            var made = new Inode(state.TakeNumber(), isDirectory: false) { SizeBytes = content.Length };
            transaction.Inode(made);
            transaction.Link(VolumeFormat.RootInode, "again", made.Number, 1);
            transaction.Blocks(made.Number, new PageRange(new PageIndex(0), 1), [new Extent(new PageIndex(0), 1, ExtentKind.Mapped, block.First)]);
        });
        VolumeReading reading = VolumeReader.Read(image);
        if (reading.Problems.Count > 0)
        {
            return $"after use, the mount refuses it: {reading.Problems[0]}";
        }

        VolumeState after = reading.State!;
        return after.InodeCount == 2 && after.NameCount == 1 && after.ExtentCount == 1
            ? null
            : $"after all was deleted and a file made there are {after.InodeCount} inodes, {after.NameCount} names and {after.ExtentCount} extents";
    }

    private static bool AreZeroes(IReadOnlyList<byte[]> versions, long start, int length)
    {
        for (long at = start; at < start + length; at++)
        {
            if (!Fits(versions, at, 0))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Fits(IReadOnlyList<byte[]> versions, long at, byte found)
    {
        foreach (byte[] version in versions)
        {
            if (at < version.Length && version[at] == found)
            {
                return true;
            }
        }

        return false;
    }

    private bool EveryVersionFits(IReadOnlyList<byte[]> versions, long start, long offset, int length) => image.EveryVersion(offset, length, (at, bytes) =>
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (!Fits(versions, start + (at - offset) + i, bytes[i]))
            {
                return false;
            }
        }

        return true;
    });
}
