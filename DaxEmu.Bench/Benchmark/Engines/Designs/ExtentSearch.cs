using System.Runtime.CompilerServices;

namespace DaxEmu.Bench.Benchmark.Engines.Designs;

/// <summary>The extents of a file as numbers: the last one that was hit first, then a binary search. 64 extents, as in the measurements that the design rests on.</summary>
/// <param name="ends">The page behind each of <see cref="Count"/> extents.</param>
internal readonly unsafe struct ExtentSearch(long* ends)
{
    /// <summary>How many extents there are.</summary>
    public const int Count = 64;

    private readonly long* ends = ends;

    /// <summary>Extents of one length that cover so many pages.</summary>
    public void Fill(long pageCount)
    {
        for (int i = 0; i < Count; i++)
        {
            ends[i] = Math.Max(1, pageCount * (i + 1) / Count);
        }
    }

    /// <summary>The page frame of a page of the file: its own number.</summary>
    /// <param name="page">The page.</param>
    /// <param name="last">The extent that was hit last; becomes the one that is hit.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long FindPfn(long page, ref int last)
    {
        if (page < ends[last] && (last == 0 || page >= ends[last - 1]))
        {
            return page;
        }

        last = Search(page);
        return page;
    }

    private int Search(long page)
    {
        int low = 0;
        int high = Count - 1;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (page < ends[middle])
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}
