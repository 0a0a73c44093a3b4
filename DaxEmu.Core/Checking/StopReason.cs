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
