using DaxEmu.Core.Tracing.Ftrace;
using DaxEmu.Core.Units;

namespace DaxEmu.Bench.Replay;

/// <summary>A file of a recorded fault stream.</summary>
internal sealed class PlannedFile(long ino)
{
    /// <summary>The inode number; another file may have had it before.</summary>
    public long Ino { get; } = ino;

    /// <summary>The file's end as last printed, in pages; 0 until it is.</summary>
    public long EndPage { get; set; }

    /// <summary>Pages that any VMA or fault reaches.</summary>
    public long PageCapacity { get; set; }

    /// <summary>Its VMAs that are still mapped.</summary>
    public List<PlannedArea> LiveAreas { get; } = [];
}

/// <summary>A VMA of a recorded fault stream.</summary>
internal sealed class PlannedArea(PlannedFile file, long start, long end, long firstIndex, bool isShared, bool isAssumed)
{
    public PlannedFile File { get; } = file;

    public long Start { get; } = start;

    public long End { get; } = end;

    /// <summary>The file page that its first page maps.</summary>
    public long FirstIndex { get; } = firstIndex;

    public bool IsShared { get; } = isShared;

    /// <summary>Whether the trace does not print it.</summary>
    public bool IsAssumed { get; } = isAssumed;

    /// <summary>Whether a fault wrote to it.</summary>
    public bool IsWritten { get; set; }

    public long PageCount => (End - Start) >> DaxConstants.PageShift;

    public bool Contains(long address) => Start <= address && address < End;

    public bool Overlaps(long start, long end) => Start < end && start < End;
}

/// <summary>A fault to replay.</summary>
/// <param name="Area">Its VMA.</param>
/// <param name="Page">The page, counted from the VMA's start.</param>
/// <param name="Thread">The recorded thread, counted from 0.</param>
/// <param name="EndPage">The file's end at that time, in pages.</param>
/// <param name="Fault">The recorded fault.</param>
internal readonly record struct PlannedFault(PlannedArea Area, long Page, int Thread, long EndPage, RecordedFault Fault);

/// <summary>
/// A recorded fault stream with its files and VMAs found. The trace tells neither mmap, munmap, truncate nor unlink: a VMA is gone when
/// another one lies over it, and an inode number belongs to another file when a VMA shows it with another end.
/// </summary>
internal sealed class TracePlan
{
    private readonly Dictionary<long, PlannedFile> byIno = [];
    private readonly Dictionary<FtraceTask, int> threads = [];
    private readonly List<PlannedArea> live = [];

    private TracePlan()
    {
    }

    public List<PlannedFile> Files { get; } = [];

    public List<PlannedArea> Areas { get; } = [];

    public List<PlannedFault> Faults { get; } = [];

    public int ThreadCount => threads.Count;

    /// <summary>Finds the files and VMAs of a fault stream.</summary>
    /// <param name="faults">The faults in recorded order.</param>
    public static TracePlan Of(IEnumerable<RecordedFault> faults)
    {
        var plan = new TracePlan();
        foreach (RecordedFault fault in faults)
        {
            plan.Add(fault);
        }

        return plan;
    }

    private void Add(in RecordedFault fault)
    {
        if (!threads.TryGetValue(fault.Task, out int thread))
        {
            thread = threads.Count;
            threads.Add(fault.Task, thread);
        }

        PlannedArea area = fault.Order == PageOrder.Pmd ? Printed(fault) : Found(fault);
        area.IsWritten |= (fault.Fault.Flags & FaultFlags.Write) != 0;
        long page = (fault.Fault.Address - area.Start) >> DaxConstants.PageShift;
        PlannedFile file = area.File;
        bool isBeyondEnd = (fault.Result & FaultResult.Sigbus) != 0;
        file.EndPage = Math.Max(file.EndPage, isBeyondEnd ? 0 : fault.Fault.Index.Value + 1);
        file.PageCapacity = Math.Max(file.PageCapacity, Math.Max(file.EndPage, area.FirstIndex + area.PageCount));
        Faults.Add(new PlannedFault(area, page, thread, file.EndPage, fault));
    }

    private PlannedArea Printed(in RecordedFault fault)
    {
        PlannedFile file = FileOf(fault.Fault.Ino);
        (long start, long end) = (fault.Fault.VmStart, fault.Fault.VmEnd);
        PlannedArea? known = file.LiveAreas.Find(a => a.Start == start && a.End == end);
        long firstIndex = fault.Fault.Index.Value - ((fault.Fault.Address - start) >> DaxConstants.PageShift);
        if (known is null || known.FirstIndex != firstIndex)
        {
            bool isOther = file.EndPage != 0 && file.EndPage != fault.Fault.MaxIndex.Value && file.LiveAreas.TrueForAll(a => !a.IsAssumed);
            file = isOther ? NewFile(fault.Fault.Ino) : file;
            known = NewArea(new PlannedArea(file, start, end, firstIndex, fault.Fault.Shared, isAssumed: false));
        }

        file.EndPage = Math.Max(file.EndPage, fault.Fault.MaxIndex.Value);
        return known;
    }

    private PlannedArea Found(in RecordedFault fault)
    {
        PlannedFile file = FileOf(fault.Fault.Ino);
        (long address, long index) = (fault.Fault.Address, fault.Fault.Index.Value);
        PlannedArea? known = file.LiveAreas.FindLast(
            a => a.Contains(address) && a.FirstIndex + ((address - a.Start) >> DaxConstants.PageShift) == index);
        if (known is not null)
        {
            return known;
        }

        // Somewhere in a VMA of at least this page: taken as the 2 MiB of the address, as far as the file reaches down.
        long below = Math.Min(index, (address >> DaxConstants.PageShift) & DaxConstants.ColourMask);
        long start = (address & ~(long)(DaxConstants.PageSize - 1)) - (below << DaxConstants.PageShift);
        long end = (address & -DaxConstants.PmdSize) + DaxConstants.PmdSize;
        return NewArea(new PlannedArea(file, start, end, index - below, fault.Fault.Shared, isAssumed: true));
    }

    private PlannedFile FileOf(long ino) => byIno.TryGetValue(ino, out PlannedFile? file) ? file : NewFile(ino);

    private PlannedFile NewFile(long ino)
    {
        var file = new PlannedFile(ino);
        byIno[ino] = file;
        Files.Add(file);
        return file;
    }

    private PlannedArea NewArea(PlannedArea area)
    {
        foreach (PlannedArea old in live.Where(a => a.Overlaps(area.Start, area.End)).ToList())
        {
            live.Remove(old);
            old.File.LiveAreas.Remove(old);
        }

        live.Add(area);
        area.File.LiveAreas.Add(area);
        Areas.Add(area);
        return area;
    }
}
