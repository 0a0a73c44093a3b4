using System.Runtime.InteropServices;
using DaxEmu.Core;
using DaxEmu.Native.Libc;
using DaxEmu.Native.Memory;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>The host's kernel: accesses a real mapping of the device and takes its translations away between passes (engine <c>kernel</c>).</summary>
internal sealed unsafe class KernelEngine(PmemDevice device) : IFaultEngine
{
    private readonly List<ReservedRegion> copies = [];
    private readonly List<(nint Base, nuint Length)> mappings = [];
    private readonly List<ReservedRegion> secondMappings = [];
    private PageOrder collapsed;
    private FaultCase? current;

    public string Name => "kernel";

    public IReadOnlyList<IFaultJob>? Start(FaultCase load, IReadOnlyList<UnitOrder> units, out string? refusal)
    {
        Stop();
        nuint length = (nuint)load.MappingBytes;
        for (int i = 0; i < load.MappingCount; i++)
        {
            nint at = device.Base + (nint)length * i;
            mappings.Add(i == 0 ? (at, length) : (Duplicate(at, length, copies).Base, length));
        }

        current = load;
        if (load.Order == PageOrder.Pmd)
        {
            refusal = load.Phase is FaultPhase.Insert or FaultPhase.Truncate
                ? "the host allocates 2 MiB at once only where its tmpfs is mounted with huge pages"
                : Collapse();
            if (refusal is not null)
            {
                return null;
            }
        }
        else if (collapsed == PageOrder.Pmd)
        {
            refusal = "the device's memory is in 2 MiB pages already; run bs=4k first";
            return null;
        }

        refusal = null;
        return [.. units.Select((u, i) => JobFor(load, u, mappings[load.IsSeparate ? i : 0].Base))];
    }

    public void Reset(FaultPhase phase)
    {
        switch (phase)
        {
            case FaultPhase.Zap or FaultPhase.Truncate or FaultPhase.Writeback:
                StoreToEverything();
                break;
            case FaultPhase.Remap:
                secondMappings.ForEach(mapping => mapping.Dispose());
                secondMappings.Clear();
                break;
            default:
                TakeAway(phase);
                break;
        }
    }

    private void TakeAway(FaultPhase phase)
    {
        foreach ((nint at, nuint length) in mappings)
        {
            MemoryAdvice advice = phase == FaultPhase.Insert ? MemoryAdvice.Remove : MemoryAdvice.DontNeed;
            Advise(at, (long)length, advice);
        }
    }

    private IFaultJob JobFor(FaultCase load, UnitOrder units, nint start) => load.Phase switch
    {
        FaultPhase.Refault or FaultPhase.Insert => new Job(start, load, units),
        FaultPhase.Populate => Ranges(load, units, start, load.IsWrite ? MemoryAdvice.PopulateWrite : MemoryAdvice.PopulateRead),
        FaultPhase.Zap => Ranges(load, units, start, MemoryAdvice.DontNeed),
        FaultPhase.Truncate => Ranges(load, units, start, MemoryAdvice.Remove),
        FaultPhase.Writeback => new RangeJob(load, units, (first, count) => Synchronize(PlaceOf(start, first), count << DaxConstants.PageShift)),
        FaultPhase.Remap => new RangeJob(load, units, (first, count) => MapAgain(PlaceOf(start, first), count << DaxConstants.PageShift, load)),
        _ => throw new InvalidOperationException($"the host has no phase {load.PhaseName}"),
    };

    private RangeJob Ranges(FaultCase load, UnitOrder units, nint start, MemoryAdvice advice) =>
        new(load, units, (first, count) => Advise(PlaceOf(start, first), count << DaxConstants.PageShift, advice));

    private static nint PlaceOf(nint start, long page) => start + (nint)(page << DaxConstants.PageShift);

    private void Advise(nint at, long length, MemoryAdvice advice)
    {
        if (Mman.Madvise(at, (nuint)length, advice) != 0)
        {
            throw Errno.Failure($"madvise({advice}) on the device", device.Name, Marshal.GetLastPInvokeError());
        }
    }

    private void Synchronize(nint at, long length)
    {
        if (!HostFiles.Synchronize(at, length))
        {
            throw Errno.Failure("msync of the device", device.Name, Marshal.GetLastPInvokeError());
        }
    }

    private void MapAgain(nint at, long length, FaultCase load)
    {
        ReservedRegion place = Duplicate(at, (nuint)length, secondMappings);
        AccessAll(place.Base, length, load);
    }

