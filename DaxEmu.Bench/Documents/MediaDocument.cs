using System.ComponentModel;

namespace DaxEmu.Bench.Documents;

/// <summary>A medium that a device stands for, how well its delays are kept, and what was charged.</summary>
internal sealed record MediaDocument
{
    public required string Name { get; init; }

    [Description("Added to a read that continues no other")]
    public required long ReadNs { get; init; }

    public required long SequentialReadNs { get; init; }

    public required long WriteNs { get; init; }

    public required long FlushNs { get; init; }

    public required long FenceNs { get; init; }

    [Description("Of all threads together; 0 for no limit")]
    public required long ReadBytesPerSecond { get; init; }

    [Description("Of all threads together; 0 for no limit")]
    public required long WriteBytesPerSecond { get; init; }

    [Description("The unit that the medium reads and writes")]
    public required int LineBytes { get; init; }

    [Description("Whether flushes cost nothing")]
    public required bool Eadr { get; init; }

    public required MediaCalibrationDocument Calibration { get; init; }

    public required MediaChargedDocument Charged { get; init; }
}

/// <summary>What charges came to when the device was opened.</summary>
internal sealed record MediaCalibrationDocument
{
    [Description("What a charge costs at least")]
    public required double LeastNs { get; init; }

    [Description("What is taken off each wait")]
    public required long OverheadNs { get; init; }

    [Description("Why the delays are not to be relied on; null if they are")]
    public string? Problem { get; init; }

    public required IReadOnlyList<MediaDelayDocument> Delays { get; init; }
}

/// <summary>A delay that was asked for and what it came to.</summary>
internal sealed record MediaDelayDocument
{
    public required long TargetNs { get; init; }

    public required double ReachedNs { get; init; }

    [Description("How far the middle half of the rounds lies apart")]
    public required double SpreadNs { get; init; }
}

/// <summary>What a run was charged, with its preparation.</summary>
internal sealed record MediaChargedDocument
{
    public required long Reads { get; init; }

    public required long Writes { get; init; }

    public required long Flushes { get; init; }

    public required long Fences { get; init; }

    [Description("Bytes that the medium read, in whole lines")]
    public required long ReadBytes { get; init; }

    [Description("Bytes that the medium wrote, in whole lines")]
    public required long WrittenBytes { get; init; }

    [Description("Lines that were written in part")]
    public required long Rewrites { get; init; }

    [Description("Charges that were delayed")]
    public required long Delays { get; init; }

    [Description("Of these, the ones that ended over a microsecond too late")]
    public required long Disturbed { get; init; }

    [Description("Of the others, what was asked for")]
    public required long TargetNs { get; init; }

    [Description("Of the others, what they took")]
    public required long ReachedNs { get; init; }
}
