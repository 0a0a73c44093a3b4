using System.Globalization;
using System.Text;
using DaxEmu.Core.Fs.Volume;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <content>Calls that name a file by a path, or by a descriptor.</content>
internal sealed unsafe partial class SystemCalls
{
    private const int OpenHowBytes = 24;
    private const ulong ResolveNoXdev = 1;
    private const ulong ResolveKnown = 0x3F;
    private const ulong ResolveCached = 0x20;

    // Which arguments of a call are the descriptor (-1: the current directory) and the path; false for calls without one path.
    private static bool TryPathArguments(int number, out int directory, out int path)
    {
        directory = -1;
        path = 0;
        switch (number)
        {
            case Sys.Open or Sys.Creat or Sys.Stat or Sys.Lstat or Sys.Access or Sys.Truncate or Sys.Chdir or Sys.Mkdir or Sys.Rmdir or Sys.Unlink or Sys.Readlink or Sys.Chmod or Sys.Chown or Sys.Lchown or Sys.Utime
                or Sys.Mknod or Sys.Statfs or Sys.Utimes or Sys.Setxattr or Sys.Lsetxattr or Sys.Getxattr or Sys.Lgetxattr or Sys.Listxattr or Sys.Llistxattr or Sys.Removexattr or Sys.Lremovexattr:
                return true;
            case Sys.Openat or Sys.Openat2 or Sys.Mkdirat or Sys.Mknodat or Sys.Fchownat or Sys.Futimesat or Sys.Newfstatat or Sys.Statx or Sys.Unlinkat or Sys.Readlinkat or Sys.Fchmodat or Sys.Fchmodat2 or Sys.Faccessat
                or Sys.Faccessat2 or Sys.Utimensat or Sys.NameToHandleAt or Sys.OpenTree:
                directory = 0;
                path = 1;
                return true;
            case Sys.InotifyAddWatch or Sys.Symlink:
                path = 1;
                return true;
            case Sys.Symlinkat:
                directory = 1;
                path = 2;
                return true;
            default:
                return false;
        }
    }

    private bool ServePath(in SystemCall call, out long result)
    {
        result = 0;
        if (call.Number is Sys.Rename or Sys.Renameat or Sys.Renameat2 or Sys.Link or Sys.Linkat)
        {
            return ServeTwoPaths(call, out result);
        }

        if (!TryPathArguments(call.Number, out int directoryAt, out int pathAt))
        {
            return false;
        }

        int directory = directoryAt < 0 ? AtFlags.CurrentDirectory : (int)Argument(call, directoryAt);
        Place place = paths.Resolve(directory, Argument(call, pathAt), MayBeEmpty(call));
        if (!place.IsInside)
        {
            return place.HostPath is { } hostPath ? Served(WithHostPath(call, pathAt, hostPath), out result)
                : call.Number == Sys.Chdir && LeaveDirectory(call, out result);
        }

        if (IsOfLink(call, place))
        {
            return call.Number is Sys.Readlink or Sys.Readlinkat && Served(ReadDescriptorLink(place, call, pathAt), out result);
        }

        return Served(Serve(place, call), out result);
    }

    private static nint Argument(in SystemCall call, int index) => index switch
    {
        0 => call.A0,
        1 => call.A1,
        2 => call.A2,
        3 => call.A3,
        4 => call.A4,
        _ => call.A5,
    };

    private static bool MayBeEmpty(in SystemCall call) => call.Number switch
    {
        Sys.Newfstatat or Sys.Faccessat2 or Sys.Utimensat or Sys.Fchmodat2 => (call.A3 & AtFlags.EmptyPath) != 0 || (call.Number == Sys.Utimensat && call.A1 == 0),
        Sys.Fchownat or Sys.NameToHandleAt => (call.A4 & AtFlags.EmptyPath) != 0,
        Sys.Statx or Sys.OpenTree => (call.A2 & AtFlags.EmptyPath) != 0,
        Sys.Futimesat => call.A1 == 0,
        Sys.Readlinkat => true,
        _ => false,
    };

