using System.Runtime.InteropServices;
using DaxEmu.Native.Failures;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Native.Memory;

/// <summary>
/// Anonymous memory that is reserved as addresses only and becomes real, zeroed, where it is first accessed. Its base lies at a
/// 2 MiB boundary. What was accessed can be given back and reads as zeroes again.
/// </summary>
internal sealed class ReservedRegion : SafeHandle
{
    private const nuint Alignment = 2 << 20;

    private const uint CloseOnExec = 1; // MFD_CLOEXEC

    private readonly nint mapped;
    private readonly nuint mappedBytes;

    private ReservedRegion(nint mapped, nuint mappedBytes, nint aligned, long lengthBytes, SafeFileHandle? file = null)
        : base(invalidHandleValue: 0, ownsHandle: true)
    {
        File = file;
        this.mapped = mapped;
        this.mappedBytes = mappedBytes;
        LengthBytes = lengthBytes;
        SetHandle(aligned);
    }

    /// <summary>Usable bytes from <see cref="Base"/>.</summary>
    public long LengthBytes { get; }

    /// <summary>First byte; valid until the region is disposed.</summary>
    public nint Base => handle;

    /// <summary>The file that the memory is, from byte 0 on, so that it can be mapped a second time; null if it is none.</summary>
    public SafeFileHandle? File { get; }

    /// <inheritdoc/>
    public override bool IsInvalid => handle == 0;

    /// <summary>Reserves <paramref name="lengthBytes"/>, rounded up to whole pages.</summary>
    /// <exception cref="DaxEnvironmentException">The address space or its limit (<c>ulimit -v</c>) does not hold it.</exception>
    public static ReservedRegion Reserve(long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lengthBytes);
        Fallible.ThrowIfFails(FallibleStep.NativeMemory);
        nuint length = ((nuint)lengthBytes + 4095) & ~(nuint)4095;
        nuint total = length + Alignment;
        nint address = Mman.Mmap(
            0, total, MmapProt.Read | MmapProt.Write, MmapFlags.Private | MmapFlags.Anonymous | MmapFlags.NoReserve, -1, 0);
        if (address == Mman.MapFailed)
        {
            int errno = Marshal.GetLastPInvokeError();
            throw new DaxEnvironmentException(
                $"cannot reserve {lengthBytes} bytes of address space",
                "Use a smaller mapping, or raise 'ulimit -v' or vm.overcommit_memory.",
                errno);
        }

        nint aligned = (nint)(((nuint)address + Alignment - 1) & ~(Alignment - 1));
        return new ReservedRegion(address, total, aligned, (long)length);
    }

    /// <summary>As <see cref="Reserve"/>, of memory that can be mapped a second time (<see cref="File"/>).</summary>
    /// <exception cref="DaxEnvironmentException">As there, or the process has no descriptor left.</exception>
    public static ReservedRegion ReserveWithFile(long lengthBytes)
    {
        ReservedRegion plain = Reserve(lengthBytes);
        int fd = Mman.MemfdCreate("private copies", CloseOnExec);
        int errno = fd < 0 ? Marshal.GetLastPInvokeError() : 0;
        SafeFileHandle file = fd < 0 ? new SafeFileHandle(fd, ownsHandle: false) : OwnDescriptors.Take(fd);
        fd = (int)file.DangerousGetHandle();
        if (errno == 0 && Mman.Ftruncate(fd, plain.LengthBytes) != 0)
        {
            errno = Marshal.GetLastPInvokeError();
        }

        // SAFETY: MAP_FIXED replaces what the reservation above owns.
        if (errno == 0 && Mman.Mmap(
                plain.handle, (nuint)plain.LengthBytes, MmapProt.Read | MmapProt.Write, MmapFlags.Shared | MmapFlags.NoReserve | MmapFlags.Fixed, fd, 0) == Mman.MapFailed)
        {
            errno = Marshal.GetLastPInvokeError();
        }

        if (errno != 0)
        {
            file.Dispose();
            plain.Dispose();
            throw Errno.Failure($"cannot map {lengthBytes} bytes for", "private copies", errno);
        }

        var region = new ReservedRegion(plain.mapped, plain.mappedBytes, plain.handle, plain.LengthBytes, file);
        plain.SetHandleAsInvalid();
        return region;
    }

    /// <summary>Gives the memory of whole pages inside the range back; they read as zeroes again.</summary>
    /// <remarks>The caller makes sure that no thread writes there meanwhile: such a write could be lost.</remarks>
    public void Release(long offsetBytes, long lengthBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offsetBytes);
        ArgumentOutOfRangeException.ThrowIfNegative(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offsetBytes, LengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lengthBytes, LengthBytes - offsetBytes);
        long first = (offsetBytes + 4095) & ~4095L;
        long end = (offsetBytes + lengthBytes) & ~4095L;
        MemoryAdvice advice = File is null ? MemoryAdvice.DontNeed : MemoryAdvice.Remove;
        if (end > first && Mman.Madvise(handle + (nint)first, (nuint)(end - first), advice) != 0)
        {
            throw new InvalidOperationException($"madvise({advice}) failed with errno {Marshal.GetLastPInvokeError()}.");
        }
    }

    /// <summary>Refuses writes from now on: a write ends the process. What was never accessed reads as zeroes.</summary>
    public void ProtectReadOnly()
    {
        if (Mman.Mprotect(handle, (nuint)LengthBytes, MmapProt.Read) != 0)
        {
            throw new InvalidOperationException($"mprotect(PROT_READ) failed with errno {Marshal.GetLastPInvokeError()}.");
        }
    }

    /// <summary>Asks for 2 MiB pages in the first so many 2 MiB; a hint, whose refusal changes nothing but speed.</summary>
    public void PreferHugePages(long hugePageCount) =>
        _ = Mman.Madvise(handle, (nuint)Math.Min(hugePageCount * (long)Alignment, LengthBytes), MemoryAdvice.HugePage);

    /// <summary>Asks for 2 MiB pages; a hint, whose refusal changes nothing but speed.</summary>
    public void PreferHugePages() => _ = Mman.Madvise(handle, (nuint)LengthBytes, MemoryAdvice.HugePage);

    /// <inheritdoc/>
    protected override bool ReleaseHandle()
    {
        File?.Dispose();
        return FormerMemory.Unmap(mapped, mappedBytes);
    }
}
