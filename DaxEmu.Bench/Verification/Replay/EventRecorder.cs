using DaxEmu.Core;
using DaxEmu.Core.Tracing;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>Keeps the emulator's events of one op as short lines.</summary>
internal sealed class EventRecorder : IDaxEventSink
{
    private List<string> lines = [];

    /// <summary>Pages that were written back, up to here.</summary>
    public long WrittenPageCount { get; private set; }

    /// <summary>The lines since the last call.</summary>
    public List<string> Take()
    {
        List<string> taken = lines;
        lines = [];
        return taken;
    }

    public void Receive(in DaxEvent daxEvent)
    {
        long page = daxEvent.Index.Value;
        FaultEvent fault = daxEvent.Fault;
        string? line = daxEvent.Kind switch
        {
            DaxEventKind.PmdFault => EventText.PmdStart(page, IsWrite(fault), IsMkwrite(fault), fault.Shared, fault.MaxIndex.Value),
            DaxEventKind.PmdFaultDone => Fault("PMD", daxEvent),
            DaxEventKind.PteFault => EventText.PteStart(page, IsWrite(fault), IsMkwrite(fault), fault.Shared),
            DaxEventKind.PteFaultDone => Fault("PTE", daxEvent),
            DaxEventKind.LoadHole => EventText.LoadHole(page),
            DaxEventKind.PmdLoadHole => EventText.PmdLoadHole,
            DaxEventKind.PmdLoadHoleFallback => "pmd_load_hole_fallback",
            DaxEventKind.InsertPfnMkwrite => EventText.Finished(page),
            DaxEventKind.InsertPfnMkwriteNoEntry => EventText.NoEntry(page),
            DaxEventKind.WritebackRange => EventText.Range(page, daxEvent.Last.Value),
            DaxEventKind.WritebackRangeDone => EventText.RangeDone(daxEvent.Last.Value),
            DaxEventKind.WritebackOne => EventText.One(page, daxEvent.PageCount),
            _ => null, // The kernel has no events of entry locks.
        };
        if (line is not null)
        {
            lines.Add(line);
        }

        if (daxEvent.Kind == DaxEventKind.WritebackOne)
        {
            WrittenPageCount += daxEvent.PageCount;
        }
    }

    private static bool IsWrite(in FaultEvent fault) => (fault.Flags & FaultFlags.Write) != 0;

    private static bool IsMkwrite(in FaultEvent fault) => (fault.Flags & FaultFlags.Mkwrite) != 0;

    private static string Fault(string order, in DaxEvent done) =>
        EventText.Fault(order, done.Index.Value, IsWrite(done.Fault), IsMkwrite(done.Fault), TraceNames.Of(done.Result));
}
