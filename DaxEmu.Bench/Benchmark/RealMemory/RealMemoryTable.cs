using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Benchmark.RealMemory;

/// <summary>The cases as a table, and as JSON.</summary>
internal static class RealMemoryTable
{
    /// <summary>Lines of text.</summary>
    public static string Text(IReadOnlyList<RealMemoryCase> cases)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"{"case",-44}{"median",12}  {"compared with",-20}{"median",12}{"ratio",8}{"at most",10}\n");
        foreach (RealMemoryCase c in cases)
        {
            string ratio = c.Floor is null ? string.Empty : c.Ratio.ToString("0.00", CultureInfo.InvariantCulture);
            string limit = c.Floor is null ? Time(c.Limit) : c.Limit.ToString("0.00", CultureInfo.InvariantCulture);
            string floor = c.Floor is null ? string.Empty : Time(c.FloorNanoseconds);
            text.Append(CultureInfo.InvariantCulture, $"{c.Name,-44}{Time(c.Nanoseconds),12}  {c.Floor,-20}{floor,12}{ratio,8}{limit,10}{(c.IsWithin ? string.Empty : "  above")}\n");
        }

        return text.ToString();
    }

    /// <summary>The same as one document.</summary>
    public static string Json(IReadOnlyList<RealMemoryCase> cases) => JsonText.Of(new JsonObject
    {
        ["cases"] = new JsonArray([.. cases.Select(c => (JsonNode)new JsonObject
        {
            ["case"] = c.Name,
            ["ns"] = Math.Round(c.Nanoseconds, 3),
            ["floor"] = c.Floor,
            ["floor_ns"] = c.Floor is null ? null : Math.Round(c.FloorNanoseconds, 3),
            ["ratio"] = c.Floor is null ? null : Math.Round(c.Ratio, 4),
            ["limit"] = Math.Round(c.Limit, 4),
            ["within"] = c.IsWithin,
        })]),
    });

    private static string Time(double nanoseconds) => nanoseconds >= 1e6
        ? string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e6:0.0} ms")
        : string.Create(CultureInfo.InvariantCulture, $"{nanoseconds:0.0} ns");
}
