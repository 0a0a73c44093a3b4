using System.Text.Json;

namespace DaxEmu.Bench.Verification.Replay;

/// <summary>Reads the events of a recorded line.</summary>
internal static class RecordedEvents
{
    private const string RangeName = "dax_writeback_range";
    private const int MostResults = 16;

    /// <summary>The events that are compared, in the form that <see cref="EventRecorder"/> gives them, and the ranges of writeback.</summary>
    public static (List<string> Lines, List<(long First, long Last)> Ranges) Of(JsonElement line)
    {
        var lines = new List<string>();
        var ranges = new List<(long, long)>();
        foreach (JsonElement e in RecordedFields.List(RecordedFields.Field(line, "events"), "events", ReplayLimits.Rows))
        {
            string name = RecordedFields.TextOf(e, "name");
            try
            {
                if (Line(e, name) is { } text)
                {
                    lines.Add(text);
                }

                if (name == RangeName)
                {
                    ranges.Add((First(e), Last(e)));
                }
            }
            catch (FormatException problem)
            {
                throw new FormatException($"the event '{name}': {problem.Message}", problem);
            }
        }

        return (lines, ranges);
    }

    private static string? Line(JsonElement e, string name) => name switch
    {
        "dax_pmd_fault" => EventText.PmdStart(Page(e), Write(e), Mkwrite(e), IsShared(e), RecordedFields.NumberOf(e, "max_pgoff", 0, ReplayLimits.EventPages)),
        "dax_pte_fault" => EventText.PteStart(Page(e), Write(e), Mkwrite(e), IsShared(e)),
        "dax_pmd_fault_done" => EventText.Fault("PMD", Page(e), Write(e), Mkwrite(e), Results(e)),
        "dax_pte_fault_done" => EventText.Fault("PTE", Page(e), Write(e), Mkwrite(e), Results(e)),
        "dax_load_hole" => EventText.LoadHole(Page(e)),
        "dax_pmd_load_hole" => EventText.PmdLoadHole,
        "dax_insert_pfn_mkwrite" => EventText.Finished(Page(e)),
        "dax_insert_pfn_mkwrite_no_entry" => EventText.NoEntry(Page(e)),
        RangeName => EventText.Range(First(e), Last(e)),
        "dax_writeback_range_done" => EventText.RangeDone(Last(e)),
        "dax_writeback_one" => EventText.One(Page(e), RecordedFields.NumberOf(e, "pages", 1, ReplayLimits.EventPages)),
        _ => null,
    };

    private static long Page(JsonElement e) => RecordedFields.NumberOf(e, "pgoff", 0, ReplayLimits.EventPages);

    private static long First(JsonElement e) => RecordedFields.NumberOf(e, "first", 0, ReplayLimits.EventPages);

    // Of no page: the one before the first of the file.
    private static long Last(JsonElement e) => RecordedFields.NumberOf(e, "last", -1, ReplayLimits.EventPages);

    private static bool Write(JsonElement e) => RecordedFields.Flag(e, "write");

    private static bool Mkwrite(JsonElement e) => RecordedFields.Flag(e, "mkwrite");

    private static bool IsShared(JsonElement e) => RecordedFields.TextOf(e, "vma") switch
    {
        "shared" => true,
        "private" => false,
        var other => throw new FormatException($"'vma' is '{other}'; it is shared or private"),
    };

    private static string Results(JsonElement e) => string.Join(
        '|', RecordedFields.List(RecordedFields.Field(e, "result"), "result", MostResults).Select(r => RecordedFields.Text(r, "result")));
}
