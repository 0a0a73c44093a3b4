using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Documents;

namespace DaxEmu.Bench.Reporting.Sections;

/// <summary>What stands against a comparison.</summary>
internal static class EnvironmentDifferences
{
    private static readonly (string Name, Func<BenchDocument, string?> Value)[] Facts =
    [
        ("the processor", d => d.Environment?.CpuModel),
        ("the number of CPUs", d => d.Environment?.Cpus.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        ("the kernel", d => d.Environment?.Kernel),
        ("the runtime", d => d.Environment?.Runtime),
        ("the file system", d => d.Environment?.FileSystem),
        ("MAP_SYNC", d => d.Environment?.MapSync.ToString()),
        ("the device's size", d => d.GlobalOptions is { } options ? SizeText.Format(options.Size) : null),
        ("the policy", d => d.GlobalOptions?.Policy),
        ("the pages of the tables", d => d.GlobalOptions?.TablePages),
        ("the runtime of a case", d => d.GlobalOptions is { } options ? $"{options.RuntimeMs} ms" : null),
    ];

    /// <summary>A text for each fact that is not the same in all documents.</summary>
    public static IEnumerable<string> Of(IReadOnlyList<BenchDocument> documents) =>
        from fact in Facts
        let values = documents.Select(d => fact.Value(d) ?? "unknown").Distinct().ToArray()
        where values.Length > 1
        select $"{fact.Name} ({string.Join(", ", values)})";
}
