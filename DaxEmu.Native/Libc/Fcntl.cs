using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Native.Libc;

[Flags]
internal enum FallocateMode
{
    Allocate = 0,
    KeepSize = 0x01,
    PunchHole = 0x02,
}

internal enum FcntlCommand
{
    OfdGetLock = 36,
    OfdSetLock = 37,
}

internal enum LockType : short
{
    Read = 0,
    Write = 1,
    Unlock = 2,
}

/// <summary><c>struct flock</c>: with all zero but the type it means the whole file.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FileLock
{
    public LockType Type;
    public short Whence;
    public long Start;
    public long Length;
    public int Pid;
}

/// <summary>
/// fallocate(2), and fcntl(2) for locks that belong to an open file description: unlike POSIX locks they conflict inside one process,
/// too. Failure shows as -1 with the error in <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
internal static partial class Fcntl
{
    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    internal static partial int Fallocate(SafeFileHandle file, FallocateMode mode, long offset, long length);

    // fcntl is variadic; on x86-64 Linux a pointer is passed to a variadic function as to any other.
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int LockFile(SafeFileHandle file, FcntlCommand command, ref FileLock fileLock);
}
