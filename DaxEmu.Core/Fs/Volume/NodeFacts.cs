namespace DaxEmu.Core.Fs.Volume;

/// <summary>What a volume knows of an inode (stat).</summary>
/// <param name="Number">Its number.</param>
/// <param name="IsDirectory">Whether it is a directory.</param>
/// <param name="Mode">Permission bits; -1 of a file that never had a name.</param>
/// <param name="LinkCount">How many names it has; of a directory 2 and one for each directory in it.</param>
/// <param name="SizeBytes">Its size; of a directory the bytes of one page.</param>
/// <param name="AllocatedBytes">Bytes of its blocks.</param>
/// <param name="CreatedTicks">When it was made, in 100 ns since year 1 (UTC).</param>
/// <param name="ModifiedTicks">When its content was changed last.</param>
/// <param name="ChangedTicks">When anything about it was changed last.</param>
internal readonly record struct NodeFacts(
    long Number,
    bool IsDirectory,
    int Mode,
    int LinkCount,
    long SizeBytes,
    long AllocatedBytes,
    long CreatedTicks,
    long ModifiedTicks,
    long ChangedTicks);
