namespace DaxEmu.Bench.Verification.Soak;

/// <summary>What a watchdog looks at.</summary>
internal interface IWatched
{
    /// <summary>Whether it is at work, and must make progress.</summary>
    bool IsWorking { get; }

    /// <summary>Grows with each step.</summary>
    long StepCount { get; }
}

/// <summary>Sees which threads make no progress.</summary>
/// <remarks>
/// What counts is the time in which the watchdog itself was awake: a process that was stopped, or a machine that was suspended or starved,
/// has no hang for it.
/// </remarks>
internal sealed class Watchdog
{
    private readonly IReadOnlyList<IWatched> jobs;
    private readonly TimeSpan mostAtOnce;
    private readonly long[] seenSteps;
    private readonly TimeSpan[] still;

    /// <param name="jobs">The threads.</param>
    /// <param name="mostAtOnce">The most that one look counts.</param>
    public Watchdog(IReadOnlyList<IWatched> jobs, TimeSpan mostAtOnce)
    {
        this.jobs = jobs;
        this.mostAtOnce = mostAtOnce;
        seenSteps = new long[jobs.Count];
        still = new TimeSpan[jobs.Count];
        Array.Fill(seenSteps, -1);
    }

    /// <summary>The numbers of the threads that are stuck, as the last look saw them.</summary>
    public List<int> Stuck { get; } = [];

    /// <summary>How long a thread has been at its step.</summary>
    public TimeSpan StillFor(int job) => still[job];

    /// <summary>Looks at every thread.</summary>
    /// <param name="sinceLast">Time since the last look.</param>
    /// <param name="limit">A thread that works and stays at its step for so long is stuck.</param>
    /// <returns>Whether one is.</returns>
    public bool Look(TimeSpan sinceLast, TimeSpan limit)
    {
        Stuck.Clear();
        TimeSpan passed = sinceLast < mostAtOnce ? sinceLast : mostAtOnce;
        for (int i = 0; i < jobs.Count; i++)
        {
            long step = jobs[i].StepCount;
            bool isStill = jobs[i].IsWorking && step == seenSteps[i];
            seenSteps[i] = step;
            still[i] = isStill ? still[i] + passed : TimeSpan.Zero;
            if (still[i] >= limit)
            {
                Stuck.Add(i);
            }
        }

        return Stuck.Count > 0;
    }
}
