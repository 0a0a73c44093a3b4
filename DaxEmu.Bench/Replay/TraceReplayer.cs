using System.Diagnostics;
using DaxEmu.Core.Device;
using DaxEmu.Core.Extents;
using DaxEmu.Core.Faults;
using DaxEmu.Core.Mapping;
using DaxEmu.Core.Tracing.Ftrace;
using DaxEmu.Core.Units;
using DaxEmu.Core.Waiting.Profiles;

namespace DaxEmu.Bench.Replay;

/// <summary>
/// Replays a fault stream that a kernel recorded, on the emulator, with any number of threads, and compares how the faults came out.
/// Each file gets one run of blocks that begins at a 2 MiB boundary: the trace does not tell where the kernel's lay.
/// </summary>
/// <remarks>
/// Faults only. The recorded streams have no passes of writeback (the application maps its files read-only); scenarios compare those.
/// </remarks>
internal sealed class TraceReplayer : IDisposable
{
    private readonly TracePlan plan;
    private readonly PmemDevice device;
    private readonly Dictionary<PlannedFile, ReplayedFile> files = [];
    private readonly Dictionary<PlannedArea, VmArea> areas = [];

    private TraceReplayer(TracePlan plan, TraceConditions conditions)
    {
        this.plan = plan;
        device = PmemDevice.CreateInMemory(Math.Max(1, plan.Files.Sum(f => PmdCount(f.PageCapacity))) * DaxConstants.PmdSize);
        long nextPfn = 0;
        foreach (PlannedFile file in plan.Files)
        {
            long pages = PmdCount(file.PageCapacity) << DaxConstants.PmdOrder;
            files.Add(file, new ReplayedFile(device, new Pfn(nextPfn), pages, conditions));
            nextPfn += pages;
        }

        foreach (PlannedArea area in plan.Areas)
        {
            areas.Add(area, Map(area));
        }
    }

    /// <summary>Replays a fault stream.</summary>
    /// <param name="faults">The faults, in recorded order.</param>
    /// <param name="threadCount">
    /// How many threads; null for as many as recorded. Each recorded thread keeps its own order; with one thread the whole recording does.
    /// </param>
    /// <param name="conditions">Under which conditions; null for the usual ones.</param>
    public static TraceReplayReport Run(IEnumerable<RecordedFault> faults, int? threadCount = null, TraceConditions? conditions = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threadCount ?? 1, 1, nameof(threadCount));
        var plan = TracePlan.Of(faults);
        using var replayer = new TraceReplayer(plan, conditions ?? TraceConditions.Usual);
        return replayer.Run(threadCount ?? Math.Max(1, plan.ThreadCount));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (ReplayedFile file in files.Values)
        {
            file.Mapping.Dispose();
        }

        device.Dispose();
    }

    private static long PmdCount(long pages) => (pages + DaxConstants.PagesPerPmd - 1) >> DaxConstants.PmdOrder;

    private VmArea Map(PlannedArea area)
    {
        VmAreaKind kind = area.IsShared ? VmAreaKind.Shared : VmAreaKind.Private;
        kind |= area.IsWritten ? 0 : VmAreaKind.ReadOnly;
        int lead = (int)(area.Start >> DaxConstants.PageShift) & DaxConstants.ColourMask;
        return files[area.File].Mapping.Map(new PageIndex(area.FirstIndex), area.PageCount, kind, lead);
    }

    private TraceReplayReport Run(int threadCount)
    {
        TraceLane[] lanes = [.. Enumerable.Range(0, threadCount).Select(_ => new TraceLane())];
        foreach (PlannedFault fault in plan.Faults)
        {
            lanes[fault.Thread % threadCount].Add(fault, files[fault.Area.File], areas[fault.Area]);
        }

        Thread[] threads = [.. lanes.Select((lane, i) => new Thread(lane.Run) { Name = $"replay {i}", IsBackground = true })];
        long start = Stopwatch.GetTimestamp();
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        Array.ForEach(lanes, l => l.Failure?.Throw());
        return new TraceReplayReport
        {
            FaultCount = plan.Faults.Count,
            ThreadCount = threadCount,
            RecordedThreadCount = plan.ThreadCount,
            FileCount = plan.Files.Count,
            AreaCount = plan.Areas.Count(a => !a.IsAssumed),
            AssumedAreaCount = plan.Areas.Count(a => a.IsAssumed),
            Kernel = lanes.Aggregate(default(TraceCounts), (sum, l) => sum + l.Kernel),
            Emulator = lanes.Aggregate(default(TraceCounts), (sum, l) => sum + l.Emulator),
            FallbacksByReason = lanes.SelectMany(l => l.Reasons).GroupBy(r => r.Key).ToDictionary(g => g.Key, g => g.Sum(r => r.Value)),
            Differences = [.. lanes.SelectMany(l => l.Differences).GroupBy(d => d.Key)
                .Select(g => new TraceDifference(g.Key, g.Sum(d => d.Value))).OrderByDescending(d => d.Count)],
            Elapsed = elapsed,
        };
    }
}

/// <summary>Under which conditions a fault stream is replayed.</summary>
/// <param name="Profile">How entry locks wait.</param>
/// <param name="Extents">What is put around each file's extent map.</param>
internal sealed record TraceConditions(WaitProfile Profile, Func<IExtentMap, IExtentMap> Extents)
{
    /// <summary>The default profile, and the extent maps as they are.</summary>
    public static TraceConditions Usual { get; } = new(WaitProfiles.Fixed, extents => extents);
}

/// <summary>A file of the replay.</summary>
internal sealed class ReplayedFile
{
    public ReplayedFile(PmemDevice device, Pfn firstPfn, long pageCount, TraceConditions conditions)
    {
        var options = new AddressSpaceOptions { Profile = conditions.Profile, MaximumSizeBytes = pageCount << DaxConstants.PageShift };
        Mapping = new AddressSpace(device, conditions.Extents(new LinearExtentMap(firstPfn, pageCount)), 0, options);
        Handler = new FaultHandler(Mapping);
    }

    public AddressSpace Mapping { get; }

    public FaultHandler Handler { get; }
}
