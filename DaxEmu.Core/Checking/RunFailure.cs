namespace DaxEmu.Core.Checking;

/// <summary>How a run of a scenario went wrong.</summary>
/// <example><code>Console.WriteLine($"{failed.Failure.Kind}: {failed.Failure.Message}");</code></example>
public sealed record RunFailure
{
    internal RunFailure(FailureKind kind, string message, IReadOnlyList<StuckThread> stuck)
    {
        Kind = kind;
        Message = message;
        Stuck = stuck;
    }

    /// <summary>The kind.</summary>
    public FailureKind Kind { get; }

    /// <summary>One line for people.</summary>
    public string Message { get; }

    /// <summary>The threads that had not finished.</summary>
    internal IReadOnlyList<StuckThread> Stuck { get; init; }

    /// <summary>Whether the other run failed in the same way, so that one schedule may stand for the other.</summary>
    internal bool IsLike(RunFailure other) => Kind == other.Kind && Kind switch
    {
        FailureKind.Hang => Stuck.Select(thread => thread.Place).ToHashSet().SetEquals(other.Stuck.Select(thread => thread.Place)),
        FailureKind.Livelock => true,
        _ => Message == other.Message,
    };
}
