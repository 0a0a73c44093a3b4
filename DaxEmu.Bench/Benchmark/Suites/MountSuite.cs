using BenchmarkDotNet.Attributes;
using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Suites;

/// <summary>The mount of a volume with 10,000 files and 100,000 extents.</summary>
[MemoryDiagnoser]
public class MountSuite : IDisposable
{
    private const int Directories = 100;
    private const int FilesInEach = 100;
    private const int ExtentsOfEach = 10;

    private PmemDevice? device;

    [GlobalSetup]
    public void Setup()
    {
        device = PmemDevice.CreateTemporary(1L << 30);
        DaxVolume.Format(device);
        using DaxVolume volume = DaxVolume.Mount(device);
        byte[] block = new byte[DaxConstants.PageSize];
        for (int d = 0; d < Directories; d++)
        {
            volume.CreateDirectory($"directory{d}");
            for (int f = 0; f < FilesInEach; f++)
            {
                using DaxFile file = volume.Create($"directory{d}/file{f}");
                for (long e = 0; e < ExtentsOfEach; e++)
                {
                    _ = file.Write(block, e * 2 * DaxConstants.PageSize);
                }
            }
        }
    }

    [Benchmark]
    public long MountAndUnmount()
    {
        using DaxVolume volume = DaxVolume.Mount(device!);
        return volume.FreeBytes;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        device?.Dispose();
        GC.SuppressFinalize(this);
    }
}
