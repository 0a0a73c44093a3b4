using System.Globalization;
using DaxEmu.Bench.Documents;
using DaxEmu.Bench.Reporting.Pages;
using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;

namespace DaxEmu.Bench.Reporting.Sections;

/// <summary>Throughput over jobs and engines, latencies, fallbacks.</summary>
internal static class BenchSection
{
    private const double Confidence = 0.95;
    private static readonly string[] Percentiles = ["50.000000", "99.000000", "99.900000", "99.990000"];

    // Of repeated runs the first of each build is shown.
    public static IEnumerable<Block> Of(IReadOnlyList<Named<BenchDocument>> files, int repeats) => files.Count > 1
        ? BenchComparison.Of(files, repeats).Concat(files.Where((_, i) => i % repeats == 0).SelectMany(f => OfFile(f.Name, f.Document)))
        : OfFile(files[0].Name, files[0].Document);

    /// <summary>Whether a job has figures.</summary>
    public static bool HasFigures(BenchJob job) => job is { NsPerFault: > 0 and < double.PositiveInfinity, Iops: >= 0 and < double.PositiveInfinity };

    /// <summary>A case without its number of jobs.</summary>
    public static string KindOf(BenchJob job) => $"{job.Bs} {job.Rw} {job.Phase}, {SizeOf(job.Size)}{(job.Mapping == "separate" ? ", separate" : string.Empty)}";

    private static string SizeOf(long bytes) => Cli.SizeText.Format(bytes);

    private static IEnumerable<Block> OfFile(string name, BenchDocument document)
    {
        yield return new Heading(2, $"Benchmark: {name}");
        foreach (Block block in Facts(document))
        {
            yield return block;
        }

        foreach (IGrouping<string, BenchJob> kind in document.Jobs.Where(HasFigures).GroupBy(KindOf))
        {
            foreach (Block block in OfKind(kind.Key, [.. kind]))
            {
                yield return block;
            }
        }

        foreach (Block block in Faults(document))
        {
            yield return block;
        }
    }

    private static IEnumerable<Block> Facts(BenchDocument document)
    {
        if (document.Environment is { } machine && document.GlobalOptions is { } options)
        {
            string sync = machine.MapSync ? "MAP_SYNC" : "no MAP_SYNC";
            string pages = string.Join(" and ", machine.PageSizes.Select(b => SizeOf(b)));
            yield return new Paragraph(string.Create(
                CultureInfo.InvariantCulture,
                $"{machine.CpuModel ?? "A processor"}, {machine.Cpus} CPUs, {(machine.Kernel is null ? "Linux" : $"Linux {machine.Kernel}")}. {machine.Device} on {machine.FileSystem}, {SizeOf(options.Size)}, pages of {pages}, {sync}. "
                + $"{options.Rounds} rounds in {options.RuntimeMs:0} ms, policy {options.Policy}, seed {options.Randseed}. A clock reading costs {machine.TimerCostNs:0.0} ns, which is part of each latency. {document.FioVersion}, {document.Time} UTC."));
        }

        string[] noisy = [.. document.Jobs.Where(j => j.ControlIsGood == false).Select(j => $"{KindOf(j)}, {j.Numjobs} jobs").Distinct()];
        if (noisy.Length > 0)
        {
            yield return new Warning($"The CPUs were not the jobs' own: by the control, work in registers took longer for several jobs than for one. Do not judge by: {string.Join("; ", noisy)}.");
        }

        if (document.Jobs.Any(j => j.Refused is not null))
        {
            yield return new Bullets([.. document.Jobs.Where(j => j.Refused is not null).Select(j => $"{j.Jobname}: left out, since {j.Refused}.")]);
        }
    }

