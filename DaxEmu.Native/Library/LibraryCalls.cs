using System.Runtime.InteropServices;

namespace DaxEmu.Native.Library;

/// <summary>The functions of libdaxemu.so that the wrapper for .NET programs uses, each as daxemu.h has it.</summary>
/// <remarks>
/// None may suppress the transition of the collector: they wait for locks. A fault of a plain load or store needs no call; it is a signal,
/// which the library handles in a runtime of its own.
/// </remarks>
internal static unsafe partial class LibraryCalls
{
    /// <summary>The name that the imports have, which <see cref="LibraryLoader"/> resolves.</summary>
    public const string Name = "libdaxemu";

    /// <summary>The version of daxemu.h that this is.</summary>
    public const int Version = 0x1_0000;

    [LibraryImport(Name, EntryPoint = "daxemu_version")]
    internal static partial int GetVersion();

    [LibraryImport(Name, EntryPoint = "daxemu_error_message")]
    internal static partial byte* GetErrorMessage();

    [LibraryImport(Name, EntryPoint = "daxemu_device_open", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int DeviceOpen(string path, DaxemuDeviceOptions* options, out nint device);

    [LibraryImport(Name, EntryPoint = "daxemu_device_create", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int DeviceCreate(string path, long size, DaxemuDeviceOptions* options, out nint device);

    [LibraryImport(Name, EntryPoint = "daxemu_device_create_temporary")]
    internal static partial int DeviceCreateTemporary(long size, DaxemuDeviceOptions* options, out nint device);

    [LibraryImport(Name, EntryPoint = "daxemu_device_close")]
    internal static partial int DeviceClose(nint device);

    [LibraryImport(Name, EntryPoint = "daxemu_device_clear_poison")]
    internal static partial long DeviceClearPoison(nint device, long firstPage, long pageCount);

    [LibraryImport(Name, EntryPoint = "daxemu_volume_format", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int VolumeFormat(nint device, string? label);

    [LibraryImport(Name, EntryPoint = "daxemu_volume_mount")]
    internal static partial int VolumeMount(nint device, DaxemuMountOptions* options, out nint volume);

    [LibraryImport(Name, EntryPoint = "daxemu_volume_unmount")]
    internal static partial int VolumeUnmount(nint volume);

    [LibraryImport(Name, EntryPoint = "daxemu_volume_sync")]
    internal static partial int VolumeSync(nint volume);

    [LibraryImport(Name, EntryPoint = "daxemu_volume_get_info")]
    internal static partial int VolumeGetInfo(nint volume, DaxemuVolumeInfo* info);

    [LibraryImport(Name, EntryPoint = "daxemu_volume_check")]
    internal static partial int VolumeCheck(nint device, out nint report);

    [LibraryImport(Name, EntryPoint = "daxemu_report_get_info")]
    internal static partial int ReportGetInfo(nint report, DaxemuReportInfo* info);

    [LibraryImport(Name, EntryPoint = "daxemu_report_problem")]
    internal static partial long ReportProblem(nint report, long number, byte* buffer, nuint size);

    [LibraryImport(Name, EntryPoint = "daxemu_report_free")]
    internal static partial int ReportFree(nint report);

    [LibraryImport(Name, EntryPoint = "daxemu_file_open", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int FileOpen(nint volume, string path, int flags, out nint file);

    [LibraryImport(Name, EntryPoint = "daxemu_unlink", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Unlink(nint volume, string path);

    [LibraryImport(Name, EntryPoint = "daxemu_rename", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Rename(nint volume, string path, string newPath);

    [LibraryImport(Name, EntryPoint = "daxemu_mkdir", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int MakeDirectory(nint volume, string path);

    [LibraryImport(Name, EntryPoint = "daxemu_file_close")]
    internal static partial int FileClose(nint file);

    [LibraryImport(Name, EntryPoint = "daxemu_file_read")]
    internal static partial long FileRead(nint file, void* buffer, nuint size, long offset);

    [LibraryImport(Name, EntryPoint = "daxemu_file_write")]
    internal static partial long FileWrite(nint file, void* buffer, nuint size, long offset);

    [LibraryImport(Name, EntryPoint = "daxemu_file_size")]
    internal static partial long FileSize(nint file);

    [LibraryImport(Name, EntryPoint = "daxemu_file_truncate")]
    internal static partial int FileTruncate(nint file, long size);

    [LibraryImport(Name, EntryPoint = "daxemu_file_sync")]
    internal static partial int FileSync(nint file);

    [LibraryImport(Name, EntryPoint = "daxemu_file_allocate")]
    internal static partial int FileAllocate(nint file, int mode, long offset, long length);

    [LibraryImport(Name, EntryPoint = "daxemu_file_list_extents")]
    internal static partial long FileListExtents(nint file, DaxemuExtent* extents, nuint capacity);

    [LibraryImport(Name, EntryPoint = "daxemu_file_poison")]
    internal static partial int FilePoison(nint file, long offset);

    [LibraryImport(Name, EntryPoint = "daxemu_mmap")]
    internal static partial int Map(nint file, long offset, nuint length, int prot, int flags, void** address);

    [LibraryImport(Name, EntryPoint = "daxemu_munmap")]
    internal static partial int Unmap(void* address, nuint length);

    [LibraryImport(Name, EntryPoint = "daxemu_mprotect")]
    internal static partial int Protect(void* address, nuint length, int prot);

    [LibraryImport(Name, EntryPoint = "daxemu_msync")]
    internal static partial int MemorySync(void* address, nuint length);

    [LibraryImport(Name, EntryPoint = "daxemu_madvise")]
    internal static partial int Advise(void* address, nuint length, int advice);

    [LibraryImport(Name, EntryPoint = "daxemu_flush")]
    internal static partial int Flush(void* address, nuint length);

    [LibraryImport(Name, EntryPoint = "daxemu_drain")]
    internal static partial int Drain();

    [LibraryImport(Name, EntryPoint = "daxemu_persist")]
    internal static partial int Persist(void* address, nuint length);

    [LibraryImport(Name, EntryPoint = "daxemu_copy_from")]
    internal static partial long CopyFrom(void* buffer, void* address, nuint length);

    [LibraryImport(Name, EntryPoint = "daxemu_copy_to")]
    internal static partial long CopyTo(void* address, void* buffer, nuint length);

    [LibraryImport(Name, EntryPoint = "daxemu_trace_start", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int TraceStart(nint volume, string path);

    [LibraryImport(Name, EntryPoint = "daxemu_trace_stop")]
    internal static partial int TraceStop(nint volume);

    [LibraryImport(Name, EntryPoint = "daxemu_get_counters")]
    internal static partial int GetCounters(DaxemuCounters* counters);

    [LibraryImport(Name, EntryPoint = "daxemu_wait_graph")]
    internal static partial long WaitGraph(byte* buffer, nuint size);

    [LibraryImport(Name, EntryPoint = "daxemu_set_fault_policy")]
    internal static partial int SetFaultPolicy(int policy);
}
