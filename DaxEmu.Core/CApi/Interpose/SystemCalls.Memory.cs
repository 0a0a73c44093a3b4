using DaxEmu.Core.Dax.Faults;
using DaxEmu.Core.Mm;
using DaxEmu.Native;
using DaxEmu.Native.Libc;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.CApi.Interpose;

/// <content>Memory: files that are mapped.</content>
/// <remarks>
/// A call on a range of addresses may concern mappings of the volume, others, and gaps. Each part is served or passed on by itself, in the order of
/// addresses, as the kernel goes from one VMA to the next.
/// </remarks>
internal sealed unsafe partial class SystemCalls
{
    private const int AdviceDontNeed = 4;
    private const int AdviceFree = 8;
    private const int AdviceRemove = 9;
    private const int AdvicePopulateRead = 22;
    private const int AdvicePopulateWrite = 23;
    private const int AdviceCollapse = 25;
    private const int PageMask = DaxConstants.PageSize - 1;

    // Changes of what is mapped where, one after the other. Faults run beside them.
    private readonly Lock mapGate = new();
    private readonly Dictionary<HostMapping, OpenInode> mapped = [];

    private delegate long RangePart(nint address, nint length);

    private bool ServeMemory(in SystemCall call, out long result)
    {
        result = 0;
        switch (call.Number)
        {
            case Sys.Mmap:
                return ServeMap(call, out result);
            case Sys.Brk or Sys.Shmdt:
                memory.Forget();
                return false;
            case Sys.Mremap:
                memory.Forget();
                return ServeRemap(call, out result);
            default:
                if (call.Number is Sys.Munmap or Sys.Mprotect or Sys.PkeyMprotect)
                {
                    memory.Forget();
                }

                return DaxRanges.Overlaps(call.A0, RoundUp(call.A1)) && Served(OnRange(call), out result);
        }
    }

    private static nint RoundUp(nint length) => (length + PageMask) & ~(nint)PageMask;

    private bool ServeMap(in SystemCall call, out long result)
    {
        result = 0;
        int flags = (int)call.A3;
        bool replaces = (flags & (MapFlags.Fixed | MapFlags.FixedNoReplace)) == MapFlags.Fixed;
        if ((flags & MapFlags.Anonymous) == 0 && table.Find((int)call.A4) is { } description)
        {
            return Served(Map(description, call, replaces), out result);
        }

        if (replaces)
        {
            memory.Forget();
            if (DaxRanges.Overlaps(call.A0, RoundUp(call.A1)))
            {
                lock (mapGate)
                {
                    UnmapMapped(call.A0, RoundUp(call.A1));
                }
            }
        }

        return false;
    }

    private long Map(OpenDescription description, in SystemCall call, bool replaces)
    {
        nint length = RoundUp(call.A1);
        long offset = call.A5;
        int rights = (int)call.A2;
        int flags = (int)call.A3;
        int type = flags & MapFlags.TypeMask;
        if (call.A1 <= 0 || (offset & PageMask) != 0 || offset < 0)
        {
            return call.A1 < 0 ? -Errno.Enomem : -Errno.Einval;
        }

        if (type is not (MapFlags.Shared or MapFlags.Private or MapFlags.SharedValidate))
        {
            return -Errno.Einval;
        }

        if (type == MapFlags.SharedValidate && (flags & ~MapFlags.Known) != 0)
        {
            return -Errno.Eopnotsupp;
        }

        if ((flags & (MapFlags.Fixed | MapFlags.FixedNoReplace)) != 0 && (call.A0 & PageMask) != 0)
        {
            return -Errno.Einval;
        }

        if (description.IsPath)
        {
            return -Errno.Ebadf;
        }

        bool isShared = type != MapFlags.Private;
        if (!description.CanRead || (isShared && (rights & MapFlags.CanWrite) != 0 && !description.CanWrite))
        {
            return -Errno.Eacces;
        }

        if (description.Inode.IsDirectory)
        {
            return -Errno.Enodev;
        }

        if ((rights & MapFlags.CanExecute) != 0)
        {
            return Fail(Errno.Eperm, Sys.Mmap, "files on the volume cannot be executed, as on a mount with noexec");
        }

        if ((flags & (MapFlags.GrowsDown | MapFlags.HugePages)) != 0)
        {
            return -Errno.Einval;
        }

        DaxFile file = volume.FileOf(description.Inode);
        if (offset > file.MaximumBytes - length)
        {
            return -Errno.Eoverflow;
        }

        MapMode mode = !isShared ? MapMode.Private : description.CanWrite && file.CanWrite ? MapMode.Shared : MapMode.Shared | MapMode.ReadOnly;
        if (type == MapFlags.SharedValidate && (flags & MapFlags.Sync) != 0)
        {
            mode |= MapMode.Sync;
        }

        var options = new HostMappingOptions
        {
            Address = call.A0 & ~(nint)PageMask,
            Place = (flags & MapFlags.FixedNoReplace) != 0 ? HostPlace.FixedNoReplace : replaces ? HostPlace.Fixed : HostPlace.Any,
            CanRead = (rights & (MapFlags.CanRead | MapFlags.CanWrite)) != 0,
            CanWrite = (rights & MapFlags.CanWrite) != 0,
            FaultAroundBytes = volume.Settings.FaultAroundBytes,
        };
        HostMapping mapping;
        lock (mapGate)
        {
            if (replaces)
            {
                memory.Forget();
                UnmapMapped(call.A0, length);
            }

            mapping = MapTracked(description.Inode, file, offset, length, mode, options);
        }

        bool populates = (flags & MapFlags.Locked) != 0 || (flags & (MapFlags.Populate | MapFlags.NonBlocking)) == MapFlags.Populate;
        if (populates && options.CanRead)
        {
            _ = DaxRanges.AccessAll(mapping.Address, Math.Min(length, Math.Max(0, RoundUp((nint)(file.Length - offset)))), isWrite: options.CanWrite && isShared);
        }

        return mapping.Address;
    }

