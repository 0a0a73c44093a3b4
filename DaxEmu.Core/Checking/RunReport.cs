namespace DaxEmu.Core.Checking;

/// <summary>Why a series of schedules ended.</summary>
internal enum StopReason
{
    /// <summary>The strategy had no more.</summary>
    StrategyIsDone,

    /// <summary>One failed.</summary>
    Failed,

    /// <summary>As many schedules as allowed.</summary>
    ScheduleLimit,

    /// <summary>As long as allowed.</summary>
    TimeLimit,

    /// <summary>The caller gave up.</summary>
    Cancelled,
}

/// <summary>How long a series of schedules may go on.</summary>
/// <param name="Schedules">The most schedules.</param>
/// <param name="Time">The longest time, looked at between schedules.</param>
internal readonly record struct RunLimits(long Schedules, TimeSpan Time)
{
    public static RunLimits None => new(long.MaxValue, TimeSpan.MaxValue);

    public static RunLimits One => new(1, TimeSpan.MaxValue);
}

/// <summary>What a series of schedules came to.</summary>
/// <param name="Stop">Why it ended.</param>
/// <param name="ScheduleCount">Schedules that ran, the failed one included.</param>
/// <param name="StepCount">Their steps.</param>
/// <param name="Failure">How the last one failed, if it did.</param>
/// <param name="Schedule">The schedule of the last one.</param>
internal sealed record RunReport(StopReason Stop, long ScheduleCount, long StepCount, RunFailure? Failure, Schedule Schedule);
