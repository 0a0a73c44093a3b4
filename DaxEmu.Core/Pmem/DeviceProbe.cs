using DaxEmu.Core.Pmem;
using DaxEmu.Native;
using DaxEmu.Native.Files;

namespace DaxEmu.Core;

/// <summary>Looks at what a path offers to a device, without opening a device on it and without changing anything.</summary>
public static class DeviceProbe
{
    /// <summary>The facts about a file, block device or device-DAX device. It needs to be readable only.</summary>
    /// <exception cref="DaxEnvironmentException">It is missing, a directory or no file at all, or not readable.</exception>
    public static DeviceFacts Probe(string path) => Probe(path, HostTree.Machine);

    /// <summary>As the other, with what sysfs says elsewhere.</summary>
    internal static DeviceFacts Probe(string path, HostTree tree)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string fullPath = Path.GetFullPath(path);
        using DeviceFile file = DeviceFile.OpenForProbe(fullPath, tree);
        Placement placement = Placement.OnFile(file, PmemDeviceOptions.Default, isTemporary: false);
        long availableBytes = file.FileSystem.AvailableBytes;
        return new DeviceFacts(
            fullPath,
            file.SizeBytes,
            DeviceSize.Problem(DeviceSize.Usable(file.SizeBytes, file.IsBlockDevice)),
            file.IsBlockDevice || file.IsDeviceDax || availableBytes == long.MaxValue ? null : availableBytes,
            file.IsLockedByAnother(),
            placement.Domain,
            new DeviceCapabilities(
                file.FileSystem.Kind, file.IsBlockDevice, placement.MapSync, placement.HugePages, placement.FlushMethod)
            {
                IsDeviceDax = file.IsDeviceDax,
                HostPageBytes = DeviceSize.AlignmentOf(file),
                NumaNode = file.Hardware.NumaNode,
                TargetNode = file.Hardware.TargetNode,
            })
        {
            AlignmentBytes = DeviceSize.AlignmentOf(file),
            BadBytes = file.Hardware.BadBlocks.Sum(range => range.LengthBytes),
        };
    }
}
