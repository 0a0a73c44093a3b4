using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace DaxEmu.Core.Pmem.Media;

/// <summary>What the charges of a dial come to, measured when the first one of the process is made.</summary>
internal sealed record MediaCalibration
{
    /// <summary>The middle half of the rounds of a target may lie this far apart, as a part of the target and the cost of a charge.</summary>
    public const double MostSpread = 0.25;

    private const int Rounds = 15;
    private const int ChargesPerRound = 64;
    private const long CalibratedNs = 500;
    private static readonly long[] TargetsNs = [100, 200, 500, 1000];

    /// <summary>What a charge costs beside its wait, in nanoseconds: taken off each wait.</summary>
    public required long OverheadNs { get; init; }

    /// <summary>What a charge with a wait of next to nothing costs: no charge is shorter.</summary>
    public required double LeastNs { get; init; }

    /// <summary>What charges came to with the overhead taken off.</summary>
    public required IReadOnlyList<MediaDelay> Delays { get; init; }

    /// <summary>Why the calibration is not to be relied on; null if it is.</summary>
    public required string? Problem { get; init; }

    /// <summary>Measures charges.</summary>
    /// <param name="timeOfCharge">The mean time of some charges in nanoseconds, for a target and an overhead that is taken off.</param>
    public static MediaCalibration Measure(Func<long, long, double> timeOfCharge)
    {
        _ = Several(timeOfCharge, CalibratedNs, 0); // what is compiled and loaded at first use
        long overhead = (long)Math.Max(0, Several(timeOfCharge, CalibratedNs, 0).ReachedNs - CalibratedNs);
        MediaDelay[] delays = [.. TargetsNs.Select(target => Several(timeOfCharge, target, overhead))];
        MediaDelay[] unsteady = [.. delays.Where(delay => delay.SpreadNs > MostSpread * (delay.TargetNs + overhead))];
        return new MediaCalibration
        {
            OverheadNs = overhead,
            LeastNs = Several(timeOfCharge, 1, overhead).ReachedNs,
            Delays = delays,
            Problem = unsteady.Length == 0 ? null : FormattableString.Invariant(
                $"delays of {unsteady[0].TargetNs} ns differ by {unsteady[0].SpreadNs:0} ns from round to round: other work disturbs this machine, or its clock is slow"),
        };
    }

    /// <summary>As a caller sees it: reads of a device, one after the other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static double TimeOfCharge(long targetNs, long overheadNs)
    {
        using var dial = new MediaDial(new MediaProfile { Name = "calibration", ReadNs = targetNs, SequentialReadNs = targetNs }, new SpinClock(overheadNs));
        dial.Read(0, 1);
        long begin = Stopwatch.GetTimestamp();
        for (int i = 0; i < ChargesPerRound; i++)
        {
            dial.Read(0, 1);
        }

        return (double)(Stopwatch.GetTimestamp() - begin) / ChargesPerRound;
    }

    private static MediaDelay Several(Func<long, long, double> timeOfCharge, long targetNs, long overheadNs)
    {
        double[] rounds = [.. Enumerable.Range(0, Rounds).Select(_ => timeOfCharge(targetNs, overheadNs)).Order()];
        return new MediaDelay(targetNs, rounds[Rounds / 2], rounds[Rounds * 3 / 4] - rounds[Rounds / 4]);
    }
}
