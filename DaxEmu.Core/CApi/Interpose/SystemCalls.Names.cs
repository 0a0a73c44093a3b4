using DaxEmu.Core.Fs.Volume;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <content>Names: opened, made, renamed, linked, deleted.</content>
internal sealed unsafe partial class SystemCalls
{
    private const int RenameKeepsOther = 1;
    private const int RenameExchanges = 2;
    private const int RenameWhiteout = 4;
    private const int SetGroup = 0x400; // S_ISGID, which a directory hands on to those in it
    private const int KindMask = 0xF000;

    private long OpenPlace(in Place place, int flags, int mode)
    {
        flags &= OpenFlags.Known;
        if ((flags & OpenFlags.Path) != 0)
        {
            flags &= OpenFlags.Path | OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.CloseOnExec;
        }

        if ((flags & (OpenFlags.Directory | OpenFlags.Create)) == (OpenFlags.Directory | OpenFlags.Create))
        {
            return -Errno.Einval;
        }

        if ((flags & OpenFlags.TemporaryBit) != 0 && ((flags & OpenFlags.Directory) == 0 || (flags & OpenFlags.AccessMask) is OpenFlags.ReadOnly))
        {
            return -Errno.Einval;
        }

        // Between the look and the opening another thread may delete the file or make it: then all begins anew.
        for (Place at = place; ;)
        {
            long result = OpenOnce(at, flags, mode, out bool isStale);
            if (!isStale)
            {
                return result;
            }

            _ = volume.Volume.LookUp(at.Directory, at.Name, out DirectoryName found);
            at = at with { Number = found.Number, IsDirectory = found.IsDirectory };
        }
    }

    private long OpenOnce(in Place place, int flags, int mode, out bool isStale)
    {
        isStale = false;
        bool creates = (flags & OpenFlags.Create) != 0;
        bool isExclusive = creates && (flags & OpenFlags.Exclusive) != 0;
        if (place.Errno != 0)
        {
            return -place.Errno;
        }

        if (creates && place.HasTrailingSlash)
        {
            return -Errno.Eisdir;
        }

        if (!place.Exists)
        {
            return creates ? CreateAndOpen(place, flags, mode, out isStale) : -Errno.Enoent;
        }

        if (isExclusive)
        {
            return -Errno.Eexist;
        }

        if ((flags & OpenFlags.Temporary) == OpenFlags.Temporary)
        {
            return place.IsDirectory ? OpenTemporary(flags, mode) : -Errno.Enotdir;
        }

        int errno = place.IsDirectory ? DirectoryProblem(flags) : FileProblem(place, flags);
        if (errno != 0)
        {
            return -errno;
        }

        errno = CheckRights(place, flags);
        if (errno != 0)
        {
            return -errno;
        }

        OpenInode inode;
        if (place.Description is { } description)
        {
            inode = description.Inode;
            volume.AddReference(inode);
        }
        else if (volume.Acquire(place.Number, place.IsDirectory, place.Name, out inode) is not 0 and var problem)
        {
            isStale = problem == Errno.Enoent && place.End == PathEnd.Name;
            return -problem;
        }

        if ((flags & OpenFlags.Truncate) != 0 && !place.IsDirectory)
        {
            Truncate(inode);
        }

        return OpenDescriptor(inode, flags);
    }

    private static int DirectoryProblem(int flags) =>
        (flags & OpenFlags.Create) != 0 || ((flags & (OpenFlags.AccessMask | OpenFlags.Truncate)) != 0 && (flags & OpenFlags.Path) == 0) ? Errno.Eisdir : 0;

    private static int FileProblem(in Place place, int flags) => (flags & OpenFlags.Directory) != 0 || place.HasTrailingSlash ? Errno.Enotdir : 0;

    private int CheckRights(in Place place, int flags)
    {
        if ((flags & OpenFlags.Path) != 0)
        {
            return 0;
        }

        bool isWrite = !place.IsDirectory && ((flags & OpenFlags.AccessMask) != 0 || (flags & OpenFlags.Truncate) != 0);
        if (isWrite && volume.Volume.ReadOnlyReason is not null)
        {
            return Errno.Erofs;
        }

        int wanted = (isWrite ? 2 : 0) | ((flags & OpenFlags.AccessMask) is OpenFlags.ReadOnly or OpenFlags.ReadWrite ? 4 : 0);
        return isPrivileged || IsAllowed(FactsOf(place), wanted) ? 0 : Errno.Eacces;
    }

    private void Truncate(OpenInode inode)
    {
        try
        {
            DaxFile file = volume.FileOf(inode);
            if (file.Length > 0)
            {
                file.SetLength(0);
            }
        }
        catch
        {
            volume.Release(inode);
            throw;
        }
    }

    private long CreateAndOpen(in Place place, int flags, int mode, out bool isStale)
    {
        isStale = false;
        int errno = volume.Create(place.Directory, place.Name, mode & PermissionBits & ~creationMask, out OpenInode? inode);
        if (errno != 0)
        {
            isStale = errno == Errno.Eexist;
            return -errno;
        }

        return OpenDescriptor(inode!, flags & ~OpenFlags.Directory);
    }

