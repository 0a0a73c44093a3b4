using System.Text;
using DaxEmu.Core.Fs.Volume;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <content>Directories: read, and made the current one.</content>
internal sealed unsafe partial class SystemCalls
{
    private const int EntryHeader64 = 19;
    private const int EntryHeader = 18;
    private const int KindDirectory = 4;
    private const int KindFile = 8;
    private const int OwnNames = 2; // "." and ".."

    // A position is the index of the next name in the listing, which is made when a directory is read from its start: what is made or deleted meanwhile
    // may show or not, and everything else shows once.
    private long ReadDirectory(OpenDescription description, nint address, long size, bool is64)
    {
        if (!description.Inode.IsDirectory)
        {
            return description.IsPath ? -Errno.Ebadf : -Errno.Enotdir;
        }

        if (!description.CanRead)
        {
            return -Errno.Ebadf;
        }

        lock (description.PositionGate)
        {
            DaxVolume mounted = volume.Volume;
            if (description.Listing is null || description.Position == 0)
            {
                description.Listing = mounted.NamesIn(description.Inode.Number);
            }

            if (description.Listing is not { } listing)
            {
                return -Errno.Enoent; // the directory is gone
            }

            byte[] bytes = new byte[Math.Clamp(size, 0, PieceBytes)];
            int used = 0;
            long position = description.Position;
            for (; position < listing.Length + OwnNames; position++)
            {
                int length = PutEntry(bytes.AsSpan(used), EntryAt(listing, position, description.Inode.Number, mounted), position + 1, is64);
                if (length == 0)
                {
                    break;
                }

                used += length;
            }

            if (used == 0)
            {
                return position < listing.Length + OwnNames ? -Errno.Einval : 0;
            }

            UserMemory.Store(address, bytes.AsSpan(0, used));
            description.Position = position;
            return used;
        }
    }

    private static DirectoryName EntryAt(DirectoryName[] listing, long position, long directory, DaxVolume mounted) => position switch
    {
        0 => new DirectoryName(".", directory, true),
        1 => new DirectoryName("..", mounted.ParentOf(directory), true),
        _ => listing[position - OwnNames],
    };

    private static int PutEntry(Span<byte> target, in DirectoryName entry, long next, bool is64)
    {
        int name = Encoding.UTF8.GetByteCount(entry.Name);
        int header = is64 ? EntryHeader64 : EntryHeader;

        // The old form has the kind in its last byte.
        int length = (header + name + 1 + (is64 ? 0 : 1) + 7) & ~7;
        if (length > target.Length)
        {
            return 0;
        }

        byte kind = (byte)(entry.IsDirectory ? KindDirectory : KindFile);
        target[..length].Clear();
        _ = BitConverter.TryWriteBytes(target, entry.Number);
        _ = BitConverter.TryWriteBytes(target[8..], next);
        _ = BitConverter.TryWriteBytes(target[16..], (ushort)length);
        if (is64)
        {
            target[18] = kind;
        }
        else
        {
            target[length - 1] = kind;
        }

        _ = Encoding.UTF8.GetBytes(entry.Name, target[header..]);
        return length;
    }

    private static long SeekDirectory(OpenDescription description, long offset, int whence)
    {
        lock (description.PositionGate)
        {
            long target = whence switch
            {
                SeekSet => offset,
                SeekCurrent => description.Position + offset,
                _ => -1,
            };
            return target < 0 ? -Errno.Einval : description.Position = target;
        }
    }

    private long GetCurrentDirectory(nint address, long size)
    {
        if (volume.Volume.PathOf(paths.CurrentDirectory) is not { } path)
        {
            return -Errno.Enoent;
        }

        string shown = paths.Shown(path);
        return Encoding.UTF8.GetByteCount(shown) + 1 > size ? -Errno.Erange : StoreText(shown, address, size, withNul: true);
    }

    private long EnterDirectory(in NodeFacts facts)
    {
        if (!facts.IsDirectory)
        {
            return -Errno.Enotdir;
        }

        if (!IsAllowed(facts, 1))
        {
            return -Errno.Eacces;
        }

        CurrentDirectoryMark.Enter(facts.Number);
        paths.ForgetHostDirectory();
        paths.CurrentDirectory = facts.Number;
        return 0;
    }

    // fchdir and chdir to the host.
    private bool LeaveDirectory(in SystemCall call, out long result)
    {
        result = Raw(call);
        if (result >= 0)
        {
            paths.CurrentDirectory = 0;
            paths.ForgetHostDirectory();
        }

        return true;
    }
}
