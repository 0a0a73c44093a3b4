namespace DaxEmu.Bench.Reporting.Statistics;

/// <summary>One engine on one case in one run.</summary>
/// <param name="Case">The case, the same in each run.</param>
/// <param name="Engine">The engine.</param>
/// <param name="Rounds">A time for each round, all above 0.</param>
internal sealed record Sample(string Case, string Engine, IReadOnlyList<double> Rounds);
