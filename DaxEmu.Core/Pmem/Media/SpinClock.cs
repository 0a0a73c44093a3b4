using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace DaxEmu.Core.Pmem.Media;

/// <summary>
/// The process's monotonic clock, which Linux reads from the time-stamp counter without a system call. It waits in a loop over it: a processor
/// that waits for memory does nothing else either, and no sleep is as short.
/// </summary>
/// <param name="overheadNs">What a charge costs beside its wait, in nanoseconds; taken off each wait.</param>
internal sealed class SpinClock(long overheadNs) : IMediaClock
{
    // From here on another thread may have the processor: the wait is long enough for two switches.
    private const long LongNs = 100_000;

    /// <summary>The clock of the process, calibrated when it is first asked for.</summary>
    public static SpinClock Shared => Calibrated.Clock;

    /// <summary>What charges come to with that clock.</summary>
    public static MediaCalibration Calibration => Calibrated.Figures;

    // On Linux the unit of the clock is the nanosecond.

    /// <inheritdoc/>
    public long NowNs => Stopwatch.GetTimestamp();

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public long WaitUntil(long momentNs)
    {
        long end = momentNs - overheadNs;
        long now = Stopwatch.GetTimestamp();
        while (now < end)
        {
            if (end - now > LongNs)
            {
                _ = Thread.Yield();
            }

            now = Stopwatch.GetTimestamp();
        }

        return now + overheadNs;
    }

    private static class Calibrated
    {
        public static readonly MediaCalibration Figures = MediaCalibration.Measure(MediaCalibration.TimeOfCharge);
        public static readonly SpinClock Clock = new(Figures.OverheadNs);
    }
}
