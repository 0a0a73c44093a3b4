using DaxEmu.Core.Tracing;
using DaxEmu.Core.Tracing.Ftrace;
using DaxEmu.Core.Units;

namespace DaxEmu.Tests.Tracing;

/// <summary>An event of every kind, with each of its fields set to something of its own.</summary>
internal static class TraceSamples
{
    public static readonly FaultEvent PmdFault = new(
        0x100c,
        true,
        FaultFlags.Write | FaultFlags.UserAccess,
        0x7fc4aa9c7000,
        0x7fc4aa600000,
        0x7fc4aaa00000,
        new PageIndex(0x3c7),
        new PageIndex(0x3c8));

    public static readonly FaultEvent PteFault = PmdFault with { VmStart = 0, VmEnd = 0, MaxIndex = default };

    private static readonly FaultEvent Hole = new(7, false, FaultFlags.None, 0x7000, 0, 0, default, default);

    /// <summary>One of each kind.</summary>
    public static DaxEvent[] Events { get; } =
    [
        DaxEvent.OfFault(DaxEventKind.PmdFault, PmdFault),
        DaxEvent.OfFault(DaxEventKind.PmdFaultDone, PmdFault, FaultResult.Fallback),
        DaxEvent.OfFault(DaxEventKind.PteFault, PteFault with { Flags = FaultFlags.None, Shared = false }),
        DaxEvent.OfFault(DaxEventKind.PteFaultDone, PteFault, FaultResult.Major | FaultResult.NeedDsync),
        DaxEvent.OfFault(DaxEventKind.LoadHole, PteFault with { Flags = FaultFlags.Mkwrite | (FaultFlags)0x800 }, FaultResult.Nopage),
        DaxEvent.OfFault(DaxEventKind.PmdLoadHole, Hole) with { RadixEntry = 0x1d },
        DaxEvent.OfFault(DaxEventKind.PmdLoadHoleFallback, Hole with { Shared = true }),
        DaxEvent.OfFault(DaxEventKind.InsertPfnMkwrite, PteFault, FaultResult.Nopage),
        DaxEvent.OfFault(DaxEventKind.InsertPfnMkwriteNoEntry, PteFault, FaultResult.Nopage),
        DaxEvent.OfPass(DaxEventKind.WritebackRange, 7, new PageIndex(3), new PageIndex((1L << 51) - 1)),
        DaxEvent.OfPass(DaxEventKind.WritebackRangeDone, 7, new PageIndex(512), new PageIndex(511)),
        DaxEvent.OfEntry(DaxEventKind.WritebackOne, 7, new PageIndex(512), 512),
        DaxEvent.OfEntry(DaxEventKind.EntryWait, 7, new PageIndex(5), 1),
        DaxEvent.OfEntry(DaxEventKind.EntryWake, 7, new PageIndex(5), 1),
        DaxEvent.OfEntry(DaxEventKind.EntryWake, 7, new PageIndex(512), 512, wakesAll: true),
        DaxEvent.OfEntry(DaxEventKind.EntryConflict, 7, new PageIndex(512), 512),
    ];

    /// <summary>A line's worth of <paramref name="daxEvent"/>.</summary>
    public static FtraceRecord Record(DaxEvent daxEvent) =>
        new(new FtraceTask("rocksdb:high", 114), 1, TimeSpan.FromMicroseconds(5_239_564), new DeviceNumber(259, 0), daxEvent);

    /// <summary>Calls <paramref name="sink"/> as the core does, once for each of <see cref="Events"/>.</summary>
    public static void SendAll(IDaxTraceSink sink)
    {
        foreach (DaxEvent e in Events)
        {
            Send(sink, e);
        }
    }

    /// <summary>Calls <paramref name="sink"/> as the core does for <paramref name="e"/>.</summary>
    public static void Send(IDaxTraceSink sink, DaxEvent e)
    {
        var order = e.PageCount > 1 ? PageOrder.Pmd : PageOrder.Pte;
        switch (e.Kind)
        {
            case DaxEventKind.PmdFault:
                sink.PmdFault(e.Fault);
                break;
            case DaxEventKind.PmdFaultDone:
                sink.PmdFaultDone(e.Fault, e.Result, e.Reason);
                break;
            case DaxEventKind.PteFault:
                sink.PteFault(e.Fault);
                break;
            case DaxEventKind.PteFaultDone:
                sink.PteFaultDone(e.Fault, e.Result);
                break;
            case DaxEventKind.LoadHole:
                sink.LoadHole(e.Fault, e.Result);
                break;
            case DaxEventKind.PmdLoadHole:
                sink.PmdLoadHole(e.Fault, e.RadixEntry);
                break;
            case DaxEventKind.PmdLoadHoleFallback:
                sink.PmdLoadHoleFallback(e.Fault);
                break;
            case DaxEventKind.InsertPfnMkwrite:
                sink.InsertPfnMkwrite(e.Fault, MkwriteOutcome.Installed, e.Result);
                break;
            case DaxEventKind.InsertPfnMkwriteNoEntry:
                sink.InsertPfnMkwrite(e.Fault, MkwriteOutcome.NoEntry, e.Result);
                break;
            case DaxEventKind.WritebackRange:
                sink.WritebackRange(e.Ino, e.Index, e.Last);
                break;
            case DaxEventKind.WritebackRangeDone:
                sink.WritebackRangeDone(e.Ino, e.Index, e.Last);
                break;
            case DaxEventKind.WritebackOne:
                sink.WritebackOne(e.Ino, e.Index, e.PageCount);
                break;
            case DaxEventKind.EntryWait:
                sink.Entry(e.Ino, EntryEvent.Wait, e.Index, order);
                break;
            case DaxEventKind.EntryWake:
                sink.Entry(e.Ino, e.WakesAll ? EntryEvent.WakeAll : EntryEvent.Wake, e.Index, order);
                break;
            case DaxEventKind.EntryConflict:
                sink.Entry(e.Ino, EntryEvent.Conflict, e.Index, order);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(e), e.Kind, "a kind without a sample");
        }
    }
}
