using System.Diagnostics;
using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Core;
using DaxEmu.Core.Iomap;
using HdrHistogram;

namespace DaxEmu.Bench.Benchmark.Policies;

/// <summary>A few 2 MiB ranges on which threads meet with 4 KiB and 2 MiB faults, and which are emptied now and then: the case of 2019, made dense.</summary>
/// <remarks>
/// 4 KiB and 2 MiB faults have a VMA each: a page table in the place of a 2 MiB translation would keep later 2 MiB faults of its VMA from
/// coming to the entries at all.
/// </remarks>
internal sealed class ContendedRanges : IDisposable
{
    // 4 KiB faults fall on the first pages of a range, so that they meet each other, too.
    private const int SmallPages = 16;
    private static readonly long MostLatencyNs = (long)TimeSpan.FromSeconds(10).TotalNanoseconds;

    private readonly PolicyPlan plan;
    private readonly CancellationToken stop;
    private readonly PmemDevice device;
    private readonly AddressSpace mapping;
    private readonly FaultHandler handler;
    private readonly VmArea smallArea;
    private readonly VmArea hugeArea;
    private readonly FaultFlags flags;

    public ContendedRanges(PolicyPlan plan, WaitProfile profile, CancellationToken stop)
    {
        this.plan = plan;
        this.stop = stop;
        long bytes = (long)plan.RangeCount << (DaxConstants.PmdOrder + DaxConstants.PageShift);
        device = PmemDevice.CreateInMemory(bytes);
        var extents = new SlowExtentMap(new LinearExtentMap(new Pfn(0), device.PageCount), plan.Hold, plan.HugeHold, stop);
        mapping = new AddressSpace(device, extents, bytes, new AddressSpaceOptions { Profile = profile, MaximumSizeBytes = bytes });
        handler = new FaultHandler(mapping);
        smallArea = mapping.Map(new PageIndex(0), device.PageCount, MapMode.Shared | MapMode.NoHugePage);
        hugeArea = mapping.Map(new PageIndex(0), device.PageCount, MapMode.Shared);
        flags = plan.Emptying == EmptyingKind.Write ? FaultFlags.None : FaultFlags.Write;
    }

    /// <summary>One turn, beginning with empty ranges. The same round makes the same choices under every policy.</summary>
    public TurnResult Run(JobTeam team, int jobCount, int round)
    {
        Empty(PageRange.All);
        Job[] jobs = [.. Enumerable.Range(0, jobCount).Select(i => new Job(this, HashCode.Combine(plan.Seed, round, i)))];
        WaitCounts before = WaitCounts.Now;
        TimeSpan elapsed = team.Run(i => jobs[i].Run());
        var latencies = new LongHistogram(1, MostLatencyNs, 3);
        foreach (Job job in jobs)
        {
            latencies.Add(job.HugeLatencies);
        }

        return new TurnResult(
            elapsed, jobs.Sum(j => j.FaultCount), jobs.Sum(j => j.HugeServed), jobs.Sum(j => j.HugeFellBack), WaitCounts.Now - before, latencies);
    }

    public void Dispose()
    {
        mapping.Dispose();
        device.Dispose();
    }

    private void Empty(PageRange range)
    {
        if (plan.Emptying == EmptyingKind.Write)
        {
            Invalidator.InvalidateRangeIfClean(mapping, range);
            mapping.Unmap(range);
            return;
        }

        mapping.DropRange(range, discardsDirty: true);
    }

    private sealed class Job(ContendedRanges scenario, int seed)
    {
#pragma warning disable CA5394 // Reproducible, not secret.
        private readonly Random random = new(seed);

        public long FaultCount { get; private set; }

        public long HugeServed { get; private set; }

        public long HugeFellBack { get; private set; }

        public LongHistogram HugeLatencies { get; } = new(1, MostLatencyNs, 3);

        public void Run()
        {
            long begin = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(begin) < scenario.plan.Turn && !scenario.stop.IsCancellationRequested)
            {
                Step();
            }
        }

        private void Step()
        {
            long start = (long)random.Next(scenario.plan.RangeCount) << DaxConstants.PmdOrder;
            int choice = random.Next(100);
            if (choice < scenario.plan.EmptyPercent)
            {
                scenario.Empty(new PageRange(new PageIndex(start), DaxConstants.PagesPerPmd));
                return;
            }

            FaultCount++;
            if (choice < scenario.plan.EmptyPercent + scenario.plan.HugePercent)
            {
                Huge(start);
            }
            else
            {
                Fault(start + random.Next(SmallPages), PageOrder.Pte);
            }
        }
#pragma warning restore CA5394

        // As the memory manager does it: a refused 2 MiB fault is a 4 KiB one.
        private void Huge(long page)
        {
            long begin = Stopwatch.GetTimestamp();
            if ((Fault(page, PageOrder.Pmd).Result & FaultResult.Fallback) == 0)
            {
                HugeServed++;
            }
            else
            {
                HugeFellBack++;
                Fault(page, PageOrder.Pte);
            }

            HugeLatencies.RecordValue(Math.Clamp((long)Stopwatch.GetElapsedTime(begin).TotalNanoseconds, 1, MostLatencyNs));
        }

        private FaultOutcome Fault(long page, PageOrder order)
        {
            FaultOutcome outcome = scenario.handler.Fault(order == PageOrder.Pmd ? scenario.hugeArea : scenario.smallArea, page, scenario.flags, order);
            return outcome.IsError ? throw new InvalidOperationException($"a fault at page {page} came to {outcome.Result}") : outcome;
        }
    }
}
