using DaxEmu.Core.Units;

namespace DaxEmu.Core.Tracing;

/// <summary>The fields of <c>dax_pmd_fault</c>, <c>dax_pte_fault</c> and their <c>_done</c> twins.</summary>
/// <param name="Ino">Inode number: the mapping's id.</param>
/// <param name="Shared">Whether the VMA is shared (else private).</param>
/// <param name="Flags">How the fault came about.</param>
/// <param name="Address">The faulting address, in bytes.</param>
/// <param name="VmStart">First byte of the VMA.</param>
/// <param name="VmEnd">The byte behind the VMA.</param>
/// <param name="Index">The faulting page in the file (<c>pgoff</c>).</param>
/// <param name="MaxIndex">The first page beyond the end of the file (<c>max_pgoff</c>; 2 MiB faults only).</param>
public readonly record struct FaultEvent(
    long Ino, bool Shared, FaultFlags Flags, long Address, long VmStart, long VmEnd, PageIndex Index, PageIndex MaxIndex);

/// <summary>What became of a try to insert a translation after the metadata were made durable.</summary>
public enum MkwriteOutcome
{
    /// <summary>Installed (<c>dax_insert_pfn_mkwrite</c>).</summary>
    Installed,

    /// <summary>The entry was gone or of another size (<c>dax_insert_pfn_mkwrite_no_entry</c>).</summary>
    NoEntry,
}

/// <summary>Which lock event of the entry table is told; the kernel has no tracepoints for them.</summary>
public enum EntryEvent
{
    /// <summary>A thread went to sleep for the entry (<c>daxemu_entry_wait</c>).</summary>
    Wait,

    /// <summary>The next sleeper was woken (<c>daxemu_entry_wake</c>, mode <c>next</c>).</summary>
    Wake,

    /// <summary>All sleepers were woken, because the entry is gone (<c>daxemu_entry_wake</c>, mode <c>all</c>).</summary>
    WakeAll,

    /// <summary>A 2 MiB request met a 4 KiB entry (<c>daxemu_entry_conflict</c>).</summary>
    Conflict,
}

/// <summary>
/// Receives the events of one mapping in the order in which they happen: the kernel's event group <c>fs_dax</c>, and a few of
/// the emulator's own. Called on the thread that caused the event, with the entry locked where the kernel has it locked:
/// an implementation must not touch the mapping. One that throws gets no further event, and the operation goes on.
/// </summary>
public interface IDaxTraceSink
{
    /// <summary><c>dax_pmd_fault</c>.</summary>
    void PmdFault(in FaultEvent fault);

    /// <summary><c>dax_pmd_fault_done</c>; <paramref name="reason"/> is the emulator's addition.</summary>
    void PmdFaultDone(in FaultEvent fault, FaultResult result, FallbackReason reason);

    /// <summary><c>dax_pte_fault</c>.</summary>
    void PteFault(in FaultEvent fault);

    /// <summary><c>dax_pte_fault_done</c>.</summary>
    void PteFaultDone(in FaultEvent fault, FaultResult result);

    /// <summary><c>dax_load_hole</c>: a hole was mapped by the zero page.</summary>
    void LoadHole(in FaultEvent fault, FaultResult result);

    /// <summary><c>dax_pmd_load_hole</c>: the huge zero page was mapped; <paramref name="radixEntry"/> is the entry's word.</summary>
    void PmdLoadHole(in FaultEvent fault, ulong radixEntry);

    /// <summary><c>dax_pmd_load_hole_fallback</c>: there was no huge zero page.</summary>
    void PmdLoadHoleFallback(in FaultEvent fault);

    /// <summary><c>dax_insert_pfn_mkwrite</c> or <c>dax_insert_pfn_mkwrite_no_entry</c>.</summary>
    void InsertPfnMkwrite(in FaultEvent fault, MkwriteOutcome outcome, FaultResult result);

    /// <summary><c>dax_writeback_range</c>: a pass begins; both pages belong to it.</summary>
    void WritebackRange(long ino, PageIndex first, PageIndex last);

    /// <summary><c>dax_writeback_range_done</c>.</summary>
    void WritebackRangeDone(long ino, PageIndex next, PageIndex last);

    /// <summary><c>dax_writeback_one</c>: an entry was written back.</summary>
    void WritebackOne(long ino, PageIndex index, long pageCount);

    /// <summary>The emulator's own events of entry locks: a wait, a wake-up, a conflict.</summary>
    void Entry(long ino, EntryEvent kind, PageIndex index, PageOrder order);
}
