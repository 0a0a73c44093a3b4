using DaxEmu.Core.Units;

namespace DaxEmu.Bench.Replay;

/// <summary>Short lines for the events that a replay compares; the same for the recorded and for the emulator's own.</summary>
internal static class EventText
{
    public const string PmdLoadHole = "pmd_load_hole";

    private static readonly (FaultResult Flag, string Name)[] Names =
    [
        (FaultResult.Oom, "OOM"), (FaultResult.Sigbus, "SIGBUS"), (FaultResult.Major, "MAJOR"), (FaultResult.Hwpoison, "HWPOISON"),
        (FaultResult.Nopage, "NOPAGE"), (FaultResult.Fallback, "FALLBACK"), (FaultResult.DoneCow, "DONE_COW"),
        (FaultResult.NeedDsync, "NEEDDSYNC"),
    ];

    public static string Fault(string order, long page, bool isWrite, bool isMkwrite, string results) =>
        $"{order}({page}{(isWrite ? "w" : "r")}{(isMkwrite ? " mkwrite" : string.Empty)})={results}";

    public static string LoadHole(long page) => $"load_hole({page})";

    public static string Finished(long page) => $"finish_sync({page})";

    public static string NoEntry(long page) => $"finish_sync_no_entry({page})";

    public static string One(long page, long pageCount) => $"ONE {page}+{pageCount}";

    public static string Results(FaultResult result) =>
        string.Join('|', Names.Where(n => (result & n.Flag) != 0).Select(n => n.Name));
}
