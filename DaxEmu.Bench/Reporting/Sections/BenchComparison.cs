using System.Globalization;
using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Reporting.Pages;
using DaxEmu.Bench.Reporting.Statistics;

namespace DaxEmu.Bench.Reporting.Sections;

/// <summary>Benchmark runs of several builds, beside the first.</summary>
internal static class BenchComparison
{
    public static IEnumerable<Block> Of(IReadOnlyList<Named<BenchDocument>> files, int repeats)
    {
        if (files.Count % repeats != 0 || files.Count == repeats)
        {
            throw new FormatException(string.Create(
                CultureInfo.InvariantCulture,
                $"--repeats {repeats} takes benchmark files in groups of {repeats}, two groups or more, and there are {files.Count}."));
        }

        Named<BenchDocument>[][] builds = [.. files.Chunk(repeats)];
        return builds.Skip(1).SelectMany(after => Pair(builds[0], after));
    }

    private static IEnumerable<Block> Pair(Named<BenchDocument>[] before, Named<BenchDocument>[] after)
    {
        string names = $"{NamesOf(before)} and {NamesOf(after)}";
        yield return new Heading(2, $"Comparison: {names}");
        foreach (string difference in EnvironmentDifferences.Of([.. before.Concat(after).Select(f => f.Document)]))
        {
            yield return new Warning($"The environments differ, so differences may be theirs: {difference}.");
        }

        var comparison = RunComparison.Of([.. before.Select(f => Samples(f.Document))], [.. after.Select(f => Samples(f.Document))]);
        if (comparison.Engines.Count == 0)
        {
            yield return new Paragraph("There is no engine that is judged and has the same case in all files.");
            yield break;
        }

        yield return new Paragraph(Sum(comparison));
        yield return new DataTable(1, ["engine", "cases", "time, %", "from", "to", "verdict"], [.. comparison.Engines.Select(d => (IReadOnlyList<string>)
        [
            d.Engine,
            Numbers.Whole(comparison.Cases.Count(c => c.Engine == d.Engine)),
            .. Cells(d),
        ])]);
        yield return new Paragraph(Method(comparison));
        foreach (IGrouping<string, Difference> engine in comparison.Cases.GroupBy(d => d.Engine))
        {
            yield return new DataTable(1, [engine.Key, "time, %", "from", "to", "verdict"], [.. engine.Select(d => (IReadOnlyList<string>)[d.Case!, .. Cells(d)])]);
        }

        if (comparison.Cases.Any(d => d.Verdict == Verdict.Suspect))
        {
            yield return new Paragraph("Suspect: more than noise, but in one run of each build. Run each build three times, and give --repeats 3: a run has bad luck in one case now and then.");
        }
    }

    private static string NamesOf(Named<BenchDocument>[] build) => string.Join(", ", build.Select(f => f.Name));

    private static string[] Cells(Difference difference) => double.IsInfinity(difference.Margin)
        ? [Numbers.ChangeInPercent(difference.Ratio), "-", "-", "not judged"]
        : [Numbers.ChangeInPercent(difference.Ratio), Numbers.ChangeInPercent(difference.Low), Numbers.ChangeInPercent(difference.High), difference.Verdict.ToString().ToLowerInvariant()];

    private static string Sum(RunComparison comparison)
    {
        IEnumerable<string> each = comparison.Engines.Select(d => d.Verdict switch
        {
            Verdict.Noise => $"{d.Engine}: no difference; all that lies between {Numbers.Change(d.Low)} and {Numbers.Change(d.High)} is noise of these runs",
            Verdict.Unjudged => $"{d.Engine}: not judged, since there is no engine whose code is the same in all builds (such as locked-radix), no second case and no repeated run",
            _ => $"{d.Engine}: {d.Verdict.ToString().ToLowerInvariant()}: its time changed by {Numbers.Change(d.Ratio)} ({Numbers.Change(d.Low)} to {Numbers.Change(d.High)})",
        });
        return string.Join(". ", each) + ".";
    }

    private static string Method(RunComparison comparison)
    {
        string machine = comparison.Controls.Count == 0
            ? "Nothing says what the machine itself did."
            : $"What {string.Join(" and ", comparison.Controls)} changed by ({Numbers.Change(comparison.Drift)}) is the machine's, and is taken out.";
        string repeats = comparison.Repeats > 1
            ? $"How far runs of one build lie apart is known from {comparison.Repeats} runs of each."
            : "How far two runs of one build lie apart is estimated from them and from the rounds.";
        return $"Time for each fault or unit, all cases together above, each below. {machine} {repeats} The intervals hold together in at least 95 of 100 comparisons.";
    }

    // Quiet rounds where they are known: what other programs take away is hardly in them.
    private static IReadOnlyList<Sample> Samples(BenchDocument document) =>
    [
        .. from job in document.Jobs
           where BenchSection.HasFigures(job)
           let rounds = job.NsPerFaultQuietRounds ?? job.NsPerFaultRounds ?? [job.NsPerFault!.Value]
           let times = rounds.Where(ns => ns > 0 && double.IsFinite(ns)).ToArray()
           where times.Length > 0
           group new Sample($"{BenchSection.KindOf(job)}, {job.Numjobs} job{(job.Numjobs == 1 ? string.Empty : "s")}", job.Engine, times) by (BenchSection.KindOf(job), job.Numjobs, job.Engine) into same
           select same.First(),
    ];
}
