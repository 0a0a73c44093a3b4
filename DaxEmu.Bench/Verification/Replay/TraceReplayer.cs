using System.Diagnostics;
using DaxEmu.Core;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>
/// Replays a fault stream that a kernel recorded, on the emulator, with any number of threads, and compares how the faults came out.
/// Each file gets one run of blocks that begins at a 2 MiB boundary: the trace does not say where the kernel's lay.
/// </summary>
/// <remarks>
/// Faults only. The recorded streams have no passes of writeback (the application maps its files read-only); scenarios compare those.
/// </remarks>
internal sealed class TraceReplayer : IDisposable
{
    private readonly TracePlan plan;
    private readonly PmemDevice device;
    private readonly List<ReplayedFile> files = [];
    private readonly VmArea[] areas;

    private TraceReplayer(TracePlan plan, TraceConditions conditions, CancellationToken cancellation)
    {
        this.plan = plan;
        device = PmemDevice.CreateInMemory(Math.Max(DaxConstants.PagesPerPmd, plan.DevicePages) << DaxConstants.PageShift, new PmemDeviceOptions { PreferHugePages = false });
        areas = new VmArea[plan.Areas.Count];
        try
        {
            long nextPfn = 0;
            foreach (PlannedFile file in plan.Files)
            {
                if (cancellation.IsCancellationRequested)
                {
                    return; // no fault will be replayed
                }

                long pages = TracePlan.RoundedUp(file.PageCapacity);
                files.Add(new ReplayedFile(device, new Pfn(nextPfn), pages, conditions));
                nextPfn += pages;
            }

            foreach (IGrouping<PlannedFile, PlannedArea> ofFile in plan.Areas.GroupBy(a => a.File))
            {
                if (cancellation.IsCancellationRequested)
                {
                    return;
                }

                PlannedArea[] planned = [.. ofFile];
                VmArea[] mapped = files[ofFile.Key.Number - 1].Mapping.MapAll(Array.ConvertAll(planned, Request));
                for (int i = 0; i < planned.Length; i++)
                {
                    areas[planned[i].Number] = mapped[i];
                }
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Replays a fault stream.</summary>
    /// <param name="faults">The faults, in recorded order.</param>
    /// <param name="threadCount">See the other.</param>
    /// <param name="conditions">Under which conditions; null for the usual ones.</param>
    public static TraceReplayReport Run(IEnumerable<RecordedFault> faults, int? threadCount = null, TraceConditions? conditions = null) =>
        Run(TracePlan.Of(faults), threadCount, conditions);

    /// <summary>Replays a planned fault stream.</summary>
    /// <param name="plan">The faults.</param>
    /// <param name="threadCount">
    /// How many threads; null for as many as recorded. Never more than these, nor more than <see cref="ReplayLimits.Threads"/>. Each recorded
    /// thread keeps its own order; with one thread the whole recording does.
    /// </param>
    /// <param name="conditions">Under which conditions; null for the usual ones.</param>
    /// <param name="cancellation">Ends the replay: the report is about the faults until then.</param>
    public static TraceReplayReport Run(
        TracePlan plan, int? threadCount = null, TraceConditions? conditions = null, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threadCount ?? 1, 1, nameof(threadCount));
        using var replayer = new TraceReplayer(plan, conditions ?? TraceConditions.Usual, cancellation);
        return replayer.Run(ThreadCountOf(plan, threadCount), cancellation);
    }

    /// <summary>How many threads replay a plan of which so many are wanted.</summary>
    public static int ThreadCountOf(TracePlan plan, int? wanted)
    {
        int most = Math.Clamp(plan.ThreadCount, 1, ReplayLimits.Threads);
        return Math.Min(wanted ?? most, most);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        files.ForEach(f => f.Mapping.Dispose());
        device.Dispose();
    }

    private static (PageIndex First, long PageCount, MapMode Kind, int LeadPages) Request(PlannedArea area)
    {
        MapMode kind = area.IsShared ? MapMode.Shared : MapMode.Private;
        kind |= area.IsWritten ? 0 : MapMode.ReadOnly;
        int lead = (int)(area.Start >> DaxConstants.PageShift) & DaxConstants.ColourMask;
        return (new PageIndex(area.FirstIndex), area.PageCount, kind, lead);
    }

    private TraceReplayReport Run(int threadCount, CancellationToken cancellation)
    {
        ReplayedFile[] replayed = [.. files];
        TraceThread[] workers = [.. Shares(threadCount).Select(share => new TraceThread(plan, replayed, areas, share, cancellation))];
        Thread[] threads = [.. workers.Select((worker, i) => new Thread(worker.Run) { Name = $"replay {i}", IsBackground = true })];
        long start = Stopwatch.GetTimestamp();
        Array.ForEach(threads, t => t.Start());
        Array.ForEach(threads, t => t.Join());
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        Array.ForEach(workers, l => l.Failure?.Throw());
        return new TraceReplayReport
        {
            FaultCount = workers.Sum(l => (long)l.Count),
            ThreadCount = threadCount,
            RecordedThreadCount = plan.ThreadCount,
            FileCount = plan.Files.Count,
            AreaCount = plan.Areas.Count(a => !a.IsAssumed),
            AssumedAreaCount = plan.Areas.Count(a => a.IsAssumed),
            Kernel = workers.Aggregate(default(TraceCounts), (sum, l) => sum + l.Kernel),
            Emulator = workers.Aggregate(default(TraceCounts), (sum, l) => sum + l.Emulator),
            FallbacksByReason = workers.SelectMany(l => l.Reasons).GroupBy(r => r.Key).ToDictionary(g => g.Key, g => g.Sum(r => r.Value)),
            Differences = [.. workers.SelectMany(l => l.Differences).GroupBy(d => d.Key)
                .Select(g => new TraceDifference(g.Key, g.Sum(d => d.Value))).OrderByDescending(d => d.Count)],
            Elapsed = elapsed,
        };
    }

    // The places of each thread's faults; a single thread has them all.
    private int[]?[] Shares(int threadCount)
    {
        if (threadCount == 1)
        {
            return [null];
        }

        int[] counts = new int[threadCount];
        for (int i = 0; i < plan.Faults.Count; i++)
        {
            counts[plan.Faults[i].Thread % threadCount]++;
        }

        int[][] shares = Array.ConvertAll(counts, count => new int[count]);
        Array.Clear(counts);
        for (int i = 0; i < plan.Faults.Count; i++)
        {
            int thread = plan.Faults[i].Thread % threadCount;
            shares[thread][counts[thread]++] = i;
        }

        return shares;
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
