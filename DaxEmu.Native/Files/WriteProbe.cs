using DaxEmu.Native.Libc;
using FilePermissions = Mono.Unix.Native.FilePermissions;
using OpenFlags = Mono.Unix.Native.OpenFlags;
using Stdlib = Mono.Unix.Native.Stdlib;
using Syscall = Mono.Unix.Native.Syscall;

namespace DaxEmu.Native.Files;

/// <summary>Whether something could be written, tried without changing anything.</summary>
internal static class WriteProbe
{
    // O_TMPFILE with O_DIRECTORY: a file without a name in a directory. The library has no name for it.
    private const OpenFlags Nameless = (OpenFlags)0x410000;

    /// <summary>Whether a file that is there can be opened for writing.</summary>
    /// <returns>0, or the error number.</returns>
    public static int OfFile(string path) => Try(path, OpenFlags.O_WRONLY | OpenFlags.O_NONBLOCK);

    /// <summary>Whether a file can be made in a directory.</summary>
    /// <returns>0, or the error number.</returns>
    public static int OfNewFileIn(string directory)
    {
        int errno = Try(directory, OpenFlags.O_WRONLY | Nameless);
        if (errno is not (Errno.Eopnotsupp or Errno.Eisdir or Errno.Einval))
        {
            return errno;
        }

        // A file system that has no such files: one with a name, for a moment.
        string path = Path.Combine(directory, $".daxemu-{Guid.NewGuid():N}");
        errno = Try(path, OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_EXCL);
        if (errno == 0)
        {
            DeviceFile.Unlink(path);
        }

        return errno;
    }

    private static int Try(string path, OpenFlags flags)
    {
        int descriptor = Syscall.open(path, flags | OpenFlags.O_CLOEXEC, FilePermissions.S_IRUSR | FilePermissions.S_IWUSR);
        if (descriptor < 0)
        {
            return (int)Stdlib.GetLastError();
        }

        _ = Syscall.close(descriptor);
        return 0;
    }
}