    private HostMapping MapTracked(OpenInode inode, DaxFile file, long offset, nint length, MapMode mode, HostMappingOptions options)
    {
        volume.CountMapping(1);
        volume.AddReference(inode);
        try
        {
            HostMapping mapping = file.MapHost(offset, length, mode, options);
            mapped.Add(mapping, inode);
            return mapping;
        }
        catch (Exception problem)
        {
            volume.CountMapping(-1);
            volume.Release(inode);
            throw problem is DaxEnvironmentException { Errno: Errno.Eexist or Errno.Enomem } refusal ? new SystemCallException(refusal.Errno) : problem;
        }
    }

    // Under the gate: ends all mappings of the volume in a range.
    private void UnmapMapped(nint address, nint length)
    {
        foreach (HostAddresses part in HostMapping.InRange(address, length).ToArray())
        {
            part.Mapping.Unmap(part.Start, part.Length);
            if (part.Mapping.Pieces.Count == 0 && mapped.Remove(part.Mapping, out OpenInode? inode))
            {
                volume.CountMapping(-1);
                volume.Release(inode);
            }
        }
    }

    private long OnRange(in SystemCall call)
    {
        if ((call.A0 & PageMask) != 0)
        {
            return -Errno.Einval;
        }

        nint address = call.A0;
        nint length = RoundUp(call.A1);
        if (length <= 0)
        {
            return call.Number == Sys.Munmap ? -Errno.Einval : length < 0 ? -Errno.Enomem : 0;
        }

        SystemCall passed = call;
        switch (call.Number)
        {
            case Sys.Munmap:
                lock (mapGate)
                {
                    HostAddresses[] parts = HostMapping.InRange(address, length).ToArray();
                    UnmapMapped(address, length);
                    return OnParts(parts, address, length, (_, _) => 0, (at, bytes) => RawSystemCall.Invoke(Sys.Munmap, at, bytes));
                }

            case Sys.Mprotect or Sys.PkeyMprotect:
                lock (mapGate)
                {
                    return OnParts(address, length, part => Protect(part, (int)passed.A2), (at, bytes) => Raw(passed with { A0 = at, A1 = bytes }));
                }

            case Sys.Msync:
                int flags = (int)call.A2;
                return (flags & ~(MapFlags.SyncAsync | MapFlags.SyncInvalidate | MapFlags.SyncWait)) != 0
                    || (flags & (MapFlags.SyncAsync | MapFlags.SyncWait)) == (MapFlags.SyncAsync | MapFlags.SyncWait)
                        ? -Errno.Einval
                        : OnParts(address, length, part => SyncPart(part, (flags & MapFlags.SyncWait) != 0), (at, bytes) => Raw(passed with { A0 = at, A1 = bytes }));
            case Sys.Madvise:
                return OnParts(address, length, part => Advise(part, (int)passed.A2), (at, bytes) => Raw(passed with { A0 = at, A1 = bytes }));
            case Sys.Mincore:
                return OnParts(
                    address,
                    length,
                    part => Residence(part, passed.A2 + ((part.Start - address) >> DaxConstants.PageShift)),
                    (at, bytes) => Raw(passed with { A0 = at, A1 = bytes, A2 = passed.A2 + ((at - address) >> DaxConstants.PageShift) }));
            default:
                return OnParts(address, length, part => Populate(part, passed.Number), (at, bytes) => Raw(passed with { A0 = at, A1 = bytes }));
        }
    }

