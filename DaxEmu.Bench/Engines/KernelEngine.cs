using System.Diagnostics;
using System.Runtime.InteropServices;
using DaxEmu.Core.Device;
using DaxEmu.Core.Units;
using DaxEmu.Native.Libc;
using DaxEmu.Native.Memory;
using HdrHistogram;

namespace DaxEmu.Bench.Engines;

/// <summary>The host's kernel: touches a real mapping of the device and takes its translations away between passes (engine <c>kernel</c>).</summary>
internal sealed unsafe class KernelEngine(PmemDevice device) : IFaultEngine
{
    private readonly List<ReservedRegion> copies = [];
    private readonly List<(nint Base, nuint Length)> mappings = [];
    private PageOrder collapsed;

    public string Name => "kernel";

    public IReadOnlyList<IFaultJob>? Start(FaultCase load, IReadOnlyList<UnitOrder> units, out string? refusal)
    {
        Stop();
        nuint length = (nuint)load.MappingBytes;
        for (int i = 0; i < load.MappingCount; i++)
        {
            nint at = device.Base + (nint)length * i;
            mappings.Add(i == 0 ? (at, length) : (Duplicate(at, length), length));
        }

        if (load.Order == PageOrder.Pmd)
        {
            refusal = load.Phase == FaultPhase.Insert
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
        return [.. units.Select((u, i) => new Job(mappings[load.IsSeparate ? i : 0].Base, load, u))];
    }

    public void Reset(FaultPhase phase)
    {
        foreach ((nint at, nuint length) in mappings)
        {
            MemoryAdvice advice = phase == FaultPhase.Refault ? MemoryAdvice.DontNeed : MemoryAdvice.Remove;
            if (Mman.Madvise(at, length, advice) != 0)
            {
                throw Errno.Failure($"madvise({advice}) on the device", device.Name, Marshal.GetLastPInvokeError());
            }
        }
    }

    public void Dispose()
    {
        Stop();
    }

    // The pages must be in 2 MiB pieces and be mapped so after a touch: shown, not assumed.
    private string? Collapse()
    {
        foreach ((nint at, nuint length) in mappings)
        {
            _ = Mman.Madvise(at, length, MemoryAdvice.HugePage); // a hint
            if (!TryCollapse(at, length))
            {
                return $"the host cannot put the device's memory into 2 MiB pages (MADV_COLLAPSE: errno {Marshal.GetLastPInvokeError()})";
            }

            collapsed = PageOrder.Pmd;
            Mman.Madvise(at, length, MemoryAdvice.DontNeed);
            for (nuint offset = 0; offset < length; offset += DaxConstants.PmdSize)
            {
                ((byte*)at)[offset] = 1;
            }

            long mapped = HugePageProof.MappedBytes(at, (long)length);
            if (mapped < (long)length)
            {
                return $"after touching every 2 MiB, the host maps {mapped} of {length} bytes by 2 MiB";
            }
        }

        return null;
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
    private nint Duplicate(nint at, nuint length)
    {
        ReservedRegion place = ReservedRegion.Reserve((long)length);
        copies.Add(place);
        if (Mman.Mremap(at, 0, length, Mman.MremapMayMoveFixed, place.Base) == Mman.MapFailed)
        {
            throw Errno.Failure("mremap of the device", device.Name, Marshal.GetLastPInvokeError());
        }

        return place.Base;
    }

    private void Stop()
    {
        foreach (ReservedRegion copy in copies)
        {
            copy.Dispose();
        }

        copies.Clear();
        mappings.Clear();
    }

    // SAFETY: the units lie inside the mapping, which stays while the engine runs.
    private sealed class Job(nint start, FaultCase load, UnitOrder units) : IFaultJob
    {
        private readonly byte* memory = (byte*)start;
        private readonly int shift = DaxConstants.PageShift + (int)load.Order;
        private int sink;

        public void RunPass(FaultCounts counts)
        {
            if (units.Shuffled is { } shuffled)
            {
                foreach (uint unit in shuffled)
                {
                    Touch(unit);
                }
            }
            else
            {
                for (long unit = units.First; unit < units.First + units.Count; unit++)
                {
                    Touch(unit);
                }
            }

            counts.Served(load.Order, units.Count);
        }

        public void RunTimedPass(FaultCounts counts, HistogramBase latencies)
        {
            long begin = Stopwatch.GetTimestamp();
            for (long i = 0; i < units.Count; i++)
            {
                Touch(units.Shuffled is { } shuffled ? shuffled[i] : units.First + i);
                long end = Stopwatch.GetTimestamp();
                latencies.RecordValue(Math.Max(1, end - begin));
                begin = end;
            }

            counts.Served(load.Order, units.Count);
        }

        private void Touch(long unit)
        {
            byte* at = memory + (unit << shift);
            if (load.IsWrite)
            {
                *at = 1;
            }
            else
            {
                sink += *at;
            }
        }
    }
}
