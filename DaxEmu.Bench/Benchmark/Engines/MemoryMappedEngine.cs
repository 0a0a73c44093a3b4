using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using DaxEmu.Core;
using DaxEmu.Native.Libc;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>
/// What a .NET program has without the emulator: views of a <see cref="MemoryMappedFile"/>, whose pages the host faults in. They are accessed
/// by <see cref="MemoryMappedViewAccessor"/> (engine <c>mmf</c>) or by spans over its pointer (engine <c>mmf-span</c>).
/// </summary>
internal sealed unsafe class MemoryMappedEngine(PmemDevice device, bool bySpan) : IFaultEngine
{
    private readonly List<MemoryMappedViewAccessor> views = [];

    public string Name => bySpan ? "mmf-span" : "mmf";

    public IReadOnlyList<IFaultJob>? Start(FaultCase load, IReadOnlyList<UnitOrder> units, out string? refusal)
    {
        Stop();
        if (load.Order == PageOrder.Pmd)
        {
            refusal = "a view of a MemoryMappedFile begins at any page, so that the host does not map it by 2 MiB";
            return null;
        }

        refusal = null;
        for (int i = 0; i < load.MappingCount; i++)
        {
            views.Add(device.CreateViewAccessor(i * load.MappingBytes, load.MappingBytes));
        }

        return [.. units.Select((u, i) => JobOf(views[load.IsSeparate ? i : 0], load, u))];
    }

    public void Reset(FaultPhase phase)
    {
        MemoryAdvice advice = phase == FaultPhase.Refault ? MemoryAdvice.DontNeed : MemoryAdvice.Remove;
        foreach (MemoryMappedViewAccessor view in views)
        {
            if (Mman.Madvise(AddressOf(view), (nuint)view.Capacity, advice) != 0)
            {
                throw Errno.Failure($"madvise({advice}) on a view of the device", device.Name, Marshal.GetLastPInvokeError());
            }
        }
    }

    public void Dispose() => Stop();

    private IFaultJob JobOf(MemoryMappedViewAccessor view, FaultCase load, UnitOrder units) =>
        bySpan ? new SpanJob(AddressOf(view), load, units) : new AccessorJob(view, load, units);

    // The views stay open while their addresses are used, so the handle's count may go down at once. They begin at a multiple of 2 MiB of the
    // device, which is a page's start: the pointer is the view's first byte.
    private static nint AddressOf(MemoryMappedViewAccessor view)
    {
        byte* pointer = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref pointer);
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        return (nint)pointer;
    }

    private void Stop()
    {
        views.ForEach(view => view.Dispose());
        views.Clear();
    }

    private sealed class AccessorJob(MemoryMappedViewAccessor view, FaultCase load, UnitOrder units) : FaultJob<AccessorStep>(load, units)
    {
        protected override AccessorStep Begin(FaultCounts counts, bool isWrite) => new(view, isWrite, HostFaults.Begin(counts));
    }

    private sealed class SpanJob(nint start, FaultCase load, UnitOrder units) : FaultJob<SpanStep>(load, units)
    {
        protected override SpanStep Begin(FaultCounts counts, bool isWrite) => new(start, isWrite, HostFaults.Begin(counts));
    }

    private struct AccessorStep(MemoryMappedViewAccessor view, bool isWrite, HostFaults faults) : IFaultStep
    {
        private HostFaults faults = faults;

        public static bool AsksTheHost => true;

        public readonly void Fault(long page)
        {
            if (isWrite)
            {
                view.Write(page << DaxConstants.PageShift, (byte)1);
            }
            else
            {
                _ = view.ReadByte(page << DaxConstants.PageShift);
            }
        }

        public bool WasFault() => faults.HasGrown();

        public readonly void End(PageOrder order, long unitCount) => faults.End(order, unitCount);
    }

    // SAFETY: the units lie inside the view, which stays open while the engine runs. A span of all of it could be too long.
    private struct SpanStep(nint start, bool isWrite, HostFaults faults) : IFaultStep
    {
        private HostFaults faults = faults;

        public static bool AsksTheHost => true;

        public readonly void Fault(long page)
        {
            var bytes = new Span<byte>((byte*)start + (page << DaxConstants.PageShift), DaxConstants.PageSize);
            if (isWrite)
            {
                bytes[0] = 1;
            }
            else
            {
                _ = Volatile.Read(ref bytes[0]);
            }
        }

        public bool WasFault() => faults.HasGrown();

        public readonly void End(PageOrder order, long unitCount) => faults.End(order, unitCount);
    }
}
