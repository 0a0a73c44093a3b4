using System.Runtime.InteropServices;
using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;
using MsyncFlags = Mono.Unix.Native.MsyncFlags;
using Stdlib = Mono.Unix.Native.Stdlib;
using Syscall = Mono.Unix.Native.Syscall;

namespace DaxEmu.Native.Memory;

/// <summary>
/// A mapping of a whole file, or of anonymous memory, whose base lies at a 2 MiB boundary so that 2 MiB translations are possible.
/// The memory stays mapped until the handle is disposed and every reference added to it is released.
/// </summary>
/// <remarks>
/// <para>A shared mapping keeps the open file description alive, and with it the file's lock, even if the descriptor is closed.</para>
/// <para>
/// A region that was forgotten and is finalized gives up memory, file and lock, but not its addresses: a span keeps nothing alive, so there may
/// be one. It meets private zeroes from then on.
/// </para>
/// </remarks>
internal sealed class MappedRegion : SafeHandle
{
    /// <summary>Bytes to which <see cref="Base"/> is aligned.</summary>
    public const long AlignmentBytes = 2 << 20;

    // The most that is reported to the collector of memory that it does not see: a large device is rarely accessed everywhere.
    private const long MostPressureBytes = 64 << 20;

    private readonly string name;
    private readonly long pressureBytes;
    private volatile bool keepsAddresses = true;

    private MappedRegion(nint address, long lengthBytes, bool isSynchronous, string name, long pressureBytes)
        : base(invalidHandleValue: 0, ownsHandle: true)
    {
        LengthBytes = lengthBytes;
        IsSynchronous = isSynchronous;
        this.name = name;
        SetHandle(address);
        if (pressureBytes > 0)
        {
            this.pressureBytes = Math.Min(pressureBytes, MostPressureBytes);
            GC.AddMemoryPressure(this.pressureBytes);
        }
    }

    /// <summary>Usable bytes from <see cref="Base"/>.</summary>
    public long LengthBytes { get; }

    /// <summary>Whether the kernel granted MAP_SYNC: flushed lines are durable without msync.</summary>
    public bool IsSynchronous { get; }

    /// <summary>First byte; valid until the region is unmapped.</summary>
    public nint Base => handle;

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>Maps the first <paramref name="lengthBytes"/> of <paramref name="file"/>, shared, for reading and writing.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="lengthBytes">How much; a multiple of the page size.</param>
    /// <param name="synchronous">Whether to demand MAP_SYNC; ask <see cref="Files.MapSyncProbe"/> first.</param>
    /// <param name="name">What error messages call it: its path.</param>
    /// <param name="alignBytes">Bytes to which <see cref="Base"/> is aligned, if more than <see cref="AlignmentBytes"/>; a power of two.</param>
    /// <exception cref="DaxEnvironmentException">The address space does not hold it, or the file system cannot be mapped.</exception>
    public static MappedRegion MapFile(SafeFileHandle file, long lengthBytes, bool synchronous, string name, long alignBytes = AlignmentBytes)
    {
        MmapFlags flags = synchronous ? MmapFlags.SharedValidate | MmapFlags.Sync : MmapFlags.Shared;
        bool added = false;
        try
        {
            file.DangerousAddRef(ref added);
            return Map((int)file.DangerousGetHandle(), lengthBytes, flags, name, Math.Max(alignBytes, AlignmentBytes));
        }
        finally
        {
            if (added)
            {
                file.DangerousRelease();
            }
        }
    }

    /// <summary>Maps zeroed memory without a file: it ends with the mapping.</summary>
    /// <exception cref="DaxEnvironmentException">The address space does not hold it.</exception>
    public static MappedRegion MapAnonymous(long lengthBytes, string name) =>
        Map(-1, lengthBytes, MmapFlags.Private | MmapFlags.Anonymous | MmapFlags.NoReserve, name, AlignmentBytes);

    /// <summary>A span over part of the mapping, which must not outlive it.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The part does not lie inside the mapping.</exception>
    /// <exception cref="ObjectDisposedException">The region was disposed.</exception>
    public unsafe Span<byte> Span(long offsetBytes, int lengthBytes)
    {
        ObjectDisposedException.ThrowIf(IsClosed, this);
        CheckRange(offsetBytes, lengthBytes);

        // SAFETY: the range lies inside the mapping by the check above; the caller keeps the region open while it uses the span.
        return new Span<byte>((void*)(handle + (nint)offsetBytes), lengthBytes);
    }

