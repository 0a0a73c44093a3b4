using System.IO.Compression;
using System.Text.Json;
using DaxEmu.Core.Extents;
using DaxEmu.Core.Units;

namespace DaxEmu.Bench.Replay;

/// <summary>
/// Reads recorded scenarios: JSON Lines, plain, gzipped, or many in a zip; the first line is a header, each further one an op.
/// </summary>
internal static class GoldenReader
{
    private const int SupportedFormat = 2;

    /// <summary>Reads the scenarios of a file: one, or all of a zip.</summary>
    /// <exception cref="FormatException">A line is not what it should be; the message names file, line and value.</exception>
    public static IEnumerable<GoldenScenario> ReadFile(string path)
    {
        if (!path.EndsWith(".zip", StringComparison.OrdinalIgnoreCase))
        {
            yield return ReadSingle(path);
            yield break;
        }

        using ZipArchive archive = ZipFile.OpenRead(path);
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            using var reader = new StreamReader(entry.Open());
            yield return Read(reader, $"{path}/{entry.Name}");
        }
    }

    /// <summary>Reads a scenario; errors call the text <paramref name="name"/>.</summary>
    /// <exception cref="FormatException">A line is not what it should be; the message names file, line and value.</exception>
    public static GoldenScenario Read(TextReader reader, string name)
    {
        GoldenScenario? header = null;
        var ops = new List<GoldenOp>();
        for (int number = 1; reader.ReadLine() is { } line; number++)
        {
            try
            {
                using var document = JsonDocument.Parse(line);
                if (header is null)
                {
                    header = Header(document.RootElement);
                }
                else
                {
                    ops.Add(Op(document.RootElement));
                }
            }
            catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException
                or IndexOutOfRangeException)
            {
                throw new FormatException($"{name}, line {number}: not a line of a recorded scenario ({e.Message}).", e);
            }
        }

        return header is null ? throw new FormatException($"{name}: the file is empty.") : header with { Ops = ops };
    }

    private static GoldenScenario ReadSingle(string path)
    {
        using FileStream file = File.OpenRead(path);
        using Stream stream = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase)
            ? new GZipStream(file, CompressionMode.Decompress)
            : file;
        using var reader = new StreamReader(stream);
        return Read(reader, path);
    }

    private static GoldenScenario Header(JsonElement line)
    {
        Require(line, "format", SupportedFormat);
        Require(line, "page", DaxConstants.PageSize);
        Require(line, "pmd", DaxConstants.PmdSize);
        return new GoldenScenario(
            line.GetProperty("scenario").GetString()!, line.GetProperty("kernel").GetString()!, line.GetProperty("fs").GetString()!, []);
    }

    private static void Require(JsonElement line, string field, int wanted)
    {
        int value = line.GetProperty(field).GetInt32();
        if (value != wanted)
        {
            throw new FormatException($"the header's '{field}' is {value}; only {wanted} can be replayed");
        }
    }

    private static GoldenOp Op(JsonElement line)
    {
        string text = line.GetProperty("op").GetString()!;
        string[] words = GoldenOpText.Split(text);
        JsonElement events = line.GetProperty("events");
        return new GoldenOp(text, line.GetProperty("ret").GetInt64(), line.GetProperty("errno").GetInt32())
        {
            Verb = words[0],
            Arguments = words[1..],
            Signal = line.TryGetProperty("sig", out JsonElement signal) ? signal.GetInt32() : 0,
            Byte = line.TryGetProperty("byte", out JsonElement value) ? value.GetByte() : null,
            Checksum = line.TryGetProperty("fnv1a", out JsonElement sum) ? sum.GetUInt32() : null,
            Extents = List(line, "extents", Extent),
            Entries = List(line, "entries", Entry),
            Tables = [List(line, "pt0", Table), List(line, "pt1", Table)],
            Events = [.. events.EnumerateArray().Select(Event).OfType<string>()],
            WritebackRanges = [.. events.EnumerateArray().Where(e => NameOf(e) == "dax_writeback_range")
                .Select(e => (e.GetProperty("first").GetInt64(), e.GetProperty("last").GetInt64()))],
        };
    }

    private static List<T>? List<T>(JsonElement line, string name, Func<JsonElement, T> read) =>
        line.TryGetProperty(name, out JsonElement rows) ? [.. rows.EnumerateArray().Select(read)] : null;

    private static Extent Extent(JsonElement row) => new(
        new PageIndex(row[0].GetInt64()),
        row[2].GetInt64(),
        row[3].GetString() switch
        {
            "m" => ExtentKind.Mapped,
            "u" => ExtentKind.Unwritten,
            var other => throw new FormatException($"unknown kind of extent '{other}'"),
        },
        new Pfn(row[1].GetInt64()));

    private static EntryRow Entry(JsonElement row) => new(
        row[0].GetInt64(),
        row[1].GetInt64(),
        row[2].GetString()![0],
        row[3].ValueKind == JsonValueKind.Number ? row[3].GetInt64() : -1,
        row[4].GetInt32() != 0);

    private static TableRow Table(JsonElement row)
    {
        char kind = row[0].GetString()![0];
        if (kind == 'T')
        {
            return new TableRow('T', row[1].GetInt64(), 0, false, false);
        }

        long where = row[2].ValueKind == JsonValueKind.Number
            ? row[2].GetInt64()
            : row[2].GetString() switch
            {
                "z" => TableRow.ZeroPage,
                "a" => TableRow.Copy,
                var other => throw new FormatException($"unknown place of a translation '{other}'"),
            };
        return new TableRow(kind, row[1].GetInt64(), where, row[3].GetInt32() != 0, row[4].GetInt32() != 0);
    }

    private static string NameOf(JsonElement e) => e.GetProperty("name").GetString()!;

    // The events that are compared, in the form that EventRecorder gives them.
    private static string? Event(JsonElement e) => NameOf(e) switch
    {
        "dax_pmd_fault" => EventText.PmdStart(
            Page(e), Flag(e, "write"), Flag(e, "mkwrite"), IsShared(e), e.GetProperty("max_pgoff").GetInt64()),
        "dax_pte_fault" => EventText.PteStart(Page(e), Flag(e, "write"), Flag(e, "mkwrite"), IsShared(e)),
        "dax_pmd_fault_done" => EventText.Fault("PMD", Page(e), Flag(e, "write"), Flag(e, "mkwrite"), Results(e)),
        "dax_pte_fault_done" => EventText.Fault("PTE", Page(e), Flag(e, "write"), Flag(e, "mkwrite"), Results(e)),
        "dax_load_hole" => EventText.LoadHole(Page(e)),
        "dax_pmd_load_hole" => EventText.PmdLoadHole,
        "dax_insert_pfn_mkwrite" => EventText.Finished(Page(e)),
        "dax_insert_pfn_mkwrite_no_entry" => EventText.NoEntry(Page(e)),
        "dax_writeback_range" => EventText.Range(e.GetProperty("first").GetInt64(), e.GetProperty("last").GetInt64()),
        "dax_writeback_range_done" => EventText.RangeDone(e.GetProperty("last").GetInt64()),
        "dax_writeback_one" => EventText.One(Page(e), e.GetProperty("pages").GetInt64()),
        _ => null,
    };

    private static long Page(JsonElement e) => e.GetProperty("pgoff").GetInt64();

    private static bool Flag(JsonElement e, string name) => e.TryGetProperty(name, out JsonElement value) && value.GetBoolean();

    private static bool IsShared(JsonElement e) => e.GetProperty("vma").GetString() == "shared";

    private static string Results(JsonElement e) => string.Join('|', e.GetProperty("result").EnumerateArray().Select(r => r.GetString()));
}
