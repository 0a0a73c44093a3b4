using DaxEmu.Core;
using DaxEmu.Core.Tracing;

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
        DaxEvent.PmdFault(PmdFault),
        DaxEvent.PmdFaultDone(PmdFault, FaultResult.Fallback),
        DaxEvent.PteFault(PteFault with { Flags = FaultFlags.None, Shared = false }),
        DaxEvent.PteFaultDone(PteFault, FaultResult.Major | FaultResult.NeedDsync),
        DaxEvent.LoadHole(PteFault with { Flags = FaultFlags.Mkwrite | (FaultFlags)0x800 }, FaultResult.Nopage),
        DaxEvent.PmdLoadHole(Hole, radixEntry: 0x1d),
        DaxEvent.PmdLoadHoleFallback(Hole with { Shared = true }),
        DaxEvent.InsertPfnMkwrite(PteFault, FaultResult.Nopage),
        DaxEvent.InsertPfnMkwriteNoEntry(PteFault, FaultResult.Nopage),
        DaxEvent.WritebackRange(7, new PageIndex(3), new PageIndex((1L << 51) - 1)),
        DaxEvent.WritebackRangeDone(7, new PageIndex(512), new PageIndex(511)),
        DaxEvent.WritebackOne(7, new PageIndex(512), PageOrder.Pmd),
        DaxEvent.EntryWait(7, new PageIndex(5), PageOrder.Pte),
        DaxEvent.EntryWake(7, new PageIndex(5), PageOrder.Pte, wakesAll: false),
        DaxEvent.EntryWake(7, new PageIndex(512), PageOrder.Pmd, wakesAll: true),
        DaxEvent.EntryConflict(7, new PageIndex(512)),
    ];

    /// <summary>A line's worth of <paramref name="daxEvent"/>.</summary>
    public static FtraceRecord Record(DaxEvent daxEvent) =>
        new(new FtraceTask("rocksdb:high", 114), 1, TimeSpan.FromMicroseconds(5_239_564), new DeviceNumber(259, 0), daxEvent);

    /// <summary>Gives <paramref name="sink"/> each of <see cref="Events"/>.</summary>
    public static void SendAll(IDaxEventSink sink)
    {
        foreach (DaxEvent e in Events)
        {
            sink.Receive(e);
        }
    }
}
