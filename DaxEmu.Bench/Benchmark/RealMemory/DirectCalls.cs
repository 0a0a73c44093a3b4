using System.Diagnostics;
using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.RealMemory;

/// <summary>Reads and writes of 4 KiB at random pages of a file on a volume, by its own methods: what a program's calls are compared with.</summary>
internal sealed class DirectCalls : IDisposable
{
    private const int Calls = 1 << 15;

    private readonly PmemDevice device;
    private readonly DaxVolume volume;
    private readonly DaxFile file;
    private readonly long pages;
    private readonly byte[] buffer = new byte[DaxConstants.PageSize];

    public DirectCalls(long fileBytes)
    {
        device = PmemDevice.CreateTemporary(2 * fileBytes);
        DaxVolume.Format(device);
        volume = DaxVolume.Mount(device);
        file = volume.Create("calls", fileBytes);
        pages = fileBytes / DaxConstants.PageSize;
        for (long page = 0; page < pages; page++)
        {
            file.Write(buffer, page * DaxConstants.PageSize);
        }
    }

    /// <summary>Nanoseconds a call.</summary>
    public double Measure(bool writes)
    {
        ulong state = 88172645463325252;
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < Calls; i++)
        {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            long offset = (long)(state % (ulong)pages) * DaxConstants.PageSize;
            if (writes)
            {
                file.Write(buffer, offset);
            }
            else
            {
                file.Read(buffer, offset);
            }
        }

        return Stopwatch.GetElapsedTime(begin).TotalNanoseconds / Calls;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        file.Dispose();
        volume.Dispose();
        device.Dispose();
    }
}
