namespace DaxEmu.Core.Dax.Entries;

/// <summary>4 KiB entries of one group of 64 pages whose locks a thread holds: those whose TOWRITE marks lie in one word.</summary>
/// <remarks>
/// A thread that holds a lock of a run waits for no other entry: it tries each lock, and releases what it has before it waits for one
/// that another thread holds. So runs cause no deadlock, whatever their order.
/// </remarks>
/// <param name="group">The first page of the group, a multiple of <see cref="Length"/>.</param>
/// <param name="words">Room for <see cref="Length"/> words.</param>
internal ref struct EntryRun(PageIndex group, Span<ulong> words)
{
    /// <summary>Pages of a group.</summary>
    public const int Length = 64;

    private readonly Span<ulong> words = words;

    /// <summary>The first page of the group.</summary>
    public PageIndex Group { get; } = group;

    /// <summary>Which pages' entries are held, a bit each.</summary>
    public ulong Held { get; private set; }

    /// <summary>A page's entry, as it was found, without the lock bit; of a held one.</summary>
    public readonly DaxEntry this[int page] => new(words[page]);

    /// <summary>The group around a page.</summary>
    public static PageIndex GroupOf(PageIndex index) => new(index.Value & -Length);

    /// <summary>The bits of a group's pages from one on and before another.</summary>
    public static ulong Bits(PageIndex group, PageIndex from, PageIndex end)
    {
        ulong bits = from > group ? ulong.MaxValue << (int)(from - group) : ulong.MaxValue;
        return end - group < Length ? bits & ~(ulong.MaxValue << (int)(end - group)) : bits;
    }

    /// <summary>One more entry is held.</summary>
    public void Add(int page, ulong word)
    {
        words[page] = word;
        Held |= 1UL << page;
    }

    /// <summary>Some are held no longer.</summary>
    public void Forget(ulong bits) => Held &= ~bits;
}
