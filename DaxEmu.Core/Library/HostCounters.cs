using DaxEmu.Native.Library;

namespace DaxEmu.Core;

/// <summary>What real page faults came to in <see cref="HostLibrary"/>.</summary>
/// <param name="PteFaults">Faults served by a page of 4 KiB.</param>
/// <param name="PmdFaults">Faults served by 2 MiB.</param>
/// <param name="MajorFaults">Of both, those that allocated a block.</param>
/// <param name="FaultErrors">Accesses that could not be served.</param>
/// <param name="Waits">Times that a thread met a locked entry.</param>
/// <param name="SpuriousWakeUps">Wake-ups for another entry than the waiter's.</param>
/// <param name="MedianNs">The median of the time in the handler, in nanoseconds.</param>
/// <param name="P99Ns">The time that 99 of 100 do not exceed.</param>
public readonly record struct HostCounters(
    long PteFaults,
    long PmdFaults,
    long MajorFaults,
    long FaultErrors,
    long Waits,
    long SpuriousWakeUps,
    long MedianNs,
    long P99Ns)
{
    /// <summary>What was counted between two moments; the times are those of the later one.</summary>
    public static HostCounters operator -(HostCounters later, HostCounters earlier) => Subtract(later, earlier);

    /// <summary>What was counted between two moments; the times are those of the later one.</summary>
    public static HostCounters Subtract(HostCounters later, HostCounters earlier) => later with
    {
        PteFaults = later.PteFaults - earlier.PteFaults,
        PmdFaults = later.PmdFaults - earlier.PmdFaults,
        MajorFaults = later.MajorFaults - earlier.MajorFaults,
        FaultErrors = later.FaultErrors - earlier.FaultErrors,
        Waits = later.Waits - earlier.Waits,
        SpuriousWakeUps = later.SpuriousWakeUps - earlier.SpuriousWakeUps,
    };

    internal static HostCounters Of(in DaxemuCounters counters) => new(
        counters.PteFaults,
        counters.PmdFaults,
        counters.MajorFaults,
        counters.FaultErrors,
        counters.Waits,
        counters.SpuriousWakeUps,
        counters.FaultP50Ns,
        counters.FaultP99Ns);
}
