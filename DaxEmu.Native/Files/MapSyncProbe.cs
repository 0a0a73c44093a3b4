using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;

namespace DaxEmu.Native.Files;

/// <summary>Whether the kernel grants MAP_SYNC on a file: that stores which were flushed are durable without msync.</summary>
internal static class MapSyncProbe
{
    /// <summary>Tries it on the first page, and says in words why it was refused.</summary>
    public static FeatureSupport Probe(DeviceFile file)
    {
        // A smaller piece would be refused for its size.
        nuint probeBytes = (nuint)file.MapAlignBytes;
        bool added = false;
        try
        {
            file.Handle.DangerousAddRef(ref added);

            // Nothing is accessed, so the page need not exist. MAP_SHARED_VALIDATE makes the kernel refuse what it does not know.
            nint address = Mman.Mmap(
                0,
                probeBytes,
                MmapProt.Read,
                MmapFlags.SharedValidate | MmapFlags.Sync,
                (int)file.Handle.DangerousGetHandle(),
                0);
            if (address == Mman.MapFailed)
            {
                return new FeatureSupport(false, Explain(Marshal.GetLastPInvokeError(), file));
            }

            _ = Mman.Munmap(address, probeBytes);
            return file.IsDeviceDax
                ? new FeatureSupport(true, "a device-DAX device has no metadata that a fault could wait for")
                : new FeatureSupport(true, "the file lies on a DAX device with synchronous faults");
        }
        finally
        {
            if (added)
            {
                file.Handle.DangerousRelease();
            }
        }
    }

    /// <summary>The reason of a refusal, without a full stop.</summary>
    internal static string Explain(int errno, DeviceFile file) => errno switch
    {
        Errno.Eopnotsupp when file.IsBlockDevice =>
            "a block device node is mapped through the page cache; put ext4 or XFS on it and mount that with -o dax",
        Errno.Eopnotsupp when file.IsDeviceDax => "this device-DAX device does not know MAP_SYNC",
        Errno.Eopnotsupp => Explain(file.FileSystem.Kind),
        Errno.Einval => "this kernel does not know MAP_SHARED_VALIDATE (it is older than 4.15)",
        _ => $"mmap was refused: {Errno.Describe(errno)}",
    };

    internal static string Explain(FileSystemKind kind) => kind switch
    {
        FileSystemKind.Tmpfs or FileSystemKind.Ramfs or FileSystemKind.Hugetlbfs =>
            "the file system keeps its pages in memory, with no persistent device behind it",
        FileSystemKind.Ext4 or FileSystemKind.Xfs =>
            "the file is not in DAX mode: its file system needs a pmem device and the mount option dax, or the file's own DAX flag",
        FileSystemKind.Fuse => "virtiofs gives a DAX window, but no synchronous faults",
        FileSystemKind.Overlay => "overlayfs passes MAP_SYNC on only if the file system below it is in DAX mode",
        _ => "the file system has no DAX mode; ext4 and XFS on a pmem device have one",
    };
}
