using System.Runtime.InteropServices;

namespace DaxEmu.Native.Libc;

[Flags]
internal enum MmapProt
{
    None = 0,
    Read = 1,
    Write = 2,
    Exec = 4,
}

[Flags]
internal enum MmapFlags
{
    Shared = 0x01,
    Private = 0x02,
    SharedValidate = 0x03,
    Fixed = 0x10,
    Anonymous = 0x20,
    NoReserve = 0x4000,
    Populate = 0x8000,
    Sync = 0x80000,
    FixedNoReplace = 0x100000,
}

internal enum MemoryAdvice
{
    DontNeed = 4,
    Remove = 9,
    HugePage = 14,
    NoHugePage = 15,
    PopulateRead = 22,
    PopulateWrite = 23,
    Collapse = 25,
}

/// <summary>
/// mmap(2) and its family, imported because Mono.Posix drops the flags that it does not know (a refused MAP_SYNC would look granted).
/// Failure shows as -1 with the error in <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
internal static unsafe partial class Mman
{
    public static readonly nint MapFailed = -1;

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    internal static partial nint Mmap(nint address, nuint length, MmapProt prot, MmapFlags flags, int fd, long offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    internal static partial int Munmap(nint address, nuint length);

    public const int MremapMayMoveFixed = 1 | 2;

    [LibraryImport("libc", EntryPoint = "mremap", SetLastError = true)]
    internal static partial nint Mremap(nint address, nuint oldLength, nuint newLength, int flags, nint newAddress);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int MemfdCreate(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    internal static partial int Ftruncate(int fd, long length);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    internal static partial int Mprotect(nint address, nuint length, MmapProt prot);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    internal static partial int Madvise(nint address, nuint length, MemoryAdvice advice);
}
