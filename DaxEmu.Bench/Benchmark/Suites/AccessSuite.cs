using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Suites;

/// <summary>
/// Loads and stores of 8 bytes where every page is mapped: through a view of a file on a volume, as a plain span over the device, and through
/// the framework's accessor. Figures are per access.
/// </summary>
[MemoryDiagnoser]
public class AccessSuite : IDisposable
{
    private const int Accesses = 1 << 14;
    private const int FileBytes = 64 << 20;

    private readonly long[] offsets = new long[Accesses];
    private PmemDevice? device;
    private DaxVolume? volume;
    private DaxFile? file;
    private DaxView? view;
    private MemoryMappedViewAccessor? accessor;

    /// <summary>One 8 bytes after the other, page by page; or a random 8 bytes of a random page of 64 MiB each time.</summary>
    [Params("sequential", "random")]
    public string Order { get; set; } = "sequential";

    [GlobalSetup]
    public void Setup()
    {
        device = PmemDevice.CreateTemporary(2L * FileBytes, new PmemDeviceOptions { PreferHugePages = false });
        volume = DaxVolume.ScratchOf(device);
        file = volume.Create("access", FileBytes);
        view = file.Map(0, FileBytes);
        accessor = device.CreateViewAccessor(0, FileBytes);
#pragma warning disable CA5394 // A benchmark's order must be the same in every run, not secret.
        var random = new Random(1);
        for (int i = 0; i < Accesses; i++)
        {
            offsets[i] = Order == "random" ? random.Next(FileBytes / sizeof(long)) * (long)sizeof(long) : i * (long)sizeof(long);
        }
#pragma warning restore CA5394

        // Every page is mapped for stores, by the emulator and by the host.
        for (int at = 0; at < FileBytes; at += DaxConstants.PageSize)
        {
            view.Write(at, sizeof(long))[0] = 1;
            device.GetSpan(new Pfn(at / DaxConstants.PageSize), 1)[0] = 1;
            accessor.Write(at, 1L);
        }
    }

    [Benchmark(OperationsPerInvoke = Accesses)]
    public long ReadView()
    {
        long sum = 0;
        DaxView all = view!;
        foreach (long offset in offsets)
        {
            sum += MemoryMarshal.Read<long>(all.Read(offset, sizeof(long)));
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Accesses)]
    public void WriteView()
    {
        DaxView all = view!;
        foreach (long offset in offsets)
        {
            MemoryMarshal.Write(all.Write(offset, sizeof(long)), offset);
        }
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Accesses)]
    public long ReadSpan()
    {
        long sum = 0;
        ReadOnlySpan<byte> all = DeviceBytes();
        foreach (long offset in offsets)
        {
            sum += MemoryMarshal.Read<long>(all.Slice((int)offset, sizeof(long)));
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Accesses)]
    public void WriteSpan()
    {
        Span<byte> all = DeviceBytes();
        foreach (long offset in offsets)
        {
            MemoryMarshal.Write(all.Slice((int)offset, sizeof(long)), offset);
        }
    }

    [Benchmark(OperationsPerInvoke = Accesses)]
    public long ReadAccessor()
    {
        long sum = 0;
        MemoryMappedViewAccessor all = accessor!;
        foreach (long offset in offsets)
        {
            sum += all.ReadInt64(offset);
        }

        return sum;
    }

    [Benchmark(OperationsPerInvoke = Accesses)]
    public void WriteAccessor()
    {
        MemoryMappedViewAccessor all = accessor!;
        foreach (long offset in offsets)
        {
            all.Write(offset, offset);
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        accessor?.Dispose();
        view?.Dispose();
        file?.Dispose();
        volume?.Dispose();
        device?.Dispose();
        GC.SuppressFinalize(this);
    }

    private Span<byte> DeviceBytes() => device!.GetSpan(new Pfn(0), FileBytes / DaxConstants.PageSize);
}
