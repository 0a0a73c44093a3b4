using System.Numerics;

namespace DaxEmu.Core.Dax.Entries;

/// <summary>
/// Entries whose locks one thread holds: 4 KiB ones of a group of 64 pages, whose TOWRITE marks lie in one word; or one 2 MiB entry.
/// </summary>
/// <remarks>
/// A thread that holds a lock of a run waits for no other entry: it tries each lock, and stops at one that another thread holds. So runs
/// cause no deadlock, whatever their order.
/// </remarks>
internal ref struct EntryRun
{
    /// <summary>Pages of a group.</summary>
    public const int Length = 64;

    private readonly Span<ulong> words;

    /// <summary>No entry of a group yet.</summary>
    /// <param name="index">A page of the group.</param>
    /// <param name="words">Space for <see cref="Length"/> words.</param>
    public EntryRun(PageIndex index, Span<ulong> words)
    {
        this.words = words;
        Group = GroupOf(index);
    }

    /// <summary>One entry, of either size.</summary>
    /// <param name="held">The entry.</param>
    /// <param name="words">Space for <see cref="Length"/> words.</param>
    public EntryRun(HeldEntry held, Span<ulong> words)
        : this(held.Start, words)
    {
        Order = held.Entry.Order;
        int page = (int)(held.Start - Group);
        Set(page, held.Entry);
        Hold(1UL << page);
    }

    /// <summary>The first page of the group.</summary>
    public PageIndex Group { get; }

    /// <summary>The entries' order.</summary>
    public PageOrder Order { get; } = PageOrder.Pte;

    /// <summary>Which pages' entries are held, a bit each; of a 2 MiB entry that of its first page.</summary>
    public ulong Held { get; private set; }

    /// <summary>An entry as it was found, without the lock bit; of a held one.</summary>
    public readonly DaxEntry this[int page] => new(words[page]);

    /// <summary>The first page of the group around a page.</summary>
    public static PageIndex GroupOf(PageIndex index) => new(index.Value & -Length);

    /// <summary>The bits of a group's pages from one on and before another.</summary>
    public static ulong Bits(PageIndex group, PageIndex from, PageIndex end)
    {
        ulong bits = from > group ? ulong.MaxValue << (int)(from - group) : ulong.MaxValue;
        return end - group < Length ? bits & ~(ulong.MaxValue << (int)(end - group)) : bits;
    }

    /// <summary>Those that are held and have a bit in their word.</summary>
    public readonly ulong HeldWith(ulong bit)
    {
        ulong found = 0;
        for (ulong rest = Held; rest != 0; rest &= rest - 1)
        {
            int page = BitOperations.TrailingZeroCount(rest);
            found |= (words[page] & bit) != 0 ? 1UL << page : 0;
        }

        return found;
    }

    /// <summary>More entries are held, whose words were set.</summary>
    public void Hold(ulong bits) => Held |= bits;

    /// <summary>What an entry is, without the lock bit: of one that is held, or will be.</summary>
    public readonly void Set(int page, DaxEntry entry) => words[page] = entry.Word;

    /// <summary>Some are held no longer.</summary>
    public void Forget(ulong bits) => Held &= ~bits;

    /// <summary>The first pages of some bits that follow each other in the file.</summary>
    /// <param name="bits">The bits, not 0; without those pages afterwards.</param>
    public readonly PageRange NextPages(ref ulong bits)
    {
        int first = BitOperations.TrailingZeroCount(bits);
        int count = BitOperations.TrailingZeroCount(~(bits >> first)); // 64 if all bits from the first on are set
        count = Math.Min(count, Length - first);
        bits &= first + count == Length ? 0 : ulong.MaxValue << (first + count);
        return new PageRange(Group + first, Order == PageOrder.Pmd ? DaxConstants.PagesPerPmd : count);
    }

    /// <summary>The memory of the first pages of some bits that follow each other in the file and on the device; all of them real.</summary>
    /// <param name="bits">The bits, not 0; without those pages afterwards.</param>
    public readonly PfnRange NextMemory(ref ulong bits)
    {
        int first = BitOperations.TrailingZeroCount(bits);
        Pfn pfn = this[first].Pfn;
        int page = first;
        do
        {
            bits &= bits - 1;
            page++;
        }
        while (page < Length && (bits & (1UL << page)) != 0 && this[page].Pfn == pfn + (page - first));

        return new PfnRange(pfn, (page - first) * Order.PageCount());
    }
}
