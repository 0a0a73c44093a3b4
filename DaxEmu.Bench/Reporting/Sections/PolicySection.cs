using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Reporting.Pages;

namespace DaxEmu.Bench.Reporting.Sections;

/// <summary>What each policy of 2019 costs.</summary>
internal static class PolicySection
{
    private const double Million = 1e6;

    public static IEnumerable<Block> Of(IReadOnlyList<Named<IReadOnlyList<PolicyDocument>>> files) => files.SelectMany(f => OfFile(f.Name, f.Document));

    private static IEnumerable<Block> OfFile(string name, IReadOnlyList<PolicyDocument> rows)
    {
        yield return new Heading(2, $"Policies: {name}");
        string[] policies = [.. rows.Select(r => r.Policy).Distinct()];
        int[] threads = [.. rows.Select(r => r.Threads).Distinct()];
        yield return new Figure($"{name}: faults a second under each policy", isDark => Plots.Bars(
            isDark,
            [.. threads.Select(t => t == 1 ? "1 thread" : $"{t} threads")],
            policies,
            (group, policy) => rows.FirstOrDefault(r => r.Threads == threads[group] && r.Policy == policies[policy])?.FaultsPerSecond,
            "Faults a second",
            hasLogarithms: false));
        yield return new DataTable(1, ["policy", "threads", "faults/s", "x conflict", "waits", "needless", "spurious"], [.. rows.Select(r => (IReadOnlyList<string>)
        [
            r.Policy,
            Numbers.Whole(r.Threads),
            Numbers.Short(r.FaultsPerSecond),
            r.RelativeToConflict is { } ratio ? Numbers.Fixed(ratio, 2) : "-",
            PerMillion(r, r.Waits),
            PerMillion(r, r.NeedlessWaits),
            PerMillion(r, r.SpuriousWakeUps),
        ])]);
        yield return new Paragraph("Waits, needless waits of 2 MiB faults and spurious wake-ups are per million faults.");
        yield return new DataTable(1, ["2 MiB faults", "threads", "served", "fell back", "share served"], [.. rows.Select(r => (IReadOnlyList<string>)
        [
            r.Policy,
            Numbers.Whole(r.Threads),
            Numbers.Whole(r.PmdServed),
            Numbers.Whole(r.PmdFallback),
            Numbers.Fixed(100.0 * r.PmdServed / Math.Max(1, r.PmdServed + (double)r.PmdFallback), 1) + " %",
        ])]);
    }

    private static string PerMillion(PolicyDocument row, long count) => Numbers.Whole(Million * count / Math.Max(1, row.Faults));
}
