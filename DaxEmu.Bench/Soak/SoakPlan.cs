using DaxEmu.Core.Waiting.Profiles;

namespace DaxEmu.Bench.Soak;

/// <summary>What a soak is to do.</summary>
internal sealed record SoakPlan
{
    /// <summary>How long.</summary>
    public required TimeSpan Duration { get; init; }

    /// <summary>Threads.</summary>
    public required int JobCount { get; init; }

    /// <summary>Bytes of the device, and of the file on it.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>The profile of the entry locks.</summary>
    public required WaitProfile Profile { get; init; }

    /// <summary>Seed of all threads' choices.</summary>
    public required int Seed { get; init; }

    /// <summary>A thread that makes no progress for this long is stuck.</summary>
    public required TimeSpan Watchdog { get; init; }

    /// <summary>The device's path; null for a file of its own.</summary>
    public string? FileName { get; init; }

    /// <summary>The command that does the same again.</summary>
    public string Command => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"daxemu soak --profile {Profile.Name} --numjobs {JobCount} --size {Cli.SizeText.Format(SizeBytes)} --randseed {Seed} --duration {Duration.TotalSeconds:0}s");
}
