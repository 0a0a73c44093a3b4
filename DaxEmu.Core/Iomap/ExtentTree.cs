using System.Runtime.InteropServices;

namespace DaxEmu.Core.Iomap;

/// <summary>The extents of one file in ascending order: a snapshot that never changes, of which a change makes the next.</summary>
/// <remarks>
/// Two levels: leaves of up to 256 extents under one array of leaves. A change copies the leaves that it touches and the top array,
/// about 20 KB at 100,000 extents. Readers search two arrays and take no lock. Holes are not stored. Neighbours that continue each
/// other are joined, so a run of one kind is one extent, and the snapshot depends only on what lies behind each page.
/// </remarks>
internal sealed class ExtentTree
{
    /// <summary>Most extents in a leaf. A leaf of 256 is a copy of 12 KB, the top array over 100,000 extents one of 8 KB: about in balance.</summary>
    public const int LeafCapacity = 256;

    private const int LeafFill = 192;
    private const int LeafFloor = 64;

    [ThreadStatic]
    private static List<Extent>? scratch;

    private readonly long[] firsts;
    private readonly ExtentLeaf[] leaves;

    private ExtentTree(long[] firsts, ExtentLeaf[] leaves, long count)
    {
        this.firsts = firsts;
        this.leaves = leaves;
        Count = count;
    }

    /// <summary>No extent: one hole.</summary>
    public static ExtentTree Empty { get; } = new([], [], 0);

    /// <summary>How many extents, holes not counted.</summary>
    public long Count { get; }

    /// <summary>A snapshot of extents in ascending order that do not overlap.</summary>
    public static ExtentTree Of(IEnumerable<Extent> extents)
    {
        var list = new List<Extent>();
        foreach (Extent extent in extents)
        {
            if (list.Count > 0 && extent.First < list[^1].End)
            {
                throw new ArgumentException($"The extent at page {extent.First} begins before the end of the one before it.", nameof(extents));
            }

            Append(list, extent);
        }

        return Empty.Spliced(0, 0, CollectionsMarshal.AsSpan(list));
    }

    /// <summary>The extent or the whole hole that covers a page.</summary>
    public Extent Covering(PageIndex index)
    {
        int leafAt = ExtentLeaf.Search(firsts, index.Value);
        if (leafAt < 0)
        {
            return Hole(new PageIndex(0), firsts.Length == 0 ? PageRange.All.End : new PageIndex(firsts[0]));
        }

        ExtentLeaf leaf = leaves[leafAt];
        int at = leaf.Search(index.Value);
        Extent extent = leaf.Extents[at];
        if (index < extent.End)
        {
            return extent;
        }

        PageIndex next = at + 1 < leaf.Count ? leaf.Extents[at + 1].First
            : leafAt + 1 < firsts.Length ? new PageIndex(firsts[leafAt + 1])
            : PageRange.All.End;
        return Hole(extent.End, next);
    }

    /// <summary>The blocks behind a page that holds data, without a copy of the whole extent: for the paths of reads and writes.</summary>
    /// <param name="index">The page.</param>
    /// <param name="pfn">The device page behind it.</param>
    /// <param name="pageCount">How many pages of the extent are left from it on.</param>
    /// <param name="flags">The extent's.</param>
    /// <returns>False if it reads as zeroes.</returns>
    public bool TryFindMapped(PageIndex index, out Pfn pfn, out long pageCount, out ExtentFlags flags)
    {
        int leafAt = ExtentLeaf.Search(firsts, index.Value);
        if (leafAt >= 0)
        {
            ExtentLeaf leaf = leaves[leafAt];
            ref readonly Extent extent = ref leaf.Extents[leaf.Search(index.Value)];
            long inside = index.Value - extent.First.Value;
            pageCount = extent.PageCount - inside;
            if (pageCount > 0 && extent.Kind == ExtentKind.Mapped)
            {
                pfn = extent.Pfn + inside;
                flags = extent.Flags;
                return true;
            }
        }

        pfn = default;
        pageCount = 0;
        flags = ExtentFlags.None;
        return false;
    }

    /// <summary>The extents in a range, cut at its ends, in ascending order.</summary>
    public IEnumerable<Extent> In(PageRange range)
    {
        for (int i = Math.Max(0, ExtentLeaf.Search(firsts, range.First.Value)); i < leaves.Length; i++)
        {
            for (int at = 0; at < leaves[i].Count; at++)
            {
                Extent extent = leaves[i].Extents[at];
                if (extent.First >= range.End)
                {
                    yield break;
                }

                if (extent.End > range.First)
                {
                    yield return Cut(extent, range);
                }
            }
        }
    }

    /// <summary>The snapshot with nothing outside a range.</summary>
    public ExtentTree Only(PageRange range) => Of(In(range));

    /// <summary>The snapshot with other extents in a range.</summary>
    /// <param name="range">What is taken out, in part or whole.</param>
    /// <param name="replacement">What is put there instead: ascending, inside the range, without holes.</param>
    /// <returns>The next snapshot.</returns>
    public ExtentTree With(PageRange range, params ReadOnlySpan<Extent> replacement)
    {
        if (range.IsEmpty)
        {
            return this;
        }

        // The leaf of the page before the range has the extent that could be continued; the leaf of the page behind, the one that could continue.
        int left = Math.Max(0, ExtentLeaf.Search(firsts, range.First.Value - 1));
        int right = Math.Max(left, ExtentLeaf.Search(firsts, range.End.Value));
        List<Extent> list = scratch ??= new List<Extent>(2 * LeafCapacity);
        list.Clear();
        bool isPlaced = false;
        for (int i = left; i <= right && i < leaves.Length; i++)
        {
            foreach (Extent extent in leaves[i].Extents)
            {
                if (extent.First < range.First)
                {
                    Append(list, Cut(extent, PageRange.Between(extent.First, range.First)));
                }

                if (extent.End > range.End)
                {
                    Place(list, replacement, ref isPlaced);
                    Append(list, Cut(extent, PageRange.Between(range.End, extent.End)));
                }
            }
        }

        Place(list, replacement, ref isPlaced);
        if (list.Count < LeafFloor && right + 1 < leaves.Length)
        {
            right++;
            list.AddRange(leaves[right].Extents);
        }

        return Spliced(left, Math.Min(right + 1, leaves.Length), CollectionsMarshal.AsSpan(list));
    }

