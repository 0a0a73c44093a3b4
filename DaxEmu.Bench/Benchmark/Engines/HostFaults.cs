using DaxEmu.Core;
using DaxEmu.Native.Libc;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>
/// The host's faults of a pass, as the host counts them: one may map the pages around it (large folios, a 2 MiB extent), or none be needed.
/// </summary>
internal struct HostFaults
{
    private readonly FaultCounts counts;
    private readonly long firstMinor;
    private readonly long firstMajor;
    private long seen;

    private HostFaults(FaultCounts counts)
    {
        this.counts = counts;
        (firstMinor, firstMajor) = FaultCounter.OfThisThread();
        seen = firstMinor + firstMajor;
    }

    /// <summary>Faults of the calling thread since it began.</summary>
    public static long OfThisThread()
    {
        (long minor, long major) = FaultCounter.OfThisThread();
        return minor + major;
    }

    /// <summary>Begins to count for the calling thread.</summary>
    public static HostFaults Begin(FaultCounts counts) => new(counts);

    /// <summary>Whether there was one since the last call.</summary>
    public bool HasGrown()
    {
        long now = OfThisThread();
        bool hasGrown = now != seen;
        seen = now;
        return hasGrown;
    }

    /// <summary>Writes down how many there were.</summary>
    public readonly void End(PageOrder order, long unitCount)
    {
        (long minor, long major) = FaultCounter.OfThisThread();
        counts.Served(order, minor - firstMinor + major - firstMajor, unitCount);
        counts.WaitedForDevice(major - firstMajor);
    }
}
