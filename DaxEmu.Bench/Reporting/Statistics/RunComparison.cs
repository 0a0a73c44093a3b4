using MathNet.Numerics.Distributions;
using MathNet.Numerics.Statistics;

namespace DaxEmu.Bench.Reporting.Statistics;

/// <summary>
/// Compares runs of two builds. What runs of one build differ by comes from engines whose code is the same in all builds (controls), or from
/// repeated runs: rounds of one run are too much alike.
/// </summary>
/// <remarks>
/// All figures are logarithms of times. A run's figure is its fastest round, since what disturbs a round makes it longer. From a
/// case's difference the mean of the controls' differences on the same case is taken: the machine's own. docs/reports.md has the rules in words.
/// </remarks>
internal sealed class RunComparison
{
    /// <summary>The part of comparisons without a difference in which one is reported all the same: half for engines, half for cases.</summary>
    public const double Error = 0.05;

    // Below this nothing is said to differ: clocks and layouts of code are not better than that.
    private const double LeastDeviation = 0.005;

    private static readonly string[] Preferred = ["locked-radix", "floor"];
    private static readonly string[] Others = ["kernel", "copy", "fio", "mmf", "mmf-span"];

    private readonly Dictionary<(string Case, string Engine), double[]> before;
    private readonly Dictionary<(string Case, string Engine), double[]> after;
    private readonly Dictionary<(string Case, string Engine), double> roundVariance = [];
    private readonly string[] cases;

    private RunComparison(IReadOnlyList<IReadOnlyList<Sample>> before, IReadOnlyList<IReadOnlyList<Sample>> after)
    {
        Repeats = Math.Min(before.Count, after.Count);
        this.before = Figures(before);
        this.after = Figures(after);
        (string Case, string Engine)[] common = [.. this.before.Keys.Where(this.after.ContainsKey)];
        cases = [.. common.Select(k => k.Case).Distinct()];
        string[] engines = [.. common.Select(k => k.Engine).Distinct()];
        Controls = engines.Intersect(Preferred).Any() ? [.. engines.Intersect(Preferred)] : [.. engines.Intersect(Others)];
        Judged = [.. engines.Except(Preferred).Except(Others)];
        AddRounds(before, common);
        AddRounds(after, common);
        Compare();
    }

    /// <summary>Runs of each build.</summary>
    public int Repeats { get; }

    /// <summary>The engines whose code is the same in all builds, by which the machine is judged.</summary>
    public IReadOnlyList<string> Controls { get; }

    /// <summary>The engines that are judged.</summary>
    public IReadOnlyList<string> Judged { get; }

    /// <summary>Of each judged engine all cases together.</summary>
    public IReadOnlyList<Difference> Engines { get; private set; } = [];

    /// <summary>Of each judged engine each case.</summary>
    public IReadOnlyList<Difference> Cases { get; private set; } = [];

    /// <summary>How much longer the controls took after than before: the machine's own difference.</summary>
    public double Drift { get; private set; } = 1;

    /// <summary>Compares.</summary>
    /// <param name="before">Runs of one build, one or more.</param>
    /// <param name="after">Runs of another.</param>
    public static RunComparison Of(IReadOnlyList<IReadOnlyList<Sample>> before, IReadOnlyList<IReadOnlyList<Sample>> after) => new(before, after);

    private static Dictionary<(string Case, string Engine), double[]> Figures(IReadOnlyList<IReadOnlyList<Sample>> runs) => runs
        .SelectMany(run => run)
        .Where(s => s.Rounds.Count > 0)
        .GroupBy(s => (s.Case, s.Engine))
        .Where(g => g.Count() == runs.Count)
        .ToDictionary(g => g.Key, g => g.Select(s => Math.Log(s.Rounds.Min())).ToArray());

    // How far rounds lie above the fastest, squared, of both sides together: the median round, which no single disturbance moves.
    private void AddRounds(IReadOnlyList<IReadOnlyList<Sample>> runs, (string Case, string Engine)[] keys)
    {
        foreach (Sample sample in runs.SelectMany(run => run).Where(s => s.Rounds.Count > 1 && keys.Contains((s.Case, s.Engine))))
        {
            var key = (sample.Case, sample.Engine);
            double above = Math.Log(sample.Rounds.Median() / sample.Rounds.Min());
            roundVariance[key] = roundVariance.GetValueOrDefault(key) + (above * above / runs.Count / runs.Count);
        }
    }

    private double Raw(string name, string engine) => after[(name, engine)].Mean() - before[(name, engine)].Mean();

    private string[] ControlsOf(string name) => [.. Controls.Where(e => before.ContainsKey((name, e)) && after.ContainsKey((name, e)))];

    private double DriftOf(string name) => ControlsOf(name) is { Length: > 0 } controls ? controls.Select(e => Raw(name, e)).Mean() : 0;

