using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Native.Libc;

/// <summary><c>struct statfs</c> of 64-bit Linux.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct StatfsResult
{
    public long Type;
    public long BlockSize;
    public ulong Blocks;
    public ulong FreeBlocks;
    public ulong AvailableBlocks;
    public ulong Files;
    public ulong FreeFiles;
    public long FileSystemId;
    public long NameLength;
    public long FragmentSize;
    public long Flags;
    public fixed long Spare[4];
}

/// <summary>statfs(2). Failure shows as -1 with the error in <see cref="Marshal.GetLastPInvokeError"/>.</summary>
internal static partial class Statfs
{
    [LibraryImport("libc", EntryPoint = "statfs", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Get(string path, out StatfsResult result);

    [LibraryImport("libc", EntryPoint = "fstatfs", SetLastError = true)]
    internal static partial int Get(SafeFileHandle file, out StatfsResult result);
}
