using DaxEmu.Core;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>A file of a recorded fault stream.</summary>
/// <param name="number">Its place in the plan, from 1.</param>
/// <param name="ino">The inode number.</param>
internal sealed class PlannedFile(int number, long ino)
{
    /// <summary>Its place in the plan, from 1.</summary>
    public int Number { get; } = number;

    /// <summary>The inode number; another file may have had it before.</summary>
    public long Ino { get; } = ino;

    /// <summary>The file's end as last printed, in pages; 0 until it is.</summary>
    public long EndPage { get; set; }

    /// <summary>Pages that any VMA or fault reaches.</summary>
    public long PageCapacity { get; set; }

    /// <summary>Its VMAs that are mapped and were not printed.</summary>
    public int LiveAssumedCount { get; set; }
}

/// <summary>A VMA of a recorded fault stream.</summary>
internal sealed class PlannedArea(int number, PlannedFile file, long start, long end, long firstIndex, bool isShared, bool isAssumed)
{
    /// <summary>Its place in the plan, from 0.</summary>
    public int Number { get; } = number;

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
}

/// <summary>
/// A recorded fault stream with its files and VMAs found. The trace has neither mmap, munmap, truncate nor unlink: a VMA is gone when
/// another one lies over it, and an inode number belongs to another file when a VMA shows it with another end.
/// </summary>
internal sealed class TracePlan
{
    private readonly Dictionary<long, PlannedFile> byIno = [];
    private readonly Dictionary<FtraceTask, ushort> threads = [];
    private readonly LiveAreas live = new();
    private readonly TraceMemory memory = new();
    private long filePages;
    private long areaPages;

    private TracePlan()
    {
    }

    public List<PlannedFile> Files { get; } = [];

    public List<PlannedArea> Areas { get; } = [];

    public PlannedFaults Faults { get; } = new();

    public int ThreadCount => threads.Count;

    /// <summary>Pages of the device: each file has its own, from a 2 MiB boundary on.</summary>
    public long DevicePages => filePages;

    /// <summary>Finds the files and VMAs of a fault stream.</summary>
    /// <param name="faults">The faults in recorded order.</param>
    /// <exception cref="FormatException">A fault's fields contradict each other, or ask for more than <see cref="ReplayLimits"/>.</exception>
    public static TracePlan Of(IEnumerable<RecordedFault> faults)
    {
        var plan = new TracePlan();
        foreach (RecordedFault fault in faults)
        {
            plan.Add(fault);
        }

        return plan;
    }

    /// <summary>Reads a trace text and finds its files and VMAs.</summary>
    /// <exception cref="FormatException">A line is malformed, its fields contradict each other or ask for too much, or there is no fault; the message names file and line.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public static TracePlan Read(Stream content, string name, CancellationToken cancellation)
    {
        using var reader = new FtraceReader(content, name);
        var plan = new TracePlan();
        foreach (RecordedFault fault in new FtraceFaults(reader).ReadAll())
        {
            cancellation.ThrowIfCancellationRequested();
            try
            {
                plan.Add(fault);
            }
            catch (FormatException e)
            {
                throw reader.Wrong(e.Message, e);
            }
        }

        return plan.Faults.Count > 0 ? plan : throw new FormatException($"{name}: there is no fault in it: neither dax_pmd_fault nor dax_pte_fault with its end.");
    }

    /// <summary>The pages of a file, up to a whole 2 MiB.</summary>
    public static long RoundedUp(long pages) => (pages + DaxConstants.ColourMask) & ~(long)DaxConstants.ColourMask;

    private static void Require(bool isMet, string problem)
    {
        if (!isMet)
        {
            throw new FormatException(problem);
        }
    }

    private void Add(in RecordedFault fault)
    {
        Require(Faults.Count < ReplayLimits.Faults, $"it is the fault after {ReplayLimits.Faults}, the most of a trace: replay it in parts");
        ushort thread = ThreadOf(fault.Task);
        bool isPmd = fault.Order == PageOrder.Pmd;
        PlannedArea area = isPmd ? Printed(fault) : Found(fault);
        Require(area.Contains(fault.Fault.Address), $"the address 0x{fault.Fault.Address:x} does not lie in its VMA");
        bool isWrite = (fault.Fault.Flags & FaultFlags.Write) != 0;
        area.IsWritten |= isWrite;
        long page = (fault.Fault.Address - area.Start) >> DaxConstants.PageShift;
        PlannedFile file = area.File;
        bool isBeyondEnd = (fault.Result & FaultResult.Sigbus) != 0;
        file.EndPage = Math.Max(file.EndPage, isBeyondEnd ? 0 : fault.Fault.Index.Value + 1);
        Reserve(file, Math.Max(file.EndPage, area.FirstIndex + area.PageCount));
        memory.AddFault(area, page, isPmd, isWrite);
        Faults.Add(new PlannedFault(area.Number, (int)page, (int)file.EndPage, fault.Fault.Flags, fault.Result, thread, isPmd));
    }

