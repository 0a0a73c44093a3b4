using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

/// <summary>Calls of the host's file system that a benchmark stands beside, with nothing around them.</summary>
internal static unsafe partial class HostFiles
{
    private const int ReadWrite = 2;
    private const int Create = 0x40;
    private const int OwnerReadWrite = 0x180;

    /// <summary>Makes a file and deletes it: open(O_CREAT), close, unlink.</summary>
    /// <param name="path">Its path in UTF-8, with a NUL at the end.</param>
    /// <returns>Whether all three went well.</returns>
    public static bool CreateAndUnlink(ReadOnlySpan<byte> path)
    {
        // SAFETY: the path ends with a NUL, as the caller promises, and is pinned for the calls.
        fixed (byte* name = path)
        {
            int descriptor = Open(name, ReadWrite | Create, OwnerReadWrite);
            return descriptor >= 0 && Close(descriptor) == 0 && Unlink(name) == 0;
        }
    }

    // open is variadic; on x86-64 Linux an integer is passed to a variadic function as to any other.
    [LibraryImport("libc", EntryPoint = "open")]
    private static partial int Open(byte* path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "unlink")]
    private static partial int Unlink(byte* path);
}
