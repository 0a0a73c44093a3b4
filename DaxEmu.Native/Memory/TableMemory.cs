namespace DaxEmu.Native.Memory;

/// <summary>The memory of a table with a word for each page: reserved as addresses, committed at first use, by 2 MiB where enough of it will be used.</summary>
/// <remarks>
/// 2 MiB of words serve 1 GiB of pages. Below half of that a huge page would mostly hold nothing, so a volume of many small files has 4 KiB
/// pages alone. In a large mapping with few entries, each GiB that has one costs 2 MiB instead of 4 KiB: at most a five-hundredth of
/// the mapping. A random access then misses the translation buffer half as often as with 4 KiB pages, or less.
/// </remarks>
internal static class TableMemory
{
    private const long HugePageBytes = 2 << 20;
    private const long PagesPerHugePage = HugePageBytes / sizeof(ulong);

    /// <summary>Reserves the words of <paramref name="pageCount"/> pages.</summary>
    public static ReservedRegion Reserve(long pageCount)
    {
        long bytes = pageCount * sizeof(ulong);
        return ReservedRegion.Reserve(HugePagesFor(pageCount) == 0 ? bytes : (bytes + HugePageBytes - 1) & -HugePageBytes);
    }

    /// <summary>How many 2 MiB of words are at least half used by that many pages.</summary>
    public static long HugePagesFor(long pageCount) => (pageCount + (PagesPerHugePage / 2)) / PagesPerHugePage;
}