    private static long OnParts(nint address, nint length, Func<HostAddresses, long> onMapped, RangePart onOther) =>
        OnParts(HostMapping.InRange(address, length).ToArray(), address, length, (part, _) => onMapped(part), onOther);

    // The first error ends it.
    private static long OnParts(HostAddresses[] parts, nint address, nint length, Func<HostAddresses, int, long> onMapped, RangePart onOther)
    {
        nint at = address;
        nint end = address + length;
        long result = 0;
        for (int i = 0; i <= parts.Length && result >= 0; i++)
        {
            nint next = i < parts.Length ? parts[i].Start : end;
            result = next > at ? onOther(at, next - at) : 0;
            if (result >= 0 && i < parts.Length)
            {
                result = onMapped(parts[i], i);
                at = parts[i].End;
            }
        }

        return result;
    }

    private static long Protect(in HostAddresses part, int rights)
    {
        if ((rights & MapFlags.CanExecute) != 0)
        {
            return -Errno.Eacces;
        }

        bool canWrite = (rights & MapFlags.CanWrite) != 0;
        return part.Mapping.TryProtect(part.Start, part.Length, canWrite || (rights & MapFlags.CanRead) != 0, canWrite) ? 0 : -Errno.Eacces;
    }

    private long SyncPart(in HostAddresses part, bool waits)
    {
        if (waits && part.Mapping.Area.IsShared && InodeOf(part.Mapping) is { } inode)
        {
            volume.FileOf(inode).SyncRange(part.FileOffset, part.Length);
        }

        return 0;
    }

    private long Advise(in HostAddresses part, int advice)
    {
        switch (advice)
        {
            case AdviceDontNeed:
                part.Mapping.Zap(part.Start, part.Length);
                return 0;
            case AdviceFree or AdviceCollapse:
                return -Errno.Einval;
            case AdviceRemove:
                if (!part.Mapping.Area.IsShared || (part.Mapping.Area.Mode & MapMode.ReadOnly) != 0 || InodeOf(part.Mapping) is not { } inode)
                {
                    return -Errno.Eacces;
                }

                volume.FileOf(inode).PunchHole(part.FileOffset, part.Length);
                return 0;
            case AdvicePopulateRead or AdvicePopulateWrite:
                return DaxRanges.AccessAll(part.Start, part.Length, isWrite: advice == AdvicePopulateWrite) ? 0 : -Errno.Efault;
            default:
                // Hints, of which none changes what a program sees. What the kernel does not know is no hint.
                return advice is (>= 0 and <= 21) or 24 ? 0 : -Errno.Einval;
        }
    }

    private static long Residence(in HostAddresses part, nint vector)
    {
        byte[] pages = new byte[part.Length >> DaxConstants.PageShift];
        for (int i = 0; i < pages.Length; i++)
        {
            pages[i] = part.Mapping.IsShown(part.Start + ((nint)i << DaxConstants.PageShift)) ? (byte)1 : (byte)0;
        }

        UserMemory.Store(vector, pages);
        return 0;
    }

    // mlock: what is there cannot be swapped out anyway, so it is only faulted in.
    private static long Populate(in HostAddresses part, int number)
    {
        if (number is Sys.Mlock or Sys.Mlock2)
        {
            _ = DaxRanges.AccessAll(part.Start, part.Length, isWrite: false);
        }

        return 0;
    }

    private OpenInode? InodeOf(HostMapping mapping)
    {
        lock (mapGate)
        {
            return mapped.GetValueOrDefault(mapping);
        }
    }

    private bool ServeRemap(in SystemCall call, out long result)
    {
        result = 0;
        nint oldLength = RoundUp(call.A1);
        nint newLength = RoundUp(call.A2);
        int flags = (int)call.A3;
        bool isFixed = (flags & MapFlags.MoveFixed) != 0;
        lock (mapGate)
        {
            if (HostMapping.Find(call.A0) is not null)
            {
                return Served(Remap(call.A0, oldLength, newLength, flags, call.A4), out result);
            }

            if (isFixed)
            {
                UnmapMapped(call.A4, newLength);
            }
        }

        return false;
    }

