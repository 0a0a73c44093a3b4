using System.Globalization;

namespace DaxEmu.Tests.Fuzzing.Inputs;

/// <summary>Values at which readers go wrong.</summary>
internal static class Boundary
{
    /// <summary>Numbers around powers of two, page and region sizes, and forms of numbers that are none.</summary>
    public static readonly string[] Numbers =
    [
        "0", "-1", "1", "2", "3", "255", "256", "511", "512", "513", "4095", "4096", "4097", "65536", "1048575", "1048576", "2097151", "2097152",
        "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967295", "4294967296", "1099511627775", "1099511627776",
        "2251799813685247", "2251799813685248", "4503599627370480", "4503599627370495", "4503599627370496", "9007199254740993", "4611686018427387904",
        "9223372036854771712", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
        "18446744073709551616", "1e300", "-1e300", "1e-300", "1e999", "0.5", "-0", "1e2", "00", "+1", "0x10", " 1", "1,", "NaN",
    ];

    /// <summary>Those of <see cref="Numbers"/> that a 64-bit number holds.</summary>
    public static readonly string[] Whole =
        [.. Numbers.Where(n => long.TryParse(n, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) && n[0] != '+' && n != "00")];

    /// <summary>Values of JSON that are no numbers.</summary>
    public static readonly string[] Json =
    [
        "\"x\"", "null", "[]", "{}", "true", "false", "\"\"", "[null]", "[[]]", "{\"a\":{}}", "\"\\u0000\"", "\"\\u001b[31m\"", "\"\\ud800\"", "\"z\"", "\"a\"", "\"m\"",
        "\"u\"", "\"P\"", "\"T\"", "\"H\"", "\"9\"", "[0,0,0,0,0]", "[\"P\",1099511627776,0,1,1]", "[\"P\",0,4503599627370480,1,1]", "[0,0,1048576,\"m\"]", "[0,0,16777216,\"m\"]",
    ];

    /// <summary>Hexadecimal numbers, as trace text has them.</summary>
    public static readonly string[] Hex =
    [
        "0x0", "0x1", "0x1ff", "0x200", "0xfff", "0x1000", "0x7fffffff", "0x80000000", "0xffffffff", "0x100000000", "0x7ffffffff000", "0x800000000000", "0xfffffffffffff",
        "0x10000000000000", "0x7fffffffffffffff", "0x8000000000000000", "0xffffffffffffffff", "0x10000000000000000", "0x", "0xg", "-0x1", "x", "", "0x00000000000000000000000000000001",
    ];

    /// <summary>Text that a terminal obeys, that ends lines or that is no text, as bytes in a string of Latin-1.</summary>
    public static readonly string[] OddText =
    [
        "\0", "\u001b[31m", "\u001b]0;x\u0007", "\u0007", "\b", "\r", "\r\n", "\n", "\n\n", "\t", "\u007f", "\u009b31m", "\u00ef\u00bb\u00bf", "\u00ff\u00fe", "\u00c0\u0080",
        "\u00ed\u00a0\u0080", "\u00f4\u0090\u0080\u0080", "\u00e2\u0080\u00ae", "\u00e2\u0080\u00a8", "\u00c2\u0085", "\u00f0\u009f\u0098\u0080", "%s%n", "'", "\"", "\\", "{0}", "[red]", "[/]",
    ];

    /// <summary>A long run of a character or a word.</summary>
    public static string Long(FuzzRandom random)
    {
        string unit = random.Pick((string[])["9", "0", "x", " ", "[", "{\"a\":", "\u00e2\u0080\u00ae", "1,", "\\u0000", "\""]);
        int length = random.OneIn(40) ? random.Between(1 << 20, 6 << 20) : random.Geometric(64, 1 << 17);
        return string.Concat(Enumerable.Repeat(unit, Math.Max(1, length / unit.Length)));
    }
}
