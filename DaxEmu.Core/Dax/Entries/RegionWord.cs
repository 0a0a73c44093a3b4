using System.Diagnostics;

namespace DaxEmu.Core.Dax.Entries;

/// <summary>The word of a 2 MiB range: the single authority on what the range holds.</summary>
/// <remarks>
/// <code>
///  63                  12 11    8     7       6      5                  0
/// +----------------------+-------+--------+-------+---------------------+
/// | count of PTE entries | 0     |ANYDIRTY| 0     | 0                   |   a table of slots
/// | pfn                  | 0     | 0      |PRESENT| flags with PMD set  |   a PMD entry (DaxEntry)
/// +----------------------+-------+--------+-------+---------------------+
/// </code>
/// <list type="table">
/// <item><term>0</term><description>nothing: no entry of either size. Counting a PTE entry in makes it a table; storing a locked PMD makes it that entry</description></item>
/// <item><term>count</term><description>that many slots hold a PTE entry, or are about to, or have just ceased to: the count goes up before a slot is
/// filled and down after it is emptied, so a count of 0 proves that there is none, and none about to come</description></item>
/// <item><term>ANYDIRTY</term><description>a slot may be dirty; without it no unlocked one is. Set by the owner of a locked slot, before
/// a translation allows stores to its page; cleared only by <see cref="EntryTable.RefreshAnyDirty"/></description></item>
/// </list>
/// A table's word may be changed by any thread, with compare-and-swap; a locked PMD entry, as every locked entry, by its owner alone.
/// </remarks>
internal readonly record struct RegionWord(ulong Word)
{
    public const ulong AnyDirtyBit = 1 << 7;
    private const int CountShift = 12;

    /// <summary>Whether the word is a PMD entry.</summary>
    public bool IsPmd => (Word & (DaxEntry.PresentBit | DaxEntry.PmdBit)) == (DaxEntry.PresentBit | DaxEntry.PmdBit);

    /// <summary>The word as a PMD entry.</summary>
    public DaxEntry Pmd
    {
        get
        {
            Debug.Assert(IsPmd, "a table of slots is not an entry");
            return new DaxEntry(Word);
        }
    }

    /// <summary>An upper bound for the number of PTE entries.</summary>
    public long Count
    {
        get
        {
            Debug.Assert(!IsPmd, "a PMD entry counts no slots");
            return (long)(Word >> CountShift);
        }
    }

    /// <summary>Whether a slot may be dirty.</summary>
    public bool AnyDirty => (Word & AnyDirtyBit) != 0;

    /// <summary>One PTE entry more.</summary>
    public RegionWord CountedIn => new(Word + (1UL << CountShift));

    /// <summary>One PTE entry less; after the last the word is 0, without ANYDIRTY.</summary>
    public RegionWord CountedOut
    {
        get
        {
            Debug.Assert(Count > 0, "nothing to count out");
            return Count == 1 ? default : new RegionWord(Word - (1UL << CountShift));
        }
    }

    /// <summary>A table with one PTE entry.</summary>
    public static RegionWord TableOfOne => default(RegionWord).CountedIn;

    public RegionWord WithoutAnyDirty => new(Word & ~AnyDirtyBit);
}
