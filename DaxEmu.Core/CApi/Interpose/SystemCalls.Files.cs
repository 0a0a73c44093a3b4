using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <content>Calls on an open file: size, blocks, durability, and the rest of what takes a descriptor.</content>
internal sealed unsafe partial class SystemCalls
{
    private const int KeepSize = 0x01;
    private const int PunchHole = 0x02;
    private const int CollapseRange = 0x08;
    private const int ZeroRange = 0x10;
    private const int InsertRange = 0x20;
    private const int UnshareRange = 0x40;
    private const int WriteZeroes = 0x80;
    private const uint TerminalLow = 0x5400;
    private const uint FileIoctlNonBlocking = 0x5421;
    private const uint FileIoctlCloseOnExecOff = 0x5450;
    private const uint FileIoctlCloseOnExec = 0x5451;
    private const uint FileIoctlAsync = 0x5452;
    private const uint FileIoctlBytesToRead = 0x541B;
    private const uint FileIoctlClone = 0x4004_9409;
    private const uint FileIoctlCloneRange = 0x4020_940D;
    private const uint FileIoctlDedupeRange = 0xC018_9436;
    private const int CloneRangeBytes = 32;
    private const int DedupeHeaderBytes = 24;
    private const int DedupeTargetBytes = 32;
    private const int DedupeDiffers = 1;
    private const int MostDedupeTargets = 127;
    private const long MostDedupeBytes = 16 << 20;

    private bool ServeDescriptor(OpenDescription description, in SystemCall call, out long result)
    {
        OpenInode inode = description.Inode;
        if (description.IsPath && call.Number is not (Sys.Fstat or Sys.Fstatfs or Sys.Fchdir or Sys.Fcntl))
        {
            result = -Errno.Ebadf;
            return true;
        }

        result = call.Number switch
        {
            Sys.Lseek => Seek(description, call.A1, (int)call.A2),
            Sys.Fstat => StoreStat(FactsOf(inode), call.A1),
            Sys.Fstatfs => StoreStatfs(call.A1),
            Sys.Getdents64 => ReadDirectory(description, call.A1, (uint)call.A2, is64: true),
            Sys.Getdents => ReadDirectory(description, call.A1, (uint)call.A2, is64: false),
            Sys.Ftruncate => TruncateOpen(description, call.A1),
            Sys.Fallocate => Allocate(description, (int)call.A1, call.A2, call.A3),
            Sys.Fsync or Sys.Fdatasync => Persist(inode),
            Sys.Syncfs => SyncAll(),
            Sys.SyncFileRange => (call.A3 & ~7) != 0 || call.A1 < 0 || call.A2 < 0 ? -Errno.Einval : Persist(inode),
            Sys.Fadvise64 => (int)call.A3 is < 0 or > 5 || call.A2 < 0 ? -Errno.Einval : 0,
            Sys.Readahead => description.CanRead && !inode.IsDirectory ? 0 : description.CanRead ? -Errno.Einval : -Errno.Ebadf,
            Sys.Fchmod => SetMode(inode, (int)call.A1),
            Sys.Fchown => SetOwner((int)call.A1, (int)call.A2, call.Number),
            Sys.Fchdir => EnterDirectory(FactsOf(inode)),
            Sys.Fcntl => Control(description, call),
            Sys.Ioctl => Control(description, (int)call.A0, (uint)call.A1, call.A2, call),
            _ => ExtendedAttribute(call.Number),
        };
        return true;
    }

    private long Persist(OpenInode inode)
    {
        if (!inode.IsDirectory)
        {
            volume.FileOf(inode).Sync();
        }

        return 0; // names are durable anyway
    }

    private long SyncAll()
    {
        volume.Volume.Sync();
        return 0;
    }

    private void SyncIfMounted()
    {
        if (volume.IsMounted)
        {
            volume.Volume.Sync();
        }
    }

    private long TruncateOpen(OpenDescription description, long length) => length < 0 || !description.CanWrite || description.Inode.IsDirectory
        ? -Errno.Einval
        : SetLength(volume.FileOf(description.Inode), length);

    private static long SetLength(DaxFile file, long length)
    {
        if (length > file.MaximumBytes)
        {
            return -Errno.Efbig;
        }

        file.SetLength(length);
        return 0;
    }

