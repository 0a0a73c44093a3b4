using System.Text.RegularExpressions;
using DaxEmu.Tests.Support;

namespace DaxEmu.Tests.CApi;

/// <summary>daxemu.h, as far as it can be compared with the code: functions, structs and constants.</summary>
internal sealed partial class CHeader
{
    private CHeader(string text)
    {
        string code = Comment().Replace(text, " ");
        Functions = Function().Matches(code).ToDictionary(m => m.Groups["name"].Value, m => new CFunction(
            Tidy(m.Groups["result"].Value),
            [.. m.Groups["parameters"].Value.Split(',').Select(Parameter).Where(p => p != "void")]));
        Structs = Struct().Matches(code).ToDictionary(
            m => m.Groups["name"].Value, m => (IReadOnlyList<string>)[.. Field().Matches(m.Groups["fields"].Value).Select(f => f.Groups[1].Value)]);
        Constants = Constant().Matches(code).ToDictionary(m => m.Groups["name"].Value, m => Convert.ToInt64(
            m.Groups["value"].Value, m.Groups["value"].Value.StartsWith("0x", StringComparison.Ordinal) ? 16 : 10));
    }

    /// <summary>Where it lies.</summary>
    public static string FilePath { get; } = Path.Combine(Solution.Root, "DaxEmu.Core", "CApi", "daxemu.h");

    /// <summary>The header of the source tree.</summary>
    public static CHeader Current { get; } = new(File.ReadAllText(FilePath));

    public IReadOnlyDictionary<string, CFunction> Functions { get; }

    public IReadOnlyDictionary<string, IReadOnlyList<string>> Structs { get; }

    public IReadOnlyDictionary<string, long> Constants { get; }

    /// <summary>A header of some text.</summary>
    public static CHeader Of(string text) => new(text);

    // The type without the name of the parameter: a star belongs to the type.
    private static string Parameter(string text) => text.Trim() == "void" ? "void" : Tidy(ParameterName().Replace(text.Trim(), string.Empty));

    private static string Tidy(string type) => Spaces().Replace(type.Replace("*", " * ", StringComparison.Ordinal), " ").Replace("* *", "**", StringComparison.Ordinal).Trim();

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"^(?<result>(?:const )?\w+ \**)(?<name>daxemu_\w+)\((?<parameters>[^)]*)\);", RegexOptions.Multiline)]
    private static partial Regex Function();

    [GeneratedRegex(@"typedef struct (?<name>daxemu_\w+) \{(?<fields>[^}]*)\}")]
    private static partial Regex Struct();

    [GeneratedRegex(@"(\w+)(?:\[\d+\])?;")]
    private static partial Regex Field();

    [GeneratedRegex(@"^#define (?<name>DAXEMU_\w+) (?<value>0x[0-9a-fA-F]+|\d+)u?\s*$", RegexOptions.Multiline)]
    private static partial Regex Constant();

    [GeneratedRegex(@"\b\w+$")]
    private static partial Regex ParameterName();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}

/// <summary>A function of a header.</summary>
/// <param name="Result">Its type.</param>
/// <param name="Parameters">The types of its parameters.</param>
internal sealed record CFunction(string Result, IReadOnlyList<string> Parameters)
{
    public override string ToString() => $"{Result} ({string.Join(", ", Parameters)})";
}
