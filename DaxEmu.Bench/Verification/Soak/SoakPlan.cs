using System.Globalization;
using DaxEmu.Bench.Cli;
using DaxEmu.Core;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>What a soak is to do.</summary>
internal sealed record SoakPlan
{
    /// <summary>The smallest device: the file must have a place where threads meet and one that can be cut off.</summary>
    public const long MinimumSizeBytes = 16L << 20;

    /// <summary>How long.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Threads.</summary>
    public required int JobCount { get; init; }

    /// <summary>Bytes of the device; of one that is there already, its own size counts.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>The profile of the entry locks.</summary>
    public required WaitProfile Profile { get; init; }

    /// <summary>Seed of all threads' choices.</summary>
    public required int Seed { get; init; }

    /// <summary>A thread that makes no progress for this long is stuck.</summary>
    public required TimeSpan Watchdog { get; init; }

    /// <summary>From one look at everything to the next; longer where looking takes long.</summary>
    public TimeSpan QuietInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The device's path; null for a file of its own.</summary>
    public string? FileName { get; init; }

    /// <summary>Whether what lies on the device may be lost.</summary>
    public bool IsForced { get; init; }

    /// <summary>What the accesses go through.</summary>
    public MmuKind Mmu { get; init; }

    /// <summary>Which part of a soak that is spread over processes. Its threads are those of its number: the choices of no two parts are the same.</summary>
    public Shard Shard { get; init; } = Shard.Whole;

    /// <summary>For a text that names the seed: <c>, shard 2/8</c>, or nothing.</summary>
    public string ShardText => Shard.IsWhole ? string.Empty : $", shard {Shard}";

    /// <summary>The number of the first thread among those of all parts.</summary>
    public int FirstJob => (Shard.Index - 1) * JobCount;

    /// <summary>The command that does the same again.</summary>
    public string Command => string.Create(
        CultureInfo.InvariantCulture,
        $"daxemu soak {(Mmu == MmuKind.Host ? "--mmu host " : string.Empty)}--profile {Profile.Name} --numjobs {JobCount} --size {SizeText.Format(SizeBytes)} --randseed {Seed} --runtime {Duration.TotalSeconds:0.###}s --watchdog {Watchdog.TotalSeconds:0.###}s")
        + (Shard.IsWhole ? string.Empty : $" --shard {Shard}")
        + (FileName is null ? string.Empty : $" --filename '{FileName}'{(IsForced ? " --force" : string.Empty)}");
}
