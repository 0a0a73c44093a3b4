using DaxEmu.Native;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;

namespace DaxEmu.Bench.Devices;

/// <summary>Files that a verb writes at its end: better refused before minutes of measuring than after.</summary>
internal static class OutputFile
{
    /// <summary>Sees whether a file can be written, without leaving a trace of the attempt.</summary>
    /// <param name="path">Where it is to be; null for no file.</param>
    /// <param name="devicePath">The device of the run, which must not be destroyed by it; null for none.</param>
    /// <exception cref="DaxEnvironmentException">It cannot be written, or is the device.</exception>
    public static void Check(string? path, string? devicePath)
    {
        if (path is null)
        {
            return;
        }

        string fullPath = Path.GetFullPath(path);
        if (devicePath is not null && FileIdentity.IsSame(fullPath, Path.GetFullPath(devicePath)))
        {
            throw new DaxEnvironmentException($"'{path}' is the device itself, which would be destroyed", "Name another file for what is written.", Errno.Eexist, path);
        }

        int errno = Directory.Exists(fullPath) ? Errno.Eisdir
            : File.Exists(fullPath) ? WriteProbe.OfFile(fullPath)
            : WriteProbe.OfNewFileIn(Path.GetDirectoryName(fullPath) ?? "/");
        if (errno != 0)
        {
            throw Errno.Failure("cannot write", path, errno, errno is Errno.Enoent or Errno.Eisdir ? "Name a file in a directory that is there." : null);
        }
    }
}
