using System.Diagnostics;
using DaxEmu.Core.Dax.Waiting;

namespace DaxEmu.Core.CApi.Interpose.Dispatch;

/// <summary>Ends the process when a thread waits in the emulator for longer than any wait may last.</summary>
/// <remarks>What counts is the time in which the watchdog itself was awake: a process that was stopped has no hang for it.</remarks>
internal sealed class DispatchWatchdog(DispatchedProgram program, TimeSpan limit)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>Watches, sleeping in between, until a sleep returns false.</summary>
    public void Watch(Func<TimeSpan, bool> sleep)
    {
        TimeSpan pause = limit / 8 < LongestPause ? limit / 8 : LongestPause;
        TimeSpan asleep = TimeSpan.Zero; // more than was asked for
        string? suspicion = null;
        while (true)
        {
            long begin = Stopwatch.GetTimestamp();
            if (!sleep(pause))
            {
                return;
            }

            TimeSpan late = Stopwatch.GetElapsedTime(begin) - pause;
            asleep = late > pause ? asleep + late : asleep;
            WaitGraph graph = program.CaptureWaits();
            long now = Stopwatch.GetTimestamp();
            string? found = Longest(graph, now, out TimeSpan waited);
            if (found is null)
            {
                asleep = TimeSpan.Zero;
            }

            // Two captures that agree: a waiter may have been woken while the first was made.
            if (found is not null && waited - asleep >= limit && found == suspicion)
            {
                program.EndHung(graph.ToString());
            }

            suspicion = waited - asleep >= limit ? found : null;
        }
    }

    // Who waits longest, and since when: the same in two captures, if it is the same wait.
    private static string? Longest(WaitGraph graph, long now, out TimeSpan waited)
    {
        long entry = graph.Waiters.Count > 0 ? graph.Waiters[0].SinceTimestamp : long.MaxValue;
        long other = graph.Blocked.Count > 0 ? graph.Blocked[0].SinceTimestamp : long.MaxValue;
        long since = Math.Min(entry, other);
        waited = since == long.MaxValue ? TimeSpan.Zero : Stopwatch.GetElapsedTime(since, now);
        return since == long.MaxValue ? null : since.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }
}
