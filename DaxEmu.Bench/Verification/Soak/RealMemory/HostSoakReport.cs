using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak.RealMemory;

/// <summary>What a soak of real memory came to.</summary>
internal sealed record HostSoakReport
{
    /// <summary>What was to be done.</summary>
    public required SoakPlan Plan { get; init; }

    /// <summary>How often each operation was carried out.</summary>
    public IReadOnlyDictionary<HostOperation, long> OperationCounts { get; init; } = new Dictionary<HostOperation, long>();

    /// <summary>Operations of all threads.</summary>
    public long Operations => OperationCounts.Values.Sum();

    /// <summary>Collections of this process that were forced meanwhile.</summary>
    public long Collections { get; init; }

    /// <summary>What page faults came to meanwhile.</summary>
    public HostCounters Faults { get; init; }

    /// <summary>Pages that were compared at the end, when no thread worked.</summary>
    public long PagesAtEnd { get; init; }

    /// <summary>How often a thread stood still for the watchdog's time and went on once the others stopped.</summary>
    public int Stalls { get; init; }

    /// <summary>How long it ran.</summary>
    public TimeSpan Elapsed { get; init; }

    /// <summary>What is wrong; empty if nothing is.</summary>
    public IReadOnlyList<SoakFinding> Findings { get; init; } = [];

    /// <summary>If something is wrong, what each thread did last.</summary>
    public IReadOnlyList<string> LastOperations { get; init; } = [];

    /// <summary>The course.</summary>
    public IReadOnlyList<SoakSample> Samples { get; init; } = [];

    /// <summary>How it ended.</summary>
    public SoakOutcome Outcome => Findings.Count == 0 ? SoakOutcome.Clean
        : Findings.Any(f => f.Kind == FindingKind.Hang) ? SoakOutcome.Hang
        : SoakOutcome.Corrupt;
}
