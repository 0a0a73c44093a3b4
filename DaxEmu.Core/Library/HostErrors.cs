using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;
using DaxEmu.Native.Library;

namespace DaxEmu.Core.Library;

/// <summary>Results of the library's functions as exceptions.</summary>
internal static unsafe class HostErrors
{
    /// <summary>Refuses a negative result.</summary>
    /// <returns>The result.</returns>
    public static long Check(long result) => result >= 0 ? result : throw Of((int)-result);

    private static Exception Of(int errno)
    {
        string message = Marshal.PtrToStringUTF8((nint)LibraryCalls.GetErrorMessage()) ?? string.Empty;
        return errno switch
        {
            Errno.Enoent => new FileNotFoundException(message) { HResult = errno },
            Errno.Ebadf => new ObjectDisposedException(null, message),
            Errno.Einval => new ArgumentException(message),
            Errno.Eacces => new UnauthorizedAccessException(message),
            Errno.Enospc => new DaxException(message, IoError.NoSpace, 0),
            Errno.Enxio => new DaxException(message, IoError.BeyondEof, 0),
            Errno.Eio => new DaxException(message, IoError.Io, 0),
            Errno.Enodev => new VolumeException(VolumeRefusal.NoVolume, message),
            Errno.Euclean => new VolumeException(VolumeRefusal.Damaged, message),
            Errno.Erofs => new VolumeException(VolumeRefusal.ReadOnly, message),
            _ => new IOException(message, errno),
        };
    }
}
