using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Native.Libc;

/// <summary>
/// userfaultfd(2) and the ioctls of it and of <c>/proc/self/pagemap</c> that track stores without a handler. Failure shows as -1 with the
/// error in <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
internal static unsafe partial class UserFault
{
    /// <summary>Close on exec, do not block, and ask for no right to see the kernel's own faults (Linux 5.11).</summary>
    public const int OpenFlags = 0x80000 | 0x800 | UserModeOnly;

    public const ulong ApiVersion = 0xAA;

    /// <summary>Write protection; of shared memory; of pages that are not there yet (Linux 6.4); resolved by the kernel alone (Linux 6.7).</summary>
    public const ulong Features = (1 << 0) | (1 << 12) | (1 << 13) | (1 << 15);

    public const ulong ModeWriteProtect = 1 << 1;
    public const ulong Protect = 1 << 0;

    public const nuint IoctlApi = 0xC018_AA3F;
    public const nuint IoctlRegister = 0xC020_AA00;
    public const nuint IoctlWriteProtect = 0xC018_AA06;
    public const nuint IoctlScan = 0xC060_6610;

    /// <summary>Protect what is reported, and fail on memory that is not tracked so.</summary>
    public const ulong ScanFlags = (1 << 0) | (1 << 1);

    public const ulong PageIsWritten = 1 << 1;

    private const int UserModeOnly = 1;
    private const nint SysUserFault = 323;

    /// <summary>A new descriptor; -1 if it was refused.</summary>
    public static int Open() => (int)Call(SysUserFault, OpenFlags);

    // ioctl and syscall are variadic; on x86-64 Linux a pointer or an integer is passed to a variadic function as to any other.
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int Control(SafeFileHandle file, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint Call(nint number, int flags);
}

/// <summary><c>struct uffdio_api</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct UserFaultApi
{
    public ulong Api;
    public ulong Features;
    public ulong Ioctls;
}

/// <summary><c>struct uffdio_register</c>, and <c>struct uffdio_writeprotect</c>, which ends before the last word.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct UserFaultRange
{
    public ulong Start;
    public ulong Length;
    public ulong Mode;
    public ulong Ioctls;
}

/// <summary><c>struct pm_scan_arg</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PageScan
{
    public ulong Size;
    public ulong Flags;
    public ulong Start;
    public ulong End;
    public ulong WalkEnd;
    public PageScanRegion* Regions;
    public ulong RegionCapacity;
    public ulong MaxPages;
    public ulong Inverted;
    public ulong Mask;
    public ulong AnyOf;
    public ulong Returned;
}

/// <summary><c>struct page_region</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct PageScanRegion
{
    public ulong Start;
    public ulong End;
    public ulong Categories;
}
