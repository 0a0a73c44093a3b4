using System.Diagnostics;

namespace DaxEmu.Core;

/// <summary>A word of a page table: the translation of a page, or what stands for 2 MiB.</summary>
/// <remarks>
/// <code>
///  63          12 11   7   6     5     4     3     2     1        0
/// +--------------+------+-----+-----+-----+-----+-----+--------+-------+
/// | pfn          | 0    |TABLE|HUGE |COPY |ZERO |DIRTY|WRITABLE|PRESENT|
/// +--------------+------+-----+-----+-----+-----+-----+--------+-------+
/// </code>
/// Of a page: 0, or PRESENT with one of: a pfn, ZERO (the zero page), COPY (a private copy, at the page's own place in the VMA's copies).
/// Of 2 MiB: 0; TABLE alone (4 KiB translations, perhaps none: it stays until the VMA goes); or PRESENT and HUGE with a pfn or ZERO.
/// </remarks>
/// <param name="Word">The 64 bits.</param>
public readonly record struct Translation(ulong Word)
{
    internal const ulong PresentBit = 1 << 0;
    internal const ulong WritableBit = 1 << 1;
    internal const ulong DirtyBit = 1 << 2;
    internal const ulong ZeroBit = 1 << 3;
    internal const ulong CopyBit = 1 << 4;
    internal const ulong HugeBit = 1 << 5;
    internal const ulong TableBit = 1 << 6;
    internal const int PfnShift = 12;

    /// <summary>Whether memory can be reached through it.</summary>
    public bool IsPresent => (Word & PresentBit) != 0;

    /// <summary>Whether it may be written through.</summary>
    public bool IsWritable => (Word & WritableBit) != 0;

    /// <summary>Whether it was written through since it was last made clean.</summary>
    public bool IsDirty => (Word & DirtyBit) != 0;

    /// <summary>Whether it maps the zero page.</summary>
    public bool IsZero => (Word & ZeroBit) != 0;

    /// <summary>Whether it maps a private copy.</summary>
    public bool IsCopy => (Word & CopyBit) != 0;

    /// <summary>Whether it maps 2 MiB.</summary>
    public bool IsHuge => (Word & HugeBit) != 0;

    /// <summary>Whether 4 KiB translations stand below it.</summary>
    public bool IsTable => (Word & TableBit) != 0;

    /// <summary>Whether it lets an access through.</summary>
    internal bool Allows(bool isWrite) => IsPresent && (!isWrite || IsWritable);

    /// <summary>The device page that it maps; without meaning for the zero page and for copies.</summary>
    public Pfn Pfn
    {
        get
        {
            Debug.Assert(IsPresent && !IsZero && !IsCopy, "only device memory has a pfn");
            return new Pfn((long)(Word >> PfnShift));
        }
    }

    internal static Translation Table => new(TableBit);

    internal static Translation ZeroPage(PageOrder order) => new(PresentBit | ZeroBit | HugeOf(order));

    internal static Translation Copy => new(PresentBit | CopyBit | WritableBit | DirtyBit);

    internal static Translation Device(Pfn pfn, PageOrder order, bool writable) =>
        new(((ulong)pfn.Value << PfnShift) | PresentBit | HugeOf(order) | (writable ? WritableBit | DirtyBit : 0));

    private static ulong HugeOf(PageOrder order) => order == PageOrder.Pmd ? HugeBit : 0;
}
