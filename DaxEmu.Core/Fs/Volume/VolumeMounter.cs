using DaxEmu.Core.Iomap;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>Makes a volume that was read, and is sound, ready to be changed.</summary>
internal static class VolumeMounter
{
    /// <summary>Completes what a power cut has left half done, and forgets files that were deleted while they were open.</summary>
    /// <param name="memory">The medium.</param>
    /// <param name="reading">What was read from it, without a problem.</param>
    /// <param name="options">How it is mounted.</param>
    /// <param name="allocator">Its blocks; the caller disposes it.</param>
    /// <exception cref="DaxException">The device has no space for the metadata.</exception>
    /// <exception cref="Native.DaxEnvironmentException">The storage failed.</exception>
    public static VolumeStore Open(IPersistentMemory memory, VolumeReading reading, VolumeOptions options, out BlockAllocator allocator)
    {
        VolumeState state = reading.State!;
        bool isReadOnly = options.ReadOnly || reading.Superblock!.ReadOnlyCompatible != 0;
        bool forgetsOrphans = !isReadOnly && (options.Flaws & VolumeFlaws.OrphansLeak) == 0;
        Inode[] orphans = forgetsOrphans ? [.. state.Inodes.Where(inode => inode.LinkCount == 0)] : [];
        allocator = VolumeWriter.AllocatorFor(memory.SizeBytes >> DaxConstants.PageShift, reading, orphans);
        var log = MetadataLog.Open(memory, allocator, reading, options.Flaws);
        var store = new VolumeStore(state, log);
        if (isReadOnly)
        {
            store.Refuse(options.ReadOnly ? "it was mounted so" : $"it uses features (bits {reading.Superblock!.ReadOnlyCompatible:x}) that are not known here");
            return store;
        }

        if (reading.IsOneCopyBehind)
        {
            log.CompleteCopies();
        }

        log.KeepSpare(state);
        if (orphans.Length > 0)
        {
            store.Change((_, transaction) => Array.ForEach(orphans, orphan => transaction.Forget(orphan.Number)));
        }

        return store;
    }
}
