using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Checking;

/// <summary>How a run of a scenario can go wrong.</summary>
internal enum FailureKind
{
    /// <summary>Nobody can go on and not all have finished.</summary>
    Hang,

    /// <summary>More steps than the scenario allows.</summary>
    Livelock,

    /// <summary>Something that must hold does not (<see cref="WorldViolationException"/>).</summary>
    Violation,

    /// <summary>A thread or the final check threw something else.</summary>
    Exception,
}

/// <summary>A thread that never finishes.</summary>
/// <param name="Thread">Its number.</param>
/// <param name="Pending">What it waits in, or the step it would make next.</param>
/// <param name="Site">Where.</param>
internal readonly record struct StuckThread(int Thread, StepKind Pending, Site Site);

/// <summary>How a run of a scenario went wrong.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Message">One line for people.</param>
/// <param name="Stuck">Who had not finished.</param>
internal sealed record RunFailure(FailureKind Kind, string Message, IReadOnlyList<StuckThread> Stuck)
{
    /// <summary>Whether the other run failed in the same way, so that one schedule may stand for the other.</summary>
    public bool IsLike(RunFailure other) => Kind == other.Kind && Kind switch
    {
        FailureKind.Hang => Stuck.Select(thread => thread.Site).ToHashSet().SetEquals(other.Stuck.Select(thread => thread.Site)),
        FailureKind.Livelock => true,
        _ => Message == other.Message,
    };
}
