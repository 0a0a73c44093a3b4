using DaxEmu.Core.Fs.Volume;

namespace DaxEmu.Core;

/// <summary>How a volume is made and mounted.</summary>
public sealed record VolumeOptions
{
    /// <summary>The options that hold if none are given.</summary>
    public static VolumeOptions Default { get; } = new();

    /// <summary>A name for people, of at most 64 bytes of UTF-8; for <see cref="DaxVolume.Format"/>.</summary>
    public string Label { get; init; } = "";

    /// <summary>The volume's id; null for a new one; for <see cref="DaxVolume.Format"/>.</summary>
    public Guid? Id { get; init; }

    /// <summary>Whether nothing is to be changed; for <see cref="DaxVolume.Mount"/>.</summary>
    public bool ReadOnly { get; init; }

    /// <summary>Where the times of files come from.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Historic bugs to be switched on, for who looks for them.</summary>
    internal VolumeFlaws Flaws { get; init; }
}