    private void StoreToEverything()
    {
        foreach ((nint at, nuint length) in mappings)
        {
            AccessAll(at, (long)length, current!);
        }
    }

    // SAFETY: the bytes are mapped, which the callers see to.
    private static void AccessAll(nint at, long length, FaultCase load)
    {
        for (long offset = 0; offset < length; offset += load.Order.SizeBytes())
        {
            byte* place = (byte*)at + offset;
            if (load.IsWrite)
            {
                *place = 1;
            }
            else
            {
                _ = Volatile.Read(ref *place);
            }
        }
    }

    public void Dispose()
    {
        Stop();
    }

    // The pages must be in 2 MiB pieces and be mapped so after an access: shown, not assumed. Memory of a DAX file system is never collapsed,
    // its extents are such pieces or they are not.
    private string? Collapse()
    {
        foreach ((nint at, nuint length) in mappings)
        {
            _ = Mman.Madvise(at, length, MemoryAdvice.HugePage); // a hint
            bool isCollapsed = TryCollapse(at, length);
            int errno = isCollapsed ? 0 : Marshal.GetLastPInvokeError();
            collapsed = isCollapsed ? PageOrder.Pmd : collapsed;
            long faults = FaultsOfEveryPage(at, (long)length);
            long pieces = (long)length / DaxConstants.PmdSize;

            // The thread's own code and stack may fault a few times in between; pages of 4 KiB would be hundreds of faults a piece.
            if (faults > 2 * pieces)
            {
                string reason = isCollapsed ? string.Empty : $" (MADV_COLLAPSE: errno {errno})";
                return $"the host does not map the device's memory by 2 MiB{reason}: {faults} faults touched every page of {pieces} such pieces";
            }

            collapsed = PageOrder.Pmd;
        }

        return null;
    }

    // One fault for each 2 MiB is what a 2 MiB translation means, whatever the memory's kind: smaps does not count those of DAX.
    private static long FaultsOfEveryPage(nint at, long length)
    {
        _ = Mman.Madvise(at, (nuint)length, MemoryAdvice.DontNeed);
        long before = HostFaults.OfThisThread();
        for (long offset = 0; offset < length; offset += DaxConstants.PageSize)
        {
            Volatile.Write(ref ((byte*)at)[offset], 1);
        }

        return HostFaults.OfThisThread() - before;
    }

    // The host may be short of 2 MiB pieces for a moment (EAGAIN) and find some when asked again.
    private static bool TryCollapse(nint at, nuint length)
    {
        const int tries = 4;
        for (int i = 0; i < tries; i++)
        {
            if (Mman.Madvise(at, length, MemoryAdvice.Collapse) == 0)
            {
                return true;
            }
        }

        return false;
    }

    // A mapping of no length is mapped again elsewhere, and shares its pages.
    private ReservedRegion Duplicate(nint at, nuint length, List<ReservedRegion> duplicates)
    {
        ReservedRegion place = ReservedRegion.Reserve((long)length);
        lock (duplicates)
        {
            duplicates.Add(place);
        }

        if (Mman.Mremap(at, 0, length, Mman.MremapMayMoveFixed, place.Base) == Mman.MapFailed)
        {
            throw Errno.Failure("mremap of the device", device.Name, Marshal.GetLastPInvokeError());
        }

        return place;
    }

    private void Stop()
    {
        foreach (ReservedRegion copy in copies)
        {
            copy.Dispose();
        }

        secondMappings.ForEach(mapping => mapping.Dispose());
        secondMappings.Clear();
        copies.Clear();
        mappings.Clear();
    }

    private sealed class Job(nint start, FaultCase load, UnitOrder units) : FaultJob<Step>(load, units)
    {
        protected override Step Begin(FaultCounts counts, bool isWrite) => new(start, isWrite, HostFaults.Begin(counts));
    }

    // SAFETY: the units lie inside the mapping, which stays while the engine runs.
    private struct Step(nint start, bool isWrite, HostFaults faults) : IFaultStep
    {
        private readonly byte* memory = (byte*)start;
        private HostFaults faults = faults;

        public static bool AsksTheHost => true;

        public readonly void Fault(long page)
        {
            byte* at = memory + (page << DaxConstants.PageShift);
            if (isWrite)
            {
                *at = 1;
            }
            else
            {
                _ = Volatile.Read(ref *at);
            }
        }

        public bool WasFault() => faults.HasGrown();

        public readonly void End(PageOrder order, long unitCount) => faults.End(order, unitCount);
    }
}
