using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Reporting.Pages;

namespace DaxEmu.Bench.Reporting.Sections;

/// <summary>How soaks went over time, and what they found.</summary>
internal static class SoakSection
{
    private const double BytesPerMiB = 1 << 20;

    public static IEnumerable<Block> Of(IReadOnlyList<Named<SoakDocument>> files)
    {
        yield return new Heading(2, "Soak");
        IReadOnlyList<ShardGroup<SoakDocument>> groups = ShardGroup<SoakDocument>.Of(
            files, d => d.Shard, d => $"{d.Mmu}|{d.Profile}|{d.Seed}|{d.Numjobs}|{d.Size}");
        foreach (Block warning in groups.SelectMany(g => g.Warnings))
        {
            yield return warning;
        }

        yield return new DataTable(3, ["run", "profile", "outcome", "operations", "seconds", "checks", "findings"], [.. groups.Select(g => (IReadOnlyList<string>)
        [
            g.Name,
            g.Parts[0].Profile + (g.Parts[0].Mmu is { } mmu ? $", {mmu}" : string.Empty),
            Outcome(g),
            Numbers.Whole(g.Parts.Sum(p => (double)p.Operations)),
            Numbers.Fixed(g.Parts.Sum(p => p.Seconds), 1),
            Numbers.Whole(g.Parts.Sum(p => (double)(p.QuiescentPoints ?? p.PagesAtEnd ?? 0))),
            Numbers.Whole(g.Parts.Sum(p => p.Findings.Count)),
        ])]);
        foreach (Block block in files.SelectMany(f => Course(f.Name, f.Document)))
        {
            yield return block;
        }

        foreach (Block block in Operations(groups))
        {
            yield return block;
        }

        foreach (Block block in files.SelectMany(f => Findings(f.Name, f.Document)))
        {
            yield return block;
        }
    }

    private static IEnumerable<Block> Course(string name, SoakDocument soak)
    {
        if (soak.Samples.Count < 2)
        {
            yield break;
        }

        yield return new Heading(3, $"Course: {name}");
        yield return new Figure($"{name}: operations a second over time", isDark => Plots.Lines(
            isDark, [new Series("operations", [.. soak.Samples.Select(s => (s.Seconds, s.OperationsPerSecond))])], "seconds", "Operations a second", hasLogarithms: false));
        yield return new Figure($"{name}: memory over time", isDark => Plots.Lines(
            isDark,
            [
                new Series("resident", [.. soak.Samples.Select(s => (s.Seconds, s.ResidentBytes / BytesPerMiB))]),
                new Series("managed heap", [.. soak.Samples.Select(s => (s.Seconds, s.ManagedBytes / BytesPerMiB))]),
            ],
            "seconds",
            "Memory, MiB",
            hasLogarithms: false));
        SoakSampleDocument first = soak.Samples[0];
        SoakSampleDocument last = soak.Samples[^1];
        yield return new DataTable(1, ["", "first", "least", "most", "last"],
        [
            ["operations a second", .. Summary(soak, s => s.OperationsPerSecond, Numbers.Short)],
            ["resident memory", .. Summary(soak, s => s.ResidentBytes, Numbers.Bytes)],
            ["managed heap", .. Summary(soak, s => s.ManagedBytes, Numbers.Bytes)],
        ]);
        yield return new Paragraph(
            $"From second {Numbers.Fixed(first.Seconds, 0)} to {Numbers.Fixed(last.Seconds, 0)} the resident memory changed by {Numbers.Change((double)last.ResidentBytes / Math.Max(1, first.ResidentBytes))}. "
            + $"{soak.Stalls} stalls. {soak.Machine.CpuModel ?? "A processor"}, {soak.Machine.Cpus} CPUs, {soak.Machine.System}, {soak.Machine.Runtime}.");
    }

    private static string[] Summary(SoakDocument soak, Func<SoakSampleDocument, double> value, Func<double, string> text) =>
    [
        text(value(soak.Samples[0])),
        text(soak.Samples.Min(value)),
        text(soak.Samples.Max(value)),
        text(value(soak.Samples[^1])),
    ];

    private static IEnumerable<Block> Operations(IReadOnlyList<ShardGroup<SoakDocument>> groups)
    {
        foreach (ShardGroup<SoakDocument> group in groups)
        {
            yield return new Heading(3, $"Operations: {group.Name}");
            yield return new DataTable(1, ["operation", "times"], [.. group.Parts
                .SelectMany(p => p.OperationsByKind)
                .GroupBy(k => k.Key, (key, counts) => (IReadOnlyList<string>)[key.Replace('_', ' '), Numbers.Whole(counts.Sum(c => (double)c.Value))])]);
        }
    }

    private static IEnumerable<Block> Findings(string name, SoakDocument soak)
    {
        foreach (SoakFindingDocument finding in soak.Findings)
        {
            yield return new Heading(3, $"{name}: {finding.Kind}");
            yield return new Listing(finding.Text);
            yield return new Paragraph($"Again: {soak.Again}");
        }
    }

    private static string Outcome(ShardGroup<SoakDocument> group) =>
        group.Parts.Select(p => p.Outcome).FirstOrDefault(o => o is "hang" or "corrupt")
        ?? (group.IsMissing ? "incomplete" : group.Parts.Select(p => p.Outcome).FirstOrDefault(o => o != "clean") ?? "clean");
}