    private long Allocate(OpenDescription description, int mode, long offset, long length)
    {
        if (offset < 0 || length <= 0)
        {
            return -Errno.Einval;
        }

        bool keepsSize = (mode & KeepSize) != 0;
        int change = mode & ~KeepSize;
        bool isKnown = change switch
        {
            0 or UnshareRange or ZeroRange => true,
            PunchHole => keepsSize,
            CollapseRange or InsertRange or WriteZeroes => !keepsSize,
            _ => false,
        };
        if (!isKnown)
        {
            return -Errno.Eopnotsupp;
        }

        if (!description.CanWrite)
        {
            return -Errno.Ebadf;
        }

        if (description.Inode.IsDirectory)
        {
            return -Errno.Eisdir;
        }

        DaxFile file = volume.FileOf(description.Inode);
        if (offset > file.MaximumBytes - length)
        {
            return -Errno.Efbig;
        }

        switch (change)
        {
            case PunchHole:
                file.PunchHole(offset, length);
                break;
            case ZeroRange:
                Zero(file, offset, length, keepsSize);
                break;
            case CollapseRange:
                return Shift(file, offset, length, collapses: true);
            case InsertRange:
                return Shift(file, offset, length, collapses: false);
            case UnshareRange:
                file.Allocate(offset, length, keepsSize);
                file.Unshare(offset, length);
                break;
            case WriteZeroes:
                return -Errno.Eopnotsupp;
            default:
                file.Allocate(offset, length, keepsSize);
                break;
        }

        return 0;
    }

    // The file's own operation lets the file grow.
    private static void Zero(DaxFile file, long offset, long length, bool keepsSize)
    {
        long inside = keepsSize ? Math.Min(length, Math.Max(0, file.Length - offset)) : length;
        if (inside > 0)
        {
            file.ZeroRange(offset, inside);
        }

        if (inside < length)
        {
            file.Allocate(offset + inside, length - inside, keepSize: true);
        }
    }

    private static long Shift(DaxFile file, long offset, long length, bool collapses)
    {
        if ((offset | length) % DaxConstants.PageSize != 0 || (collapses ? offset + length >= file.Length : offset >= file.Length))
        {
            return -Errno.Einval;
        }

        if (collapses)
        {
            file.CollapseRange(offset, length);
            return 0;
        }

        if (length > file.MaximumBytes - file.Length)
        {
            return -Errno.Efbig;
        }

        file.InsertRange(offset, length);
        return 0;
    }

    private long Control(OpenDescription description, int descriptor, uint request, nint argument, in SystemCall call)
    {
        switch (request)
        {
            case FileIoctlCloseOnExec or FileIoctlCloseOnExecOff or FileIoctlAsync:
                return Raw(call);
            case FileIoctlNonBlocking:
                int isOn = UserMemory.Load<int>(argument);
                description.Flags = isOn != 0 ? description.Flags | OpenFlags.NonBlocking : description.Flags & ~OpenFlags.NonBlocking;
                return Raw(call);
            case FileIoctlBytesToRead when !description.Inode.IsDirectory:
                UserMemory.Store(argument, (int)Math.Clamp(volume.FileOf(description.Inode).Length - description.Position, int.MinValue, int.MaxValue));
                return 0;
            case FileIoctlClone:
                return CloneFrom((int)argument, 0, 0, description, 0, isWhole: true);
            case FileIoctlCloneRange:
                Span<byte> range = stackalloc byte[CloneRangeBytes];
                UserMemory.Load(argument, range);
                return CloneFrom(
                    (int)BitConverter.ToInt64(range),
                    BitConverter.ToInt64(range[8..]),
                    BitConverter.ToInt64(range[16..]),
                    description,
                    BitConverter.ToInt64(range[24..]),
                    isWhole: false);
            case FileIoctlDedupeRange:
                return Dedupe(description, argument);
            default:
                return -Errno.Enotty;
        }
    }

    // FICLONE and FICLONERANGE into a file of the host, from one of the volume: the descriptor is the host's, the source is not.
    private bool ServeForeignIoctl(in SystemCall call, out long result)
    {
        result = -Errno.Exdev;
        return (uint)call.A1 switch
        {
            FileIoctlClone => Owns((int)call.A2),
            FileIoctlCloneRange => memory.IsUsable(call.A2, sizeof(long), isWrite: false) && Owns((int)*(long*)call.A2),
            _ => PassOn(call, out result),
        };
    }

