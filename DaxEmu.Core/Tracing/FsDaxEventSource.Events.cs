using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Tracing;

namespace DaxEmu.Core.Tracing;

// EventSource takes the names of events and fields from the methods, by reflection: so they are spelt as in the kernel.
public sealed partial class FsDaxEventSource
{
    private const int MaximumFields = 10;

    // Which fields of an event take 4 bytes; the others take 8.
    private const uint NoSmallFields = 0;
    private const uint SharedAndFlags = 1u << 1 | 1u << 2;
    private const uint SharedFlagsResult = 1u << 1 | 1u << 2 | 1u << 5;
    private const uint SharedOnly = 1u << 1;
    private const uint SharedFlagsResultReason = 1u << 1 | 1u << 2 | 1u << 8 | 1u << 9;
    private const uint ModeOnly = 1u << 3;

    [Event(PmdFaultId, Level = EventLevel.Verbose, Keywords = Keywords.Faults)]
    private void dax_pmd_fault(
        long ino, bool shared, FaultFlags flags, long address, long vm_start, long vm_end, long pgoff, long max_pgoff) =>
        Send(PmdFaultId, [ino, shared ? 1 : 0, (long)flags, address, vm_start, vm_end, pgoff, max_pgoff], SharedAndFlags);

    [Event(PmdFaultDoneId, Level = EventLevel.Informational, Keywords = Keywords.Faults)]
    private void dax_pmd_fault_done(
        long ino, bool shared, FaultFlags flags, long address, long vm_start, long vm_end, long pgoff, long max_pgoff,
        FaultResult result, FallbackReason reason) =>
        Send(
            PmdFaultDoneId,
            [ino, shared ? 1 : 0, (long)flags, address, vm_start, vm_end, pgoff, max_pgoff, (long)result, (long)reason],
            SharedFlagsResultReason);

    [Event(PteFaultId, Level = EventLevel.Verbose, Keywords = Keywords.Faults)]
    private void dax_pte_fault(long ino, bool shared, FaultFlags flags, long address, long pgoff) =>
        Send(PteFaultId, [ino, shared ? 1 : 0, (long)flags, address, pgoff], SharedAndFlags);

    [Event(PteFaultDoneId, Level = EventLevel.Informational, Keywords = Keywords.Faults)]
    private void dax_pte_fault_done(long ino, bool shared, FaultFlags flags, long address, long pgoff, FaultResult result) =>
        Send(PteFaultDoneId, [ino, shared ? 1 : 0, (long)flags, address, pgoff, (long)result], SharedFlagsResult);

    [Event(LoadHoleId, Level = EventLevel.Informational, Keywords = Keywords.Faults)]
    private void dax_load_hole(long ino, bool shared, FaultFlags flags, long address, long pgoff, FaultResult result) =>
        Send(LoadHoleId, [ino, shared ? 1 : 0, (long)flags, address, pgoff, (long)result], SharedFlagsResult);

    [Event(PmdLoadHoleId, Level = EventLevel.Informational, Keywords = Keywords.Faults)]
    private void dax_pmd_load_hole(long ino, bool shared, long address, long radix_entry) =>
        Send(PmdLoadHoleId, [ino, shared ? 1 : 0, address, radix_entry], SharedOnly);

    [Event(PmdLoadHoleFallbackId, Level = EventLevel.Informational, Keywords = Keywords.Faults)]
    private void dax_pmd_load_hole_fallback(long ino, bool shared, long address) =>
        Send(PmdLoadHoleFallbackId, [ino, shared ? 1 : 0, address], SharedOnly);

    [Event(InsertPfnMkwriteId, Level = EventLevel.Informational, Keywords = Keywords.Faults)]
    private void dax_insert_pfn_mkwrite(long ino, bool shared, FaultFlags flags, long address, long pgoff, FaultResult result) =>
        Send(InsertPfnMkwriteId, [ino, shared ? 1 : 0, (long)flags, address, pgoff, (long)result], SharedFlagsResult);

    [Event(InsertPfnMkwriteNoEntryId, Level = EventLevel.Informational, Keywords = Keywords.Faults)]
    private void dax_insert_pfn_mkwrite_no_entry(
        long ino, bool shared, FaultFlags flags, long address, long pgoff, FaultResult result) =>
        Send(InsertPfnMkwriteNoEntryId, [ino, shared ? 1 : 0, (long)flags, address, pgoff, (long)result], SharedFlagsResult);

    [Event(WritebackRangeId, Level = EventLevel.Informational, Keywords = Keywords.Writeback)]
    private void dax_writeback_range(long ino, long first, long last) =>
        Send(WritebackRangeId, [ino, first, last], NoSmallFields);

    [Event(WritebackRangeDoneId, Level = EventLevel.Informational, Keywords = Keywords.Writeback)]
    private void dax_writeback_range_done(long ino, long next, long last) =>
        Send(WritebackRangeDoneId, [ino, next, last], NoSmallFields);

    [Event(WritebackOneId, Level = EventLevel.Informational, Keywords = Keywords.Writeback)]
    private void dax_writeback_one(long ino, long pgoff, long pglen) =>
        Send(WritebackOneId, [ino, pgoff, pglen], NoSmallFields);

    [Event(EntryWaitId, Level = EventLevel.Informational, Keywords = Keywords.EntryLocks)]
    private void daxemu_entry_wait(long ino, long pgoff, long pglen) =>
        Send(EntryWaitId, [ino, pgoff, pglen], NoSmallFields);

    [Event(EntryWakeId, Level = EventLevel.Informational, Keywords = Keywords.EntryLocks)]
    private void daxemu_entry_wake(long ino, long pgoff, long pglen, bool all) =>
        Send(EntryWakeId, [ino, pgoff, pglen, all ? 1 : 0], ModeOnly);

    [Event(EntryConflictId, Level = EventLevel.Informational, Keywords = Keywords.EntryLocks)]
    private void daxemu_entry_conflict(long ino, long pgoff, long pglen) =>
        Send(EntryConflictId, [ino, pgoff, pglen], NoSmallFields);

    // Allocates nothing, unlike WriteEvent with more than three arguments.
    [NonEvent]
    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Each field is a number of 4 or 8 bytes: no object graph is read. The trimmer keeps all methods of an event source.")]
    private unsafe void Send(int eventId, ReadOnlySpan<long> fields, uint smallFields)
    {
        EventData* data = stackalloc EventData[MaximumFields];

        // SAFETY: the span stays pinned while the event is written. A 4-byte field is the low half of its 8 bytes: x64 is little-endian.
        fixed (long* first = fields)
        {
            for (int i = 0; i < fields.Length; i++)
            {
                data[i] = new EventData
                {
                    DataPointer = (nint)(first + i),
                    Size = (smallFields & (1u << i)) != 0 ? sizeof(int) : sizeof(long),
                };
            }

            WriteEventCore(eventId, fields.Length, data);
        }
    }

    /// <summary>Which events a listener asks for.</summary>
    public static class Keywords
    {
        /// <summary>Faults; their starts only at the level Verbose.</summary>
        public const EventKeywords Faults = (EventKeywords)1;

        /// <summary>Writeback passes and entries written back.</summary>
        public const EventKeywords Writeback = (EventKeywords)2;

        /// <summary>The emulator's own events: waits, wake-ups and conflicts.</summary>
        public const EventKeywords EntryLocks = (EventKeywords)4;
    }
}
