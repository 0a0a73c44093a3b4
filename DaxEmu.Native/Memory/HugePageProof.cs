using System.Globalization;

namespace DaxEmu.Native.Memory;

/// <summary>Counts what the kernel really maps with 2 MiB pages, from <c>/proc/self/smaps</c>: a proof, not a hint.</summary>
internal static class HugePageProof
{
    private static readonly string[] Counters = ["AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:"];

    /// <summary>Bytes of the region that 2 MiB translations cover at this moment.</summary>
    /// <remarks>Neighbouring mappings that the kernel merged with an anonymous region count as well.</remarks>
    public static long MappedBytes(MappedRegion region) =>
        MappedBytes(region.Base, region.LengthBytes);

    /// <summary>As <see cref="MappedBytes(MappedRegion)"/>, for any memory of this process.</summary>
    public static long MappedBytes(nint start, long lengthBytes) =>
        MappedBytes(File.ReadLines("/proc/self/smaps"), start, start + (nint)lengthBytes);

    /// <summary>The addresses of a header's mapping; null for another line.</summary>
    internal static (long From, long To)? RangeOf(string line)
    {
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && line[..space].Split('-') is [{ } first, { } last]
            && long.TryParse(first, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long from)
            && long.TryParse(last, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out long to)
            ? (from, to)
            : null;
    }

    /// <summary>As the other, on given lines: a header <c>start-end rights …</c> for each mapping, then <c>Counter: n kB</c>.</summary>
    internal static long MappedBytes(IEnumerable<string> lines, long start, long end)
    {
        long bytes = 0;
        bool isInside = false;
        foreach (string line in lines)
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (RangeOf(line) is var (from, to))
            {
                isInside = from < end && to > start;
            }
            else if (isInside && Counters.Contains(fields[0]))
            {
                bytes += long.Parse(fields[1], CultureInfo.InvariantCulture) << 10;
            }
        }

        return bytes;
    }
}