    // /proc/self/fd/N is a symbolic link: calls that do not follow it mean the link, which is the kernel's.
    private static bool IsOfLink(in SystemCall call, in Place place)
    {
        if (place.End != PathEnd.Descriptor || !TryPathArguments(call.Number, out int directoryAt, out int pathAt) || (directoryAt >= 0 && Argument(call, pathAt) == 0))
        {
            return false;
        }

        bool isLink = place.IsByPath;
        return isLink && call.Number switch
        {
            Sys.Lstat or Sys.Readlink or Sys.Readlinkat or Sys.Unlink or Sys.Unlinkat or Sys.Lchown or Sys.Mkdir or Sys.Mkdirat or Sys.Rmdir or Sys.Mknod or Sys.Mknodat or Sys.Symlink or Sys.Symlinkat
                or Sys.Lgetxattr or Sys.Lsetxattr or Sys.Llistxattr or Sys.Lremovexattr => true,
            Sys.Newfstatat or Sys.Utimensat or Sys.Fchmodat2 => (call.A3 & AtFlags.NoFollow) != 0,
            Sys.Fchownat => (call.A4 & AtFlags.NoFollow) != 0,
            Sys.Statx => (call.A2 & AtFlags.NoFollow) != 0,
            Sys.Open => (call.A1 & OpenFlags.NoFollow) != 0,
            Sys.Openat => (call.A2 & OpenFlags.NoFollow) != 0,
            _ => false,
        };
    }

    private long ReadDescriptorLink(in Place place, in SystemCall call, int pathAt)
    {
        long size = (int)Argument(call, pathAt + 2);
        if (size <= 0)
        {
            return -Errno.Einval;
        }

        string? path = volume.Volume.PathOf(place.Number);
        string shown = path is null ? string.Create(CultureInfo.InvariantCulture, $"{volume.Settings.Prefix}/#{place.Number} (deleted)") : paths.Shown(path);
        return StoreText(shown, Argument(call, pathAt + 1), size, withNul: false);
    }

