using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Native.Memory;

/// <summary>A range of addresses that other code uses as memory: what is mapped there is changed in place, and nothing else ever lies there.</summary>
/// <remarks>The callers own the addresses; all mappings are MAP_FIXED inside of them.</remarks>
internal static class HostRange
{
    private const long HugeBytes = 2 << 20;
    private const MmapFlags Blank = MmapFlags.Private | MmapFlags.Anonymous | MmapFlags.NoReserve;

    /// <summary>Reserves addresses without any right.</summary>
    /// <param name="hint">Where; 0 if the kernel may choose.</param>
    /// <param name="lengthBytes">How many; a multiple of the page size.</param>
    /// <param name="placeInHuge">The first one's place in its 2 MiB, if the range is chosen; null for any.</param>
    /// <param name="place">Whether the hint must be met.</param>
    /// <returns>The first address.</returns>
    /// <exception cref="DaxEnvironmentException">The address space does not hold it, or the range is in use (EEXIST).</exception>
    public static nint Reserve(nint hint, long lengthBytes, long? placeInHuge, HostPlace place)
    {
        if (place == HostPlace.Any && hint == 0 && placeInHuge is { } wanted)
        {
            return ReserveAligned(lengthBytes, wanted);
        }

        MmapFlags flags = place switch
        {
            HostPlace.Fixed => Blank | MmapFlags.Fixed,
            HostPlace.FixedNoReplace => Blank | MmapFlags.FixedNoReplace,
            _ => Blank,
        };
        nint address = Mman.Mmap(hint, (nuint)lengthBytes, MmapProt.None, flags, -1, 0);
        return address != Mman.MapFailed
            ? address
            : throw Errno.Failure($"cannot reserve {lengthBytes} bytes of addresses for", "a mapping", Marshal.GetLastPInvokeError());
    }

    /// <summary>Maps part of a file, shared.</summary>
    /// <returns>0, or the errno: ENOMEM if the process has too many mappings.</returns>
    public static int MapFile(nint address, long lengthBytes, SafeFileHandle file, long fileOffset, bool isWritable)
    {
        bool added = false;
        try
        {
            file.DangerousAddRef(ref added);
            MmapProt prot = isWritable ? MmapProt.Read | MmapProt.Write : MmapProt.Read;
            return Result(Mman.Mmap(
                address, (nuint)lengthBytes, prot, MmapFlags.Shared | MmapFlags.Fixed, (int)file.DangerousGetHandle(), fileOffset));
        }
        finally
        {
            if (added)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>
    /// Fills the processor's page table for memory that is mapped, so that no access there faults. For reading: the kernel does that in groups of pages,
    /// and on tmpfs the entries of a writable mapping can be written through. A hint, whose refusal costs faults.
    /// </summary>
    public static void Populate(nint address, long lengthBytes) => _ = Mman.Madvise(address, (nuint)lengthBytes, MemoryAdvice.PopulateRead);

    /// <summary>
    /// Gathers memory into 2 MiB pages, so that one entry of the processor's page table maps them (MADV_COLLAPSE). A hint, whose refusal costs faults: on file
    /// systems without such pages, and before Linux 6.1.
    /// </summary>
    public static void Collapse(nint address, long lengthBytes) => _ = Mman.Madvise(address, (nuint)lengthBytes, MemoryAdvice.Collapse);

    /// <summary>Maps zeroes that cannot be written.</summary>
    /// <returns>As <see cref="MapFile"/>.</returns>
    public static int MapZeroes(nint address, long lengthBytes) =>
        Result(Mman.Mmap(address, (nuint)lengthBytes, MmapProt.Read, Blank | MmapFlags.Fixed, -1, 0));

    /// <summary>Takes all rights away, and what is mapped.</summary>
    /// <exception cref="InvalidOperationException">The kernel refused: what was mapped would stay.</exception>
    public static void Drop(nint address, long lengthBytes)
    {
        if (!TryDrop(address, lengthBytes))
        {
            // Refused for too many mappings, though it makes fewer of them.
            bool isDropped = false;
            ProcessMappings.WithSpare(() => isDropped = TryDrop(address, lengthBytes));
            if (!isDropped)
            {
                throw new InvalidOperationException($"cannot unmap {lengthBytes} bytes at 0x{address:x}: errno {Marshal.GetLastPInvokeError()}.");
            }
        }
    }

    /// <summary>Takes the right to write away from what is mapped.</summary>
    /// <returns>0, or the errno.</returns>
    public static int WriteProtect(nint address, long lengthBytes) =>
        Mman.Mprotect(address, (nuint)lengthBytes, MmapProt.Read) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Gives addresses back.</summary>
    public static void Release(nint address, long lengthBytes) => _ = Mman.Munmap(address, (nuint)lengthBytes);

    private static bool TryDrop(nint address, long lengthBytes) =>
        Mman.Mmap(address, (nuint)lengthBytes, MmapProt.None, Blank | MmapFlags.Fixed, -1, 0) != Mman.MapFailed;

    private static nint ReserveAligned(long lengthBytes, long placeInHuge)
    {
        nuint total = (nuint)(lengthBytes + HugeBytes);
        nint reserved = Mman.Mmap(0, total, MmapProt.None, Blank, -1, 0);
        if (reserved == Mman.MapFailed)
        {
            throw Errno.Failure($"cannot reserve {lengthBytes} bytes of addresses for", "a mapping", Marshal.GetLastPInvokeError());
        }

        nint start = (nint)(((reserved - placeInHuge + HugeBytes - 1) & -HugeBytes) + placeInHuge);
        if (start > reserved)
        {
            _ = Mman.Munmap(reserved, (nuint)(start - reserved));
        }

        nint end = start + (nint)lengthBytes;
        if (reserved + (nint)total > end)
        {
            _ = Mman.Munmap(end, (nuint)(reserved + (nint)total - end));
        }

        return start;
    }

    private static int Result(nint address) => address == Mman.MapFailed ? Marshal.GetLastPInvokeError() : 0;
}
