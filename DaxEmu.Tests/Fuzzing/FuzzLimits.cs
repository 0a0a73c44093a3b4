namespace DaxEmu.Tests.Fuzzing;

/// <summary>What a case may cost.</summary>
/// <param name="Time">The longest time of a case.</param>
/// <param name="StopTime">The longest time from the request to stop to the end.</param>
/// <param name="MemoryBytes">The most memory that a case may add, at its peak.</param>
internal sealed record FuzzLimits(TimeSpan Time, TimeSpan StopTime, long MemoryBytes)
{
    /// <summary>What the command promises.</summary>
    public static FuzzLimits Promised { get; } = new(TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(2), 500L << 20);

    /// <summary>A process with so much more than a case may add is killed before the machine has no memory left.</summary>
    public long KillBytes => 2 * MemoryBytes;
}
