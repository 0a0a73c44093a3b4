using DaxEmu.Core.Units;

namespace DaxEmu.Core.Tracing;

/// <summary>Turns each call of <see cref="IDaxTraceSink"/> into a <see cref="DaxEvent"/>: for sinks that treat all events alike.</summary>
public abstract class DaxEventSink : IDaxTraceSink
{
    /// <inheritdoc/>
    public void PmdFault(in FaultEvent fault) => Receive(DaxEvent.OfFault(DaxEventKind.PmdFault, fault));

    /// <inheritdoc/>
    public void PmdFaultDone(in FaultEvent fault, FaultResult result, FallbackReason reason) =>
        Receive(DaxEvent.OfFault(DaxEventKind.PmdFaultDone, fault, result, reason));

    /// <inheritdoc/>
    public void PteFault(in FaultEvent fault) => Receive(DaxEvent.OfFault(DaxEventKind.PteFault, fault));

    /// <inheritdoc/>
    public void PteFaultDone(in FaultEvent fault, FaultResult result) =>
        Receive(DaxEvent.OfFault(DaxEventKind.PteFaultDone, fault, result));

    /// <inheritdoc/>
    public void LoadHole(in FaultEvent fault, FaultResult result) => Receive(DaxEvent.OfFault(DaxEventKind.LoadHole, fault, result));

    /// <inheritdoc/>
    public void PmdLoadHole(in FaultEvent fault, ulong radixEntry) =>
        Receive(DaxEvent.OfFault(DaxEventKind.PmdLoadHole, fault) with { RadixEntry = radixEntry });

    /// <inheritdoc/>
    public void PmdLoadHoleFallback(in FaultEvent fault) => Receive(DaxEvent.OfFault(DaxEventKind.PmdLoadHoleFallback, fault));

    /// <inheritdoc/>
    public void InsertPfnMkwrite(in FaultEvent fault, MkwriteOutcome outcome, FaultResult result) => Receive(DaxEvent.OfFault(
        outcome == MkwriteOutcome.Installed ? DaxEventKind.InsertPfnMkwrite : DaxEventKind.InsertPfnMkwriteNoEntry, fault, result));

    /// <inheritdoc/>
    public void WritebackRange(long ino, PageIndex first, PageIndex last) =>
        Receive(DaxEvent.OfPass(DaxEventKind.WritebackRange, ino, first, last));

    /// <inheritdoc/>
    public void WritebackRangeDone(long ino, PageIndex next, PageIndex last) =>
        Receive(DaxEvent.OfPass(DaxEventKind.WritebackRangeDone, ino, next, last));

    /// <inheritdoc/>
    public void WritebackOne(long ino, PageIndex index, long pageCount) =>
        Receive(DaxEvent.OfEntry(DaxEventKind.WritebackOne, ino, index, pageCount));

    /// <inheritdoc/>
    public void Entry(long ino, EntryEvent kind, PageIndex index, PageOrder order) => Receive(DaxEvent.OfEntry(
        kind switch
        {
            EntryEvent.Wait => DaxEventKind.EntryWait,
            EntryEvent.Conflict => DaxEventKind.EntryConflict,
            _ => DaxEventKind.EntryWake,
        },
        ino,
        index,
        order.PageCount(),
        kind == EntryEvent.WakeAll));

    /// <summary>An event happened. Called on the thread that caused it, with the entry locked: the mapping must not be touched.</summary>
    protected abstract void Receive(in DaxEvent daxEvent);
}
