namespace DaxEmu.Bench.Soak;

/// <summary>How a soak ended.</summary>
internal enum SoakOutcome
{
    /// <summary>Nothing was found.</summary>
    Clean,

    /// <summary>A thread hangs.</summary>
    Hang,

    /// <summary>Data or state are wrong.</summary>
    Corrupt,
}

/// <summary>What a soak came to.</summary>
/// <param name="Outcome">How it ended.</param>
/// <param name="Operations">Operations of all threads.</param>
/// <param name="QuietPoints">How often everything was checked with all threads standing still.</param>
/// <param name="Elapsed">How long it ran.</param>
/// <param name="Findings">What is wrong, for people.</param>
internal sealed record SoakReport(SoakOutcome Outcome, long Operations, int QuietPoints, TimeSpan Elapsed, string Findings);
