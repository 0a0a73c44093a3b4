using System.Globalization;

namespace DaxEmu.Native.Files;

/// <summary>A range of a device that cannot be read, in bytes.</summary>
/// <param name="OffsetBytes">The first byte.</param>
/// <param name="LengthBytes">How many.</param>
internal readonly record struct BadBlocks(long OffsetBytes, long LengthBytes)
{
    private const int SectorShift = 9;

    /// <summary>Reads the kernel's list: a line a range, first sector and count, in sectors of 512 bytes.</summary>
    public static IReadOnlyList<BadBlocks> Parse(string? text)
    {
        var ranges = new List<BadBlocks>();
        foreach (string line in (text ?? string.Empty).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string[] fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length >= 2
                && long.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out long sector)
                && long.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out long count)
                && sector < long.MaxValue >> (SectorShift + 1) && count < long.MaxValue >> (SectorShift + 1))
            {
                ranges.Add(new BadBlocks(sector << SectorShift, count << SectorShift));
            }
        }

        return ranges;
    }
}
