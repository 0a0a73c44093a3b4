using DaxEmu.Core.Units;

namespace DaxEmu.Core.Tracing;

/// <summary>
/// An event as a value, to keep, compare or write out. Fields that its kind does not have are left at their defaults, so two events are
/// equal when they tell the same.
/// </summary>
public readonly record struct DaxEvent
{
    /// <summary>Which event.</summary>
    public required DaxEventKind Kind { get; init; }

    /// <summary>The fault; of the events of writeback and entry locks only <see cref="Ino"/> and <see cref="Index"/> are set.</summary>
    public FaultEvent Fault { get; init; }

    /// <summary>What the fault came to.</summary>
    public FaultResult Result { get; init; }

    /// <summary>Why a 2 MiB fault fell back.</summary>
    public FallbackReason Reason { get; init; }

    /// <summary>The word of the entry that stands for a hole (<c>radix_entry</c>).</summary>
    public ulong RadixEntry { get; init; }

    /// <summary>The last page of a writeback pass.</summary>
    public PageIndex Last { get; init; }

    /// <summary>Pages of the entry that was written back, waited for, woken for or met.</summary>
    public long PageCount { get; init; }

    /// <summary>Whether a wake-up was for all sleepers.</summary>
    public bool WakesAll { get; init; }

    /// <summary>Inode number: the mapping's id.</summary>
    public long Ino => Fault.Ino;

    /// <summary>The page of the fault; the first page of an entry or a pass; where a pass stopped.</summary>
    public PageIndex Index => Fault.Index;

    /// <summary>An event of a fault.</summary>
    public static DaxEvent OfFault(
        DaxEventKind kind, in FaultEvent fault, FaultResult result = FaultResult.None, FallbackReason reason = FallbackReason.None) =>
        new() { Kind = kind, Fault = fault, Result = result, Reason = reason };

    /// <summary>An event of a writeback pass.</summary>
    public static DaxEvent OfPass(DaxEventKind kind, long ino, PageIndex index, PageIndex last) =>
        new() { Kind = kind, Fault = At(ino, index), Last = last };

    /// <summary>An event of one entry.</summary>
    public static DaxEvent OfEntry(DaxEventKind kind, long ino, PageIndex index, long pageCount, bool wakesAll = false) =>
        new() { Kind = kind, Fault = At(ino, index), PageCount = pageCount, WakesAll = wakesAll };

    private static FaultEvent At(long ino, PageIndex index) => new(ino, false, FaultFlags.None, 0, 0, 0, index, default);
}
