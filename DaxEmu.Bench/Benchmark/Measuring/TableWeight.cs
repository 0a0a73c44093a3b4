using System.Globalization;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>How much memory the tables of an engine take, as the host counts it: what the process has of anonymous memory afterwards and had not before.</summary>
internal static class TableWeight
{
    private const string Facts = "/proc/self/status";
    private const string Field = "RssAnon:";

    // The collector and the compiler take memory of their own meanwhile; what they take is little against this.
    private const long LeastBytes = 8 << 20;

    /// <summary>Anonymous memory of the process that is real; null if the host does not say.</summary>
    public static long? ResidentBytes()
    {
        GC.Collect();
        return File.Exists(Facts) ? Parse(File.ReadLines(Facts)) : null;
    }

    /// <summary>Bytes a unit; null if they are too few to be told from the process's own.</summary>
    public static double? PerUnit(long? before, long? after, long units) => after - before is { } grown && grown >= LeastBytes ? (double)grown / units : null;

    /// <summary>The bytes in a line of the form <c>RssAnon:  23642112 kB</c>; null if there is none.</summary>
    internal static long? Parse(IEnumerable<string> lines)
    {
        string? line = lines.FirstOrDefault(l => l.StartsWith(Field, StringComparison.Ordinal));
        return line?[Field.Length..].Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries) is [string number, ..]
            && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long kibibytes)
            ? kibibytes << 10
            : null;
    }
}
