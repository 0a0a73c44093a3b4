namespace DaxEmu.Bench.Benchmark.RealMemory;

/// <summary>A figure of real memory, beside the one that it is judged by.</summary>
/// <param name="Name">What is measured.</param>
/// <param name="Nanoseconds">The median.</param>
/// <param name="Floor">What it is compared with; null where the limit is one of time.</param>
/// <param name="FloorNanoseconds">The median of that, from the same run.</param>
/// <param name="Limit">The most that the ratio may be, or the nanoseconds.</param>
internal sealed record RealMemoryCase(string Name, double Nanoseconds, string? Floor, double FloorNanoseconds, double Limit)
{
    /// <summary>Time over time; the nanoseconds themselves where there is no floor.</summary>
    public double Ratio => Floor is null ? Nanoseconds : Nanoseconds / FloorNanoseconds;

    /// <summary>Whether it is within the limit.</summary>
    public bool IsWithin => Ratio <= Limit;
}
