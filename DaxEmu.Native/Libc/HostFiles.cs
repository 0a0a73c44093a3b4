using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

/// <summary>Calls of the host's file system that a benchmark stands beside, with nothing around them.</summary>
internal static unsafe partial class HostFiles
{
    private const int Synchronous = 4;
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

    /// <summary>Reads up to <paramref name="length"/> bytes from an offset of a file (pread).</summary>
    /// <returns>How many; below 0 if it fails, with the error in <see cref="Marshal.GetLastPInvokeError"/>.</returns>
    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    internal static partial nint Read(int descriptor, byte* buffer, nuint length, long offset);

    /// <summary>Writes up to <paramref name="length"/> bytes to an offset of a file (pwrite).</summary>
    /// <returns>As for <see cref="Read"/>.</returns>
    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    internal static partial nint Write(int descriptor, byte* buffer, nuint length, long offset);

    /// <summary>Writes the pages of a mapping back (msync with MS_SYNC).</summary>
    /// <param name="address">The first byte, at the start of a page.</param>
    /// <param name="length">How many bytes.</param>
    /// <returns>Whether it went well; if not, the error is in <see cref="Marshal.GetLastPInvokeError"/>.</returns>
    public static bool Synchronize(nint address, long length) => Msync(address, (nuint)length, Synchronous) == 0;

    // open is variadic; on x86-64 Linux an integer is passed to a variadic function as to any other.
    [LibraryImport("libc", EntryPoint = "open")]
    private static partial int Open(byte* path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "msync", SetLastError = true)]
    private static partial int Msync(nint address, nuint length, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "unlink")]
    private static partial int Unlink(byte* path);
}
