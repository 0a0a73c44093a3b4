using System.Diagnostics.Metrics;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Tracing;

/// <summary>
/// Counts events in the meter <c>DaxEmu</c>: <c>dax.faults</c> (by order and result), <c>dax.fallbacks</c> (by reason), <c>dax.waits</c>
/// and <c>dax.wakes</c> (by mode). Use one for all mappings of a process. A counter that nobody listens to costs a load and a test;
/// none allocates.
/// </summary>
public sealed class DaxMeter : IDaxTraceSink, IDisposable
{
    /// <summary>The meter's name, for those who listen.</summary>
    public const string Name = "DaxEmu";

    private static readonly KeyValuePair<string, object?> Pmd = new("order", "pmd");
    private static readonly KeyValuePair<string, object?> Pte = new("order", "pte");
    private static readonly KeyValuePair<string, object?> Next = new("mode", "next");
    private static readonly KeyValuePair<string, object?> All = new("mode", "all");

    private static readonly KeyValuePair<string, object?>[] Reasons =
        [.. Enum.GetNames<FallbackReason>().Select(n => new KeyValuePair<string, object?>("reason", n))];

    private readonly Meter meter = new(Name);
    private readonly Counter<long> faults;
    private readonly Counter<long> fallbacks;
    private readonly Counter<long> waits;
    private readonly Counter<long> wakes;

    /// <summary>Creates the counters.</summary>
    public DaxMeter()
    {
        faults = meter.CreateCounter<long>("dax.faults", "{fault}", "Faults served or tried, by order and result.");
        fallbacks = meter.CreateCounter<long>("dax.fallbacks", "{fault}", "2 MiB faults that fell back to 4 KiB, by reason.");
        waits = meter.CreateCounter<long>("dax.waits", "{wait}", "Sleeps for a locked entry.");
        wakes = meter.CreateCounter<long>("dax.wakes", "{wake}", "Wake-ups of sleepers, by mode.");
    }

    /// <summary>Ends the counters: listeners are told.</summary>
    public void Dispose() => meter.Dispose();

    /// <inheritdoc/>
    public void PmdFault(in FaultEvent fault)
    {
        // Counted at its end.
    }

    /// <inheritdoc/>
    public void PmdFaultDone(in FaultEvent fault, FaultResult result, FallbackReason reason)
    {
        CountFault(Pmd, result);
        if ((result & FaultResult.Fallback) != 0 && fallbacks.Enabled)
        {
            fallbacks.Add(1, Reasons[(int)reason]);
        }
    }

    /// <inheritdoc/>
    public void PteFault(in FaultEvent fault)
    {
        // Counted at its end.
    }

    /// <inheritdoc/>
    public void PteFaultDone(in FaultEvent fault, FaultResult result) => CountFault(Pte, result);

    /// <inheritdoc/>
    public void LoadHole(in FaultEvent fault, FaultResult result)
    {
        // Part of a fault.
    }

    /// <inheritdoc/>
    public void PmdLoadHole(in FaultEvent fault, ulong radixEntry)
    {
        // Part of a fault.
    }

    /// <inheritdoc/>
    public void PmdLoadHoleFallback(in FaultEvent fault)
    {
        // Part of a fault.
    }

    /// <inheritdoc/>
    public void InsertPfnMkwrite(in FaultEvent fault, MkwriteOutcome outcome, FaultResult result)
    {
        // Part of a fault.
    }

    /// <inheritdoc/>
    public void WritebackRange(long ino, PageIndex first, PageIndex last)
    {
        // Not counted.
    }

    /// <inheritdoc/>
    public void WritebackRangeDone(long ino, PageIndex next, PageIndex last)
    {
        // Not counted.
    }

    /// <inheritdoc/>
    public void WritebackOne(long ino, PageIndex index, long pageCount)
    {
        // Not counted.
    }

    /// <inheritdoc/>
    public void Entry(long ino, EntryEvent kind, PageIndex index, PageOrder order)
    {
        switch (kind)
        {
            case EntryEvent.Wait:
                waits.Add(1);
                break;
            case EntryEvent.Wake:
                wakes.Add(1, Next);
                break;
            case EntryEvent.WakeAll:
                wakes.Add(1, All);
                break;
            default:
                break; // A conflict is a fallback, counted there with its reason.
        }
    }

    private void CountFault(in KeyValuePair<string, object?> order, FaultResult result)
    {
        if (faults.Enabled)
        {
            faults.Add(1, order, new KeyValuePair<string, object?>("result", TraceNames.Of(result)));
        }
    }
}