    /// <summary>Writes the pages around the range back to the file (msync with MS_SYNC).</summary>
    /// <exception cref="DaxEnvironmentException">The storage failed.</exception>
    public void Synchronize(long offsetBytes, long lengthBytes)
    {
        CheckRange(offsetBytes, lengthBytes);
        long first = offsetBytes & ~4095L;
        if (Syscall.msync(handle + (nint)first, (ulong)(offsetBytes - first + lengthBytes), MsyncFlags.MS_SYNC) != 0)
        {
            throw Errno.Failure("cannot write back", name, (int)Stdlib.GetLastError());
        }
    }

    /// <summary>Asks for 2 MiB pages; a hint, whose refusal changes nothing but speed.</summary>
    public void PreferHugePages() => _ = Mman.Madvise(handle, (nuint)LengthBytes, MemoryAdvice.HugePage);

    /// <summary>
    /// Gathers the memory into 2 MiB pages now, even where the switches of transparent huge pages say no (MADV_COLLAPSE).
    /// </summary>
    /// <returns>False if the kernel could not, or is older than 6.1; the content is the same either way.</returns>
    public bool TryCollapse() => Mman.Madvise(handle, (nuint)LengthBytes, MemoryAdvice.Collapse) == 0;

    /// <summary>Start and length are checked apart, since their sum could overflow.</summary>
    internal void CheckRange(long offsetBytes, long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes, LengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, LengthBytes - offsetBytes);
    }

    /// <summary>However the region ends, its addresses stay valid: a holder of a reference was forgotten, and spans of it may be left.</summary>
    internal void KeepAddresses() => keepsAddresses = true;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            keepsAddresses = false;
        }

        base.Dispose(disposing);
    }

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        if (pressureBytes > 0)
        {
            GC.RemoveMemoryPressure(pressureBytes);
        }

        return keepsAddresses
            ? FormerMemory.Replace(handle, (nuint)LengthBytes)
            : FormerMemory.Unmap(handle, (nuint)LengthBytes);
    }

    private static MappedRegion Map(int fd, long lengthBytes, MmapFlags flags, string name, long alignBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lengthBytes);

        // mmap aligns to 4 KiB only: reserve more addresses, map at the boundary inside, give the rest back.
        nuint length = (nuint)lengthBytes;
        nuint reservedBytes = length + (nuint)alignBytes;
        nint reserved = Mman.Mmap(
            0, reservedBytes, MmapProt.None, MmapFlags.Private | MmapFlags.Anonymous | MmapFlags.NoReserve, -1, 0);
        if (reserved == Mman.MapFailed)
        {
            throw Errno.Failure($"cannot reserve {lengthBytes} bytes of addresses for", name, Marshal.GetLastPInvokeError());
        }

        nint aligned = (nint)(((nuint)reserved + (nuint)alignBytes - 1) & ~((nuint)alignBytes - 1));

        // SAFETY: MAP_FIXED replaces only addresses that the reservation above owns.
        nint address = Mman.Mmap(aligned, length, MmapProt.Read | MmapProt.Write, flags | MmapFlags.Fixed, fd, 0);
        if (address == Mman.MapFailed)
        {
            int errno = Marshal.GetLastPInvokeError();
            _ = Mman.Munmap(reserved, reservedBytes);
            throw Errno.Failure($"cannot map {lengthBytes} bytes of", name, errno);
        }

        nuint head = (nuint)(aligned - reserved);
        if (head > 0)
        {
            _ = Mman.Munmap(reserved, head);
        }

        if (reservedBytes - head > length)
        {
            _ = Mman.Munmap(aligned + (nint)length, reservedBytes - head - length);
        }

        // Memory without a file is forgotten unseen: a small object keeps a large piece of it.
        long pressureBytes = fd < 0 ? lengthBytes : 0;
        return new MappedRegion(address, lengthBytes, (flags & MmapFlags.Sync) != 0, name, pressureBytes);
    }
}
