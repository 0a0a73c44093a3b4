using System.Diagnostics.Tracing;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Tracing;

/// <summary>
/// The kernel's event group <c>fs_dax</c> as an event source of .NET, with the kernel's names for events and fields: for
/// <c>dotnet-trace --providers fs_dax</c>, or an <see cref="EventListener"/>. Give <see cref="Log"/> to a
/// mapping as its sink. An event that nobody asked for costs a load and a test and allocates nothing.
/// </summary>
[EventSource(Name = SourceName)]
public sealed partial class FsDaxEventSource : EventSource, IDaxTraceSink
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

    void IDaxTraceSink.PmdFault(in FaultEvent fault)
    {
        if (IsEnabled(EventLevel.Verbose, Keywords.Faults))
        {
            dax_pmd_fault(
                fault.Ino, fault.Shared, fault.Flags, fault.Address, fault.VmStart, fault.VmEnd, fault.Index.Value,
                fault.MaxIndex.Value);
        }
    }

    void IDaxTraceSink.PmdFaultDone(in FaultEvent fault, FaultResult result, FallbackReason reason)
    {
        if (IsEnabled(EventLevel.Informational, Keywords.Faults))
        {
            dax_pmd_fault_done(
                fault.Ino, fault.Shared, fault.Flags, fault.Address, fault.VmStart, fault.VmEnd, fault.Index.Value,
                fault.MaxIndex.Value, result, reason);
        }
    }

    void IDaxTraceSink.PteFault(in FaultEvent fault)
    {
        if (IsEnabled(EventLevel.Verbose, Keywords.Faults))
        {
            dax_pte_fault(fault.Ino, fault.Shared, fault.Flags, fault.Address, fault.Index.Value);
        }
    }

    void IDaxTraceSink.PteFaultDone(in FaultEvent fault, FaultResult result)
    {
        if (IsEnabled(EventLevel.Informational, Keywords.Faults))
        {
            dax_pte_fault_done(fault.Ino, fault.Shared, fault.Flags, fault.Address, fault.Index.Value, result);
        }
    }

    void IDaxTraceSink.LoadHole(in FaultEvent fault, FaultResult result)
    {
        if (IsEnabled(EventLevel.Informational, Keywords.Faults))
        {
            dax_load_hole(fault.Ino, fault.Shared, fault.Flags, fault.Address, fault.Index.Value, result);
        }
    }

    void IDaxTraceSink.PmdLoadHole(in FaultEvent fault, ulong radixEntry)
    {
        if (IsEnabled(EventLevel.Informational, Keywords.Faults))
        {
            dax_pmd_load_hole(fault.Ino, fault.Shared, fault.Address, (long)radixEntry);
        }
    }

    void IDaxTraceSink.PmdLoadHoleFallback(in FaultEvent fault)
    {
        if (IsEnabled(EventLevel.Informational, Keywords.Faults))
        {
            dax_pmd_load_hole_fallback(fault.Ino, fault.Shared, fault.Address);
        }
    }

    void IDaxTraceSink.InsertPfnMkwrite(in FaultEvent fault, MkwriteOutcome outcome, FaultResult result)
    {
        if (!IsEnabled(EventLevel.Informational, Keywords.Faults))
        {
            return;
        }

        bool shared = fault.Shared;
        if (outcome == MkwriteOutcome.Installed)
        {
            dax_insert_pfn_mkwrite(fault.Ino, shared, fault.Flags, fault.Address, fault.Index.Value, result);
        }
        else
        {
            dax_insert_pfn_mkwrite_no_entry(fault.Ino, shared, fault.Flags, fault.Address, fault.Index.Value, result);
        }
    }

    void IDaxTraceSink.WritebackRange(long ino, PageIndex first, PageIndex last)
    {
        if (IsEnabled(EventLevel.Informational, Keywords.Writeback))
        {
            dax_writeback_range(ino, first.Value, last.Value);
        }
    }

    void IDaxTraceSink.WritebackRangeDone(long ino, PageIndex next, PageIndex last)
    {
        if (IsEnabled(EventLevel.Informational, Keywords.Writeback))
        {
            dax_writeback_range_done(ino, next.Value, last.Value);
        }
    }

    void IDaxTraceSink.WritebackOne(long ino, PageIndex index, long pageCount)
    {
        if (IsEnabled(EventLevel.Informational, Keywords.Writeback))
        {
            dax_writeback_one(ino, index.Value, pageCount);
        }
    }

    void IDaxTraceSink.Entry(long ino, EntryEvent kind, PageIndex index, PageOrder order)
    {
        if (!IsEnabled(EventLevel.Informational, Keywords.EntryLocks))
        {
            return;
        }

        long pageCount = order.PageCount();
        switch (kind)
        {
            case EntryEvent.Wait:
                daxemu_entry_wait(ino, index.Value, pageCount);
                break;
            case EntryEvent.Conflict:
                daxemu_entry_conflict(ino, index.Value, pageCount);
                break;
            default:
                daxemu_entry_wake(ino, index.Value, pageCount, kind == EntryEvent.WakeAll);
                break;
        }
    }
}
