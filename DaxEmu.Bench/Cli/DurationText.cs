using System.Globalization;

namespace DaxEmu.Bench.Cli;

/// <summary>Durations as people write them: <c>2us</c>, <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>8h</c>; a bare number is seconds, as in fio.</summary>
internal static class DurationText
{
    private static readonly (string Unit, double Seconds)[] Units = [("ns", 1e-9), ("us", 1e-6), ("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400)];

    /// <summary>Reads a duration.</summary>
    /// <exception cref="FormatException">It is none; the message says what one looks like.</exception>
    public static TimeSpan Parse(string text)
    {
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        double seconds = 1;
        foreach ((string unit, double inSeconds) in Units)
        {
            if (rest.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
            {
                rest = rest[..^unit.Length];
                seconds = inSeconds;
                break;
            }
        }

        if (!double.TryParse(rest, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double value)
            || !double.IsFinite(value) || value <= 0 || value * seconds > TimeSpan.MaxValue.TotalSeconds / 2)
        {
            throw new FormatException($"'{text}' is not a duration. Write a positive number with a unit ns, us, ms, s, m or h, as in 500ms or 30s.");
        }

        return TimeSpan.FromTicks(Math.Max(1, (long)Math.Round(value * seconds * TimeSpan.TicksPerSecond)));
    }

    /// <summary>The shortest form without a fraction: <c>300ms</c>, <c>8h</c>.</summary>
    public static string Format(TimeSpan time)
    {
        (string unit, double inSeconds) = Units.Last(u => u.Unit == "ns" || (time.Ticks > 0 && time.Ticks % (long)(u.Seconds * TimeSpan.TicksPerSecond) == 0 && u.Seconds >= 1e-6));
        return ((long)Math.Round(time.TotalSeconds / inSeconds)).ToString(CultureInfo.InvariantCulture) + unit;
    }
}
