namespace DaxEmu.Core.Checking;

/// <summary>A small situation to be checked: a few threads, what they do, and what must be true when all have finished.</summary>
/// <remarks>
/// A scenario must be deterministic: what a thread does may depend only on what its atomic steps return and on
/// <see cref="ScheduledValue"/>. Wait keys hash ids, never addresses; no clocks, no random numbers of the runtime.
/// </remarks>
/// <param name="Name">Part of the schedule string: lower-case letters, digits, dots and hyphens.</param>
/// <param name="Profile">Which answers the code gives, by name ("fixed", "v4.20"); the same alphabet.</param>
/// <param name="Description">One or two sentences for people.</param>
/// <param name="Create">Makes a fresh run; runs outside the schedule.</param>
internal sealed record Scenario(string Name, string Profile, string Description, Func<IScenarioRun> Create)
{
    /// <summary>Whether stores may linger. Lingering costs more schedules.</summary>
    public MemoryModel Model { get; init; } = MemoryModel.TotalStoreOrder;

    /// <summary>
    /// Whether everything that the threads share besides atomic words is ordered by atomic steps (a lock made of them, a hand-over
    /// through them). Only then may a search leave out schedules that differ in the order of unrelated steps. Say no if the
    /// threads change something under a lock of the runtime.
    /// </summary>
    public bool IsOrderedBySteps { get; init; } = true;

    /// <summary>
    /// Whether every run has its words at the same addresses, and whatever else its threads share is looked at by atomic steps.
    /// Then a search may leave out preemptions between steps that nobody else has a part in.
    /// </summary>
    public bool IsInPlace { get; init; }

    /// <summary>A schedule with more steps than this is a livelock.</summary>
    public int StepLimit { get; init; } = 20_000;
}

/// <summary>One run of a scenario: its state, its threads, its final check.</summary>
/// <remarks>
/// <see cref="IDisposable.Dispose"/> is also called after a run that was abandoned in the middle, with locks still taken: it gives
/// memory back and does little else. A step in it that would wait for ever throws <see cref="WouldWaitException"/>, which is
/// swallowed there.
/// </remarks>
internal interface IScenarioRun : IDisposable
{
    /// <summary>The threads, always as many.</summary>
    IReadOnlyList<ScenarioThread> Threads { get; }

    /// <summary>Runs when all threads have finished and all stores are in memory.</summary>
    /// <exception cref="WorldViolationException">Something is wrong.</exception>
    void Check();
}

/// <summary>One thread of a scenario.</summary>
/// <param name="Name">What it does, as the trace prints it: "4 KiB fault @1".</param>
/// <param name="Body">Runs under the scheduler.</param>
/// <param name="AfterRun">
/// Runs on the same thread, outside the schedule, after each run, also an abandoned one: clears what lies in lines of the thread.
/// </param>
internal sealed record ScenarioThread(string Name, Action Body, Action? AfterRun = null);

/// <summary>What a scenario's check or body throws when something that must hold does not.</summary>
internal sealed class WorldViolationException(string message) : Exception(message);

/// <summary>What must hold in a scenario.</summary>
internal static class ScenarioCheck
{
    /// <exception cref="WorldViolationException"><paramref name="condition"/> is false.</exception>
    public static void That(bool condition, string message)
    {
        if (!condition)
        {
            throw new WorldViolationException(message);
        }
    }
}
