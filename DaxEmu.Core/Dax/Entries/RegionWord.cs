using System.Diagnostics;

namespace DaxEmu.Core.Dax.Entries;

/// <summary>The word of a 2 MiB range: the single authority on what the range holds.</summary>
/// <remarks>
/// <code>
///  63                  12 11 10     9      8      7       6      5                  0
/// +----------------------+-----+-------+-----+--------+-------+---------------------+
/// | 0                    | 0   |CLOSING|TABLE|ANYDIRTY| 0     | 0                   |   a table of slots
/// | pfn                  | 0   | 0     | 0   | 0      |PRESENT| flags with PMD set  |   a PMD entry (DaxEntry)
/// +----------------------+-----+-------+-----+--------+-------+---------------------+
/// </code>
/// <list type="table">
/// <item><term>0</term><description>nothing: no entry of either size. The first 4 KiB entry makes it a table; storing a locked PMD makes it that
/// entry</description></item>
/// <item><term>TABLE</term><description>slots may hold PTE entries, or none: removing the last one does not change the word. So an insert writes its
/// slot and nothing that its neighbours share</description></item>
/// <item><term>CLOSING</term><description>with TABLE: a thread that wants to store a PMD looks whether all slots are empty. An insert that sees it
/// waits, and so does a second such thread; a look-up goes on to the slots</description></item>
/// <item><term>ANYDIRTY</term><description>a slot may be dirty; without it no unlocked one is. Set by the owner of a locked slot, before
/// a translation allows stores to its page; cleared only by <see cref="EntryTable.RefreshAnyDirty"/></description></item>
/// </list>
/// A table's word may be changed by any thread, with compare-and-swap; a locked PMD entry, as every locked entry, by its owner alone.
/// </remarks>
internal readonly record struct RegionWord(ulong Word)
{
    public const ulong AnyDirtyBit = 1 << 7;
    public const ulong TableBit = 1 << 8;
    public const ulong ClosingBit = 1 << 9;

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

    /// <summary>Whether slots may hold entries.</summary>
    public bool IsTable => (Word & TableBit) != 0;

    /// <summary>Whether a thread looks whether all slots are empty.</summary>
    public bool IsClosing => (Word & ClosingBit) != 0;

    /// <summary>Whether a slot may be dirty.</summary>
    public bool AnyDirty => (Word & AnyDirtyBit) != 0;

    /// <summary>A table without dirty slots.</summary>
    public static RegionWord Table => new(TableBit);

    public RegionWord WithClosing => new(Word | ClosingBit);

    public RegionWord WithoutClosing => new(Word & ~ClosingBit);

    public RegionWord WithoutAnyDirty => new(Word & ~AnyDirtyBit);
}