    /// <summary>Where two snapshots differ: whole extents of both, and what lies between neighbours that differ.</summary>
    /// <remarks>Leaves that both have are passed over, so the cost is that of the change, not of the file.</remarks>
    /// <param name="before">The one.</param>
    /// <param name="after">The other.</param>
    public static IEnumerable<PageRange> Changes(ExtentTree before, ExtentTree after)
    {
        var left = new Cursor(before);
        var right = new Cursor(after);
        while (left.IsInside || right.IsInside)
        {
            if (left.IsAtLeaf && right.IsAtLeaf && left.Leaf == right.Leaf)
            {
                left.PassLeaf();
                right.PassLeaf();
                continue;
            }

            if (left.IsInside && right.IsInside && left.Current == right.Current)
            {
                left.Pass();
                right.Pass();
                continue;
            }

            bool isLeftFirst = left.IsInside && (!right.IsInside || left.Current.First <= right.Current.First);
            PageIndex first = isLeftFirst ? left.Current.First : right.Current.First;
            PageIndex end = first + 1;
            while (left.TryPassBefore(ref end) || right.TryPassBefore(ref end))
            {
            }

            yield return PageRange.Between(first, end);
        }
    }

    /// <summary>The part of an extent that lies in a range; the two must meet.</summary>
    public static Extent Cut(in Extent extent, PageRange range)
    {
        PageIndex first = extent.First > range.First ? extent.First : range.First;
        PageIndex end = extent.End < range.End ? extent.End : range.End;
        return extent with { First = first, PageCount = end - first, Pfn = extent.PfnAt(first) };
    }

    private static Extent Hole(PageIndex first, PageIndex end) => new(first, end - first, ExtentKind.Hole, default);

    private static void Place(List<Extent> list, ReadOnlySpan<Extent> replacement, ref bool isPlaced)
    {
        if (isPlaced)
        {
            return;
        }

        isPlaced = true;
        foreach (Extent extent in replacement)
        {
            Append(list, extent);
        }
    }

    private static void Append(List<Extent> list, in Extent extent)
    {
        if (list.Count > 0
            && list[^1] is var last
            && last.End == extent.First
            && last.Kind == extent.Kind
            && last.Flags == extent.Flags
            && last.Pfn + last.PageCount == extent.Pfn)
        {
            list[^1] = last with { PageCount = last.PageCount + extent.PageCount };
            return;
        }

        list.Add(extent);
    }

    /// <summary>The snapshot with new leaves in place of those from <paramref name="left"/> to before <paramref name="behind"/>.</summary>
    /// <remarks>Looks into no other leaf: the top array is copied as it is.</remarks>
    private ExtentTree Spliced(int left, int behind, ReadOnlySpan<Extent> extents)
    {
        int added = extents.Length == 0 ? 0
            : extents.Length <= LeafCapacity ? 1
            : (extents.Length + LeafFill - 1) / LeafFill;
        int length = left + added + (leaves.Length - behind);
        var nextFirsts = new long[length];
        var nextLeaves = new ExtentLeaf[length];
        firsts.AsSpan(0, left).CopyTo(nextFirsts);
        leaves.AsSpan(0, left).CopyTo(nextLeaves);
        firsts.AsSpan(behind).CopyTo(nextFirsts.AsSpan(left + added));
        leaves.AsSpan(behind).CopyTo(nextLeaves.AsSpan(left + added));
        for (int i = 0; i < added; i++)
        {
            int from = (int)((long)extents.Length * i / added);
            int to = (int)((long)extents.Length * (i + 1) / added);
            var leaf = new ExtentLeaf(extents[from..to]);
            nextLeaves[left + i] = leaf;
            nextFirsts[left + i] = leaf.FirstPage;
        }

        long count = Count + extents.Length;
        for (int i = left; i < behind; i++)
        {
            count -= leaves[i].Count;
        }

        return new ExtentTree(nextFirsts, nextLeaves, count);
    }

    /// <summary>A place in a snapshot, going up.</summary>
    private struct Cursor(ExtentTree tree)
    {
        private int leafAt;
        private int at;

        public readonly bool IsInside => leafAt < tree.leaves.Length;

        public readonly bool IsAtLeaf => IsInside && at == 0;

        public readonly ExtentLeaf Leaf => tree.leaves[leafAt];

        public readonly Extent Current => Leaf.Extents[at];

        public void PassLeaf()
        {
            leafAt++;
            at = 0;
        }

        public void Pass()
        {
            at++;
            if (at == Leaf.Count)
            {
                PassLeaf();
            }
        }

        /// <summary>Passes the extent if it begins before an end, which then lies no earlier than the extent's.</summary>
        public bool TryPassBefore(ref PageIndex end)
        {
            if (!IsInside || Current.First >= end)
            {
                return false;
            }

            end = Current.End > end ? Current.End : end;
            Pass();
            return true;
        }
    }
}