    private long OpenTemporary(int flags, int mode)
    {
        int errno = volume.Create(directory: 0, "(deleted)", mode & PermissionBits & ~creationMask, out OpenInode? inode);
        return errno != 0 ? -errno : OpenDescriptor(inode!, flags);
    }

    private long MakeDirectory(in Place place, int mode)
    {
        if (place.Errno != 0 || place.Exists || place.End != PathEnd.Name)
        {
            return -(place.Errno != 0 ? place.Errno : Errno.Eexist);
        }

        int inherited = volume.Volume.FactsOf(place.Directory) is { } around ? around.Mode & SetGroup : 0;
        return -volume.Volume.MakeDirectoryIn(place.Directory, place.Name, (mode & 0x3FF & ~creationMask) | inherited);
    }

    private long MakeNode(in Place place, int mode, int number)
    {
        if (place.Errno != 0 || place.Exists || place.End != PathEnd.Name || place.HasTrailingSlash)
        {
            return -(place.Errno != 0 ? place.Errno : place.Exists || place.End != PathEnd.Name ? Errno.Eexist : Errno.Enoent);
        }

        if ((mode & KindMask) is not (0 or (int)RegularFile))
        {
            return Fail(Errno.Eperm, number, $"{NoLinks}: no pipe, socket or device can be made there");
        }

        int errno = volume.Create(place.Directory, place.Name, mode & PermissionBits & ~creationMask, out OpenInode? inode);
        if (errno == 0)
        {
            volume.Release(inode!);
        }

        return -errno;
    }

    private long MakeLink(in Place place, int number) => place.Errno != 0 || place.Exists || place.End != PathEnd.Name || place.HasTrailingSlash
        ? -(place.Errno != 0 ? place.Errno : place.Exists || place.End != PathEnd.Name ? Errno.Eexist : Errno.Enoent)
        : Fail(Errno.Eperm, number, $"{NoLinks}: no symbolic link can be made there");

    private long Unlink(in Place place)
    {
        if (place.Errno != 0 || place.End != PathEnd.Name)
        {
            return -(place.Errno != 0 ? place.Errno : Errno.Eisdir);
        }

        if (place.HasTrailingSlash)
        {
            return -(!place.Exists ? Errno.Enoent : place.IsDirectory ? Errno.Eisdir : Errno.Enotdir);
        }

        return -volume.Volume.UnlinkIn(place.Directory, place.Name);
    }

    private long RemoveDirectory(in Place place) => place.Errno != 0 ? -place.Errno : place.End switch
    {
        PathEnd.Dot => -Errno.Einval,
        PathEnd.DotDot => -Errno.Enotempty,
        PathEnd.Root or PathEnd.Descriptor => -Errno.Ebusy,
        _ => -volume.Volume.RemoveDirectoryIn(place.Directory, place.Name),
    };

    private long Rename(in Place from, in Place to, int flags, int number)
    {
        if ((flags & ~(RenameKeepsOther | RenameExchanges | RenameWhiteout)) != 0
            || ((flags & RenameExchanges) != 0 && (flags & (RenameKeepsOther | RenameWhiteout)) != 0))
        {
            return -Errno.Einval;
        }

        if ((flags & (RenameExchanges | RenameWhiteout)) != 0)
        {
            return Fail(Errno.Einval, number, "names on the volume can be replaced, and not exchanged");
        }

        if (from.Errno != 0 || to.Errno != 0)
        {
            return -(from.Errno != 0 ? from.Errno : to.Errno);
        }

        if (from.End != PathEnd.Name || to.End != PathEnd.Name)
        {
            return -(from.End == PathEnd.Name && (flags & RenameKeepsOther) != 0 ? Errno.Eexist : Errno.Ebusy);
        }

        if (from.Exists && !from.IsDirectory && !((flags & RenameKeepsOther) != 0 && to.Exists) && (from.HasTrailingSlash || to.HasTrailingSlash))
        {
            return -Errno.Enotdir;
        }

        return -volume.Volume.RenameIn(from.Directory, from.Name, to.Directory, to.Name, (flags & RenameKeepsOther) != 0);
    }

    private long Link(in Place from, in Place to)
    {
        if (!from.Exists)
        {
            return -(from.Errno != 0 ? from.Errno : Errno.Enoent);
        }

        if (from.HasTrailingSlash && !from.IsDirectory)
        {
            return -Errno.Enotdir;
        }

        if (to.Errno != 0)
        {
            return -to.Errno;
        }

        if (to.Exists || to.End != PathEnd.Name)
        {
            return -Errno.Eexist;
        }

        if (to.HasTrailingSlash)
        {
            return -Errno.Enoent;
        }

        if (from.IsDirectory)
        {
            return -Errno.Eperm;
        }

        return -volume.Volume.LinkIn(from.Number, to.Directory, to.Name, from.Description?.Inode.UnnamedMode ?? 0x1A4);
    }
}
