using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DaxEmu.Core;
using HdrHistogram;

namespace DaxEmu.Bench.Running;

/// <summary>What all processes of a run did on the volume, from the lines that they left.</summary>
internal sealed class RunReport
{
    private const int SignificantDigits = 2;
    private static readonly string[] Summed =
        ["pte", "pmd", "major", "signals", "stores", "bus", "evictions", "waits", "waited_ns", "sleeps", "waits_for_smaller", "spurious_wake_ups", "conflicts"];

    private static readonly double[] Percentiles = [50, 90, 99, 99.9, 100];

    private readonly Dictionary<string, long> sums = [];
    private readonly SortedDictionary<string, long> fallbacks = new(StringComparer.Ordinal);
    private readonly List<string> programs = [];
    private LongHistogram? latencies;

    /// <summary>Whether a thread hung.</summary>
    public bool HasHang { get; private set; }

    /// <summary>Reads the lines. A process that a signal ended has left none, or cut its last one off.</summary>
    public static RunReport Read(ReadOnlySpan<byte> lines)
    {
        // The last line of each program of each process has all that the earlier ones had.
        var last = new Dictionary<(long Process, long Image), JsonObject>();
        while (lines.IndexOf((byte)'\n') is >= 0 and var end)
        {
            if (Parse(lines[..end]) is { } line)
            {
                last[(Value(line, "pid"), Value(line, "image"))] = line;
            }

            lines = lines[(end + 1)..];
        }

        var report = new RunReport();
        foreach (JsonObject line in last.Values)
        {
            report.Add(line);
        }

        return report;
    }

    /// <summary>The report as JSON.</summary>
    public JsonObject ToJson() => new()
    {
        ["programs"] = new JsonArray([.. programs.Select(p => (JsonNode)p)]),
        ["hang"] = HasHang,
        ["faults"] = new JsonObject
        {
            ["pte"] = Sum("pte"),
            ["pmd"] = Sum("pmd"),
            ["major"] = Sum("major"),
            ["stores"] = Sum("stores"),
            ["bus"] = Sum("bus"),
            ["evictions"] = Sum("evictions"),
            ["fallback"] = new JsonObject(fallbacks.Select(f => KeyValuePair.Create(f.Key, (JsonNode?)f.Value))),
            ["mapped_by_pmd"] = HugeShare,
        },
        ["waits"] = new JsonObject
        {
            ["waits"] = Sum("waits"),
            ["waited_ns"] = Sum("waited_ns"),
            ["sleeps"] = Sum("sleeps"),
            ["waits_for_smaller"] = Sum("waits_for_smaller"),
            ["spurious_wake_ups"] = Sum("spurious_wake_ups"),
            ["conflicts"] = Sum("conflicts"),
        },
        ["clat_ns"] = new JsonObject
        {
            ["count"] = latencies?.TotalCount ?? 0,
            ["percentile"] = new JsonObject(Percentiles
                .Where(_ => latencies is not null)
                .Select(p => KeyValuePair.Create(p.ToString("F6", CultureInfo.InvariantCulture), (JsonNode?)latencies!.GetValueAtPercentile(p)))),
        },
    };

    /// <summary>The report for people.</summary>
    public string ToText(string prefix)
    {
        var text = new StringBuilder("daxemu: ");
        if (programs.Count == 0)
        {
            return text.Append(CultureInfo.InvariantCulture, $"no process used {prefix}, or a signal ended those that did.\n").ToString();
        }

        text.Append(CultureInfo.InvariantCulture, $"{string.Join(", ", programs.Distinct())} used {prefix}.\n");
        text.Append(CultureInfo.InvariantCulture, $"  faults        {Sum("pte")} of 4 KiB, {Sum("pmd")} of 2 MiB; {Sum("major")} allocated, {Sum("stores")} were stores, {Sum("bus")} ended in SIGBUS\n");
        text.Append(CultureInfo.InvariantCulture, $"  mapped        {HugeShare:P1} of the memory by 2 MiB\n");
        text.Append(CultureInfo.InvariantCulture, $"  fallbacks     {(fallbacks.Count == 0 ? "none" : string.Join(", ", fallbacks.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Key} {f.Value}"))))}\n");
        text.Append(CultureInfo.InvariantCulture, $"  waits         {Sum("waits")} for entries, {Sum("sleeps")} asleep, {Sum("waited_ns") / 1e6:0.###} ms in all; {Sum("spurious_wake_ups")} spurious wake-ups\n");
        if (latencies is not null)
        {
            text.Append("  fault latency ").AppendJoin(", ", Percentiles.Select(p => string.Create(
                CultureInfo.InvariantCulture, $"{(p < 100 ? $"p{p:0.#}" : "max")} {latencies.GetValueAtPercentile(p) / 1000.0:0.0} us"))).Append('\n');
        }

        return text.ToString();
    }

    private double HugeShare
    {
        get
        {
            double huge = Sum("pmd") * (double)DaxConstants.PmdSize;
            double all = huge + (Sum("pte") * (double)DaxConstants.PageSize);
            return all > 0 ? huge / all : 0;
        }
    }

    private long Sum(string name) => sums.GetValueOrDefault(name);

    private void Add(JsonObject line)
    {
        foreach (string name in Summed)
        {
            sums[name] = sums.GetValueOrDefault(name) + Value(line, name);
        }

        programs.Add((string?)line["program"] ?? "?");
        HasHang |= line["hang"] is not null;
        foreach ((string reason, JsonNode? count) in line["fallbacks"]?.AsObject() ?? [])
        {
            fallbacks[reason] = fallbacks.GetValueOrDefault(reason) + (long)count!;
        }

        foreach (JsonNode? step in line["latencies"]?.AsArray() ?? [])
        {
            latencies ??= new LongHistogram(TimeStamp.Hours(1), SignificantDigits);
            latencies.RecordValueWithCount(Math.Max(1, (long)step![0]!), (long)step[1]!);
        }
    }

    private static JsonObject? Parse(ReadOnlySpan<byte> line)
    {
        try
        {
            return JsonNode.Parse(line) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static long Value(JsonObject line, string name) => (long?)line[name] ?? 0;
}