    private long CloneFrom(int source, long offset, long length, OpenDescription target, long targetOffset, bool isWhole)
    {
        if (table.Find(source) is not { } from)
        {
            return RawSystemCall.Invoke(Sys.Fcntl, source, GetFlags) < 0 ? -Errno.Ebadf : -Errno.Exdev;
        }

        if (from.Inode.IsDirectory || target.Inode.IsDirectory)
        {
            return -Errno.Eisdir;
        }

        if (!from.CanRead || !target.CanWrite || target.IsAppend)
        {
            return -Errno.Ebadf;
        }

        DaxFile file = volume.FileOf(from.Inode);
        DaxFile other = volume.FileOf(target.Inode);
        if (isWhole && file != other && other.Length <= file.Length)
        {
            file.CloneTo(other);
            return 0;
        }

        // As the kernel checks: length 0 is up to the end of the source.
        if (offset < 0 || targetOffset < 0 || length < 0 || offset > file.Length || (offset | targetOffset) % DaxConstants.PageSize != 0)
        {
            return -Errno.Einval;
        }

        length = length == 0 ? file.Length - offset : length;
        if (length == 0)
        {
            return 0;
        }

        if (offset + length > file.Length
            || (length % DaxConstants.PageSize != 0 && (offset + length != file.Length || targetOffset + length < other.Length))
            || (file == other && offset < targetOffset + length && targetOffset < offset + length))
        {
            return -Errno.Einval;
        }

        file.CloneRange(offset, length, other, targetOffset);
        return 0;
    }

    // Equal bytes are left where they are: sharing blocks is the file system's choice, and the count of bytes that were shared says 0 then.
    private long Dedupe(OpenDescription source, nint address)
    {
        Span<byte> header = stackalloc byte[DedupeHeaderBytes];
        UserMemory.Load(address, header);
        long offset = BitConverter.ToInt64(header);
        long length = Math.Min(BitConverter.ToInt64(header[8..]), MostDedupeBytes);
        int count = BitConverter.ToUInt16(header[16..]);
        if (count > MostDedupeTargets || BitConverter.ToUInt16(header[18..]) != 0 || BitConverter.ToInt32(header[20..]) != 0)
        {
            return count > MostDedupeTargets ? -Errno.Enomem : -Errno.Einval;
        }

        if (!source.CanRead || source.Inode.IsDirectory)
        {
            return source.Inode.IsDirectory ? -Errno.Eisdir : -Errno.Einval;
        }

        byte[] targets = new byte[count * DedupeTargetBytes];
        UserMemory.Load(address + DedupeHeaderBytes, targets);
        for (int i = 0; i < count; i++)
        {
            Span<byte> target = targets.AsSpan(i * DedupeTargetBytes, DedupeTargetBytes);
            (long shared, int status) = DedupeOne(source, offset, length, (int)BitConverter.ToInt64(target), BitConverter.ToInt64(target[8..]));
            _ = BitConverter.TryWriteBytes(target[16..], shared);
            _ = BitConverter.TryWriteBytes(target[24..], status);
        }

        UserMemory.Store(address + DedupeHeaderBytes, targets);
        return 0;
    }

    private (long Shared, int Status) DedupeOne(OpenDescription source, long offset, long length, int descriptor, long targetOffset)
    {
        if (table.Find(descriptor) is not { } target)
        {
            return (0, RawSystemCall.Invoke(Sys.Fcntl, descriptor, GetFlags) < 0 ? -Errno.Ebadf : -Errno.Exdev);
        }

        if (target.Inode.IsDirectory || !target.CanWrite)
        {
            return (0, target.Inode.IsDirectory ? -Errno.Eisdir : -Errno.Eperm);
        }

        DaxFile file = volume.FileOf(source.Inode);
        DaxFile other = volume.FileOf(target.Inode);
        if (offset < 0 || targetOffset < 0 || length < 0 || offset + length > file.Length || targetOffset + length > other.Length
            || (offset | targetOffset | length) % DaxConstants.PageSize != 0)
        {
            return (0, -Errno.Einval);
        }

        if (length == 0 || file.Compare(offset, other, targetOffset, length) < length)
        {
            return (0, length == 0 ? 0 : DedupeDiffers);
        }

        return CloneFrom(source, offset, length, target, targetOffset) is var result and < 0 ? (0, (int)result) : (length, 0);
    }

    private long CloneFrom(OpenDescription source, long offset, long length, OpenDescription target, long targetOffset)
    {
        DaxFile file = volume.FileOf(source.Inode);
        DaxFile other = volume.FileOf(target.Inode);
        if (file == other && offset < targetOffset + length && targetOffset < offset + length)
        {
            return -Errno.Einval;
        }

        file.CloneRange(offset, length, other, targetOffset);
        return 0;
    }
}
