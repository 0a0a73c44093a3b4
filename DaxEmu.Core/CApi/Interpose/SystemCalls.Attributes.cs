using System.Text;
using DaxEmu.Core.Fs.Volume;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.CApi.Interpose;

/// <content>What is known of files: stat, permissions, times, extended attributes, the file system.</content>
internal sealed unsafe partial class SystemCalls
{
    private const uint RegularFile = 0x8000;
    private const uint DirectoryFile = 0x4000;
    private const int PermissionBits = 0xFFF;
    private const uint DeviceMinor = 0xDAE;
    private const ulong DeviceNumber = (DeviceMinor & 0xFF) | ((ulong)(DeviceMinor & ~0xFFu) << 12);
    private const long StatfsType = 0x58465342; // XFS, which is modelled
    private const long StatfsFlags = 0x20 | 0x8; // that the flags are valid; no programs are run from here
    private const uint StatxAll = 0xFFF;
    private const uint StatxReserved = 0x8000_0000;
    private const ulong StatxAttributeDax = 0x0020_0000;
    private const int SectorBytes = 512;
    private const long TimeNow = 0x3FFF_FFFF;
    private const long TimeOmit = 0x3FFF_FFFE;
    private const int NanosecondsPerSecond = 1_000_000_000;

    private NodeFacts FactsOf(OpenInode inode) => volume.Volume.FactsOf(inode.Number) is { } facts && !inode.IsGone
        ? facts.Mode < 0 ? facts with { Mode = inode.UnnamedMode } : facts
        : new NodeFacts(inode.Number, inode.IsDirectory, inode.IsDirectory ? 0x1ED : inode.UnnamedMode, 0, inode.File?.Length ?? 0, 0, 0, 0, 0);

    private NodeFacts FactsOf(in Place place)
    {
        if (place.Description is { } description)
        {
            return FactsOf(description.Inode);
        }

        if (place.Errno != 0)
        {
            throw new SystemCallException(place.Errno);
        }

        NodeFacts? facts = place.Exists ? volume.Volume.FactsOf(place.Number) : null;
        return facts is not { } found ? throw new SystemCallException(Errno.Enoent)
            : place.HasTrailingSlash && !found.IsDirectory ? throw new SystemCallException(Errno.Enotdir)
            : found;
    }

    private long StoreStat(in NodeFacts facts, nint address)
    {
        var stat = new KernelStat
        {
            Device = DeviceNumber,
            Inode = (ulong)facts.Number,
            LinkCount = (ulong)facts.LinkCount,
            Mode = ModeOf(facts),
            User = (uint)userId,
            Group = (uint)groupId,
            Size = facts.SizeBytes,
            BlockSize = DaxConstants.PageSize,
            Blocks = facts.AllocatedBytes / SectorBytes,
            Accessed = KernelTime.FromTicks(facts.ModifiedTicks),
            Modified = KernelTime.FromTicks(facts.ModifiedTicks),
            Changed = KernelTime.FromTicks(facts.ChangedTicks),
        };
        UserMemory.Store(address, stat);
        return 0;
    }

    private long StoreStatx(in NodeFacts facts, nint address)
    {
        var stat = new KernelStatx
        {
            Mask = StatxAll,
            BlockSize = DaxConstants.PageSize,
            Attributes = StatxAttributeDax,
            AttributesMask = StatxAttributeDax,
            LinkCount = (uint)facts.LinkCount,
            User = (uint)userId,
            Group = (uint)groupId,
            Mode = (ushort)ModeOf(facts),
            Inode = (ulong)facts.Number,
            Size = (ulong)facts.SizeBytes,
            Blocks = (ulong)facts.AllocatedBytes / SectorBytes,
            Accessed = new KernelStatxTime(KernelTime.FromTicks(facts.ModifiedTicks)),
            Born = new KernelStatxTime(KernelTime.FromTicks(facts.CreatedTicks)),
            Changed = new KernelStatxTime(KernelTime.FromTicks(facts.ChangedTicks)),
            Modified = new KernelStatxTime(KernelTime.FromTicks(facts.ModifiedTicks)),
            DeviceMinor = DeviceMinor,
        };
        UserMemory.Store(address, stat);
        return 0;
    }

    private static uint ModeOf(in NodeFacts facts) => (facts.IsDirectory ? DirectoryFile : RegularFile) | (uint)facts.Mode;

