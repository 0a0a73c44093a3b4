using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using DaxEmu.Bench.Cli;
using DaxEmu.Core;

namespace DaxEmu.Bench.Volumes;

/// <summary>What is on a volume, for people and as JSON.</summary>
internal static class VolumeText
{
    private const string Bits = "rwxrwxrwx";

    /// <summary>A line for each entry: mode, names, size, when it was modified, name.</summary>
    public static string Listing(IReadOnlyList<VolumeEntry> entries)
    {
        int links = entries.Select(e => Width(e.LinkCount)).DefaultIfEmpty().Max();
        int sizes = entries.Select(e => Width(e.Length)).DefaultIfEmpty().Max();
        return string.Concat(entries.Select(e => string.Create(
            CultureInfo.InvariantCulture,
            $"{ModeOf(e)} {e.LinkCount.ToString(CultureInfo.InvariantCulture).PadLeft(links)} {e.Length.ToString(CultureInfo.InvariantCulture).PadLeft(sizes)} {e.ModifiedUtc:yyyy-MM-dd HH:mm:ss}Z {NameOf(e)}\n")));
    }

    /// <summary>The same as JSON.</summary>
    public static JsonArray ListingJson(IReadOnlyList<VolumeEntry> entries) => new([.. entries.Select(e => (JsonNode)new JsonObject
    {
        ["name"] = e.Name,
        ["kind"] = e.IsDirectory ? "directory" : "file",
        ["inode"] = e.Number,
        ["size"] = e.Length,
        ["allocated"] = e.AllocatedBytes,
        ["mode"] = Convert.ToString(e.Mode, 8).PadLeft(4, '0'),
        ["links"] = e.LinkCount,
        ["created"] = TimeOf(e.CreatedUtc),
        ["modified"] = TimeOf(e.ModifiedUtc),
        ["changed"] = TimeOf(e.ChangedUtc),
    })]);

    /// <summary>What a volume amounts to, a line each.</summary>
    public static string Facts(PmemDevice device, VolumeReport report)
    {
        var text = new StringBuilder();
        foreach ((string name, JsonNode? value) in FactsJson(device, report))
        {
            if (value is not JsonArray)
            {
                text.Append(CultureInfo.InvariantCulture, $"{name.Replace('_', ' '),-12} {Printable.Of(value!.ToString())}\n");
            }
        }

        return text.ToString();
    }

    /// <summary>The same as JSON, with what is wrong.</summary>
    public static JsonObject FactsJson(PmemDevice device, VolumeReport report) => new()
    {
        ["path"] = device.Name,
        ["id"] = report.Id.ToString(),
        ["label"] = report.Label,
        ["size"] = report.SizeBytes,
        ["device_size"] = device.SizeBytes,
        ["free"] = report.FreeBytes,
        ["files"] = report.FileCount,
        ["directories"] = report.DirectoryCount,
        ["extents"] = report.ExtentCount,
        ["metadata"] = report.MetadataBytes,
        ["sound"] = report.IsSound,
        ["problems"] = new JsonArray([.. report.Problems.Select(p => (JsonNode)new JsonObject { ["kind"] = p.Kind.ToString(), ["description"] = p.Description })]),
        ["repairs"] = new JsonArray([.. report.Repairs.Select(r => (JsonNode)r)]),
    };

    /// <summary>What is wrong and what was done about it, a line each.</summary>
    public static string Problems(VolumeReport report) =>
        string.Concat(report.Problems.Select(p => $"{Printable.Of(p.ToString())}\n").Concat(report.Repairs.Select(r => $"repaired: {Printable.Of(r)}\n")));

    private static string NameOf(VolumeEntry entry) => entry.Name.Length == 0 ? "/" : Printable.Of(entry.Name);

    private static string TimeOf(DateTime utc) => utc.ToString("O", CultureInfo.InvariantCulture);

    private static int Width(long number) => number.ToString(CultureInfo.InvariantCulture).Length;

    // As ls shows it: the bits above the nine stand in the place of an x.
    private static string ModeOf(VolumeEntry entry)
    {
        Span<char> text = stackalloc char[Bits.Length];
        for (int i = 0; i < Bits.Length; i++)
        {
            text[i] = (entry.Mode >> (Bits.Length - 1 - i) & 1) != 0 ? Bits[i] : '-';
        }

        ReadOnlySpan<char> special = ['s', 's', 't'];
        for (int i = 0; i < special.Length; i++)
        {
            ref char x = ref text[(3 * i) + 2];
            if ((entry.Mode >> (Bits.Length + 2 - i) & 1) != 0)
            {
                x = x == 'x' ? special[i] : char.ToUpperInvariant(special[i]);
            }
        }

        return (entry.IsDirectory ? "d" : "-") + text.ToString();
    }
}
