using DaxEmu.Bench.Benchmark.Measuring;
using DaxEmu.Bench.Documents;

namespace DaxEmu.Bench.Benchmark.Reports;

/// <summary>The medium of a run in JSON.</summary>
internal static class MediaJson
{
    /// <summary>The document of a run's medium.</summary>
    public static MediaDocument Of(MediaFacts facts) => new()
    {
        Name = facts.Profile.Name,
        ReadNs = facts.Profile.ReadNs,
        SequentialReadNs = facts.Profile.SequentialReadNs,
        WriteNs = facts.Profile.WriteNs,
        FlushNs = facts.Profile.FlushNs,
        FenceNs = facts.Profile.FenceNs,
        ReadBytesPerSecond = facts.Profile.ReadBytesPerSecond,
        WriteBytesPerSecond = facts.Profile.WriteBytesPerSecond,
        LineBytes = facts.Profile.LineBytes,
        Eadr = facts.Profile.HasEadr,
        Calibration = new MediaCalibrationDocument
        {
            LeastNs = Math.Round(facts.Calibration.LeastNs, 1),
            OverheadNs = facts.Calibration.OverheadNs,
            Problem = facts.Calibration.Problem,
            Delays = [.. facts.Calibration.Delays.Select(d => new MediaDelayDocument
            {
                TargetNs = d.TargetNs,
                ReachedNs = Math.Round(d.ReachedNs, 1),
                SpreadNs = Math.Round(d.SpreadNs, 1),
            })],
        },
        Charged = new MediaChargedDocument
        {
            Reads = facts.Totals.Reads,
            Writes = facts.Totals.Writes,
            Flushes = facts.Totals.Flushes,
            Fences = facts.Totals.Fences,
            ReadBytes = facts.Totals.ReadBytes,
            WrittenBytes = facts.Totals.WrittenBytes,
            Rewrites = facts.Totals.Rewrites,
            Delays = facts.Totals.Delays,
            Disturbed = facts.Totals.Disturbed,
            TargetNs = facts.Totals.TargetNs,
            ReachedNs = facts.Totals.ReachedNs,
        },
    };
}
