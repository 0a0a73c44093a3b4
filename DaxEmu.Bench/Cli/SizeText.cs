using System.Globalization;

namespace DaxEmu.Bench.Cli;

/// <summary>Sizes as people write them: <c>512m</c>, <c>64G</c>, <c>4KiB</c>, <c>0x1000</c>; base 1024.</summary>
internal static class SizeText
{
    /// <summary>The largest device: what the addresses of a process hold with its tables beside it.</summary>
    public const long MostBytes = 16L << 40;

    private const string Suffixes = "kmgt";
    private const string Binary = "ib";
    private const int WholePercent = 100;

    /// <summary>Reads a size in bytes.</summary>
    /// <exception cref="FormatException">It is no size; the message says what one looks like.</exception>
    public static long Parse(string text)
    {
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        int shift = 0;
        if (rest.Length > Binary.Length + 1 && rest.EndsWith(Binary, StringComparison.OrdinalIgnoreCase) && Suffixes.Contains(char.ToLowerInvariant(rest[^3])))
        {
            rest = rest[..^Binary.Length];
        }

        bool isHex = rest.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (rest.Length > 1 && Suffixes.IndexOf(char.ToLowerInvariant(rest[^1])) is var place and >= 0)
        {
            shift = 10 * (place + 1);
            rest = rest[..^1];
        }

        bool isNumber = isHex
            ? ulong.TryParse(rest[2..], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value)
            : ulong.TryParse(rest, NumberStyles.None, CultureInfo.InvariantCulture, out value);
        if (!isNumber || value == 0 || value > (ulong)long.MaxValue >> shift)
        {
            throw new FormatException($"'{text}' is not a size. Write a positive number with an optional suffix k, m, g or t, as in 512m or 4KiB; the base is 1024.");
        }

        return (long)value << shift is var bytes and <= MostBytes
            ? bytes
            : throw new FormatException($"'{text}' is more than {Format(MostBytes)}, the largest size.");
    }

    /// <summary>Reads a size, or a share of something in percent: <c>50%</c>.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static SizeOrShare ParseShare(string text) => !text.EndsWith('%') ? new SizeOrShare(Parse(text), null)
        : int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int percent) && percent is > 0 and <= WholePercent
        ? new SizeOrShare(null, percent)
        : throw new FormatException($"'{text}' is not a share. Write a whole number from 1% to 100%, or a size, as in 512m.");

    /// <summary>The shortest form without a fraction: <c>2m</c>, <c>4k</c>, <c>4097</c>.</summary>
    public static string Format(long bytes)
    {
        int suffix = -1;
        long value = bytes;
        while (value >= 1024 && value % 1024 == 0 && suffix < Suffixes.Length - 1)
        {
            value /= 1024;
            suffix++;
        }

        return value.ToString(CultureInfo.InvariantCulture) + (suffix < 0 ? string.Empty : Suffixes[suffix]);
    }
}
