namespace DaxEmu.Core.Checking;

/// <summary>Where a thread of a run stands.</summary>
internal enum ThreadStatus
{
    /// <summary>It has not run yet.</summary>
    NotStarted,

    /// <summary>It stopped before a step (<see cref="ScheduledThread.Pending"/>).</summary>
    AtStep,

    /// <summary>It sleeps until another thread wakes its word.</summary>
    Sleeping,

    /// <summary>It was woken and may go on.</summary>
    Woken,

    /// <summary>Its body has returned or thrown.</summary>
    Finished,
}
