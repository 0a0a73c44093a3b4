using System.Runtime.InteropServices;

namespace DaxEmu.Native.Library;

// The structs of daxemu.h, field by field; a test compares sizes and offsets with what a C compiler makes of them. Each begins with its own
// size, as the caller was compiled, so that later versions may add fields at the end.

/// <summary><c>daxemu_device_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DaxemuDeviceOptions
{
    public uint StructSize;
    public uint Flags;
    public int Flush;
    public uint Reserved;
}

/// <summary><c>daxemu_device_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DaxemuDeviceInfo
{
    public uint StructSize;
    public uint Flags;
    public long SizeBytes;
    public int Flush;
    public int PersistenceDomain;
    public long PoisonedPages;
    public fixed byte FileSystem[32];
}

/// <summary><c>daxemu_mount_options</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DaxemuMountOptions
{
    public uint StructSize;
    public uint Flags;
    public byte* Profile;
    public byte* Kernel;
    public byte* FileSystem;
    public long MaximumFileBytes;
    public long PinTimeoutMs;
    public long FaultAroundBytes;
    public long FaultHoldNs;
    public byte* PlantedFault;
}

/// <summary><c>daxemu_volume_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DaxemuVolumeInfo
{
    public uint StructSize;
    public uint Flags;
    public long SizeBytes;
    public long FreeBytes;
    public long OpenFiles;
    public long Mappings;
    public fixed byte Id[40];
    public fixed byte Label[72];
}

/// <summary><c>daxemu_report_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DaxemuReportInfo
{
    public uint StructSize;
    public int Refusal;
    public long Problems;
    public long Repairs;
    public long SizeBytes;
    public long FreeBytes;
    public long Files;
    public long Directories;
    public long Extents;
    public long MetadataBytes;
}

/// <summary><c>daxemu_entry</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DaxemuEntry
{
    public uint StructSize;
    public uint IsDirectory;
    public long Inode;
    public long SizeBytes;
    public long AllocatedBytes;
    public int Mode;
    public int LinkCount;
    public long CreatedNs;
    public long ModifiedNs;
    public long ChangedNs;
    public fixed byte Name[256];
}

/// <summary><c>daxemu_extent</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct DaxemuExtent
{
    public long OffsetBytes;
    public long LengthBytes;
    public long DeviceOffsetBytes;
    public int Kind;
    public uint Flags;
}

/// <summary><c>daxemu_mapping_info</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DaxemuMappingInfo
{
    public uint StructSize;
    public uint Flags;
    public void* Address;
    public long LengthBytes;
    public long FileOffsetBytes;
}

/// <summary><c>daxemu_piece</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DaxemuPiece
{
    public void* Address;
    public long LengthBytes;
}

/// <summary><c>daxemu_counters</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct DaxemuCounters
{
    public const int FallbackCapacity = 16;

    public uint StructSize;
    public uint Reserved;
    public long PteFaults;
    public long PmdFaults;
    public long MajorFaults;
    public long FaultErrors;
    public long Evictions;
    public fixed long Fallbacks[FallbackCapacity];
    public long Waits;
    public long WaitedNs;
    public long Sleeps;
    public long SpuriousWakeUps;
    public long RepeatedSleeps;
    public long Conflicts;
    public long FaultP50Ns;
    public long FaultP90Ns;
    public long FaultP99Ns;
    public long FaultP999Ns;
    public long FaultMaximumNs;
}
