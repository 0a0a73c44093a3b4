using System.ComponentModel;

namespace DaxEmu.Bench.Documents;

/// <summary>The medium that a device stood for.</summary>
internal sealed record BenchMedia
{
    [Description("A preset's name, or the file's")]
    public required string Name { get; init; }

    public required long ReadNs { get; init; }

    public required long SequentialReadNs { get; init; }

    public required long WriteNs { get; init; }

    public required long FlushNs { get; init; }

    public required long FenceNs { get; init; }

    [Description("0: no limit")]
    public required long ReadBytesPerSecond { get; init; }

    [Description("0: no limit")]
    public required long WriteBytesPerSecond { get; init; }

    [Description("Bytes of a line of the medium; a smaller write costs a read of the whole line")]
    public required long LineBytes { get; init; }

    [Description("Whether what is in the processor's caches survives, so that flushes cost nothing")]
    public required bool Eadr { get; init; }

    public required BenchMediaCalibration Calibration { get; init; }

    public required BenchMediaCharges Charged { get; init; }
}

/// <summary>What waiting costs on this machine.</summary>
internal sealed record BenchMediaCalibration
{
    [Description("The shortest delay that can be reached")]
    public required double LeastNs { get; init; }

    [Description("What a delay costs beside its waiting")]
    public required double OverheadNs { get; init; }

    [Description("Why delays are not to be trusted; null if they are")]
    public string? Problem { get; init; }

    public required IReadOnlyList<BenchMediaDelay> Delays { get; init; }
}

/// <summary>A delay that was tried.</summary>
internal sealed record BenchMediaDelay
{
    public required double TargetNs { get; init; }

    public required double ReachedNs { get; init; }

    public required double SpreadNs { get; init; }
}

/// <summary>What was charged to the run.</summary>
internal sealed record BenchMediaCharges
{
    public required long Reads { get; init; }

    public required long Writes { get; init; }

    public required long Flushes { get; init; }

    public required long Fences { get; init; }

    public required long ReadBytes { get; init; }

    public required long WrittenBytes { get; init; }

    [Description("Writes that were smaller than a line of the medium")]
    public required long Rewrites { get; init; }

    public required long Delays { get; init; }

    [Description("Delays that took far longer than asked for, because the thread did not run")]
    public required long Disturbed { get; init; }

    public required long TargetNs { get; init; }

    public required long ReachedNs { get; init; }
}
