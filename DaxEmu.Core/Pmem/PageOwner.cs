namespace DaxEmu.Core.Pmem;

/// <summary>What holds a device page through an entry: nothing, one place of one mapping, or several.</summary>
/// <remarks>
/// <para>The word, by bits:</para>
/// <list type="table">
/// <item><term>0</term><description>Nothing. Made by the last holder's <see cref="PageOwners.Disassociate"/>.</description></item>
/// <item><term>63 clear, rest not 0</term><description>One holder: the mapping's id in bits 62-32 (never 0), the index in bits 31-0.</description></item>
/// <item><term>63 set</term><description>Shared blocks: bits 62-0 count the holders (at least 1). Which they are is not known, as in the kernel.</description></item>
/// </list>
/// </remarks>
/// <param name="Word">The word.</param>
internal readonly record struct PageOwner(ulong Word)
{
    /// <summary>Largest id of a mapping: 31 bits.</summary>
    public const long MaxMapping = (1L << 31) - 1;

    /// <summary>Largest index: 32 bits, the last page of a file of 16 TiB, the largest there is.</summary>
    public const long MaxIndex = (1L << IndexBits) - 1;

    private const int IndexBits = 32;
    private const ulong SharedBit = 1UL << 63;

    /// <summary>Whether no entry holds the page.</summary>
    public bool IsNone => Word == 0;

    /// <summary>Whether the holders are only counted.</summary>
    public bool IsShared => (Word & SharedBit) != 0;

    /// <summary>How many hold the page.</summary>
    public long HolderCount => IsShared ? (long)(Word & ~SharedBit) : IsNone ? 0 : 1;

    /// <summary>The one holder's mapping; 0 if there is none, or if they are only counted.</summary>
    public long Mapping => IsShared ? 0 : (long)(Word >> IndexBits);

    /// <summary>The one holder's page in its file.</summary>
    public PageIndex Index => new(IsShared ? 0 : (long)Word & MaxIndex);

    /// <summary>One holder.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id or the index does not fit its bits.</exception>
    public static PageOwner One(long mapping, PageIndex index)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(mapping);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(mapping, MaxMapping);
        ArgumentOutOfRangeException.ThrowIfNegative(index.Value, nameof(index));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(index.Value, MaxIndex, nameof(index));
        return new(((ulong)mapping << IndexBits) | (ulong)index.Value);
    }

    /// <summary>Several holders, counted.</summary>
    public static PageOwner Counted(long holderCount) => new(holderCount == 0 ? 0 : SharedBit | (ulong)holderCount);

    /// <summary>For messages.</summary>
    public override string ToString() => IsNone ? "nothing" : IsShared ? $"{HolderCount} holders" : $"mapping {Mapping} at page {Index}";
}
