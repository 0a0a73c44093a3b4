using System.Globalization;

namespace DaxEmu.Bench.Reporting.Pages;

/// <summary>Numbers as pages show them.</summary>
internal static class Numbers
{
    private const double MostFactor = 1000;

    private static readonly (double From, string Unit)[] Units = [(1e12, " T"), (1e9, " G"), (1e6, " M"), (1e3, " k")];

    /// <summary>Three digits and a unit: <c>1.23 M</c>.</summary>
    public static string Short(double value)
    {
        foreach ((double from, string unit) in Units)
        {
            if (Math.Abs(value) >= from)
            {
                return Digits(value / from) + unit;
            }
        }

        return Digits(value);
    }

    /// <summary>A whole number with groups of three digits.</summary>
    public static string Whole(double value) => value.ToString("#,0", CultureInfo.InvariantCulture);

    /// <summary>Nanoseconds.</summary>
    public static string Time(double ns) => ns >= 10_000 ? Short(ns) : ns.ToString(ns >= 1 ? "0.0" : "0.0000", CultureInfo.InvariantCulture);

    /// <summary>Bytes, as <c>1.5 GiB</c>.</summary>
    public static string Bytes(double bytes) => bytes >= 1L << 30 ? Digits(bytes / (1L << 30)) + " GiB"
        : bytes >= 1 << 20 ? Digits(bytes / (1 << 20)) + " MiB"
        : bytes >= 1 << 10 ? Digits(bytes / (1 << 10)) + " KiB"
        : Whole(bytes) + " B";

    /// <summary>A ratio as a change: <c>+3.1 %</c>; from ten on as a factor.</summary>
    public static string Change(double ratio) => ratio >= MostFactor ? "> x 1000" : ratio >= 10 ? "x " + Short(ratio) : ((ratio - 1) * 100).ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture) + " %";

    /// <summary>The same without the sign, for a column whose head has it.</summary>
    public static string ChangeInPercent(double ratio) => Change(ratio).TrimEnd('%').TrimEnd();

    /// <summary>A fixed number of digits behind the point.</summary>
    public static string Fixed(double value, int digits) => value.ToString("F" + digits.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static string Digits(double value) => value.ToString(
        Math.Abs(value) switch { >= 100 => "0", >= 10 => "0.#", _ => "0.##" }, CultureInfo.InvariantCulture);
}
