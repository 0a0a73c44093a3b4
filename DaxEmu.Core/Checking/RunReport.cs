namespace DaxEmu.Core.Checking;

/// <summary>What a series of schedules came to.</summary>
/// <param name="Stop">Why it ended.</param>
/// <param name="ScheduleCount">Schedules that ran, the failed one included.</param>
/// <param name="StepCount">Their steps.</param>
/// <param name="Failure">How the last one failed, if it did.</param>
/// <param name="Schedule">The schedule of the last one.</param>
internal sealed record RunReport(StopReason Stop, long ScheduleCount, long StepCount, RunFailure? Failure, Schedule Schedule);
