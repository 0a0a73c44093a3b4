using System.Globalization;
using DaxEmu.Native;
using DaxEmu.Native.Libc;

namespace DaxEmu.Bench.Devices;

/// <summary>How much memory the host can give. Asked before it is taken: past a limit of its group, a process is killed without a word.</summary>
internal static class HostMemory
{
    private const string Facts = "/proc/meminfo";
    private const string Field = "MemAvailable:";

    /// <summary>Bytes that can be had without swapping: what is free now, or what the limits of the memory groups leave where that is less.</summary>
    public static long AvailableBytes()
    {
        long left = MemoryGroup.AvailableBytes() ?? long.MaxValue;
        long? free = File.Exists(Facts) ? Parse(File.ReadLines(Facts)) : null;
        return Math.Min(left, free ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
    }

    /// <summary>Refuses what would not fit.</summary>
    /// <param name="what">What needs the memory, as in "a soak on 64m".</param>
    /// <param name="bytes">How much it needs.</param>
    /// <param name="remedy">What the user can do, in one sentence.</param>
    /// <exception cref="DaxEnvironmentException">There is less.</exception>
    public static void Require(string what, long bytes, string remedy)
    {
        long available = AvailableBytes();
        if (available < bytes)
        {
            string limit = MemoryGroup.AvailableBytes() is { } left && left <= available ? "its memory group (cgroup) leaves" : "are free";
            throw new DaxEnvironmentException($"{what} needs about {bytes >> 20} MiB of memory, and {available >> 20} MiB {limit}", remedy, Errno.Enomem);
        }
    }

    /// <summary>The bytes in a line of the form <c>MemAvailable:  23642112 kB</c>; null if there is none.</summary>
    internal static long? Parse(IEnumerable<string> lines)
    {
        string? line = lines.FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal));
        return line?[Field.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [string number, ..]
            && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long kibibytes)
            ? kibibytes << 10
            : null;
    }
}
