using DaxEmu.Core.Units;
using DaxEmu.Native;
using DaxEmu.Native.Files;

namespace DaxEmu.Core.Pmem;

/// <summary>What <see cref="DeviceProbe.Probe"/> found at a path.</summary>
/// <param name="Path">The full path.</param>
/// <param name="SizeBytes">Bytes in the file or block device.</param>
/// <param name="SizeProblem">Why a device cannot have this size, and which would do; null if it can.</param>
/// <param name="AvailableBytes">Bytes that the file system around it has left; null for a block device, or if it has no limit.</param>
/// <param name="IsInUse">Whether a device is open on it right now.</param>
/// <param name="Domain">From where on a store there survives a loss of power.</param>
/// <param name="Capabilities">What the place offers, and why not more.</param>
public sealed record DeviceFacts(
    string Path,
    long SizeBytes,
    string? SizeProblem,
    long? AvailableBytes,
    bool IsInUse,
    PersistenceDomain Domain,
    DeviceCapabilities Capabilities)
{
    /// <summary>Bytes to which a device's size and memory are aligned.</summary>
    public int AlignmentBytes { get; } = DaxConstants.PmdSize;
}

/// <summary>Looks at what a path offers to a device, without opening a device on it and without changing anything.</summary>
public static class DeviceProbe
{
    /// <summary>The facts about a file or block device. It needs to be readable only.</summary>
    /// <exception cref="DaxEnvironmentException">It is missing, a directory or no file at all, or not readable.</exception>
    public static DeviceFacts Probe(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string fullPath = Path.GetFullPath(path);
        using DeviceFile file = DeviceFile.OpenForProbe(fullPath);
        Placement placement = Placement.OnFile(file, PmemDeviceOptions.Default, isTemporary: false);
        long availableBytes = file.FileSystem.AvailableBytes;
        return new DeviceFacts(
            fullPath,
            file.SizeBytes,
            DeviceSize.Problem(DeviceSize.Usable(file.SizeBytes, file.IsBlockDevice)),
            file.IsBlockDevice || availableBytes == long.MaxValue ? null : availableBytes,
            file.IsLockedByAnother(),
            placement.Domain,
            new DeviceCapabilities(
                file.FileSystem.Kind, file.IsBlockDevice, placement.MapSync, placement.HugePages, placement.FlushMethod));
    }
}
