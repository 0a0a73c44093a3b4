using DaxEmu.Native;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;

namespace DaxEmu.Core.Pmem;

/// <summary>Which sizes a device can have: multiples of 2 MiB, so that the last page can be part of a PMD.</summary>
internal static class DeviceSize
{
    /// <summary>Whether a device can have this size.</summary>
    public static bool IsValid(long sizeBytes) => sizeBytes > 0 && sizeBytes % DaxConstants.PmdSize == 0;

    /// <summary>What is wrong with a size and which ones are near, in one clause without a full stop; null if nothing is.</summary>
    public static string? Problem(long sizeBytes) => IsValid(sizeBytes)
        ? null
        : $"its size of {sizeBytes} bytes is not a positive multiple of 2 MiB; {Nearest(sizeBytes)}";

    /// <summary>Refuses a size that was asked for.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is no multiple of 2 MiB.</exception>
    public static void Check(long sizeBytes, string parameterName)
    {
        if (!IsValid(sizeBytes))
        {
            throw new ArgumentOutOfRangeException(
                parameterName,
                $"A device of {sizeBytes} bytes is not possible, its size must be a positive multiple of 2 MiB; {Nearest(sizeBytes)}.");
        }
    }

    /// <summary>The usable size of what was found at a path.</summary>
    /// <exception cref="DaxEnvironmentException">A file's size is no multiple of 2 MiB, or a block device is smaller than that.</exception>
    public static long OfExisting(string path, long sizeBytes, bool isBlockDevice)
    {
        long usable = Usable(sizeBytes, isBlockDevice);
        return Problem(usable) is { } problem
            ? throw new DaxEnvironmentException(
                $"cannot use '{path}': {problem}",
                isBlockDevice
                    ? "Use a larger device."
                    : $"Make it larger: truncate -s {RoundDown(sizeBytes) + DaxConstants.PmdSize} '{path}'.",
                Errno.Einval,
                path)
            : usable;
    }

    /// <summary>What of a size counts: a block device cannot be made to fit, so its odd end stays unused.</summary>
    public static long Usable(long sizeBytes, bool isBlockDevice) => isBlockDevice ? RoundDown(sizeBytes) : sizeBytes;

    /// <summary>Page sizes with which the host may map memory.</summary>
    public static IReadOnlyList<int> HostPageSizes(FeatureSupport hugePages) =>
        hugePages.IsSupported ? [Environment.SystemPageSize, DaxConstants.PmdSize] : [Environment.SystemPageSize];

    /// <summary>Bytes to which a device's memory is aligned.</summary>
    /// <param name="file">Where it lies; null for memory without a file.</param>
    public static int AlignmentOf(DeviceFile? file) => (int)Math.Clamp(file?.MapAlignBytes ?? 0, DaxConstants.PmdSize, 1 << 30);

    private static string Nearest(long sizeBytes)
    {
        long below = sizeBytes < 0 ? 0 : RoundDown(sizeBytes);
        return below switch
        {
            0 => $"the smallest is {DaxConstants.PmdSize}",
            > long.MaxValue - DaxConstants.PmdSize => $"the nearest is {below}",
            _ => $"the nearest are {below} and {below + DaxConstants.PmdSize}",
        };
    }

    private static long RoundDown(long sizeBytes) => sizeBytes - (sizeBytes % DaxConstants.PmdSize);
}