    private void Compare()
    {
        string[] controlled = [.. cases.Where(c => ControlsOf(c).Length > 0)];
        Drift = controlled.Length == 0 ? 1 : Math.Exp(controlled.Select(DriftOf).Mean());
        var engines = new List<Difference>();
        var all = new List<Difference>();
        int tests = cases.Sum(c => Judged.Count(e => before.ContainsKey((c, e)) && after.ContainsKey((c, e))));
        foreach (string engine in Judged)
        {
            string[] own = [.. cases.Where(c => before.ContainsKey((c, engine)) && after.ContainsKey((c, engine)) && (ControlsOf(c).Length > 0 || Controls.Count == 0))];
            if (own.Length == 0)
            {
                continue;
            }

            double[] changes = [.. own.Select(c => Raw(c, engine) - DriftOf(c))];
            (double variance, double freedom) = Repeats > 1 ? OfRepeats(own, engine) : OfControls(own);
            double[] variances = [.. own.Select(c => Math.Max(
                Math.Max(variance, Repeats > 1 ? OfRepeats([c], engine).Variance : OfRounds(c, engine)), LeastDeviation * LeastDeviation))];
            engines.Add(Together(engine, changes, Math.Max(variance, LeastDeviation * LeastDeviation), freedom));
            for (int i = 0; i < own.Length; i++)
            {
                double margin = freedom < 1 ? double.PositiveInfinity : Quantile(freedom, Error / 2 / tests) * Math.Sqrt(variances[i]);
                all.Add(Judge(engine, own[i], changes[i], margin, whenBeyond: Repeats > 1 ? null : Verdict.Suspect));
            }
        }

        (Engines, Cases) = (engines, all);
    }

    // All cases of an engine. They lie apart by chance, and by as much as one of them may: what is more counts.
    private Difference Together(string engine, double[] changes, double variance, double freedom)
    {
        double change = changes.Mean();
        double apart = changes.Length > 1 ? changes.Variance() : 0;
        bool isApart = apart > variance || freedom < 1;
        double degrees = isApart ? changes.Length - 1 : freedom;
        double margin = degrees < 1 || (freedom < 1 && Controls.Count == 0)
            ? double.PositiveInfinity
            : Quantile(degrees, Error / 2 / Judged.Count) * Math.Sqrt(Math.Max(apart, variance) / changes.Length);
        return Judge(engine, name: null, change, margin, whenBeyond: null);
    }

    // Of controls: each against the others on the same case. One alone is judged by what it differs at all.
    private (double Variance, double Freedom) OfControls(string[] own)
    {
        double sum = 0;
        int count = 0;
        double freedom = 0;
        foreach (string name in own)
        {
            string[] controls = ControlsOf(name);
            double[] raw = [.. controls.Select(e => Raw(name, e))];
            double total = raw.Sum();
            foreach (double one in raw)
            {
                double rest = raw.Length > 1 ? one - ((total - one) / (raw.Length - 1)) : Math.Sqrt(2) * one;
                sum += rest * rest;
                count++;
            }

            freedom += Math.Max(1, controls.Length - 1) * (controls.Length > 0 ? 1 : 0);
        }

        return count == 0 ? (0, 0) : (sum / count, freedom);
    }

    // Of repeated runs: how far they lie apart on one side, what their controls did taken out.
    private (double Variance, double Freedom) OfRepeats(string[] own, string engine)
    {
        double sum = 0;
        double freedom = 0;
        double scale = 0;
        foreach (Dictionary<(string Case, string Engine), double[]> side in new[] { before, after })
        {
            foreach (string name in own)
            {
                string[] controls = ControlsOf(name);
                double[] figures = side[(name, engine)];
                double[] corrected = [.. figures.Select((figure, run) => figure - (controls.Length == 0 ? 0 : controls.Select(e => side[(name, e)][run]).Mean()))];
                sum += corrected.Variance() * (corrected.Length - 1);
                freedom += corrected.Length - 1;
            }

            scale += 1.0 / side[(own[0], engine)].Length;
        }

        return (sum / freedom * scale, freedom);
    }

    private double OfRounds(string name, string engine)
    {
        string[] controls = ControlsOf(name);
        return roundVariance.GetValueOrDefault((name, engine))
            + (controls.Length == 0 ? 0 : controls.Sum(e => roundVariance.GetValueOrDefault((name, e))) / controls.Length / controls.Length);
    }

    private static Difference Judge(string engine, string? name, double change, double margin, Verdict? whenBeyond) => new(
        engine,
        name,
        Math.Exp(change),
        Math.Exp(margin),
        double.IsPositiveInfinity(margin) ? Verdict.Unjudged
            : Math.Abs(change) <= margin ? Verdict.Noise
            : whenBeyond ?? (change > 0 ? Verdict.Slower : Verdict.Faster));

    private static double Quantile(double freedom, double error) => StudentT.InvCDF(0, 1, freedom, 1 - (error / 2));
}
