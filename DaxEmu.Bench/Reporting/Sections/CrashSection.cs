using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Reporting.Pages;

namespace DaxEmu.Bench.Reporting.Sections;

/// <summary>What power cuts were made, and what they left.</summary>
internal static class CrashSection
{
    public static IEnumerable<Block> Of(IReadOnlyList<Named<CrashDocument>> files)
    {
        yield return new Heading(2, "Crash: power cuts");
        IReadOnlyList<ShardGroup<CrashDocument>> groups = ShardGroup<CrashDocument>.Of(
            files, d => d.Shard, d => $"{d.Workload}|{d.Bug}|{d.Seed}|{d.Points}|{d.CasesOfAllShards}");
        foreach (Block warning in groups.SelectMany(g => g.Warnings))
        {
            yield return warning;
        }

        yield return new DataTable(3, ["run", "workload", "outcome", "cases", "of", "cuts", "distinct states"], [.. groups.Select(g => (IReadOnlyList<string>)
        [
            g.Name,
            g.Parts[0].Workload + (g.Parts[0].Bug is { } bug ? $", {bug}" : string.Empty),
            Outcome(g),
            Numbers.Whole(g.Parts.Sum(p => (long)p.Cases)),
            Numbers.Whole(g.Parts[0].CasesOfAllShards ?? g.Parts[0].CasesInAll),
            Numbers.Whole(g.Parts.Sum(p => (double)p.Cuts)),
            Numbers.Whole(g.Parts.Sum(p => (double)p.DistinctStates)),
        ])]);
        yield return new DataTable(1, ["run", "possible states", "pruned", "sampled cuts", "seconds"], [.. groups.Select(g => (IReadOnlyList<string>)
        [
            g.Name,
            Count(g.Parts.Sum(p => p.States)),
            Count(g.Parts.Sum(p => p.Pruned)),
            Numbers.Whole(g.Parts.Sum(p => (double)p.IncompleteCuts)),
            Numbers.Fixed(g.Parts.Sum(p => p.Seconds), 1),
        ])]);
        foreach (CrashDocument part in groups.SelectMany(g => g.Parts))
        {
            foreach (CrashFailureDocument failure in part.Failures)
            {
                yield return new Heading(3, $"{part.Workload}, case {failure.Case}: power cut {failure.Cut}");
                yield return new Paragraph(failure.Message);
                yield return CourseOf(failure);
                yield return new Paragraph($"Again: daxemu crash --workload {part.Workload}{(part.Bug is { } bug ? $" --bug {bug}" : string.Empty)} --replay {failure.Replay}");
            }
        }
    }

    /// <summary>What was done before the cut, and which stores it lost.</summary>
    public static Listing CourseOf(CrashFailureDocument failure) => new(string.Join('\n', [.. failure.Steps, .. failure.Lost.Select(l => "lost: " + l)]));

    private static string Count(double states) => states < 1e15 ? Numbers.Whole(states) : states.ToString("0.###e0", System.Globalization.CultureInfo.InvariantCulture);

    private static string Outcome(ShardGroup<CrashDocument> group) => group.Parts.Any(p => p.Failures.Count > 0) ? "fail"
        : group.IsMissing || group.Parts.Any(p => !p.Complete) ? "incomplete"
        : "pass";
}