    // The program's path leads out of the volume, so it begins where the kernel cannot know.
    private long WithHostPath(in SystemCall call, int pathAt, string path)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(path + '\0');
        fixed (byte* start = bytes)
        {
            SystemCall changed = call.With(pathAt, (nint)start);
            if (call.Number == Sys.Chdir)
            {
                _ = LeaveDirectory(changed, out long left);
                return left;
            }

            return Raw(changed);
        }
    }

    private long Serve(in Place place, in SystemCall call)
    {
        switch (call.Number)
        {
            case Sys.Open:
                return OpenPlace(place, (int)call.A1, (int)call.A2);
            case Sys.Creat:
                return OpenPlace(place, OpenFlags.Create | OpenFlags.Truncate | OpenFlags.WriteOnly, (int)call.A1);
            case Sys.Openat:
                return OpenPlace(place, (int)call.A2, (int)call.A3);
            case Sys.Openat2:
                return OpenHow(place, call);
            case Sys.Stat or Sys.Lstat:
                return StoreStat(FactsOf(place), call.A1);
            case Sys.Newfstatat:
                return (call.A3 & ~(AtFlags.NoFollow | AtFlags.NoAutomount | AtFlags.EmptyPath | AtFlags.StatSync)) != 0 ? -Errno.Einval : StoreStat(FactsOf(place), call.A2);
            case Sys.Statx:
                return StatxOf(place, call);
            case Sys.Access:
                return CheckAccess(FactsOf(place), (int)call.A1);
            case Sys.Faccessat or Sys.Faccessat2:
                return CheckAccess(FactsOf(place), (int)call.A2);
            case Sys.Truncate:
                return TruncatePath(place, call.A1);
            case Sys.Chdir:
                return EnterDirectory(FactsOf(place));
            case Sys.Mkdir:
                return MakeDirectory(place, (int)call.A1);
            case Sys.Mkdirat:
                return MakeDirectory(place, (int)call.A2);
            case Sys.Rmdir:
                return RemoveDirectory(place);
            case Sys.Unlink:
                return Unlink(place);
            case Sys.Unlinkat:
                return (call.A2 & ~AtFlags.RemoveDirectory) != 0 ? -Errno.Einval : (call.A2 & AtFlags.RemoveDirectory) != 0 ? RemoveDirectory(place) : Unlink(place);
            case Sys.Mknod:
                return MakeNode(place, (int)call.A1, call.Number);
            case Sys.Mknodat:
                return MakeNode(place, (int)call.A2, call.Number);
            case Sys.Symlink or Sys.Symlinkat:
                return MakeLink(place, call.Number);
            case Sys.Readlink or Sys.Readlinkat:
                _ = FactsOf(place);
                return -Errno.Einval;
            default:
                return ServeAttributes(place, call);
        }
    }

    private long ServeAttributes(in Place place, in SystemCall call)
    {
        NodeFacts facts = FactsOf(place);
        switch (call.Number)
        {
            case Sys.Chmod:
                return ChangeMode(place, (int)call.A1);
            case Sys.Fchmodat or Sys.Fchmodat2:
                return ChangeMode(place, (int)call.A2);
            case Sys.Chown or Sys.Lchown:
                return SetOwner((int)call.A1, (int)call.A2, call.Number);
            case Sys.Fchownat:
                return SetOwner((int)call.A2, (int)call.A3, call.Number);
            case Sys.Utime or Sys.Utimes:
                return SetTimes(facts.Number, LoadTimes(call.Number, call.A1));
            case Sys.Futimesat or Sys.Utimensat:
                return SetTimes(facts.Number, LoadTimes(call.Number, call.A2));
            case Sys.Statfs:
                return StoreStatfs(call.A1);
            case Sys.NameToHandleAt:
                return Fail(Errno.Eopnotsupp, call.Number, "files on the volume have no handles");
            case Sys.InotifyAddWatch:
                return Fail(Errno.Eopnotsupp, call.Number, "changes on the volume cannot be watched");
            case Sys.OpenTree:
                return Fail(Errno.Einval, call.Number, "the volume is no mount of the kernel's");
            default:
                return ExtendedAttribute(call.Number);
        }
    }

    private long ChangeMode(in Place place, int mode) => place.Description is { } description ? SetMode(description.Inode, mode) : SetMode(place.Number, mode);

    private long StatxOf(in Place place, in SystemCall call) =>
        (call.A2 & ~(AtFlags.NoFollow | AtFlags.NoAutomount | AtFlags.EmptyPath | AtFlags.StatSync)) != 0
        || (call.A2 & AtFlags.StatSync) == AtFlags.StatSync
        || ((uint)call.A3 & StatxReserved) != 0
            ? -Errno.Einval
            : StoreStatx(FactsOf(place), call.A4);

    private long TruncatePath(in Place place, long length)
    {
        if (length < 0)
        {
            return -Errno.Einval;
        }

        NodeFacts facts = FactsOf(place);
        if (facts.IsDirectory)
        {
            return -Errno.Eisdir;
        }

        int errno = CheckRights(place with { Number = facts.Number }, OpenFlags.WriteOnly);
        if (errno != 0)
        {
            return -errno;
        }

        errno = volume.Acquire(facts.Number, isDirectory: false, place.Name, out OpenInode inode);
        if (errno != 0)
        {
            return -errno;
        }

        try
        {
            return SetLength(volume.FileOf(inode), length);
        }
        finally
        {
            volume.Release(inode);
        }
    }

    private long OpenHow(in Place place, in SystemCall call)
    {
        if (call.A3 < OpenHowBytes)
        {
            return -Errno.Einval;
        }

        ulong flags = UserMemory.Load<ulong>(call.A2);
        ulong mode = UserMemory.Load<ulong>(call.A2 + 8);
        ulong resolve = UserMemory.Load<ulong>(call.A2 + 16);
        if (call.A3 > OpenHowBytes)
        {
            return -Errno.E2big;
        }

        bool makes = (flags & (OpenFlags.Create | OpenFlags.TemporaryBit)) != 0;
        if ((flags & ~(ulong)OpenFlags.Known) != 0 || (resolve & ~ResolveKnown) != 0 || (mode & ~(ulong)PermissionBits) != 0 || (!makes && mode != 0))
        {
            return -Errno.Einval;
        }

        if ((resolve & ResolveCached) != 0)
        {
            return -Errno.Eagain;
        }

        // From a directory of the host the volume is another mount.
        bool isFromHost = (int)call.A0 == AtFlags.CurrentDirectory ? paths.CurrentDirectory == 0 : !Owns((int)call.A0);
        return (resolve & ResolveNoXdev) != 0 && isFromHost ? -Errno.Exdev : OpenPlace(place, (int)flags, (int)mode);
    }

    private bool ServeTwoPaths(in SystemCall call, out long result)
    {
        result = 0;
        bool hasDirectories = call.Number is Sys.Renameat or Sys.Renameat2 or Sys.Linkat;
        int from = hasDirectories ? 1 : 0;
        int to = hasDirectories ? 3 : 1;
        int flags = call.Number is Sys.Renameat2 or Sys.Linkat ? (int)call.A4 : 0;
        bool mayBeEmpty = call.Number == Sys.Linkat && (flags & AtFlags.EmptyPath) != 0;
        Place source = paths.Resolve(hasDirectories ? (int)call.A0 : AtFlags.CurrentDirectory, Argument(call, from), mayBeEmpty);
        Place target = paths.Resolve(hasDirectories ? (int)call.A2 : AtFlags.CurrentDirectory, Argument(call, to));
        bool isLink = call.Number is Sys.Link or Sys.Linkat;
        if (source.IsByPath && !(call.Number == Sys.Linkat && (flags & AtFlags.Follow) != 0))
        {
            source = default; // the symbolic link of /proc itself
        }

        if (!source.IsInside && !target.IsInside)
        {
            return (source.HostPath ?? target.HostPath) is not null && Served(WithHostPaths(call, from, source.HostPath, to, target.HostPath), out result);
        }

        if (source.IsInside != target.IsInside)
        {
            Place inside = source.IsInside ? source : target;
            bool isMissing = source.IsInside && !source.Exists;
            result = -(inside.Errno != 0 ? inside.Errno : isMissing ? Errno.Enoent : Errno.Exdev);
            return true;
        }

        if (isLink)
        {
            result = (flags & ~(AtFlags.EmptyPath | AtFlags.Follow)) != 0 ? -Errno.Einval : Link(source, target);
            return true;
        }

        result = Rename(source, target, flags, call.Number);
        return true;
    }

    private static long WithHostPaths(in SystemCall call, int fromAt, string? from, int toAt, string? to)
    {
        byte[] first = Encoding.UTF8.GetBytes((from ?? "") + '\0');
        byte[] second = Encoding.UTF8.GetBytes((to ?? "") + '\0');
        fixed (byte* firstStart = first, secondStart = second)
        {
            SystemCall changed = from is null ? call : call.With(fromAt, (nint)firstStart);
            return Raw(to is null ? changed : changed.With(toAt, (nint)secondStart));
        }
    }

    // A program is not started from the volume, as on a mount with noexec. Another one takes this one's place, if the kernel agrees: what it finds on the
    // volume must be all that this one has done.
    private bool ServeExec(in SystemCall call, out long result)
    {
        result = 0;
        bool hasDirectory = call.Number == Sys.Execveat;
        Place place = hasDirectory
            ? paths.Resolve((int)call.A0, call.A1, (call.A4 & AtFlags.EmptyPath) != 0)
            : paths.Resolve(AtFlags.CurrentDirectory, call.A0);
        if (place.IsInside)
        {
            NodeFacts facts = FactsOf(place);
            result = facts.IsDirectory
                ? -Errno.Eacces
                : Fail(Errno.Eacces, call.Number, "programs cannot be started from the volume, as from a mount with noexec. Copy the program elsewhere first");
            return true;
        }

        volume.LetGo(insideCalls: 1);
        return place.HostPath is { } hostPath && Served(WithHostPath(call, hasDirectory ? 1 : 0, hostPath), out result);
    }
}
