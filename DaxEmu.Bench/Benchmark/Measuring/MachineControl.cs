using System.Diagnostics;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>
/// Work in registers alone, on one thread and on all: what several threads together get of a machine whose CPUs are shared with others. A
/// figure of several jobs counts only where this is near 1.
/// </summary>
internal static class MachineControl
{
    private const int Steps = 2_000_000;
    private const double MostOff = 1.15;
    private static long sink;

    /// <summary>Time of a thread among the team's, over the time of a thread alone; 1 if CPUs do not disturb each other.</summary>
    public static double Measure(JobTeam alone, JobTeam team)
    {
        double one = alone.Run(_ => Spin()).TotalNanoseconds;
        return team.Run(_ => Spin()).TotalNanoseconds / one;
    }

    /// <summary>Whether a control is near enough to 1 that a figure of several jobs counts. Far below 1, the thread alone was disturbed.</summary>
    public static bool IsGood(double control) => control is >= 1 / MostOff and <= MostOff;

    /// <summary>What a pair of clock readings costs, in nanoseconds: part of every latency.</summary>
    public static double TimerCostNs()
    {
        const int readings = 20_000;
        var best = double.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < readings; i++)
            {
                sink += Stopwatch.GetTimestamp();
            }

            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalNanoseconds / readings);
        }

        return best;
    }

    private static void Spin()
    {
        ulong x = 88172645463325252UL;
        for (int i = 0; i < Steps; i++)
        {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }

        Volatile.Write(ref sink, (long)x);
    }
}
