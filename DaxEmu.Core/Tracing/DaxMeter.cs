using System.Diagnostics.Metrics;

namespace DaxEmu.Core.Tracing;

/// <summary>
/// Counts events in the meter <c>DaxEmu</c>: <c>dax.faults</c> (by order and result), <c>dax.fallbacks</c> (by reason), <c>dax.waits</c>
/// and <c>dax.wakes</c> (by mode). Use one for all mappings of a process. A counter without listeners costs a load and a test;
/// none allocates.
/// </summary>
public sealed class DaxMeter : IDaxEventSink, IDisposable
{
    /// <summary>The meter's name, for listeners.</summary>
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
        wakes = meter.CreateCounter<long>("dax.wakes", "{wake}", "Wake-ups of waiters, by mode.");
    }

    /// <summary>Ends the counters; listeners are notified.</summary>
    public void Dispose() => meter.Dispose();

    /// <inheritdoc/>
    public void Receive(in DaxEvent daxEvent)
    {
        switch (daxEvent.Kind)
        {
            case DaxEventKind.PteFaultDone:
                CountFault(Pte, daxEvent.Result);
                break;
            case DaxEventKind.PmdFaultDone:
                CountFault(Pmd, daxEvent.Result);
                if ((daxEvent.Result & FaultResult.Fallback) != 0 && fallbacks.Enabled)
                {
                    fallbacks.Add(1, Reasons[(int)daxEvent.Reason]);
                }

                break;
            case DaxEventKind.EntryWait:
                waits.Add(1);
                break;
            case DaxEventKind.EntryWake:
                wakes.Add(1, daxEvent.WakesAll ? All : Next);
                break;
            default:
                break; // Parts of a fault are counted at its end, with its result; writeback is not counted.
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
