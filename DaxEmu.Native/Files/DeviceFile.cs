using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;
using FilePermissions = Mono.Unix.Native.FilePermissions;
using OpenFlags = Mono.Unix.Native.OpenFlags;
using SeekFlags = Mono.Unix.Native.SeekFlags;
using Stat = Mono.Unix.Native.Stat;
using Stdlib = Mono.Unix.Native.Stdlib;
using Syscall = Mono.Unix.Native.Syscall;

namespace DaxEmu.Native.Files;

/// <summary>An open file or block device that stands for a device, with its lock.</summary>
/// <remarks>
/// The lock belongs to the open file description: it excludes every other opener, in this process as in others, and ends with the last
/// descriptor and mapping, whatever way the process ends.
/// </remarks>
internal sealed class DeviceFile : IDisposable
{
    private MemoryMappedFile? memory;

    private DeviceFile(SafeFileHandle handle, string path)
    {
        Handle = handle;
        Path = path;
    }

    /// <summary>The descriptor.</summary>
    public SafeFileHandle Handle { get; }

    /// <summary>The path under which it was opened.</summary>
    public string Path { get; }

    /// <summary>Bytes in the file or the block device.</summary>
    public long SizeBytes { get; private set; }

    /// <summary>Whether it is a block device and not a regular file.</summary>
    public bool IsBlockDevice { get; private set; }

    /// <summary>What sysfs says of a block device or a device-DAX device.</summary>
    public HardwareFacts Hardware { get; private set; } = HardwareFacts.None;

    /// <summary>Whether it is a device-DAX device: memory to be mapped, with neither read nor write.</summary>
    public bool IsDeviceDax => Hardware.DaxName is not null;

    /// <summary>Bytes to which each mapping of it must be aligned: the page, the huge page of hugetlbfs, or what a device-DAX device demands.</summary>
    public long MapAlignBytes => IsDeviceDax ? Hardware.DaxAlignBytes
        : FileSystem.Kind == FileSystemKind.Hugetlbfs ? FileSystem.BlockBytes
        : Environment.SystemPageSize;

    /// <summary>The file system around it; for a block device or a device-DAX device <see cref="FileSystemKind.None"/>.</summary>
    public FileSystemFacts FileSystem { get; private set; }

    /// <summary><c>st_dev</c>: which mounted file system it lies on.</summary>
    internal ulong DeviceNumber { get; private set; }

    /// <summary>Opens what is there, for reading and writing, and takes the lock.</summary>
    /// <exception cref="DaxEnvironmentException">
    /// It is not there, no file or block device, not writable, or locked by another opener.
    /// </exception>
    public static DeviceFile Open(string path) => Open(path, path);

    /// <summary>As <see cref="Open(string)"/>, with what sysfs says elsewhere.</summary>
    public static DeviceFile Open(string path, HostTree tree) => Open(path, path, tree);

