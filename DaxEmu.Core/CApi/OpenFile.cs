using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi;

/// <summary>A file as one handle sees it.</summary>
internal sealed class OpenFile(SharedFile shared, bool canWrite) : IHandled
{
    public static string Kind => "file";

    public SharedFile Shared => shared;

    public bool CanWrite => canWrite;

    /// <summary>The file.</summary>
    /// <exception cref="ObjectDisposedException">The handle was closed meanwhile.</exception>
    public DaxFile File => shared.Opened ?? throw new ObjectDisposedException(null, "The file was closed.");

    /// <summary>The file, for one that changes it.</summary>
    /// <exception cref="IOException">The handle is for reading (EBADF).</exception>
    public DaxFile Changed => canWrite ? File : throw new IOException($"{File} was opened for reading. Open it with DAXEMU_RDWR.", Errno.Ebadf);
}
