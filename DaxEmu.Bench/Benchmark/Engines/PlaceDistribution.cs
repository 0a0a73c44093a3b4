using System.Globalization;
using MathNet.Numerics;
using MathNet.Numerics.Distributions;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>Which places are accessed how often, in fio's words: <c>zipf:1.1</c>, <c>pareto:0.2</c>, <c>normal:10</c>, <c>zoned:60/10:40/90</c>.</summary>
internal sealed class PlaceDistribution
{
    // A slice is drawn from in so many parts at most; inside a part places are as likely as each other.
    private const int MostParts = 1 << 20;
    private const double GoldenRatio = 0.6180339887498949;
    private const string DefaultZipf = "1.1";
    private const string DefaultPareto = "0.2";

    private readonly Func<int, double[]> weights;
    private readonly bool isScattered;

    private PlaceDistribution(string text, Func<int, double[]> weights, bool isScattered)
    {
        Text = text;
        this.weights = weights;
        this.isScattered = isScattered;
    }

    /// <summary>As it is written.</summary>
    public string Text { get; }

    /// <summary>Reads a distribution; null for <c>random</c>, by which each place comes as often as any other.</summary>
    /// <exception cref="FormatException">It is none; the message names those that are.</exception>
    public static PlaceDistribution? Parse(string text)
    {
        string[] words = text.Split(':', 2);
        string? value = words.Length > 1 ? words[1] : null;
        return words[0].ToUpperInvariant() switch
        {
            "RANDOM" when value is null => null,
            "ZIPF" when Number(value ?? DefaultZipf, 0, 100) is { } theta => new(text, parts => Zipf(parts, theta), isScattered: true),
            "PARETO" when Number(value ?? DefaultPareto, 0, 1) is { } power && power < 1 => new(text, parts => Pareto(parts, power), isScattered: true),
            "NORMAL" or "GAUSS" when value is not null && Number(value, 0, 100) is { } percent => new(text, parts => Bell(parts, percent), isScattered: false),
            "ZONED" when value is not null && Zones(value) is { } zones => new(text, parts => Steps(parts, zones), isScattered: false),
            _ => throw new FormatException(
                $"'{text}' is not a distribution of places. Write random, zipf:{DefaultZipf} (more than 0), pareto:{DefaultPareto} (from 0 to 1), normal:10 (percent) or zoned:60/10:40/90 (accesses/places, each 100 in all)."),
        };
    }

    /// <summary>Places, without an end.</summary>
    /// <param name="count">How many there are.</param>
    /// <param name="random">Where chance comes from.</param>
    public IEnumerable<long> Draw(long count, Random random)
    {
        int parts = (int)Math.Min(count, MostParts);
        var likely = new Categorical(weights(parts));
        long step = isScattered ? StepOf(parts) : 1;
        while (true)
        {
#pragma warning disable CA5394 // A benchmark's order must be the same in every run, not secret.
            long part = likely.InverseCumulativeDistribution(random.NextDouble()) * step % parts;
            long first = count * part / parts;
            yield return random.NextInt64(first, Math.Max(first + 1, count * (part + 1) / parts));
#pragma warning restore CA5394
        }
    }

    // With no divisor in common each part comes to a place of its own, and neighbours come far from each other.
    private static long StepOf(int parts)
    {
        long step = Math.Max(1, (long)(parts * GoldenRatio));
        while (Euclid.GreatestCommonDivisor(step, parts) != 1)
        {
            step++;
        }

        return step;
    }

    private static double[] Zipf(int parts, double theta) => [.. Enumerable.Range(1, parts).Select(rank => Math.Pow(rank, -theta))];

    // As fio reads its number: with 0.2, eight of ten accesses go to two of ten places.
    private static double[] Pareto(int parts, double power)
    {
        double exponent = Math.Log(1 - power) / Math.Log(power);
        return Differences(parts, share => Math.Pow(share, exponent));
    }

    private static double[] Bell(int parts, double percent) => Differences(parts, share => Normal.CDF(0.5, percent / 100, share));

    private static double[] Steps(int parts, (double Accesses, double Places)[] zones) => Differences(parts, share =>
    {
        double accesses = 0;
        double places = 0;
        foreach ((double zoneAccesses, double zonePlaces) in zones)
        {
            double inside = Math.Clamp((100 * share) - places, 0, zonePlaces);
            accesses += zoneAccesses * inside / zonePlaces;
            places += zonePlaces;
        }

        return accesses;
    });

    private static double[] Differences(int parts, Func<double, double> below) =>
        [.. Enumerable.Range(0, parts).Select(part => Math.Max(0, below((part + 1.0) / parts) - below((double)part / parts)))];

    private static (double Accesses, double Places)[]? Zones(string text)
    {
        (double? Accesses, double? Places)[] zones = [.. text.Split(':').Select(zone => zone.Split('/') is [var accesses, var places]
            ? (Number(accesses, -1, 100), Number(places, 0, 100))
            : (null, null))];
        return Array.TrueForAll(zones, z => z.Accesses is not null && z.Places is not null) && IsWhole(zones.Sum(z => z.Accesses)) && IsWhole(zones.Sum(z => z.Places))
            ? [.. zones.Select(z => (z.Accesses!.Value, z.Places!.Value))]
            : null;
    }

    private static bool IsWhole(double? percent) => percent is > 99.999 and < 100.001;

    private static double? Number(string text, double above, double most) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value) && value > above && value <= most ? value : null;
}
