namespace DaxEmu.Core;

/// <summary>What a volume knows of a file or directory (stat).</summary>
/// <param name="Name">The last part of its path; empty for the root directory.</param>
/// <param name="Number">Its inode's number.</param>
/// <param name="IsDirectory">Whether it is a directory.</param>
/// <param name="Length">Its size, in bytes; 0 for a directory.</param>
/// <param name="AllocatedBytes">Bytes of its blocks, shared ones included.</param>
/// <param name="Mode">Permission bits, as of chmod.</param>
/// <param name="LinkCount">How many names it has.</param>
/// <param name="CreatedUtc">When it was made.</param>
/// <param name="ModifiedUtc">When its content was changed last.</param>
/// <param name="ChangedUtc">When anything about it was changed last.</param>
public sealed record VolumeEntry(
    string Name,
    long Number,
    bool IsDirectory,
    long Length,
    long AllocatedBytes,
    int Mode,
    int LinkCount,
    DateTime CreatedUtc,
    DateTime ModifiedUtc,
    DateTime ChangedUtc);
