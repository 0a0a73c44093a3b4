using DaxEmu.Native;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi;

/// <summary>The error number that a C program gets for an exception.</summary>
internal static class ErrorNumbers
{
    private const int MostErrno = 4095;

    /// <summary>The error number of an exception; EIO where none fits better.</summary>
    public static int Of(Exception exception) => exception switch
    {
        DaxException { Errno: > 0 } failed => failed.Errno,
        DaxEnvironmentException { Errno: > 0 } refused => refused.Errno,
        VolumeException refused => Of(refused.Reason),

        // As the base library's, an IOException has the error number as its HResult where there is one.
        IOException { HResult: > 0 and <= MostErrno } failed => failed.HResult,
        FileNotFoundException or DirectoryNotFoundException => Errno.Enoent,
        ObjectDisposedException => Errno.Ebadf,
        InvalidOperationException => Errno.Ebusy,
        ArgumentException => Errno.Einval,
        UnauthorizedAccessException => Errno.Eacces,
        NotSupportedException => Errno.Eopnotsupp,
        OutOfMemoryException => Errno.Enomem,
        OperationCanceledException => Errno.Ecanceled,
        _ => Errno.Eio,
    };

    private static int Of(VolumeRefusal reason) => reason switch
    {
        VolumeRefusal.ReadOnly => Errno.Erofs,
        VolumeRefusal.NoVolume => Errno.Enodev,
        VolumeRefusal.Newer => Errno.Eopnotsupp,
        _ => Errno.Euclean,
    };
}
