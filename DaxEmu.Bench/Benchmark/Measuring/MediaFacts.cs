using DaxEmu.Core;
using DaxEmu.Core.Pmem.Media;
using static System.FormattableString;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>The medium of a run: what it adds, how well the delays are kept, and what was charged.</summary>
/// <param name="Profile">What is added.</param>
/// <param name="Calibration">What charges came to when the first dial was made.</param>
/// <param name="Totals">What the devices of the run were charged.</param>
internal sealed record MediaFacts(MediaProfile Profile, MediaCalibration Calibration, MediaTotals Totals)
{
    /// <summary>What the undisturbed delays of the run took, over what was asked for; null if nothing was delayed.</summary>
    public double? ReachedPerTarget => Totals.TargetNs > 0 ? (double)Totals.ReachedNs / Totals.TargetNs : null;

    /// <summary>What the devices of a run came to; null without a medium.</summary>
    public static MediaFacts? Of(params IEnumerable<PmemDevice?> devices)
    {
        MediaDial[] dials = [.. devices.Select(device => device?.Media).OfType<MediaDial>()];
        return dials.Length == 0
            ? null
            : new MediaFacts(dials[0].Profile, SpinClock.Calibration, dials.Aggregate(default(MediaTotals), (sum, dial) => sum + dial.Totals));
    }

    /// <summary>For people.</summary>
    public IEnumerable<string> Notes()
    {
        MediaProfile p = Profile;
        yield return Invariant($"Medium {p.Name}, added to this machine's memory: read {p.ReadNs} ns ({p.SequentialReadNs} sequential), write {p.WriteNs}, flush {(p.HasEadr ? "none (eADR)" : p.FlushNs)}, fence {p.FenceNs}; ")
            + Invariant($"{Rate(p.ReadBytesPerSecond)} read, {Rate(p.WriteBytesPerSecond)} write; lines of {p.LineBytes} bytes. The emulator alone pays for it, not the other engines.");
        string delays = string.Join(", ", Calibration.Delays.Select(d => Invariant($"{d.TargetNs} -> {d.ReachedNs:0}")));
        yield return Invariant($"Delays, target -> reached in ns: {delays}. A charge costs {Calibration.LeastNs:0} ns at least, which shorter ones exceed.");
        if (Calibration.Problem is { } problem)
        {
            yield return $"Do not judge by the delays: {problem}.";
        }

        if (Totals.Reads + Totals.Writes + Totals.Flushes + Totals.Fences == 0)
        {
            yield return "Nothing was charged: the phases of this run move no data of the device.";
            yield break;
        }

        yield return Invariant($"Charged, with preparation and warm-up: {Totals.Reads} reads, {Totals.Writes} writes, {Totals.Flushes} flushes, {Totals.Fences} fences; the medium read {Totals.ReadBytes} and wrote {Totals.WrittenBytes} bytes, {Totals.Rewrites} lines as a whole for a part")
            + (ReachedPerTarget is { } reached ? Invariant($". Of {Totals.Delays} delays {Totals.Disturbed} ended over 1 us late, since other work had the processor; the others took {100 * reached:0.0} % of what was asked for.") : ".");
    }

    private static string Rate(long bytesPerSecond) => bytesPerSecond == 0 ? "no limit" : Invariant($"{bytesPerSecond / 1e9:0.0} GB/s");
}
