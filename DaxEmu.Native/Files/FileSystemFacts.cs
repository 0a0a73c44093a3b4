using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;
using Stat = Mono.Unix.Native.Stat;
using Syscall = Mono.Unix.Native.Syscall;

namespace DaxEmu.Native.Files;

/// <summary>What statfs(2) says of the file system around a path.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="AvailableBytes">What an unprivileged user may still allocate.</param>
/// <param name="BlockBytes">The size of its blocks; of hugetlbfs that of its pages.</param>
internal readonly record struct FileSystemFacts(FileSystemKind Kind, long AvailableBytes, long BlockBytes = 0)
{
    /// <summary>The file system around a path.</summary>
    /// <exception cref="DaxEnvironmentException">There is no such path, or it cannot be reached.</exception>
    public static FileSystemFacts Of(string path) => Statfs.Get(path, out StatfsResult result) == 0
        ? From(result)
        : throw Errno.Failure("cannot examine the file system of", path, Marshal.GetLastPInvokeError());

    /// <summary>The file system around an open file.</summary>
    /// <exception cref="DaxEnvironmentException">The file system cannot be examined.</exception>
    public static FileSystemFacts Of(SafeFileHandle file, string path) => Statfs.Get(file, out StatfsResult result) == 0
        ? From(result)
        : throw Errno.Failure("cannot examine the file system of", path, Marshal.GetLastPInvokeError());

    /// <summary><c>st_dev</c> of a path: which mounted file system it lies on; null if it is not there.</summary>
    public static ulong? DeviceNumberOf(string path) => Syscall.stat(path, out Stat stat) == 0 ? stat.st_dev : null;

    /// <summary>The kind that a magic number stands for.</summary>
    public static FileSystemKind KindOf(long magic) => (uint)magic switch
    {
        0x01021994 => FileSystemKind.Tmpfs,
        0x858458f6 => FileSystemKind.Ramfs,
        0x958458f6 => FileSystemKind.Hugetlbfs,
        0x0000ef53 => FileSystemKind.Ext4,
        0x58465342 => FileSystemKind.Xfs,
        0x9123683e => FileSystemKind.Btrfs,
        0xf2f52010 => FileSystemKind.F2fs,
        0x2fc12fc1 => FileSystemKind.Zfs,
        0x794c7630 => FileSystemKind.Overlay,
        0x65735546 => FileSystemKind.Fuse,
        0x00006969 => FileSystemKind.Nfs,
        0x01021997 => FileSystemKind.NineP,
        0xff534d42 or 0xfe534d42 => FileSystemKind.Smb,
        0x00009fa0 or 0x62656572 => FileSystemKind.KernelInterface,
        _ => FileSystemKind.Unknown,
    };

    private static FileSystemFacts From(in StatfsResult result)
    {
        ulong unit = (ulong)(result.FragmentSize > 0 ? result.FragmentSize : result.BlockSize);

        // A tmpfs without a limit reports no blocks at all: the memory is the limit, and running out shows only later.
        if (result.Blocks == 0)
        {
            return new FileSystemFacts(KindOf(result.Type), long.MaxValue, result.BlockSize);
        }

        UInt128 available = (UInt128)result.AvailableBlocks * unit;
        return new FileSystemFacts(KindOf(result.Type), available > (UInt128)long.MaxValue ? long.MaxValue : (long)available, result.BlockSize);
    }
}