    // Under the gate. A mapping is moved by mapping the same bytes anew: a page that was shown is shown again where it is accessed, and private copies
    // are copied.
    private long Remap(nint address, nint oldLength, nint newLength, int flags, nint newAddress)
    {
        bool isFixed = (flags & MapFlags.MoveFixed) != 0;
        bool mayMove = (flags & MapFlags.MayMove) != 0;
        if ((address & PageMask) != 0 || newLength <= 0 || (flags & ~7) != 0 || (isFixed && !mayMove) || (flags & MapFlags.KeepOld) != 0)
        {
            return -Errno.Einval;
        }

        if (isFixed && ((newAddress & PageMask) != 0 || (newAddress < address + oldLength && address < newAddress + newLength)))
        {
            return -Errno.Einval;
        }

        // Several mappings that lead on from each other are one, as the kernel merges VMAs.
        HostAddresses[] parts = HostMapping.InRange(address, Math.Max(oldLength, DaxConstants.PageSize)).ToArray();
        if (!LeadOn(parts, address, oldLength))
        {
            return -Errno.Efault;
        }

        HostMapping mapping = parts[0].Mapping;
        OpenInode inode = mapped[mapping];
        bool isPrivate = !mapping.Area.IsShared;
        if (oldLength == 0 && (isPrivate || !mayMove))
        {
            return isPrivate ? -Errno.Einval : -Errno.Enomem;
        }

        if (!isFixed && newLength <= oldLength && oldLength > 0)
        {
            UnmapMapped(address + newLength, oldLength - newLength);
            return address;
        }

        DaxFile file = volume.FileOf(inode);
        long offset = parts[0].FileOffset;
        HostPiece rights = PieceAt(mapping, address);
        if (!isFixed && oldLength > 0 && TryExtend(inode, file, mapping, rights, address + oldLength, offset + oldLength, newLength - oldLength))
        {
            return address;
        }

        if (!mayMove)
        {
            return -Errno.Enomem;
        }

        if (isFixed)
        {
            UnmapMapped(newAddress, newLength);
        }

        HostMapping moved = MapTracked(inode, file, offset, newLength, mapping.Area.Mode, new HostMappingOptions
        {
            Address = isFixed ? newAddress : 0,
            Place = isFixed ? HostPlace.Fixed : HostPlace.Any,
            CanRead = true,
            CanWrite = isPrivate || rights.CanWrite,
            FaultAroundBytes = volume.Settings.FaultAroundBytes,
        });
        foreach (HostAddresses part in parts.Where(_ => isPrivate))
        {
            MoveCopies(part, moved.Address + (part.Start - address));
        }

        if (!rights.CanRead || (isPrivate && !rights.CanWrite))
        {
            _ = moved.TryProtect(moved.Address, newLength, rights.CanRead, rights.CanWrite);
        }

        UnmapMapped(address, oldLength);
        return moved.Address;
    }

    private bool LeadOn(HostAddresses[] parts, nint address, nint length)
    {
        nint at = address;
        long offset = parts.Length == 0 ? 0 : parts[0].FileOffset;
        foreach (HostAddresses part in parts)
        {
            if (part.Start != at || part.FileOffset != offset || part.Mapping.Area.Mode != parts[0].Mapping.Area.Mode
                || !mapped.TryGetValue(part.Mapping, out OpenInode? inode) || inode != mapped[parts[0].Mapping])
            {
                return false;
            }

            at = part.End;
            offset += part.Length;
        }

        return parts.Length > 0 && at - address >= length;
    }

    private static HostPiece PieceAt(HostMapping mapping, nint address)
    {
        long page = (address - mapping.Address) >> DaxConstants.PageShift;
        return mapping.Pieces.First(piece => piece.First <= page && page < piece.End);
    }

    private bool TryExtend(OpenInode inode, DaxFile file, HostMapping mapping, in HostPiece rights, nint address, long offset, nint length)
    {
        try
        {
            _ = MapTracked(inode, file, offset, length, mapping.Area.Mode, new HostMappingOptions
            {
                Address = address,
                Place = HostPlace.FixedNoReplace,
                CanRead = rights.CanRead,
                CanWrite = rights.CanWrite,
                FaultAroundBytes = volume.Settings.FaultAroundBytes,
            });
            return true;
        }
        catch (SystemCallException)
        {
            return false; // something else lies there
        }
    }

    private static void MoveCopies(in HostAddresses part, nint target)
    {
        byte[] page = new byte[DaxConstants.PageSize];
        for (nint at = part.Start; at < part.End; at += DaxConstants.PageSize)
        {
            if (part.Mapping.Area.Table.Find(VmaPage.FromBytes(at - part.Mapping.Address)).IsCopy)
            {
                UserMemory.Load(at, page);
                UserMemory.Store(target + (at - part.Start), page);
            }
        }
    }
}
