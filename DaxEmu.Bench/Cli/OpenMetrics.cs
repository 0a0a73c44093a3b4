using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace DaxEmu.Bench.Cli;

/// <summary>Adds up the counters of a meter and writes them as OpenMetrics text.</summary>
/// <remarks>Written here since the exporters of packages serve the text over HTTP to a scraper, and a run has ended before one comes; the text has four kinds of lines.</remarks>
internal sealed class OpenMetrics : IDisposable
{
    private readonly Lock gate = new();
    private readonly MeterListener listener = new();
    private readonly SortedDictionary<string, (string? Help, SortedDictionary<string, long> Samples)> families = new(StringComparer.Ordinal);

    /// <summary>Adds up from now on.</summary>
    /// <param name="meterName">The meter.</param>
    public OpenMetrics(string meterName)
    {
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == meterName && instrument is Counter<long>)
            {
                Add(instrument.Name, instrument.Description);
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Count(instrument.Name, value, tags));
        listener.Start();
    }

    /// <summary>The text: families and samples in the order of their names, and its end.</summary>
    public string Text()
    {
        var text = new StringBuilder();
        lock (gate)
        {
            foreach ((string name, (string? help, SortedDictionary<string, long> samples)) in families)
            {
                text.Append("# TYPE ").Append(name).Append(" counter\n");
                if (help is not null)
                {
                    text.Append("# HELP ").Append(name).Append(' ').Append(Escaped(help)).Append('\n');
                }

                foreach ((string labels, long value) in samples)
                {
                    text.Append(name).Append("_total").Append(labels).Append(' ').Append(value.ToString(CultureInfo.InvariantCulture)).Append('\n');
                }
            }
        }

        return text.Append("# EOF\n").ToString();
    }

    /// <inheritdoc/>
    public void Dispose() => listener.Dispose();

    private static string NameOf(string instrument) => instrument.Replace('.', '_');

    private static string Escaped(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private void Add(string instrument, string? help)
    {
        lock (gate)
        {
            families.TryAdd(NameOf(instrument), (help, new SortedDictionary<string, long>(StringComparer.Ordinal)));
        }
    }

    private void Count(string instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string labels = tags.Length == 0 ? string.Empty : Labels(tags);
        lock (gate)
        {
            SortedDictionary<string, long> samples = families[NameOf(instrument)].Samples;
            samples[labels] = samples.GetValueOrDefault(labels) + value;
        }
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var text = new StringBuilder("{");
        foreach ((string key, object? value) in tags)
        {
            text.Append(text.Length > 1 ? "," : string.Empty).Append(key).Append("=\"")
                .Append(Escaped(Convert.ToString(value, CultureInfo.InvariantCulture) ?? string.Empty)).Append('"');
        }

        return text.Append('}').ToString();
    }
}