    private long StoreStatfs(nint address)
    {
        DaxVolume mounted = volume.Volume;
        long free = mounted.FreeBytes >> DaxConstants.PageShift;
        var statfs = new KernelStatfs
        {
            Type = StatfsType,
            BlockSize = DaxConstants.PageSize,
            Blocks = mounted.Device.PageCount,
            FreeBlocks = free,
            AvailableBlocks = free,
            Files = mounted.Device.PageCount,
            FreeFiles = free,
            Id = (long)DeviceNumber,
            MostNameBytes = 255,
            FragmentSize = DaxConstants.PageSize,
            Flags = StatfsFlags | (mounted.ReadOnlyReason is null ? 0 : 1),
        };
        UserMemory.Store(address, statfs);
        return 0;
    }

    // access(2): root needs one x bit for a program, as on every file system; the owner needs the owner's bits.
    private long CheckAccess(in NodeFacts facts, int wanted)
    {
        if ((wanted & ~7) != 0)
        {
            return -Errno.Einval;
        }

        if ((wanted & 2) != 0 && volume.Volume.ReadOnlyReason is not null)
        {
            return -Errno.Erofs;
        }

        return IsAllowed(facts, wanted) ? 0 : -Errno.Eacces;
    }

    private bool IsAllowed(in NodeFacts facts, int wanted) => isPrivileged
        ? (wanted & 1) == 0 || facts.IsDirectory || (facts.Mode & 0x49) != 0
        : (((facts.Mode >> 6) & 7) & wanted) == wanted;

    private long SetMode(long number, int mode) => -volume.Volume.SetAttributes(number, mode & PermissionBits, modifiedTicks: null);

    private long SetMode(OpenInode inode, int mode)
    {
        long result = SetMode(inode.Number, mode);
        if (result == -Errno.Enoent)
        {
            inode.UnnamedMode = mode & PermissionBits; // or of no file any more
            result = 0;
        }

        return result;
    }

    // Files belong to the user who runs the program: others cannot be set, as for a program without the right to give files away.
    private long SetOwner(int user, int group, int number) => (user is -1 || user == userId) && (group is -1 || group == groupId)
        ? 0
        : Fail(Errno.Eperm, number, "files on the volume belong to the user who runs the program, and cannot be given away");

    // The time of the last access is not kept.
    private long SetTimes(long number, KernelTime? modified)
    {
        if (modified is not { Nanoseconds: not TimeOmit } time)
        {
            return modified is null ? -volume.Volume.SetAttributes(number, mode: null, DateTime.UtcNow.Ticks) : 0;
        }

        return -volume.Volume.SetAttributes(number, mode: null, time.Nanoseconds == TimeNow ? DateTime.UtcNow.Ticks : time.ToTicks());
    }

    private static KernelTime? LoadTimes(int call, nint address)
    {
        if (address == 0)
        {
            return null;
        }

        switch (call)
        {
            case Sys.Utimensat:
                KernelTime accessed = UserMemory.Load<KernelTime>(address);
                KernelTime modified = UserMemory.Load<KernelTime>(address + sizeof(KernelTime));
                return AreNanoseconds(accessed.Nanoseconds) && AreNanoseconds(modified.Nanoseconds) ? modified : throw new SystemCallException(Errno.Einval);
            case Sys.Utime:
                return new KernelTime(UserMemory.Load<long>(address + sizeof(long)), 0);
            default:
                // struct timeval: microseconds
                KernelTime first = UserMemory.Load<KernelTime>(address);
                KernelTime second = UserMemory.Load<KernelTime>(address + sizeof(KernelTime));
                return first.Nanoseconds is >= 0 and < 1_000_000 && second.Nanoseconds is >= 0 and < 1_000_000
                    ? second with { Nanoseconds = second.Nanoseconds * 1000 }
                    : throw new SystemCallException(Errno.Einval);
        }
    }

    private static bool AreNanoseconds(long value) => value is (>= 0 and < NanosecondsPerSecond) or TimeNow or TimeOmit;

    private static long ExtendedAttribute(int number) => number switch
    {
        Sys.Getxattr or Sys.Lgetxattr or Sys.Fgetxattr or Sys.Removexattr or Sys.Lremovexattr or Sys.Fremovexattr => -Errno.Enodata,
        Sys.Listxattr or Sys.Llistxattr or Sys.Flistxattr => 0,
        _ => -Errno.Eopnotsupp,
    };

    private static long StoreText(string text, nint address, long size, bool withNul)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(withNul ? text + '\0' : text);
        long length = withNul ? bytes.Length : Math.Min(bytes.Length, size);
        UserMemory.Store(address, bytes.AsSpan(0, (int)length));
        return length;
    }
}
