using System.Globalization;

namespace DaxEmu.Bench.Measuring;

/// <summary>How much memory the host can give.</summary>
internal static class HostMemory
{
    private const string Facts = "/proc/meminfo";
    private const string Field = "MemAvailable:";

    /// <summary>Bytes that can be had without swapping: what is free now, or the process's limit where that is less.</summary>
    public static long AvailableBytes()
    {
        long limit = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return File.Exists(Facts) && Parse(File.ReadLines(Facts)) is { } free ? Math.Min(limit, free) : limit;
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