    /// <summary>As <see cref="Open(string)"/>, under a path that messages do not show.</summary>
    /// <param name="path">Where it is opened, as in <c>/proc/self/fd/7</c>.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="tree">Where sysfs is; null for the machine's.</param>
    /// <exception cref="DaxEnvironmentException">As there.</exception>
    public static DeviceFile Open(string path, string name, HostTree? tree = null)
    {
        tree ??= HostTree.Machine;
        RefuseOtherKinds(path, name, tree, out bool isBlockDevice);

        // O_EXCL on a block device refuses one that is mounted.
        OpenFlags flags = OpenFlags.O_RDWR | (isBlockDevice ? OpenFlags.O_EXCL : 0);
        DeviceFile file = OpenHandle(path, name, flags, 0, "cannot open");
        try
        {
            file.Lock();
            file.ReadFacts(tree);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Opens what is there for reading only, without the lock: to look at it.</summary>
    /// <exception cref="DaxEnvironmentException">It is not there, no file or block device, or not readable.</exception>
    public static DeviceFile OpenForProbe(string path, HostTree? tree = null)
    {
        tree ??= HostTree.Machine;
        RefuseOtherKinds(path, path, tree, out _);
        DeviceFile file = OpenHandle(path, path, OpenFlags.O_RDONLY, 0, "cannot open");
        try
        {
            file.ReadFacts(tree);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Makes a new file of <paramref name="sizeBytes"/> and takes its lock. On failure nothing is left behind.</summary>
    /// <param name="path">A path that does not exist yet.</param>
    /// <param name="sizeBytes">Its size.</param>
    /// <param name="sparse">Whether to leave the blocks unallocated.</param>
    /// <param name="unlinkAtOnce">
    /// Whether to take the name away before anything else, so that not even a kill leaves the file behind.
    /// </param>
    /// <param name="ownerOnly">Whether its owner alone may read and write it, whatever the umask says; so it is without a name, too.</param>
    /// <param name="cancellation">Ends the reservation of blocks.</param>
    /// <exception cref="DaxEnvironmentException">
    /// The path is taken, its directory is missing or not writable, or the file system is full.
    /// </exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static DeviceFile Create(string path, long sizeBytes, bool sparse, bool unlinkAtOnce = false, bool ownerOnly = false, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(sizeBytes);
        FilePermissions rights = unlinkAtOnce || ownerOnly ? FilePermissions.S_IRUSR | FilePermissions.S_IWUSR : FilePermissions.DEFFILEMODE;
        DeviceFile file = OpenHandle(path, path, OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_EXCL, rights, "cannot create");
        try
        {
            if (unlinkAtOnce)
            {
                Unlink(path);
            }

            file.Lock();
            _ = file.AsMemory(sizeBytes); // gives the file its size
            if (!sparse)
            {
                BlockReservation.Reserve(file.Handle, path, sizeBytes, cancellation);
            }

            file.ReadFacts(HostTree.Machine);
            return file;
        }
        catch
        {
            if (!unlinkAtOnce)
            {
                Unlink(path);
            }

            file.Dispose();
            throw;
        }
    }

    /// <summary>Takes a name away; a name that is gone already is no error.</summary>
    public static void Unlink(string path) => _ = Syscall.unlink(path);

    /// <summary>Whether an opener holds the lock; a later look may differ.</summary>
    public bool IsLockedByAnother()
    {
        FileLock probe = new() { Type = LockType.Write };
        return Fcntl.LockFile(Handle, FcntlCommand.OfdGetLock, ref probe) == 0 && probe.Type != LockType.Unlock;
    }

    /// <summary>Gives the blocks of a range back to the file system; it reads as zeroes afterwards.</summary>
    /// <returns>False if the file system or device cannot do this; the bytes are as before then.</returns>
    /// <exception cref="DaxEnvironmentException">It failed for another reason.</exception>
    public bool TryPunchHole(long offsetBytes, long lengthBytes)
    {
        while (Fcntl.Fallocate(Handle, FallocateMode.PunchHole | FallocateMode.KeepSize, offsetBytes, lengthBytes) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            switch (errno)
            {
                case Errno.Eintr:
                    continue;
                case Errno.Eopnotsupp:
                    return false;
                default:
                    throw Errno.Failure("cannot punch a hole into", Path, errno);
            }
        }

        return true;
    }

    /// <summary>The file as the framework's object: made once, then always the same one, which ends with this one.</summary>
    /// <param name="sizeBytes">Bytes of it; 0 for what the file has. A shorter file is enlarged, with a hole; a block device is not.</param>
    /// <exception cref="DaxEnvironmentException">The file cannot have this size.</exception>
    public MemoryMappedFile AsMemory(long sizeBytes)
    {
        try
        {
            return memory ??= MemoryMappedFile.CreateFromFile(
                Handle, mapName: null, sizeBytes, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        }
        catch (Exception refusal) when (refusal is IOException or ArgumentOutOfRangeException or UnauthorizedAccessException)
        {
            // Of an I/O error of the runtime the HResult is errno; the size alone is what it complains about in another way.
            int errno = refusal is IOException { HResult: > 0 } ? refusal.HResult : Errno.Efbig;
            throw Errno.Failure($"cannot set the size of {sizeBytes} bytes on", Path, errno, "Use a smaller size, or another file system.");
        }
    }

    /// <summary>Closes the descriptor. The lock lasts while a mapping of the file does.</summary>
    public void Dispose()
    {
        memory?.Dispose();
        Handle.Dispose();
    }

    private static void RefuseOtherKinds(string path, string name, HostTree tree, out bool isBlockDevice)
    {
        if (Syscall.stat(path, out Stat stat) != 0)
        {
            int errno = (int)Stdlib.GetLastError();
            throw errno == Errno.Enoent
                ? Errno.Failure("cannot open", name, errno, "Create it first, or correct the path.")
                : Errno.Failure("cannot open", name, errno);
        }

        FilePermissions kind = stat.st_mode & FilePermissions.S_IFMT;
        isBlockDevice = kind == FilePermissions.S_IFBLK;
        if (kind == FilePermissions.S_IFDIR)
        {
            throw Errno.Failure("cannot open", name, Errno.Eisdir);
        }

        if (kind == FilePermissions.S_IFCHR && HardwareFacts.OfCharacterDevice(tree, stat.st_rdev).DaxName is not null)
        {
            return;
        }

        if (kind == FilePermissions.S_IFCHR)
        {
            throw new DaxEnvironmentException(
                $"cannot open '{name}': it is a character device, and none of device-DAX",
                "Use a file, a pmem block device, or a device-DAX device such as /dev/dax0.0.",
                Errno.Enodev,
                name);
        }

        if (kind is not (FilePermissions.S_IFREG or FilePermissions.S_IFBLK))
        {
            throw new DaxEnvironmentException(
                $"cannot open '{name}': it is a pipe or a socket", "Use a file or a pmem block device.", Errno.Enodev, name);
        }
    }

    private static DeviceFile OpenHandle(string path, string name, OpenFlags flags, FilePermissions rights, string action)
    {
        while (true)
        {
            int descriptor = Syscall.open(path, flags | OpenFlags.O_CLOEXEC, rights);
            if (descriptor >= 0)
            {
                return new DeviceFile(OwnDescriptors.Take(descriptor), name);
            }

            int errno = (int)Stdlib.GetLastError();
            if (errno != Errno.Eintr)
            {
                throw Errno.Failure(action, name, errno, (flags & OpenFlags.O_CREAT) != 0 ? CreationRemedy(errno, path) : null);
            }
        }
    }

    /// <summary>What helps if a file cannot be created: often it is its directory that matters. Null for the usual remedy.</summary>
    private static string? CreationRemedy(int errno, string path)
    {
        string? directory = System.IO.Path.GetDirectoryName(path);
        return errno switch
        {
            Errno.Enoent => $"Make the directory first: mkdir -p '{directory}'.",
            Errno.Eacces or Errno.Eperm => $"Use a directory that you may write to; 'ls -ld {directory}' shows who may there.",
            _ => null,
        };
    }

    private void Lock()
    {
        FileLock whole = new() { Type = LockType.Write };
        if (Fcntl.LockFile(Handle, FcntlCommand.OfdSetLock, ref whole) != 0)
        {
            throw Errno.Failure("cannot lock", Path, Marshal.GetLastPInvokeError());
        }
    }

    private void ReadFacts(HostTree tree)
    {
        int descriptor = (int)Handle.DangerousGetHandle();
        if (Syscall.fstat(descriptor, out Stat stat) != 0)
        {
            throw Errno.Failure("cannot examine", Path, (int)Stdlib.GetLastError());
        }

        IsBlockDevice = (stat.st_mode & FilePermissions.S_IFMT) == FilePermissions.S_IFBLK;
        DeviceNumber = stat.st_dev;

        if ((stat.st_mode & FilePermissions.S_IFMT) == FilePermissions.S_IFCHR)
        {
            // It has no end to seek, and no file system.
            Hardware = HardwareFacts.OfCharacterDevice(tree, stat.st_rdev);
            SizeBytes = Hardware.DaxSizeBytes;
            FileSystem = new FileSystemFacts(FileSystemKind.None, 0);
            return;
        }

        if (IsBlockDevice)
        {
            Hardware = HardwareFacts.OfBlockDevice(tree, stat.st_rdev);
        }

        // fstat gives a block device no size; its end does.
        SizeBytes = Syscall.lseek(descriptor, 0, SeekFlags.SEEK_END);
        if (SizeBytes < 0)
        {
            throw Errno.Failure("cannot find the size of", Path, (int)Stdlib.GetLastError());
        }

        FileSystem = IsBlockDevice ? new FileSystemFacts(FileSystemKind.None, 0) : FileSystemFacts.Of(Handle, Path);
    }
}
