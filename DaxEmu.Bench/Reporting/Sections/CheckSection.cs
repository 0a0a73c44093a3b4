using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Reporting.Pages;

namespace DaxEmu.Bench.Reporting.Sections;

/// <summary>What schedules of small scenarios were searched.</summary>
internal static class CheckSection
{
    public static IEnumerable<Block> Of(IReadOnlyList<Named<CheckDocument>> files)
    {
        yield return new Heading(2, "Check: schedules of small scenarios");
        IReadOnlyList<ShardGroup<CheckDocument>> groups = ShardGroup<CheckDocument>.Of(
            files, d => d.Shard, d => $"{d.Profile}|{d.Strategy}|{d.PreemptionBound}|{d.ScenarioSizes}|{d.Seed}|{d.MaxSchedules}|{d.ScenariosInAll}");
        foreach (Block warning in groups.SelectMany(g => g.Warnings))
        {
            yield return warning;
        }

        yield return new DataTable(3, ["run", "profile", "outcome", "scenarios", "of", "seen whole", "schedules"], [.. groups.Select(g => (IReadOnlyList<string>)
        [
            g.Name,
            g.Parts[0].Profile,
            Outcome(g),
            Numbers.Whole(g.Parts.Sum(p => (long)p.ScenariosChecked)),
            Numbers.Whole(g.Parts[0].ScenariosInAll ?? g.Parts[0].Scenarios),
            Numbers.Whole(g.Parts.Sum(p => (long)p.ScenariosSeenWhole)),
            Numbers.Whole(g.Parts.Sum(p => (double)p.Schedules)),
        ])]);
        yield return new DataTable(2, ["run", "strategy", "preemptions", "atomic steps", "pruned", "cut off", "seconds"], [.. groups.Select(g => (IReadOnlyList<string>)
        [
            g.Name,
            g.Parts[0].Strategy,
            g.Parts[0].PreemptionBound is { } bound ? Numbers.Whole(bound) : "any",
            Numbers.Short(g.Parts.Sum(p => (double)p.AtomicSteps)),
            Numbers.Short(g.Parts.Sum(p => (double)p.Pruned)),
            Numbers.Whole(g.Parts.Sum(p => (long)p.ScenariosCutOff)),
            Numbers.Fixed(g.Parts.Sum(p => p.Seconds), 1),
        ])]);
        foreach (CheckDocument failed in groups.SelectMany(g => g.Parts).Where(p => p.Failure is not null))
        {
            yield return new Heading(3, $"{failed.Profile}: {failed.Failure} in scenario {failed.Scenario}");
            yield return new Listing(string.Join('\n', failed.Trace));
            if (failed.Schedule is { } schedule)
            {
                yield return new Paragraph($"Again: daxemu check --replay {schedule}");
            }
        }
    }

    // All parts must have passed, the control of each included; and none may be missing.
    private static string Outcome(ShardGroup<CheckDocument> group) => group.Parts.Any(p => p.Outcome == "fail") ? "fail"
        : group.IsMissing ? "incomplete"
        : group.Parts.Select(p => p.Outcome).FirstOrDefault(o => o != "pass") ?? "pass";
}
