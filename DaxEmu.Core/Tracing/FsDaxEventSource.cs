using System.Diagnostics.Tracing;

namespace DaxEmu.Core.Tracing;

/// <summary>
/// The kernel's event group <c>fs_dax</c> as an event source of .NET, with the kernel's names for events and fields: for
/// <c>dotnet-trace --providers fs_dax</c>, or an <see cref="EventListener"/>. Give <see cref="Log"/> to a
/// mapping as its sink. An event that no listener asked for costs a load and a test and allocates nothing.
/// </summary>
[EventSource(Name = SourceName)]
public sealed partial class FsDaxEventSource : EventSource, IDaxEventSink
{
    /// <summary>The source's name: the kernel's event group.</summary>
    public const string SourceName = "fs_dax";

    private const int PmdFaultId = 1;
    private const int PmdFaultDoneId = 2;
    private const int PteFaultId = 3;
    private const int PteFaultDoneId = 4;
    private const int LoadHoleId = 5;
    private const int PmdLoadHoleId = 6;
    private const int PmdLoadHoleFallbackId = 7;
    private const int InsertPfnMkwriteId = 8;
    private const int InsertPfnMkwriteNoEntryId = 9;
    private const int WritebackRangeId = 10;
    private const int WritebackRangeDoneId = 11;
    private const int WritebackOneId = 12;
    private const int EntryWaitId = 13;
    private const int EntryWakeId = 14;
    private const int EntryConflictId = 15;

    private FsDaxEventSource()
    {
    }

    /// <summary>The one source of the process.</summary>
    public static FsDaxEventSource Log { get; } = new();

    void IDaxEventSink.Receive(in DaxEvent daxEvent)
    {
        DaxEventKind kind = daxEvent.Kind;
        EventLevel level = kind is DaxEventKind.PmdFault or DaxEventKind.PteFault ? EventLevel.Verbose : EventLevel.Informational;
        if (IsEnabled(level, KeywordOf(kind)))
        {
            Write(daxEvent);
        }
    }

    [NonEvent]
    private static EventKeywords KeywordOf(DaxEventKind kind) => kind switch
    {
        DaxEventKind.WritebackRange or DaxEventKind.WritebackRangeDone or DaxEventKind.WritebackOne => Keywords.Writeback,
        DaxEventKind.EntryWait or DaxEventKind.EntryWake or DaxEventKind.EntryConflict => Keywords.EntryLocks,
        _ => Keywords.Faults,
    };

    [NonEvent]
    private void Write(in DaxEvent e)
    {
        FaultEvent f = e.Fault;
        long page = e.Index.Value;
        switch (e.Kind)
        {
            case DaxEventKind.PmdFault:
                dax_pmd_fault(f.Ino, f.Shared, f.Flags, f.Address, f.VmStart, f.VmEnd, page, f.MaxIndex.Value);
                break;
            case DaxEventKind.PmdFaultDone:
                dax_pmd_fault_done(f.Ino, f.Shared, f.Flags, f.Address, f.VmStart, f.VmEnd, page, f.MaxIndex.Value, e.Result, e.Reason);
                break;
            case DaxEventKind.PteFault:
                dax_pte_fault(f.Ino, f.Shared, f.Flags, f.Address, page);
                break;
            case DaxEventKind.PteFaultDone:
                dax_pte_fault_done(f.Ino, f.Shared, f.Flags, f.Address, page, e.Result);
                break;
            case DaxEventKind.LoadHole:
                dax_load_hole(f.Ino, f.Shared, f.Flags, f.Address, page, e.Result);
                break;
            case DaxEventKind.PmdLoadHole:
                dax_pmd_load_hole(f.Ino, f.Shared, f.Address, (long)e.RadixEntry);
                break;
            case DaxEventKind.PmdLoadHoleFallback:
                dax_pmd_load_hole_fallback(f.Ino, f.Shared, f.Address);
                break;
            case DaxEventKind.InsertPfnMkwrite:
                dax_insert_pfn_mkwrite(f.Ino, f.Shared, f.Flags, f.Address, page, e.Result);
                break;
            case DaxEventKind.InsertPfnMkwriteNoEntry:
                dax_insert_pfn_mkwrite_no_entry(f.Ino, f.Shared, f.Flags, f.Address, page, e.Result);
                break;
            case DaxEventKind.WritebackRange:
                dax_writeback_range(f.Ino, page, e.Last.Value);
                break;
            case DaxEventKind.WritebackRangeDone:
                dax_writeback_range_done(f.Ino, page, e.Last.Value);
                break;
            case DaxEventKind.WritebackOne:
                dax_writeback_one(f.Ino, page, e.PageCount);
                break;
            case DaxEventKind.EntryWait:
                daxemu_entry_wait(f.Ino, page, e.PageCount);
                break;
            case DaxEventKind.EntryWake:
                daxemu_entry_wake(f.Ino, page, e.PageCount, e.WakesAll);
                break;
            case DaxEventKind.EntryConflict:
                daxemu_entry_conflict(f.Ino, page, e.PageCount);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(e), e.Kind, "there is no event of this kind; use a factory of DaxEvent.");
        }
    }
}
