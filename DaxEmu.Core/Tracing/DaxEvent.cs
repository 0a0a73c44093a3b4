namespace DaxEmu.Core.Tracing;

/// <summary>
/// An event as a value, to keep, compare or write out. Fields that its kind does not have are left at their defaults, so two events with
/// the same content are equal.
/// </summary>
public readonly record struct DaxEvent
{
    /// <summary>Which event.</summary>
    public required DaxEventKind Kind { get; init; }

    /// <summary>The fault; of the events of writeback and entry locks only <see cref="Ino"/> and <see cref="Index"/> are set.</summary>
    public FaultEvent Fault { get; init; }

    /// <summary>The fault's result.</summary>
    public FaultResult Result { get; init; }

    /// <summary>Why a 2 MiB fault fell back.</summary>
    public FallbackReason Reason { get; init; }

    /// <summary>The word of the entry that stands for a hole (<c>radix_entry</c>).</summary>
    public ulong RadixEntry { get; init; }

    /// <summary>The last page of a writeback pass.</summary>
    public PageIndex Last { get; init; }

    /// <summary>Pages of the entry that was written back, waited for, woken for or met.</summary>
    public long PageCount { get; init; }

    /// <summary>Whether a wake-up was for all waiters.</summary>
    public bool WakesAll { get; init; }

    /// <summary>Inode number: the mapping's id.</summary>
    public long Ino => Fault.Ino;

    /// <summary>The page of the fault; the first page of an entry or a pass; where a pass stopped.</summary>
    public PageIndex Index => Fault.Index;

    /// <summary><c>dax_pmd_fault</c>: a 2 MiB fault begins.</summary>
    public static DaxEvent PmdFault(in FaultEvent fault) => OfFault(DaxEventKind.PmdFault, fault);

    /// <summary><c>dax_pmd_fault_done</c>; <paramref name="reason"/> is the emulator's addition.</summary>
    public static DaxEvent PmdFaultDone(in FaultEvent fault, FaultResult result, FallbackReason reason = FallbackReason.None) =>
        OfFault(DaxEventKind.PmdFaultDone, fault, result) with { Reason = reason };

    /// <summary><c>dax_pte_fault</c>: a 4 KiB fault begins.</summary>
    public static DaxEvent PteFault(in FaultEvent fault) => OfFault(DaxEventKind.PteFault, fault);

    /// <summary><c>dax_pte_fault_done</c>.</summary>
    public static DaxEvent PteFaultDone(in FaultEvent fault, FaultResult result) => OfFault(DaxEventKind.PteFaultDone, fault, result);

    /// <summary><c>dax_load_hole</c>: the zero page was mapped for a hole.</summary>
    public static DaxEvent LoadHole(in FaultEvent fault, FaultResult result) => OfFault(DaxEventKind.LoadHole, fault, result);

    /// <summary><c>dax_pmd_load_hole</c>: the huge zero page was mapped; <paramref name="radixEntry"/> is the entry's word.</summary>
    public static DaxEvent PmdLoadHole(in FaultEvent fault, ulong radixEntry) =>
        OfFault(DaxEventKind.PmdLoadHole, fault) with { RadixEntry = radixEntry };

    /// <summary><c>dax_pmd_load_hole_fallback</c>: there was no huge zero page.</summary>
    public static DaxEvent PmdLoadHoleFallback(in FaultEvent fault) => OfFault(DaxEventKind.PmdLoadHoleFallback, fault);

    /// <summary><c>dax_insert_pfn_mkwrite</c>: the translation was installed after the metadata became durable.</summary>
    public static DaxEvent InsertPfnMkwrite(in FaultEvent fault, FaultResult result) => OfFault(DaxEventKind.InsertPfnMkwrite, fault, result);

    /// <summary><c>dax_insert_pfn_mkwrite_no_entry</c>: by then the entry was gone or of another size.</summary>
    public static DaxEvent InsertPfnMkwriteNoEntry(in FaultEvent fault, FaultResult result) =>
        OfFault(DaxEventKind.InsertPfnMkwriteNoEntry, fault, result);

    /// <summary><c>dax_writeback_range</c>: a pass begins; both pages belong to it.</summary>
    public static DaxEvent WritebackRange(long ino, PageIndex first, PageIndex last) =>
        OfPass(DaxEventKind.WritebackRange, ino, first, last);

    /// <summary><c>dax_writeback_range_done</c>: a pass ended before <paramref name="next"/>.</summary>
    public static DaxEvent WritebackRangeDone(long ino, PageIndex next, PageIndex last) =>
        OfPass(DaxEventKind.WritebackRangeDone, ino, next, last);

    /// <summary><c>dax_writeback_one</c>: an entry was written back.</summary>
    public static DaxEvent WritebackOne(long ino, PageIndex index, PageOrder order) => OfEntry(DaxEventKind.WritebackOne, ino, index, order.PageCount());

    /// <summary><c>daxemu_entry_wait</c>: a thread goes to sleep for an entry. The kernel has no tracepoint for it.</summary>
    public static DaxEvent EntryWait(long ino, PageIndex index, PageOrder order) => OfEntry(DaxEventKind.EntryWait, ino, index, order.PageCount());

    /// <summary><c>daxemu_entry_wake</c>: the next waiter of an entry is woken, or all are, because the entry is gone.</summary>
    public static DaxEvent EntryWake(long ino, PageIndex index, PageOrder order, bool wakesAll) =>
        OfEntry(DaxEventKind.EntryWake, ino, index, order.PageCount(), wakesAll);

    /// <summary><c>daxemu_entry_conflict</c>: a 2 MiB request met a 4 KiB entry and is refused.</summary>
    public static DaxEvent EntryConflict(long ino, PageIndex index) => OfEntry(DaxEventKind.EntryConflict, ino, index, PageOrder.Pmd.PageCount());

    internal static DaxEvent OfFault(DaxEventKind kind, in FaultEvent fault, FaultResult result = FaultResult.None) =>
        new() { Kind = kind, Fault = fault, Result = result };

    internal static DaxEvent OfPass(DaxEventKind kind, long ino, PageIndex index, PageIndex last) =>
        new() { Kind = kind, Fault = At(ino, index), Last = last };

    internal static DaxEvent OfEntry(DaxEventKind kind, long ino, PageIndex index, long pageCount, bool wakesAll = false) =>
        new() { Kind = kind, Fault = At(ino, index), PageCount = pageCount, WakesAll = wakesAll };

    private static FaultEvent At(long ino, PageIndex index) => new(ino, false, FaultFlags.None, 0, 0, 0, index, default);
}
