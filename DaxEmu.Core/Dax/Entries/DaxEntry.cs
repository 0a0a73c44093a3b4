using System.Diagnostics;

namespace DaxEmu.Core;

/// <summary>The word of an entry: the content of a slot (<c>dax_make_entry</c> and its tests).</summary>
/// <remarks>
/// <code>
///  63                            12 11     7     6       5      4      3     2     1     0
/// +--------------------------------+--------+-------+------+-----+-----+----+---+------+
/// | pfn                            | 0      |PRESENT|SHARED|DIRTY|EMPTY|ZERO|PMD|LOCKED|
/// +--------------------------------+--------+-------+------+-----+-----+----+---+------+
/// </code>
/// Every legal word:
/// <list type="table">
/// <item><term>0</term><description>no entry</description></item>
/// <item><term>PRESENT, EMPTY</term><description>a placeholder that only carries the lock; never dirty, pfn 0. With PMD it is never left unlocked, but for a moment after a refused fault</description></item>
/// <item><term>PRESENT, ZERO</term><description>a hole that was read: the zero page is mapped; pfn 0. May be dirty (Linux 6.1)</description></item>
/// <item><term>PRESENT, pfn</term><description>real: device memory. May be dirty. SHARED: the block belongs to other files too, a write must copy it</description></item>
/// </list>
/// Each with PMD (512 pages, else one) and with LOCKED. Only the owner of the lock bit writes a locked word, with a plain store.
/// </remarks>
/// <param name="Word">The 64 bits.</param>
public readonly record struct DaxEntry(ulong Word)
{
    internal const ulong LockedBit = 1 << 0;
    internal const ulong PmdBit = 1 << 1;
    internal const ulong ZeroBit = 1 << 2;
    internal const ulong EmptyBit = 1 << 3;
    internal const ulong DirtyBit = 1 << 4;
    internal const ulong SharedBit = 1 << 5;
    internal const ulong PresentBit = 1 << 6;
    internal const int PfnShift = 12;

    /// <summary>No entry.</summary>
    public static DaxEntry None => default;

    /// <summary>Whether there is an entry at all.</summary>
    public bool IsPresent => Word != 0;

    /// <summary>Whether a thread holds the entry's lock (<c>dax_is_locked</c>).</summary>
    public bool IsLocked => (Word & LockedBit) != 0;

    /// <summary>Whether the entry covers 2 MiB (<c>dax_is_pmd_entry</c>).</summary>
    public bool IsPmd => (Word & PmdBit) != 0;

    /// <summary>The entry's order (<c>dax_entry_order</c>).</summary>
    public PageOrder Order => IsPmd ? PageOrder.Pmd : PageOrder.Pte;

    /// <summary>Whether the entry is for the zero page (<c>dax_is_zero_entry</c>).</summary>
    public bool IsZero => (Word & ZeroBit) != 0;

    /// <summary>Whether the entry is a placeholder (<c>dax_is_empty_entry</c>).</summary>
    public bool IsEmpty => (Word & EmptyBit) != 0;

    /// <summary>Whether the entry maps device memory.</summary>
    public bool IsReal => (Word & (PresentBit | ZeroBit | EmptyBit)) == PresentBit;

    /// <summary>Whether the entry needs writeback.</summary>
    public bool IsDirty => (Word & DirtyBit) != 0;

    /// <summary>Whether other files share the block, so that a write must copy it first.</summary>
    public bool IsShared => (Word & SharedBit) != 0;

    /// <summary>The first device page (<c>dax_to_pfn</c>); only a real entry has one.</summary>
    public Pfn Pfn
    {
        get
        {
            Debug.Assert(IsReal, "check the flags before the pfn: a zero or empty entry has none");
            return new Pfn((long)(Word >> PfnShift));
        }
    }

    internal DaxEntry WithoutLock => new(Word & ~LockedBit);

    internal DaxEntry WithLock => new(Word | LockedBit);

    /// <summary>A real entry.</summary>
    internal static DaxEntry Real(Pfn pfn, PageOrder order) => new(((ulong)pfn.Value << PfnShift) | PresentBit | PmdOf(order));

    /// <summary>An entry for the zero page.</summary>
    internal static DaxEntry Zero(PageOrder order) => new(PresentBit | ZeroBit | PmdOf(order));

    /// <summary>A placeholder.</summary>
    internal static DaxEntry Empty(PageOrder order) => new(PresentBit | EmptyBit | PmdOf(order));

    internal DaxEntry WithDirty(bool dirty = true) => new(dirty ? Word | DirtyBit : Word & ~DirtyBit);

    internal DaxEntry WithShared(bool shared) => new(shared ? Word | SharedBit : Word & ~SharedBit);

    /// <summary>Kind, order, pfn and marks, as in <c>2m@1024*</c>: 2 MiB, mapped, on device page 1024, dirty; <c>L</c> is the lock.</summary>
    public override string ToString()
    {
        if (!IsPresent)
        {
            return "-";
        }

        string kind = IsZero ? "z" : IsEmpty ? "e" : "m@" + Pfn;
        return $"{(IsPmd ? "2" : "4")}{kind}{(IsDirty ? "*" : string.Empty)}{(IsShared ? "s" : string.Empty)}{(IsLocked ? "L" : string.Empty)}";
    }

    private static ulong PmdOf(PageOrder order) => order == PageOrder.Pmd ? PmdBit : 0;
}
