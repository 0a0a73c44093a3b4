using System.Globalization;
using System.Text.Json;
using DaxEmu.Native;
using DaxEmu.Native.Libc;
using HdrHistogram;

namespace DaxEmu.Bench.Benchmark.Engines.Fio;

/// <summary>What one run of fio reports, all of its jobs together.</summary>
/// <param name="Iops">Blocks a second.</param>
/// <param name="TotalIos">Blocks that were moved.</param>
/// <param name="Seconds">Timed seconds.</param>
/// <param name="Latencies">How many blocks took how many nanoseconds.</param>
internal sealed record FioFigures(double Iops, long TotalIos, double Seconds, IReadOnlyDictionary<long, long> Latencies)
{
    /// <summary>Reads fio's output in its form <c>json+</c>.</summary>
    /// <param name="text">The output; notes may stand before the JSON.</param>
    /// <param name="isWrite">Whether it wrote.</param>
    /// <exception cref="DaxEnvironmentException">It is not such output, or fio reports an error in it.</exception>
    public static FioFigures Parse(string text, bool isWrite)
    {
        int start = text.IndexOf('{', StringComparison.Ordinal);
        try
        {
            using JsonDocument document = JsonDocument.Parse(text[Math.Max(0, start)..]);
            JsonElement job = document.RootElement.GetProperty("jobs")[0];
            if (job.GetProperty("error").GetInt32() is not 0 and int error)
            {
                throw new DaxEnvironmentException($"fio ended its job with error {error}", "Run fio alone to see why.", error);
            }

            JsonElement part = job.GetProperty(isWrite ? "write" : "read");
            var latencies = new Dictionary<long, long>();
            foreach (JsonProperty bin in part.GetProperty("clat_ns").GetProperty("bins").EnumerateObject())
            {
                latencies[long.Parse(bin.Name, CultureInfo.InvariantCulture)] = bin.Value.GetInt64();
            }

            return new FioFigures(
                part.GetProperty("iops").GetDouble(), part.GetProperty("total_ios").GetInt64(), part.GetProperty("runtime").GetInt64() / 1000.0, latencies);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or IndexOutOfRangeException)
        {
            throw new DaxEnvironmentException($"fio printed what is not its JSON: {e.Message}", "Use fio 3.", Errno.Einval);
        }
    }

    /// <summary>Adds the latencies to a histogram.</summary>
    public void AddTo(HistogramBase histogram)
    {
        foreach ((long nanoseconds, long count) in Latencies)
        {
            histogram.RecordValueWithCount(Math.Clamp(nanoseconds, 1, histogram.HighestTrackableValue), count);
        }
    }
}
