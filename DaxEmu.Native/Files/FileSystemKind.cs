namespace DaxEmu.Native.Files;

/// <summary>The kind of a file system, from the magic number in statfs(2).</summary>
public enum FileSystemKind
{
    /// <summary>One that this list does not know.</summary>
    Unknown,

    /// <summary>None: memory without a file, or a block device without a file system in between.</summary>
    None,

    /// <summary>tmpfs (and devtmpfs): pages in memory and swap.</summary>
    Tmpfs,

    /// <summary>ramfs: pages in memory only.</summary>
    Ramfs,

    /// <summary>hugetlbfs: pages of 2 MiB or more from a pool.</summary>
    Hugetlbfs,

    /// <summary>ext2, ext3 or ext4, which share a number.</summary>
    Ext4,

    /// <summary>XFS.</summary>
    Xfs,

    /// <summary>Btrfs.</summary>
    Btrfs,

    /// <summary>F2FS.</summary>
    F2fs,

    /// <summary>ZFS.</summary>
    Zfs,

    /// <summary>overlayfs: usually the root of a container.</summary>
    Overlay,

    /// <summary>FUSE, including virtiofs.</summary>
    Fuse,

    /// <summary>NFS.</summary>
    Nfs,

    /// <summary>9p: usually a directory of a virtual machine's host.</summary>
    NineP,

    /// <summary>CIFS or SMB.</summary>
    Smb,

    /// <summary>procfs or sysfs: not storage.</summary>
    KernelInterface,
}