    private static IEnumerable<Block> OfKind(string name, BenchJob[] jobs)
    {
        yield return new Heading(3, name);
        string[] engines = [.. jobs.Select(j => j.Engine).Distinct()];
        int[] counts = [.. jobs.Select(j => j.Numjobs).Distinct().Order()];
        string unit = jobs[0].Phase is "refault" or "insert" ? "Faults" : "Units";
        yield return counts.Length > 1
            ? new Figure($"{name}: {unit.ToLowerInvariant()} a second over jobs", isDark => Plots.Lines(
                isDark,
                [.. engines.Select(e => new Series(e, [.. jobs.Where(j => j.Engine == e).OrderBy(j => j.Numjobs).Select(j => ((double)j.Numjobs, j.Iops!.Value))]))],
                "jobs",
                $"{unit} a second",
                hasLogarithms: true,
                [.. counts.Select(c => ((double)c, c.ToString(CultureInfo.InvariantCulture)))]))
            : new Figure($"{name}: nanoseconds for each", isDark => Plots.Bars(
                isDark, engines, ["ns"], (engine, _) => jobs.First(j => j.Engine == engines[engine]).NsPerFault, "ns each", hasLogarithms: true));
        yield return new DataTable(1, ["engine", "jobs", "a second", "ns each", "+- 95 %", "x radix"], [.. jobs.Select(j => (IReadOnlyList<string>)
        [
            j.Engine,
            Numbers.Whole(j.Numjobs),
            Numbers.Short(j.Iops!.Value),
            Numbers.Time(j.NsPerFault!.Value),
            Margin(j),
            j.Ratios?.GetValueOrDefault("locked-radix") is { } ratio ? Numbers.Fixed(ratio, 2) : "-",
        ])]);
        BenchJob[] timed = [.. jobs.Where(j => j.ClatNs is { N: > 0, Percentile: not null })];
        if (timed.Length == 0)
        {
            yield break;
        }

        foreach (int count in counts.Where(c => timed.Any(j => j.Numjobs == c)).Take(1))
        {
            string jobsText = count == 1 ? "1 job" : $"{count} jobs";
            yield return new Figure($"{name}, {jobsText}: latency in nanoseconds by percentile", isDark => Plots.Lines(
                isDark,
                [.. timed.Where(j => j.Numjobs == count).Select(j => new Series(j.Engine, [.. PercentilesOf(j).Select((p, i) => ((double)i, (double)p.Ns))]))],
                "percentile",
                "Latency, ns",
                hasLogarithms: true,
                [.. PercentilesOf(timed.First(j => j.Numjobs == count)).Select((p, i) => ((double)i, p.Name))]));
        }

        yield return new DataTable(1, ["latency, ns", "jobs", .. Percentiles.Select(NameOf), "max"], [.. timed.Select(j => (IReadOnlyList<string>)
        [
            j.Engine,
            Numbers.Whole(j.Numjobs),
            .. Percentiles.Select(p => j.ClatNs!.Percentile!.TryGetValue(p, out long ns) ? Numbers.Short(ns) : "-"),
            Numbers.Short(j.ClatNs!.Max),
        ])]);
    }

    // As fio names them, without the zeroes.
    private static string NameOf(string percentile) => "p" + percentile.TrimEnd('0').TrimEnd('.');

    private static IEnumerable<(string Name, long Ns)> PercentilesOf(BenchJob job) => job.ClatNs!.Percentile!
        .Select(p => (Name: NameOf(p.Key), Ns: p.Value, At: double.TryParse(p.Key, NumberStyles.Float, CultureInfo.InvariantCulture, out double at) ? at : 0))
        .OrderBy(p => p.At)
        .Select(p => (p.Name, p.Ns));

    // Of the rounds' mean, by Student's distribution, as a share of it.
    private static string Margin(BenchJob job)
    {
        if (job.NsPerFaultRounds is not { Count: > 1 } rounds)
        {
            return "-";
        }

        double quantile = StudentT.InvCDF(0, 1, rounds.Count - 1, 1 - ((1 - Confidence) / 2));
        return Numbers.Fixed(100 * quantile * rounds.StandardDeviation() / Math.Sqrt(rounds.Count) / rounds.Mean(), 1) + " %";
    }

    private static IEnumerable<Block> Faults(BenchDocument document)
    {
        BenchJob[] jobs = [.. document.Jobs.Where(j => j.Faults is { Fallback.Count: > 0 })];
        if (jobs.Length == 0)
        {
            yield break;
        }

        yield return new Heading(3, "2 MiB faults that fell back, by reason");
        yield return new DataTable(2, ["job", "reason", "faults"], [.. from job in jobs
                                                                      from fallback in job.Faults!.Fallback
                                                                      select (IReadOnlyList<string>)[job.Jobname, fallback.Key, Numbers.Whole(fallback.Value)]]);
    }
}
