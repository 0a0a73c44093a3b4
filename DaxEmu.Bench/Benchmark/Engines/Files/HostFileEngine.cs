using System.Runtime.InteropServices;
using DaxEmu.Core;
using DaxEmu.Native.Files;
using DaxEmu.Native.Libc;
using Microsoft.Win32.SafeHandles;

namespace DaxEmu.Bench.Benchmark.Engines.Files;

/// <summary>The device's own file, read and written by the host's pread and pwrite (engine <c>kernel</c>).</summary>
internal sealed unsafe class HostFileEngine(PmemDevice device) : FileEngine(device)
{
    public override string Name => "kernel";

    protected override string? Prepare(FaultCase load)
    {
        if (Device.File is null)
        {
            return "the device has no file that the host could read or write";
        }

        if (Device.Capabilities.FileSystem == FileSystemKind.Hugetlbfs && load.IsWrite)
        {
            return "hugetlbfs has no write(2)";
        }

        Fill(Device, load);
        return null;
    }

    protected override IFaultJob JobFor(FaultCase load, UnitOrder units, BlockBuffer buffer, int file) =>
        new Job(Device.File!, file * load.MappingBytes, buffer, load, units);

    private sealed class Job(SafeFileHandle handle, long first, BlockBuffer buffer, FaultCase load, UnitOrder units) : FaultJob<Step>(load, units)
    {
        protected override Step Begin(FaultCounts counts, bool isWrite) => new((int)handle.DangerousGetHandle(), first, buffer, isWrite, counts);

        protected override void Sync() => RandomAccess.FlushToDisk(handle); // fsync
    }

    // SAFETY: the buffer and the device, whose descriptor this is, stay while the engine runs.
    private readonly struct Step(int descriptor, long first, BlockBuffer buffer, bool isWrite, FaultCounts counts) : IFaultStep
    {
        private readonly byte* start = buffer.Start;
        private readonly nuint length = (nuint)buffer.LengthBytes;

        public static bool AsksTheHost => false;

        public void Fault(long offset)
        {
            nint moved = isWrite
                ? HostFiles.Write(descriptor, start, length, first + offset)
                : HostFiles.Read(descriptor, start, length, first + offset);
            if (moved != (nint)length)
            {
                throw new IOException($"{moved} of {length} bytes were moved at {offset}, errno {Marshal.GetLastPInvokeError()}.");
            }
        }

        public bool WasFault() => true;

        public void End(PageOrder order, long unitCount) => counts.Served(order, unitCount);
    }
}
