using System.Runtime.InteropServices;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>The VMAs that are mapped at a time. No two overlap, so they are kept in the order of their addresses.</summary>
internal sealed class LiveAreas
{
    private readonly List<long> starts = [];
    private readonly List<PlannedArea> areas = [];

    /// <summary>The VMA at an address; null if none is known.</summary>
    public PlannedArea? At(long address)
    {
        int at = LastAt(address);
        return at >= 0 && areas[at].Contains(address) ? areas[at] : null;
    }

    /// <summary>Maps a VMA; those that it lies over are gone.</summary>
    public void Map(PlannedArea area)
    {
        int first = LastAt(area.Start);
        first = first >= 0 && areas[first].End > area.Start ? first : first + 1;
        int end = first;
        for (; end < areas.Count && areas[end].Start < area.End; end++)
        {
            areas[end].File.LiveAssumedCount -= areas[end].IsAssumed ? 1 : 0;
        }

        area.File.LiveAssumedCount += area.IsAssumed ? 1 : 0;
        if (end == first)
        {
            starts.Insert(first, area.Start);
            areas.Insert(first, area);
            return;
        }

        starts[first] = area.Start;
        areas[first] = area;
        starts.RemoveRange(first + 1, end - first - 1);
        areas.RemoveRange(first + 1, end - first - 1);
    }

    // The place of the last VMA that begins at the address or before it; -1 if there is none.
    private int LastAt(long address)
    {
        int at = CollectionsMarshal.AsSpan(starts).BinarySearch(address);
        return at >= 0 ? at : ~at - 1;
    }
}
