namespace DaxEmu.Core.Fs.Volume;

/// <summary>A name in a directory and what it leads to.</summary>
/// <param name="Name">The name.</param>
/// <param name="Number">The inode's number.</param>
/// <param name="IsDirectory">Whether that is a directory.</param>
internal readonly record struct DirectoryName(string Name, long Number, bool IsDirectory);
