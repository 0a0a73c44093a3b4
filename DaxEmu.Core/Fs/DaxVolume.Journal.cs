using DaxEmu.Core.Atomics;
using DaxEmu.Core.Fs;
using DaxEmu.Core.Fs.Volume;
using DaxEmu.Core.Iomap;
using DaxEmu.Native;

namespace DaxEmu.Core;

/// <content>What makes a file's blocks and size durable.</content>
public sealed partial class DaxVolume
{
    /// <summary>Commits one open file to its volume.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="node">The file.</param>
    /// <param name="observer">Gets the extents at each commit; null for none.</param>
    private sealed class FileJournal(DaxVolume volume, FileNode node, Action<IReadOnlyList<Extent>>? observer) : IExtentJournal
    {
        /// <summary>Knows the size; set before the first commit.</summary>
        public FileCore? File { get; set; }

        /// <inheritdoc/>
        public PlainLock? ChangeGate => volume.IsScratch ? null : node.ChangeGate;

        /// <inheritdoc/>
        public bool ReportsDirty => (volume.flaws & VolumeFlaws.SyncFaultDoesNotCommit) == 0;

        /// <inheritdoc/>
        public bool StoresNothing => volume.IsScratch && observer is null;

        /// <inheritdoc/>
        public bool CommitsBeforeRelease => !volume.IsScratch && (volume.flaws & VolumeFlaws.FreesBeforeCommit) == 0;

        /// <inheritdoc/>
        public void Commit(InMemoryExtentMap map)
        {
            observer?.Invoke(map.Snapshot());
            if (!volume.IsScratch)
            {
                Store(map);
            }
        }

        /// <summary>What the volume knows of the file when it is closed; a scratch volume learns it only now.</summary>
        public void CommitAtClose(InMemoryExtentMap map)
        {
            if (volume.IsScratch)
            {
                Store(map);
            }
            else
            {
                map.Commit();
            }
        }

        // One commit of a file at a time, by the map's lock: a later one never stores an earlier state.
        private void Store(InMemoryExtentMap map)
        {
            ExtentTree blocks;
            long sizeBytes;
            bool isModified;
            long modifiedTicks;
            using (node.ChangeGate.Enter())
            {
                modifiedTicks = node.ObserveModified(volume.Now()) ?? 0;
                isModified = node.IsModified;
                node.IsModified = false;
                blocks = map.Blocks;
                sizeBytes = File!.SizeBytes;
            }

            try
            {
                volume.store.Change(
                    (state, transaction) => Build(state, transaction, blocks, sizeBytes, isModified ? modifiedTicks : null),
                    splitsLast: (volume.flaws & VolumeFlaws.SizeApartFromBlocks) != 0);
            }
            catch (Exception problem)
            {
                node.IsModified |= isModified;
                if (problem is VolumeException or DaxException)
                {
                    throw new DaxEnvironmentException(problem.Message, problem);
                }

                throw;
            }
        }

        private void Build(VolumeState state, Transaction transaction, ExtentTree blocks, long sizeBytes, long? modifiedTicks)
        {
            if (state.Find(node.Number) is not { } inode)
            {
                return; // it never had a name, and goes when it is closed
            }

            foreach (PageRange range in ExtentTree.Changes(inode.Blocks, blocks))
            {
                transaction.Blocks(node.Number, range, [.. VolumeState.Pieces(blocks.In(range))]);
            }

            if (modifiedTicks is not null || sizeBytes != inode.SizeBytes)
            {
                transaction.Size(node.Number, sizeBytes, modifiedTicks ?? volume.Now());
            }
        }
    }
}
