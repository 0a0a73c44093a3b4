using System.IO.MemoryMappedFiles;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Native.Memory;

/// <summary>
/// The memory of a device: a <see cref="MemoryMappedFile"/> for all that it can do, and a <see cref="MappedRegion"/> for what it cannot. This
/// is the one place where the two are chosen.
/// </summary>
/// <remarks>
/// <para><see cref="MemoryMappedFile"/> gives a new file its size, holds the open file, and makes the views that other code is handed.</para>
/// <para>
/// The device's own mapping is a <see cref="MappedRegion"/>: a framework's view begins at any page where this begins at 2 MiB, knows no
/// MAP_SYNC and no MAP_POPULATE, cannot be placed (MAP_FIXED), writes everything back when it is disposed, and gives its addresses
/// away when it is finalized, where a span that was forgotten may still meet them.
/// </para>
/// <para>
/// Memory without a file is a <see cref="MappedRegion"/> alone: <see cref="MemoryMappedFile.CreateNew(string, long)"/> would take a descriptor, and
/// shared memory, for whose 2 MiB pages most systems have the switch off that they have on for anonymous memory.
/// </para>
/// </remarks>
internal sealed class DeviceMemory : IDisposable
{
    private readonly DeviceFile? file;
    private readonly MemoryMappedFile? shared;

    private DeviceMemory(MappedRegion region, DeviceFile? file, MemoryMappedFile? shared)
    {
        Region = region;
        this.file = file;
        this.shared = shared;
    }

    /// <summary>All of it, at a 2 MiB boundary.</summary>
    public MappedRegion Region { get; }

    /// <summary>The open file, to be mapped at other addresses too; null for memory without one, and for a device-DAX device, which is mapped in large pieces alone.</summary>
    public SafeFileHandle? File => file is { IsDeviceDax: false } ? file.Handle : null;

    /// <summary>Maps a file, which ends with this object from then on.</summary>
    /// <param name="file">The open file.</param>
    /// <param name="lengthBytes">How much of it; a multiple of the page size.</param>
    /// <param name="synchronous">Whether to demand MAP_SYNC; ask <see cref="MapSyncProbe"/> first.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="DaxEnvironmentException">The address space does not hold it, or the file system cannot be mapped.</exception>
    public static DeviceMemory OfFile(DeviceFile file, long lengthBytes, bool synchronous, string name)
    {
        // A block device has no length that the framework could read; a device-DAX device is nothing that it could map.
        MemoryMappedFile? shared = file.IsDeviceDax ? null : file.AsMemory(file.IsBlockDevice ? lengthBytes : 0);
        return new(MappedRegion.MapFile(file.Handle, lengthBytes, synchronous, name, file.MapAlignBytes), file, shared);
    }

    /// <summary>Zeroed memory without a file.</summary>
    /// <exception cref="DaxEnvironmentException">The address space does not hold it.</exception>
    public static DeviceMemory OfNone(long lengthBytes, string name) => new(MappedRegion.MapAnonymous(lengthBytes, name), null, null);

    /// <summary>A view of part of the file: a mapping of its own of the same pages, which lasts until it is disposed.</summary>
    /// <returns>Null for memory without a file, and for a device-DAX device.</returns>
    /// <exception cref="DaxEnvironmentException">The address space does not hold it.</exception>
    public MemoryMappedViewAccessor? CreateView(long offsetBytes, long lengthBytes, MemoryMappedFileAccess access)
    {
        try
        {
            return shared?.CreateViewAccessor(offsetBytes, lengthBytes, access);
        }
        catch (IOException refusal)
        {
            throw Errno.Failure($"cannot map {lengthBytes} bytes of", file!.Path, refusal.HResult);
        }
    }

    /// <summary>Ends it. The region stays mapped while references to it exist, and the file locked while it or a view is mapped.</summary>
    public void Dispose()
    {
        Region.Dispose();
        file?.Dispose();
    }
}
