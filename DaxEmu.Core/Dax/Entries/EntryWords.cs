using System.Runtime.CompilerServices;
using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Dax.Entries;

/// <summary>The words of an entry table as a value: for a caller that keeps their addresses beside its own fields, and the table alive.</summary>
internal readonly unsafe struct EntryWords(ulong* slots, ulong* regions, ulong* usedRegions, ulong* waiters)
{
    private readonly ulong* slots = slots;
    private readonly ulong* regions = regions;
    private readonly ulong* usedRegions = usedRegions;
    private readonly ulong* waiters = waiters;

    /// <summary><see cref="EntryTable.Waiters"/>.</summary>
    public ref ulong Waiters => ref *waiters;

    // SAFETY (all below): as in EntryTable, callers pass an index within the capacity.

    /// <summary>The slot of a page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref ulong SlotOf(long index) => ref slots[index];

    /// <summary>The word of the 2 MiB range around a page.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref ulong RegionOf(long index) => ref regions[index >> DaxConstants.PmdOrder];

    /// <summary>Whether the range around a page is a table that no thread closes: after its slot was filled, what makes the slot count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsOpenTable(long index) =>
        (Atomic.Load(ref RegionOf(index), Site.ReadRegion) & (RegionWord.TableBit | RegionWord.ClosingBit)) == RegionWord.TableBit;

    /// <summary>As <see cref="IsOpenTable"/>, of a range that scans reach already: a slot of it may be filled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool IsUsedTable(long index) =>
        IsOpenTable(index) && (ulong)(index >> DaxConstants.PmdOrder) < Atomic.Load(ref *usedRegions, Site.Other);
}
