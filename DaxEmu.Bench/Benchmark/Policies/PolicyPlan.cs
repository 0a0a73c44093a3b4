using DaxEmu.Bench.Verification.Replay;
using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Policies;

/// <summary>How ranges are emptied.</summary>
internal enum EmptyingKind
{
    /// <summary>As a write into fresh blocks does under a mapping that is read: clean entries are taken out one by one, past running faults.</summary>
    Write,

    /// <summary>As a truncate does under a mapping that is written: faults are kept out, those that wait for an entry are waited for.</summary>
    Truncate,
}

/// <summary>What is to be measured of the policies of 2019.</summary>
internal sealed record PolicyPlan
{
    /// <summary>The policy that the others are compared with: what was merged.</summary>
    public const string Baseline = "conflict";

    /// <summary>The policies, by name. The hang of 2019 is not among them: it would not end.</summary>
    public static IReadOnlyList<KeyValuePair<string, WaitProfile>> Policies { get; } =
        [.. WaitProfiles.Policies.Where(p => p.Value != WaitProfiles.V4_20), new(WaitProfiles.Fixed.Name, WaitProfiles.Fixed)];

    /// <summary>Threads: each number is a case.</summary>
    public required IReadOnlyList<int> JobCounts { get; init; }

    /// <summary>How many 2 MiB ranges the threads meet on.</summary>
    public required int RangeCount { get; init; }

    /// <summary>Of a hundred operations, those that are 2 MiB faults.</summary>
    public required int HugePercent { get; init; }

    /// <summary>Of a hundred operations, those that empty a range, so that its entries are made anew.</summary>
    public required int EmptyPercent { get; init; }

    /// <summary>How that is done: it decides whether a 2 MiB fault can get anything by waiting.</summary>
    public required EmptyingKind Emptying { get; init; }

    /// <summary>How long an owner keeps the entry locked while it asks the extent map for 4 KiB: what a file system takes there.</summary>
    public required TimeSpan Hold { get; init; }

    /// <summary>The same for 2 MiB.</summary>
    public required TimeSpan HugeHold { get; init; }

    /// <summary>How often each policy has its turn.</summary>
    public required int RoundCount { get; init; }

    /// <summary>How long a turn is.</summary>
    public required TimeSpan Turn { get; init; }

    /// <summary>Seed of all choices.</summary>
    public required int Seed { get; init; }

    /// <summary>A recorded fault stream to be replayed, instead of the random faults; null for those.</summary>
    public TracePlan? Recording { get; init; }
}
