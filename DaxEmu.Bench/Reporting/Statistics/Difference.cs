namespace DaxEmu.Bench.Reporting.Statistics;

/// <summary>How an engine's time differs between runs, what the machine itself did taken out.</summary>
/// <param name="Engine">The engine.</param>
/// <param name="Case">The case; null for all cases together, their geometric mean.</param>
/// <param name="Ratio">Time after over time before.</param>
/// <param name="Margin">The interval is from Ratio / Margin to Ratio x Margin; infinite if it is not known.</param>
/// <param name="Verdict">What may be said.</param>
internal sealed record Difference(string Engine, string? Case, double Ratio, double Margin, Verdict Verdict)
{
    /// <summary>The interval's lower end.</summary>
    public double Low => Ratio / Margin;

    /// <summary>The interval's upper end.</summary>
    public double High => Ratio * Margin;
}
