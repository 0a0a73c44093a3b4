using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Core.CApi.Interpose;

/// <summary>
/// How the processes of one run say that they wait for the volume, so that the one that has it mounted lets it go between two calls: by a lock on a byte of a
/// file that they all know, which ends with the process that holds it.
/// </summary>
/// <param name="path">The file.</param>
internal sealed class VolumeTurn(string path)
{
    private const long WaitingByte = 1L << 40;
    private const int ReadWrite = 2;
    private const int Create = 0x40;
    private const int CloseOnExec = 0x80000;
    private const int OwnerReadWrite = 0x180;

    /// <summary>Says that this process waits, until the result is disposed. Null if the file cannot be used.</summary>
    public IDisposable? Announce()
    {
        SafeFileHandle? file = Open();
        FileLock mark = Mark(LockType.Read);
        if (file is not null && Fcntl.LockFile(file, FcntlCommand.OfdSetLock, ref mark) == 0)
        {
            return file;
        }

        file?.Dispose();
        return null;
    }

    /// <summary>Whether another process waits.</summary>
    public bool IsAwaited()
    {
        using SafeFileHandle? file = Open();
        FileLock mark = Mark(LockType.Write);
        return file is not null && Fcntl.LockFile(file, FcntlCommand.OfdGetLock, ref mark) == 0 && mark.Type != LockType.Unlock;
    }

    private static FileLock Mark(LockType type) => new() { Type = type, Start = WaitingByte, Length = 1 };

    private unsafe SafeFileHandle? Open()
    {
        byte[] name = System.Text.Encoding.UTF8.GetBytes(path + '\0');
        fixed (byte* start = name)
        {
            long descriptor = RawSystemCall.Invoke(Sys.Open, (nint)start, ReadWrite | Create | CloseOnExec, OwnerReadWrite);
            return descriptor < 0 ? null : OwnDescriptors.Take((int)descriptor);
        }
    }
}
