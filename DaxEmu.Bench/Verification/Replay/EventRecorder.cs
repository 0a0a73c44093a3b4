using DaxEmu.Core.Tracing;
using DaxEmu.Core.Units;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>Keeps the emulator's events of one op as short lines.</summary>
internal sealed class EventRecorder : IDaxTraceSink
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

    public void PmdFault(in FaultEvent fault) =>
        lines.Add(EventText.PmdStart(fault.Index.Value, IsWrite(fault), IsMkwrite(fault), fault.Shared, fault.MaxIndex.Value));

    public void PmdFaultDone(in FaultEvent fault, FaultResult result, FallbackReason reason) => lines.Add(Fault("PMD", fault, result));

    public void PteFault(in FaultEvent fault) =>
        lines.Add(EventText.PteStart(fault.Index.Value, IsWrite(fault), IsMkwrite(fault), fault.Shared));

    public void PteFaultDone(in FaultEvent fault, FaultResult result) => lines.Add(Fault("PTE", fault, result));

    public void LoadHole(in FaultEvent fault, FaultResult result) => lines.Add(EventText.LoadHole(fault.Index.Value));

    public void PmdLoadHole(in FaultEvent fault, ulong radixEntry) => lines.Add(EventText.PmdLoadHole);

    public void PmdLoadHoleFallback(in FaultEvent fault) => lines.Add("pmd_load_hole_fallback");

    public void InsertPfnMkwrite(in FaultEvent fault, MkwriteOutcome outcome, FaultResult result) => lines.Add(
        outcome == MkwriteOutcome.Installed ? EventText.Finished(fault.Index.Value) : EventText.NoEntry(fault.Index.Value));

    public void WritebackRange(long ino, PageIndex first, PageIndex last) => lines.Add(EventText.Range(first.Value, last.Value));

    public void WritebackRangeDone(long ino, PageIndex next, PageIndex last) => lines.Add(EventText.RangeDone(last.Value));

    public void WritebackOne(long ino, PageIndex index, long pageCount)
    {
        WrittenPageCount += pageCount;
        lines.Add(EventText.One(index.Value, pageCount));
    }

    public void Entry(long ino, EntryEvent kind, PageIndex index, PageOrder order)
    {
        // The kernel has no such events.
    }

    private static bool IsWrite(in FaultEvent fault) => (fault.Flags & FaultFlags.Write) != 0;

    private static bool IsMkwrite(in FaultEvent fault) => (fault.Flags & FaultFlags.Mkwrite) != 0;

    private static string Fault(string order, in FaultEvent fault, FaultResult result) =>
        EventText.Fault(order, fault.Index.Value, IsWrite(fault), IsMkwrite(fault), TraceNames.Of(result));
}
