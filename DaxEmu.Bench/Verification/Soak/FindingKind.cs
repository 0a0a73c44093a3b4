namespace DaxEmu.Bench.Verification.Soak;

/// <summary>What kind of thing a soak found.</summary>
internal enum FindingKind
{
    /// <summary>A thread makes no progress and never will.</summary>
    Hang,

    /// <summary>A page shows what it held before its last write.</summary>
    Lost,

    /// <summary>A page shows two writes at once.</summary>
    Torn,

    /// <summary>A page shows bytes that are another page's, or that had gone.</summary>
    Stale,

    /// <summary>A page would not survive a loss of power although it was made durable, or although nothing says that it needs writeback.</summary>
    Undurable,

    /// <summary>At a quiescent point something does not fit: a count, a lock, an owner.</summary>
    State,

    /// <summary>An operation failed that had to succeed, or succeeded where it had to fail.</summary>
    Error,
}

/// <summary>Something that a soak found.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">For people; may have several lines.</param>
internal sealed record SoakFinding(FindingKind Kind, string Text);
