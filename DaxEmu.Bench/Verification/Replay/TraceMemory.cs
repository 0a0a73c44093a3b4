using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>
/// What the tables and private copies of a replayed trace will take, in pages of 4 KiB: tables become real where they are first accessed.
/// </summary>
internal sealed class TraceMemory
{
    private const int PagesOfFile = 2;
    private const int PagesOfFileRange = 2;
    private const int DirectoryShift = DaxConstants.PmdOrder + 9;

    private readonly HashSet<(int Owner, long Range)> seen = [];
    private long pages;

    /// <summary>A file.</summary>
    public void AddFile() => Add(PagesOfFile);

    /// <summary>A fault: what it accesses for the first time.</summary>
    public void AddFault(PlannedArea area, long page, bool isPmd, bool isWrite)
    {
        long inArea = page + ((area.Start >> DaxConstants.PageShift) & DaxConstants.ColourMask);
        AddOnce(area.Number, -1 - (inArea >> DirectoryShift), 1);
        if (!isPmd)
        {
            AddOnce(area.Number, inArea >> DaxConstants.PmdOrder, 1);
            AddOnce(-area.File.Number, (area.FirstIndex + page) >> DaxConstants.PmdOrder, PagesOfFileRange);
            Add(isWrite && !area.IsShared ? 1 : 0);
        }
    }

    private void AddOnce(int owner, long range, int count)
    {
        if (seen.Add((owner, range)))
        {
            Add(count);
        }
    }

    private void Add(int count)
    {
        pages += count;
        if (pages > ReplayLimits.TraceTablePages)
        {
            throw new FormatException(
                $"with this fault the replay's tables and private copies need more than {ReplayLimits.TraceTablePages} pages of 4 KiB "
                + $"({ReplayLimits.TraceTablePages >> 8} MiB), the most that is done for a trace: replay it in parts");
        }
    }
}
