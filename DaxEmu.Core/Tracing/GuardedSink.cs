using DaxEmu.Core.Units;
using DaxEmu.Native.Failures;

namespace DaxEmu.Core.Tracing;

/// <summary>Keeps an observer's exceptions away from what it observes.</summary>
/// <remarks>
/// Events are reported in the middle of protocols: with an entry locked, before a wake-up that another thread waits for. An exception there
/// would leave the entry locked or lose the wake-up. So the first exception is kept (<see cref="Failure"/>), the operation goes on, and the
/// observer gets no further event: what it has is a prefix of what happened.
/// </remarks>
internal sealed class GuardedSink(IDaxTraceSink inner) : IDaxTraceSink
{
    private volatile Exception? failure;

    private delegate void Report<T>(IDaxTraceSink sink, in T argument);

    /// <summary>The observer.</summary>
    public IDaxTraceSink Inner { get; } = inner;

    /// <summary>What it threw first; null if nothing.</summary>
    public Exception? Failure => failure;

    public void PmdFault(in FaultEvent fault) => Guard(fault, static (IDaxTraceSink s, in FaultEvent f) => s.PmdFault(f));

    public void PmdFaultDone(in FaultEvent fault, FaultResult result, FallbackReason reason) => Guard(
        (fault, result, reason), static (IDaxTraceSink s, in (FaultEvent Fault, FaultResult Result, FallbackReason Reason) a) => s.PmdFaultDone(a.Fault, a.Result, a.Reason));

    public void PteFault(in FaultEvent fault) => Guard(fault, static (IDaxTraceSink s, in FaultEvent f) => s.PteFault(f));

    public void PteFaultDone(in FaultEvent fault, FaultResult result) =>
        Guard((fault, result), static (IDaxTraceSink s, in (FaultEvent Fault, FaultResult Result) a) => s.PteFaultDone(a.Fault, a.Result));

    public void LoadHole(in FaultEvent fault, FaultResult result) =>
        Guard((fault, result), static (IDaxTraceSink s, in (FaultEvent Fault, FaultResult Result) a) => s.LoadHole(a.Fault, a.Result));

    public void PmdLoadHole(in FaultEvent fault, ulong radixEntry) =>
        Guard((fault, radixEntry), static (IDaxTraceSink s, in (FaultEvent Fault, ulong Entry) a) => s.PmdLoadHole(a.Fault, a.Entry));

    public void PmdLoadHoleFallback(in FaultEvent fault) => Guard(fault, static (IDaxTraceSink s, in FaultEvent f) => s.PmdLoadHoleFallback(f));

    public void InsertPfnMkwrite(in FaultEvent fault, MkwriteOutcome outcome, FaultResult result) => Guard(
        (fault, outcome, result), static (IDaxTraceSink s, in (FaultEvent Fault, MkwriteOutcome Outcome, FaultResult Result) a) => s.InsertPfnMkwrite(a.Fault, a.Outcome, a.Result));

    public void WritebackRange(long ino, PageIndex first, PageIndex last) =>
        Guard((ino, first, last), static (IDaxTraceSink s, in (long Ino, PageIndex First, PageIndex Last) a) => s.WritebackRange(a.Ino, a.First, a.Last));

    public void WritebackRangeDone(long ino, PageIndex next, PageIndex last) =>
        Guard((ino, next, last), static (IDaxTraceSink s, in (long Ino, PageIndex Next, PageIndex Last) a) => s.WritebackRangeDone(a.Ino, a.Next, a.Last));

    public void WritebackOne(long ino, PageIndex index, long pageCount) =>
        Guard((ino, index, pageCount), static (IDaxTraceSink s, in (long Ino, PageIndex Index, long PageCount) a) => s.WritebackOne(a.Ino, a.Index, a.PageCount));

    public void Entry(long ino, EntryEvent kind, PageIndex index, PageOrder order) => Guard(
        (ino, kind, index, order), static (IDaxTraceSink s, in (long Ino, EntryEvent Kind, PageIndex Index, PageOrder Order) a) => s.Entry(a.Ino, a.Kind, a.Index, a.Order));

    private void Guard<T>(in T argument, Report<T> report)
    {
        if (failure is not null)
        {
            return;
        }

        try
        {
            Fallible.ThrowIfFails(FallibleStep.Sink);
            report(Inner, argument);
        }
#pragma warning disable CA1031 // Whatever an observer throws must not reach the protocol that it observes.
        catch (Exception thrown)
#pragma warning restore CA1031
        {
            failure = thrown;
        }
    }
}
