namespace DaxEmu.Core.Checking;

/// <summary>How long a search may go on.</summary>
/// <example><code>CheckOutcome outcome = CheckRunner.SamplePct(scenario, new RunLimits(100_000, TimeSpan.FromSeconds(30)), seed: 1);</code></example>
/// <param name="Schedules">The most schedules.</param>
/// <param name="Time">The longest time, looked at between schedules.</param>
public readonly record struct RunLimits(long Schedules, TimeSpan Time)
{
    /// <summary>As long as the search takes.</summary>
    public static RunLimits None => new(long.MaxValue, TimeSpan.MaxValue);

    internal static RunLimits One => new(1, TimeSpan.MaxValue);
}
