using DaxEmu.Core.Pmem;
using DaxEmu.Native;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Files;
using DaxEmu.Native.Memory;

namespace DaxEmu.Core;

/// <summary>What the place where a device lies offers, and why not more.</summary>
/// <param name="FileSystem">The kind of file system around the file.</param>
/// <param name="IsBlockDevice">Whether it is a block device and not a file.</param>
/// <param name="MapSync">Whether the kernel granted MAP_SYNC.</param>
/// <param name="HugePages">Whether the kernel may map 2 MiB at once.</param>
/// <param name="Flush">How lines are flushed; never <see cref="FlushMethod.Automatic"/>.</param>
public sealed record DeviceCapabilities(
    FileSystemKind FileSystem,
    bool IsBlockDevice,
    FeatureSupport MapSync,
    FeatureSupport HugePages,
    FlushMethod Flush)
{
    /// <summary>Whether it is a device-DAX device (<c>/dev/dax0.0</c>): memory to be mapped, with neither read nor write.</summary>
    public bool IsDeviceDax { get; init; }

    /// <summary>Bytes of the host's pages where it has one size alone: on hugetlbfs, and of a device-DAX device.</summary>
    internal int HostPageBytes { get; init; } = DaxConstants.PmdSize;

    /// <summary>The NUMA node that a block device or a device-DAX device is nearest to; null if the system does not say.</summary>
    public int? NumaNode { get; init; }

    /// <summary>The NUMA node that the memory of a device-DAX device would have online; null for everything else.</summary>
    public int? TargetNode { get; init; }

    /// <summary>Sizes in bytes of the pages with which the host may map the device, ascending.</summary>
    public IReadOnlyList<int> PageSizesBytes =>
        FileSystem == FileSystemKind.Hugetlbfs || IsDeviceDax ? [HostPageBytes] : DeviceSize.HostPageSizes(HugePages);

    /// <summary>Whether stores through spans can be tracked (<see cref="PmemDeviceOptions.StoreTracking"/>): a matter of the kernel, not of the place.</summary>
#pragma warning disable CA1822 // It stands beside the facts of the place; tried out when it is first asked for.
    public FeatureSupport StoreTracking => WriteTracker.Support;
#pragma warning restore CA1822
}
