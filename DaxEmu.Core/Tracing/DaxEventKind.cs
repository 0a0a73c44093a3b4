namespace DaxEmu.Core.Tracing;

/// <summary>The events of the kernel's group <c>fs_dax</c> that the emulator has, and its own three of entry locks.</summary>
public enum DaxEventKind
{
    /// <summary><c>dax_pmd_fault</c>.</summary>
    PmdFault,

    /// <summary><c>dax_pmd_fault_done</c>.</summary>
    PmdFaultDone,

    /// <summary><c>dax_pte_fault</c>.</summary>
    PteFault,

    /// <summary><c>dax_pte_fault_done</c>.</summary>
    PteFaultDone,

    /// <summary><c>dax_load_hole</c>.</summary>
    LoadHole,

    /// <summary><c>dax_pmd_load_hole</c>.</summary>
    PmdLoadHole,

    /// <summary><c>dax_pmd_load_hole_fallback</c>.</summary>
    PmdLoadHoleFallback,

    /// <summary><c>dax_insert_pfn_mkwrite</c>.</summary>
    InsertPfnMkwrite,

    /// <summary><c>dax_insert_pfn_mkwrite_no_entry</c>.</summary>
    InsertPfnMkwriteNoEntry,

    /// <summary><c>dax_writeback_range</c>.</summary>
    WritebackRange,

    /// <summary><c>dax_writeback_range_done</c>.</summary>
    WritebackRangeDone,

    /// <summary><c>dax_writeback_one</c>.</summary>
    WritebackOne,

    /// <summary><c>daxemu_entry_wait</c>.</summary>
    EntryWait,

    /// <summary><c>daxemu_entry_wake</c>.</summary>
    EntryWake,

    /// <summary><c>daxemu_entry_conflict</c>.</summary>
    EntryConflict,
}
