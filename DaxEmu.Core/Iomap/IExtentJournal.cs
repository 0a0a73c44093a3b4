using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Iomap;

/// <summary>Makes a file's blocks durable, with what belongs to them.</summary>
internal interface IExtentJournal
{
    /// <summary>
    /// Held while blocks and size change in one step, so that a commit sees both or neither. Null where nothing is stored: then no lock may
    /// be held over the steps of a change, which a scheduler may own.
    /// </summary>
    PlainLock? ChangeGate { get; }

    /// <summary>Whether a block that is not committed yet is reported as such, so that a synchronous fault waits for it.</summary>
    bool ReportsDirty => true;

    /// <summary>Whether a commit has nothing to store, whatever has changed: then one that finds no change has nothing to wait for either.</summary>
    bool StoresNothing => false;

    /// <summary>Whether blocks that the file gave up may be used again only after the commit that says so.</summary>
    bool CommitsBeforeRelease { get; }

    /// <summary>Stores the blocks that the map shows now.</summary>
    /// <exception cref="Native.DaxEnvironmentException">The storage failed.</exception>
    void Commit(InMemoryExtentMap map);
}
