using System.Globalization;
using DaxEmu.Bench.Documents;
using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Crash;

/// <summary>Cases that were run with and without pruning.</summary>
/// <param name="CaseCount">How many were compared.</param>
/// <param name="TooLarge">How many have more than <see cref="MostStates"/> states, and were not.</param>
/// <param name="FailureCount">Of those compared, how many fail.</param>
/// <param name="PrunedRuns">States that were run with pruning.</param>
/// <param name="AllRuns">States that were run without.</param>
/// <param name="Differences">The cases whose verdicts differ.</param>
internal sealed record CrashComparison(
    int CaseCount, int TooLarge, int FailureCount, long PrunedRuns, long AllRuns, IReadOnlyList<string> Differences)
{
    /// <summary>Of a case with more states not every combination is run.</summary>
    public const double MostStates = 1 << 16;

    /// <summary>Runs and compares.</summary>
    public static CrashComparison Of(
        IReadOnlyList<PowerCutTest> cases, PowerCutOptions options, Action<double> progress, CancellationToken cancellation)
    {
        var sum = new CrashComparison(0, 0, 0, 0, 0, []);
        List<string> differences = [];
        for (int i = 0; i < cases.Count && !cancellation.IsCancellationRequested; i++)
        {
            progress((double)i / cases.Count);
            PowerCutReport pruned = PowerCutRunner.Explore(cases[i], options, cancellation);
            if (pruned.PossibleStates > MostStates)
            {
                sum = sum with { TooLarge = sum.TooLarge + 1 };
                continue;
            }

            PowerCutReport all = PowerCutRunner.Explore(cases[i], options with { IsBruteForce = true }, cancellation);
            sum = sum with
            {
                CaseCount = sum.CaseCount + 1,
                FailureCount = sum.FailureCount + all.Failures.Count,
                PrunedRuns = sum.PrunedRuns + pruned.DistinctStates,
                AllRuns = sum.AllRuns + all.DistinctStates,
            };
            if (!cancellation.IsCancellationRequested && Verdict(pruned) != Verdict(all))
            {
                differences.Add($"{cases[i].Name}: {Verdict(pruned)} with pruning, {Verdict(all)} without");
            }
        }

        return sum with { Differences = differences };
    }

    public string ToText() => string.Join('\n', [
        string.Create(CultureInfo.InvariantCulture, $"{CaseCount} cases compared, {FailureCount} of them fail; {TooLarge} have more than {MostStates} states."),
        string.Create(CultureInfo.InvariantCulture, $"{PrunedRuns} states were run with pruning, {AllRuns} without; {Differences.Count} verdicts differ."),
        .. Differences]);

    public CrashComparisonDocument ToDocument() => new()
    {
        Cases = CaseCount,
        TooLarge = TooLarge,
        Failing = FailureCount,
        DistinctStates = PrunedRuns,
        DistinctStatesWithoutPruning = AllRuns,
        Differences = Differences,
    };

    private static string Verdict(PowerCutReport report) => report.Failures.Count == 0 ? "passes"
        : string.Create(CultureInfo.InvariantCulture, $"fails at cut {report.Failures[0].Cut.Number} with {report.Failures[0].Lost.Count} lost");
}
