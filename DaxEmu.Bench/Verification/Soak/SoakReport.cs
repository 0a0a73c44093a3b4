namespace DaxEmu.Bench.Verification.Soak;

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
internal sealed record SoakReport
{
    /// <summary>What was to be done.</summary>
    public required SoakPlan Plan { get; init; }

    /// <summary>Operations of all threads.</summary>
    public long Operations { get; init; }

    /// <summary>How often each operation was done.</summary>
    public IReadOnlyDictionary<SoakOperation, long> OperationCounts { get; init; } = new Dictionary<SoakOperation, long>();

    /// <summary>What was checked at the quiescent points, and while the threads worked.</summary>
    public SoakCounts Checks { get; init; }

    /// <summary>How often everything was checked at a quiescent point.</summary>
    public int QuiescentPoints { get; init; }

    /// <summary>How often a thread stood still for the watchdog's time and went on once the others stopped.</summary>
    public int Stalls { get; init; }

    /// <summary>Threads that had not come to rest when a stop gave them no more time: whether they hang is not known.</summary>
    public int UnrestedCount { get; init; }

    /// <summary>How long it ran.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>What is wrong; empty if nothing is.</summary>
    public IReadOnlyList<SoakFinding> Findings { get; init; } = [];

    /// <summary>If something is wrong, the last operations of each thread.</summary>
    public IReadOnlyList<string> LastOperations { get; init; } = [];

    /// <summary>The course.</summary>
    public IReadOnlyList<SoakSample> Samples { get; init; } = [];

    /// <summary>The device, for people.</summary>
    public string DeviceName { get; init; } = string.Empty;

    /// <summary>How it ended.</summary>
    public SoakOutcome Outcome => Findings.Count == 0 ? SoakOutcome.Clean
        : Findings.Any(f => f.Kind == FindingKind.Hang) ? SoakOutcome.Hang
        : SoakOutcome.Corrupt;
}