    private ushort ThreadOf(FtraceTask task)
    {
        if (!threads.TryGetValue(task, out ushort thread))
        {
            Require(threads.Count < ReplayLimits.RecordedThreads, $"it is the thread after {ReplayLimits.RecordedThreads}, the most of a trace");
            thread = (ushort)threads.Count;
            threads.Add(task, thread);
        }

        return thread;
    }

    private void Reserve(PlannedFile file, long pages)
    {
        if (pages <= file.PageCapacity)
        {
            return;
        }

        Require(pages <= ReplayLimits.TracePages, $"the file of inode 0x{file.Ino:x} reaches to page 0x{pages:x}; a file has at most 0x{ReplayLimits.TracePages:x}");
        filePages += RoundedUp(pages) - RoundedUp(file.PageCapacity);
        Require(filePages <= ReplayLimits.TracePages, $"the files have more than 0x{ReplayLimits.TracePages:x} pages together, the most of a trace");
        file.PageCapacity = pages;
    }

    private PlannedArea Printed(in RecordedFault fault)
    {
        PlannedFile file = FileOf(fault.Fault.Ino);
        (long start, long end) = (fault.Fault.VmStart, fault.Fault.VmEnd);
        PlannedArea? known = live.At(start);
        known = known is not null && known.File == file && known.Start == start && known.End == end ? known : null;
        long firstIndex = fault.Fault.Index.Value - ((fault.Fault.Address - start) >> DaxConstants.PageShift);
        if (known is null || known.FirstIndex != firstIndex)
        {
            bool isOther = file.EndPage != 0 && file.EndPage != fault.Fault.MaxIndex.Value && file.LiveAssumedCount == 0;
            file = isOther ? NewFile(fault.Fault.Ino) : file;
            known = NewArea(file, start, end, firstIndex, fault.Fault.Shared, isAssumed: false);
        }

        file.EndPage = Math.Max(file.EndPage, fault.Fault.MaxIndex.Value);
        return known;
    }

    private PlannedArea Found(in RecordedFault fault)
    {
        PlannedFile file = FileOf(fault.Fault.Ino);
        (long address, long index) = (fault.Fault.Address, fault.Fault.Index.Value);
        if (live.At(address) is { } known && known.File == file && known.FirstIndex + ((address - known.Start) >> DaxConstants.PageShift) == index)
        {
            return known;
        }

        // Somewhere in a VMA of at least this page: taken as the 2 MiB of the address, as far as the file reaches down.
        long below = Math.Min(index, (address >> DaxConstants.PageShift) & DaxConstants.ColourMask);
        long start = (address & ~(long)(DaxConstants.PageSize - 1)) - (below << DaxConstants.PageShift);
        long end = (address & -DaxConstants.PmdSize) + DaxConstants.PmdSize;
        return NewArea(file, start, end, index - below, fault.Fault.Shared, isAssumed: true);
    }

    private PlannedFile FileOf(long ino) => byIno.TryGetValue(ino, out PlannedFile? file) ? file : NewFile(ino);

    private PlannedFile NewFile(long ino)
    {
        memory.AddFile();
        var file = new PlannedFile(Files.Count + 1, ino);
        byIno[ino] = file;
        Files.Add(file);
        return file;
    }

    private PlannedArea NewArea(PlannedFile file, long start, long end, long firstIndex, bool isShared, bool isAssumed)
    {
        string name = $"the VMA from 0x{start:x} to 0x{end:x}";
        Require(((start | end) & (DaxConstants.PageSize - 1)) == 0 && start < end, $"{name} does not begin and end with a page");
        long pages = (end - start) >> DaxConstants.PageShift;
        Require(pages <= ReplayLimits.TracePages, $"{name} has 0x{pages:x} pages; at most 0x{ReplayLimits.TracePages:x} can be replayed");
        Require(firstIndex >= 0, $"{name} would begin before the file: the fault's pgoff is less than its distance from vm_start");
        areaPages += pages;
        Require(areaPages <= ReplayLimits.TraceAreaPages, $"with {name} all VMAs have more than 0x{ReplayLimits.TraceAreaPages:x} pages, the most of a trace");
        Require(Areas.Count < ReplayLimits.Areas, $"{name} is the VMA after {ReplayLimits.Areas}, the most of a trace: replay it in parts");
        var area = new PlannedArea(Areas.Count, file, start, end, firstIndex, isShared, isAssumed);
        live.Map(area);
        Areas.Add(area);
        return area;
    }
}
