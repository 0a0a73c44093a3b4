using DaxEmu.Core.Pmem.Media;

namespace DaxEmu.Core;

/// <summary>
/// What a medium adds to the memory that a device really lies in: latency a call, bandwidth limits, and the unit of its own that it reads and
/// writes in. <see cref="PmemDeviceOptions.Media"/> says what is charged and what cannot be; the sources of the figures are in <c>docs/media.md</c>.
/// </summary>
public sealed record MediaProfile
{
    /// <summary>The most that a call may be delayed by: a second.</summary>
    public const long MostLatencyNs = 1_000_000_000;

    /// <summary>The least bandwidth, if there is a limit: 1 MB/s.</summary>
    public const long LeastBytesPerSecond = 1_000_000;

    private const int CacheLineBytes = 64;

    /// <summary>One Optane DC module beside DRAM, without eADR.</summary>
    public static MediaProfile Optane { get; } = new()
    {
        Name = "optane",
        ReadNs = 204,
        SequentialReadNs = 88,
        WriteNs = 4,
        FlushNs = 5,
        ReadBytesPerSecond = 6_600_000_000,
        WriteBytesPerSecond = 2_300_000_000,
        LineBytes = 256,
    };

    /// <summary>DRAM behind a CXL link, directly attached.</summary>
    public static MediaProfile Cxl { get; } = new()
    {
        Name = "cxl",
        ReadNs = 140,
        SequentialReadNs = 140,
        FlushNs = 140,
        WriteNs = 140,
        ReadBytesPerSecond = 25_000_000_000,
        WriteBytesPerSecond = 20_000_000_000,
    };

    /// <summary>Nothing added: what is left is the cost of the dial itself.</summary>
    public static MediaProfile Dram { get; } = new() { Name = "dram" };

    /// <summary>What reports call it.</summary>
    public required string Name { get; init; }

    /// <summary>Nanoseconds added to a read that does not continue the thread's last one.</summary>
    public long ReadNs { get; init => field = Latency(value); }

    /// <summary>Nanoseconds added to a read that begins where the thread's last one ended, or in the same line of the medium.</summary>
    public long SequentialReadNs { get; init => field = Latency(value); }

    /// <summary>Nanoseconds added to a write around the caches.</summary>
    public long WriteNs { get; init => field = Latency(value); }

    /// <summary>Nanoseconds added to a flush, however many lines it flushes; with <see cref="HasEadr"/> none.</summary>
    public long FlushNs { get; init => field = Latency(value); }

    /// <summary>Nanoseconds added to a fence.</summary>
    public long FenceNs { get; init => field = Latency(value); }

    /// <summary>Bytes a second that the medium reads, for all threads together; 0 for no limit.</summary>
    public long ReadBytesPerSecond { get; init => field = Bandwidth(value); }

    /// <summary>Bytes a second that the medium writes, for all threads together; 0 for no limit.</summary>
    public long WriteBytesPerSecond { get; init => field = Bandwidth(value); }

    /// <summary>The unit in which the medium reads and writes, a power of two from 64 to 4096: part of one costs the whole.</summary>
    public int LineBytes
    {
        get;
        init => field = value is >= CacheLineBytes and <= DaxConstants.PageSize && (value & (value - 1)) == 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "a medium's line is a power of two from 64 to 4096 bytes.");
    } = CacheLineBytes;

    /// <summary>Whether the caches belong to the persistence domain: flushes cost nothing and are not made.</summary>
    public bool HasEadr { get; init; }

    /// <summary>Reads a profile from a file of JSON: an object with members of the names below, all but the first optional.</summary>
    /// <param name="path">
    /// The file. Its members: <c>name</c>, <c>read_ns</c>, <c>sequential_read_ns</c> (default: <c>read_ns</c>), <c>write_ns</c>, <c>flush_ns</c>, <c>fence_ns</c>,
    /// <c>read_bytes_per_second</c>, <c>write_bytes_per_second</c>, <c>line_bytes</c>, <c>eadr</c>.
    /// </param>
    /// <exception cref="FormatException">It is no such object, a member is unknown, or a value is not allowed; the message names file and member.</exception>
    /// <exception cref="DaxEmu.Native.DaxEnvironmentException">The file cannot be read.</exception>
    public static MediaProfile Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return MediaProfileFile.Load(path);
    }

    private static long Latency(long value) => value is >= 0 and <= MostLatencyNs
        ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, "a latency is a whole number of nanoseconds from 0 to 1000000000.");

    private static long Bandwidth(long value) => value is 0 or >= LeastBytesPerSecond
        ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, "a bandwidth is 0 for no limit, or at least 1000000 bytes a second.");
}
