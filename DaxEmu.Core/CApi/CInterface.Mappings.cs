using System.Buffers;
using System.Runtime.InteropServices;
using DaxEmu.Core.Dax.Faults;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Libc;
using DaxEmu.Native.Library;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core.CApi;

/// <content>Mappings and pins: memory that any load or store may use.</content>
internal static unsafe partial class CInterface
{
    private const int ProtectRead = 1;
    private const int ProtectWrite = 2;

    private const int MapShared = 0x01;
    private const int MapPrivate = 0x02;
    private const int MapFixed = 0x10;
    private const int MapPopulate = 0x8000;
    private const int MapSync = 0x80000;
    private const int MapFixedNoReplace = 0x100000;
    private const int MapSmallPages = 0x10000000;

    private const int AdviceDontNeed = 4;
    private const int AdvicePopulateRead = 22;
    private const int AdvicePopulateWrite = 23;

    private const uint MappingIsShared = 1;
    private const uint MappingIsSync = 2;

    [UnmanagedCallersOnly(EntryPoint = "daxemu_mmap")]
    internal static int Map(nint file, long offset, nuint length, int prot, int flags, void** address) => Call.Do(() =>
    {
        CallerMemory.Required(address, "The pointer for the address");
        nint place = 0;
        CallerMemory.Read(new Span<byte>(&place, sizeof(nint)), address);
        place = Map(Handles.Get<OpenFile>(file), offset, LengthOf(length), prot, flags, place);
        CallerMemory.Write(address, new ReadOnlySpan<byte>(&place, sizeof(nint)));
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_munmap")]
    internal static int Unmap(void* address, nuint length) => Call.Do(() =>
    {
        RequirePage((nint)address);
        MappedFiles.Unmap((nint)address, LengthOf(length));
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_mprotect")]
    internal static int Protect(void* address, nuint length, int prot) => Call.Do(() =>
    {
        RequirePage((nint)address);
        RequireFlags((uint)prot, ProtectRead | ProtectWrite, "mprotect");
        MappedFiles.ForEach((nint)address, WholePages(length), part =>
        {
            if (!part.Mapping.TryProtect(part.Address, part.Length, (prot & ProtectRead) != 0, (prot & ProtectWrite) != 0))
            {
                throw new IOException("A shared mapping of a file that was opened for reading cannot be made writable. Open it with DAXEMU_RDWR.", Errno.Eacces);
            }
        });
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_msync")]
    internal static int MemorySync(void* address, nuint length) => Call.Do(() =>
    {
        RequirePage((nint)address);
        MappedFiles.ForEach((nint)address, WholePages(length), part => part.View.Sync(part.Offset, part.Length));
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_madvise")]
    internal static int Advise(void* address, nuint length, int advice) => Call.Do(() =>
    {
        RequirePage((nint)address);
        Action<MappedFiles.Part> work = advice switch
        {
            AdviceDontNeed => part => part.Mapping.Zap(part.Address, part.Length),
            AdvicePopulateRead => part => Populate(part, isWrite: false),
            AdvicePopulateWrite => part => Populate(part, isWrite: true),
            _ => throw new ArgumentException($"There is no advice {advice} here. Use a DAXEMU_MADV_ constant of daxemu.h."),
        };
        MappedFiles.ForEach((nint)address, WholePages(length), work);
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_mapping_get_info")]
    internal static int MappingGetInfo(void* address, DaxemuMappingInfo* info) => Call.Do(() =>
    {
        HostMapping mapping = MappedFiles.At((nint)address).Mapping;
        CStruct.Write(
            new DaxemuMappingInfo
            {
                Flags = (mapping.Area.IsShared ? MappingIsShared : 0) | (mapping.Area.IsSync ? MappingIsSync : 0),
                Address = (void*)mapping.Address,
                LengthBytes = mapping.LengthBytes,
                FileOffsetBytes = mapping.Area.FirstIndex.OffsetBytes,
            },
            info,
            "The info of a mapping");
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_flush")]
    internal static int Flush(void* address, nuint length) =>
        Call.Do(() => MappedFiles.ForEach((nint)address, LengthOf(length), part => part.View.Flush(part.Offset, part.Length)));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_drain")]
    internal static int Drain() => Call.Do(FlushInstruction.Fence);

    [UnmanagedCallersOnly(EntryPoint = "daxemu_persist")]
    internal static int Persist(void* address, nuint length) =>
        Call.Do(() => MappedFiles.ForEach((nint)address, LengthOf(length), part => part.View.Persist(part.Offset, part.Length)));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_copy_from")]
    internal static long CopyFrom(void* buffer, void* address, nuint length) => Call.Count(() => Copied(buffer, address, length));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_copy_to")]
    internal static long CopyTo(void* address, void* buffer, nuint length) => Call.Count(() => Copied(address, buffer, length));

    [UnmanagedCallersOnly(EntryPoint = "daxemu_pin_range")]
    internal static int PinRange(void* address, nuint length, int forWriting, nint* result) => Make(result, () =>
    {
        (HostMapping mapping, DaxView view) = MappedFiles.At((nint)address);
        return new OpenPin(view.Pin((nint)address - mapping.Address, LengthOf(length), forWriting != 0));
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_pin_list_pieces")]
    internal static long PinListPieces(nint pin, DaxemuPiece* pieces, nuint capacity) => Call.Count(() =>
    {
        var all = new List<DaxemuPiece>();
        foreach (ReadOnlyMemory<byte> memory in BytesOf(Handles.Get<OpenPin>(pin).Pin))
        {
            // The device's memory, which no collector moves.
            using MemoryHandle handle = memory.Pin();
            all.Add(new DaxemuPiece { Address = handle.Pointer, LengthBytes = memory.Length });
        }

        GiveAll(CollectionsMarshal.AsSpan(all), pieces, capacity);
        return all.Count;
    });

    [UnmanagedCallersOnly(EntryPoint = "daxemu_unpin")]
    internal static int Unpin(nint pin) => Call.Do(() => Handles.Remove<OpenPin>(pin).Pin.Dispose());

    private static nint Map(OpenFile open, long offset, long length, int prot, int flags, nint place)
    {
        const int Known = MapShared | MapPrivate | MapFixed | MapPopulate | MapSync | MapFixedNoReplace | MapSmallPages;
        RequireFlags((uint)flags, Known, "mmap");
        RequireFlags((uint)prot, ProtectRead | ProtectWrite, "the protection of mmap");
        bool canWrite = (prot & ProtectWrite) != 0;
        bool isShared = (flags & MapShared) != 0;
        if (isShared && canWrite && !open.CanWrite)
        {
            throw new IOException($"{open.File} was opened for reading. Map it without DAXEMU_PROT_WRITE or with DAXEMU_MAP_PRIVATE, or open it with DAXEMU_RDWR.", Errno.Eacces);
        }

        bool isFixed = (flags & MapFixed) != 0;
        if (isFixed)
        {
            RequirePage(place);
            MappedFiles.Unmap(place, length);
        }

        MapMode mode = (isShared ? MapMode.Shared : 0)
            | ((flags & MapPrivate) != 0 ? MapMode.Private : 0)
            | ((flags & MapSync) != 0 ? MapMode.Sync : 0)
            | ((flags & MapSmallPages) != 0 ? MapMode.NoHugePage : 0)
            | (isShared && !open.CanWrite ? MapMode.ReadOnly : 0);
        SharedFile shared = open.Shared;
        DaxFile file = open.File;
        HostMapping mapping = file.MapHost(offset, length, mode, shared.Volume.MappingOptions with
        {
            Address = place,
            Place = isFixed ? HostPlace.Fixed : (flags & MapFixedNoReplace) != 0 ? HostPlace.FixedNoReplace : HostPlace.Any,
            CanRead = prot != 0,
            CanWrite = canWrite,
        });
        MappedFiles.Add(mapping, shared, file);
        if ((flags & MapPopulate) != 0)
        {
            MappedFiles.ForEach(mapping.Address, mapping.LengthBytes, part => Populate(part, canWrite, ignoresErrors: true));
        }

        return mapping.Address;
    }

    // As MAP_POPULATE and MADV_POPULATE_: the first passes over what it cannot reach.
    private static void Populate(MappedFiles.Part part, bool isWrite, bool ignoresErrors = false)
    {
        IoError error = part.Mapping.Populate(part.Address, part.Length, isWrite, out nint reached);
        if (error != IoError.None && !ignoresErrors)
        {
            throw DaxException.Unreachable(error, reached - part.Mapping.Address);
        }
    }

    // Either side may lie in a mapping: its bytes go by a buffer, piece by piece.
    private static long Copied(void* target, void* source, nuint length)
    {
        long wanted = LengthOf(length);
        CallerMemory.Required(target, "The target");
        CallerMemory.Required(source, "The source");
        byte[] rented = ArrayPool<byte>.Shared.Rent((int)Math.Clamp(wanted, 1, BounceBytes));
        try
        {
            for (long done = 0; done < wanted;)
            {
                Span<byte> piece = rented.AsSpan(0, (int)Math.Min(rented.Length, wanted - done));
                IoError error = HostAccess.Load((nint)source + (nint)done, piece, out int loaded);
                IoError storeError = HostAccess.Store((nint)target + (nint)done, piece[..loaded], out int stored);
                done += stored;
                if (stored < piece.Length)
                {
                    error = stored < loaded ? storeError : error;
                    return done > 0 ? done : throw Unreachable(error, stored < loaded ? (nint)target : (nint)source);
                }
            }

            return wanted;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static IOException Unreachable(IoError error, nint address) => error == IoError.None
        ? new IOException($"Nothing is mapped at 0x{address:x}.", Errno.Efault)
        : new IOException($"The memory at 0x{address:x} cannot be reached ({error}).", error.Errno());

    private static IEnumerable<ReadOnlyMemory<byte>> BytesOf(PagePin pin)
    {
        foreach (ReadOnlyMemory<byte> piece in pin.Bytes)
        {
            yield return piece;
        }
    }

    private static long LengthOf(nuint length) => length <= long.MaxValue >> 1
        ? (long)length
        : throw new ArgumentException($"No range has {length} bytes.");

    private static long WholePages(nuint length) => (LengthOf(length) + DaxConstants.PageSize - 1) & -DaxConstants.PageSize;

    private static void RequirePage(nint address)
    {
        if ((address & (DaxConstants.PageSize - 1)) != 0)
        {
            throw new ArgumentException($"The address 0x{address:x} is no multiple of {DaxConstants.PageSize}.");
        }
    }
}
