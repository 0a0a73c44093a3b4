using System.Buffers.Text;
using System.Text;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>Holds what the kernel says is mapped at real addresses (<c>/proc/self/maps</c>) against the page tables that they show.</summary>
internal static class ShownPages
{
    private const string Maps = "/proc/self/maps";
    private const int MostReported = 8;

    /// <summary>The pages that can be accessed without a fault though no translation allows it, or that lead elsewhere: the first few.</summary>
    /// <param name="areas">VMAs, and where their first pages lie.</param>
    public static IEnumerable<string> Excess(IReadOnlyList<(VmArea Area, nint Address)> areas) =>
        areas.Count > 0 ? Excess(File.ReadAllBytes(Maps), areas) : [];

    /// <summary>As the other, for a given list: lines of <c>start-end rights offset device inode path</c>.</summary>
    internal static List<string> Excess(ReadOnlySpan<byte> maps, IReadOnlyList<(VmArea Area, nint Address)> areas)
    {
        List<string> problems = [];
        while (!maps.IsEmpty && problems.Count < MostReported)
        {
            int end = maps.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = maps[..(end < 0 ? maps.Length : end)];
            maps = maps[Math.Min(maps.Length, line.Length + 1)..];
            Range range = ReadLine(line);
            foreach ((VmArea area, nint address) in areas)
            {
                Compare(area, address, range, problems);
            }
        }

        return problems;
    }

    private static void Compare(VmArea area, long address, Range range, List<string> problems)
    {
        long end = Math.Min(address + (area.PageCount << DaxConstants.PageShift), range.End);
        for (long at = Math.Max(address, range.Start); range.IsAccessible && at < end && problems.Count < MostReported; at += DaxConstants.PageSize)
        {
            VmaPage page = (at - address) >> DaxConstants.PageShift;
            if (Problem(area, page, range, range.Offset + at - range.Start) is { } problem)
            {
                problems.Add($"page {page.Value} is mapped {range.Rights} {problem}");
            }
        }
    }

    private static string? Problem(VmArea area, VmaPage page, in Range range, long offset)
    {
        Translation translation = area.Table.Find(page);
        if (!translation.IsPresent)
        {
            return "without a translation";
        }

        if (range.CanWrite && !translation.IsWritable)
        {
            return "by a translation that cannot be written";
        }

        if (translation.IsZero || translation.IsCopy)
        {
            return null;
        }

        long inHuge = translation.IsHuge ? ((area.LeadPages + page.Value) & DaxConstants.ColourMask) << DaxConstants.PageShift : 0;
        long wanted = translation.Pfn.OffsetBytes + inHuge;
        return offset == wanted ? null : $"at byte {offset} of the device, not {wanted}";
    }

    private static Range ReadLine(ReadOnlySpan<byte> line)
    {
        long start = Hex(ref line);
        long end = Hex(ref line);
        string rights = Encoding.ASCII.GetString(line[..4]);
        line = line[5..];
        return new Range(start, end, rights, Hex(ref line));
    }

    // A number and the character after it.
    private static long Hex(ref ReadOnlySpan<byte> text)
    {
        if (!Utf8Parser.TryParse(text, out long value, out int length, 'x'))
        {
            throw new InvalidDataException($"{Maps} has a line with '{Encoding.ASCII.GetString(text)}', which is not understood.");
        }

        text = text[(length + 1)..];
        return value;
    }

    private readonly record struct Range(long Start, long End, string Rights, long Offset)
    {
        public bool IsAccessible => Rights[0] == 'r' || CanWrite;

        public bool CanWrite => Rights[1] == 'w';
    }
}
