using DaxEmu.Native.Libc;

namespace DaxEmu.Core.Fs.Volume;

/// <summary>Where a path leads.</summary>
/// <param name="Path">The path, for messages.</param>
/// <param name="Directory">The directory of its last name.</param>
/// <param name="Name">Its last name; empty for the root directory.</param>
/// <param name="Inode">What has that name; null if nothing has.</param>
internal readonly record struct NamePlace(string Path, Inode Directory, string Name, Inode? Inode)
{
    /// <summary>Looks a path up.</summary>
    /// <exception cref="DirectoryNotFoundException">A directory on the way is missing.</exception>
    public static NamePlace Find(VolumeState state, string path, string[] names)
    {
        Inode directory = state.Find(VolumeFormat.RootInode)!;
        if (names.Length == 0)
        {
            return new NamePlace(path, directory, "", directory);
        }

        foreach (string name in names.AsSpan(0, names.Length - 1))
        {
            bool isThere = directory.Names!.TryGetValue(name, out long next);
            directory = isThere && state.Find(next) is { IsDirectory: true } found
                ? found
                : throw new DirectoryNotFoundException($"There is no directory '{name}' on the way to '{path}'. Make it first.")
                {
                    HResult = isThere ? Errno.Enotdir : Errno.Enoent,
                };
        }

        Inode? inode = directory.Names!.TryGetValue(names[^1], out long number) ? state.Find(number) : null;
        return new NamePlace(path, directory, names[^1], inode);
    }
}
