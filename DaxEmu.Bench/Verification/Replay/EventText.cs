using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>Short lines for the events that a replay compares; the same for the recorded and for the emulator's own.</summary>
internal static class EventText
{
    public const string PmdLoadHole = "pmd_load_hole";

    public static string PmdStart(long page, bool isWrite, bool isMkwrite, bool isShared, long endPage) =>
        $"pmd_fault{Access(page, isWrite, isMkwrite)} {(isShared ? "shared" : "private")} of {endPage}";

    public static string PteStart(long page, bool isWrite, bool isMkwrite, bool isShared) =>
        $"pte_fault{Access(page, isWrite, isMkwrite)} {(isShared ? "shared" : "private")}";

    public static string Fault(string order, long page, bool isWrite, bool isMkwrite, string results) =>
        $"{order}{Access(page, isWrite, isMkwrite)}={results}";

    public static string LoadHole(long page) => $"load_hole({page})";

    public static string Finished(long page) => $"finish_sync({page})";

    public static string NoEntry(long page) => $"finish_sync_no_entry({page})";

    public static string One(long page, long pageCount) => $"ONE {page}+{pageCount}";

    public static string Range(long first, long last) => $"RANGE {first}-{Last(last)}";

    // Without `next`: where a walk stopped depends on the shape of the kernel's tree.
    public static string RangeDone(long last) => $"RANGE_DONE -{Last(last)}";

    // A pass to the end of all files: the last page of a page range is one before the kernel's, whose count would not fit.
    private static string Last(long last) => last >= PageRange.All.End.Value - 1 ? "end" : $"{last}";

    private static string Access(long page, bool isWrite, bool isMkwrite) =>
        $"({page}{(isWrite ? "w" : "r")}{(isMkwrite ? " mkwrite" : string.Empty)})";
}
