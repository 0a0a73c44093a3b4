using System.Diagnostics;
using System.Globalization;
using System.Text;
using DaxEmu.Core.Waiting;

namespace DaxEmu.Bench.Soak;

/// <summary>Runs a soak: threads at work, a look at everything when they stand still, a watchdog over each of them.</summary>
internal sealed class SoakRunner(SoakPlan plan, Action<string, double> progress, CancellationToken cancellation)
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan MostBetweenQuietPoints = TimeSpan.FromSeconds(2);

    private volatile bool isWorking;

    /// <summary>Runs until the time is over, something is found, or the user stops it.</summary>
    public SoakReport Run()
    {
        var world = new SoakWorld(plan);
        SoakJob[] jobs = [.. Enumerable.Range(0, plan.JobCount).Select(i => new SoakJob(world, plan.Seed, i))];
        long begin = Stopwatch.GetTimestamp();
        int quiet = 0;
        SoakReport? found = null;
        while (found is null && Stopwatch.GetElapsedTime(begin) < plan.Duration && !cancellation.IsCancellationRequested)
        {
            TimeSpan left = plan.Duration - Stopwatch.GetElapsedTime(begin);
            string? hang = Work(world, jobs, left < MostBetweenQuietPoints ? left : MostBetweenQuietPoints, begin);
            if (hang is not null)
            {
                // Its threads sleep in native memory for ever: nothing of it may go away before the process does.
                return new SoakReport(SoakOutcome.Hang, Sum(jobs), quiet, Stopwatch.GetElapsedTime(begin), hang);
            }

            List<string> wrong = [.. jobs.Where(j => j.Fault is not null).Select(j => $"job {j.Number} {j.Fault}"), .. world.Verify()];
            quiet++;
            found = wrong.Count == 0 ? null : new SoakReport(
                SoakOutcome.Corrupt, Sum(jobs), quiet, Stopwatch.GetElapsedTime(begin), Describe("wrong", string.Join('\n', wrong.Take(20))));
        }

        world.Dispose();
        return found ?? new SoakReport(SoakOutcome.Clean, Sum(jobs), quiet, Stopwatch.GetElapsedTime(begin), string.Empty);
    }

    private static long Sum(SoakJob[] jobs) => jobs.Sum(j => j.OperationCount);

    // Lets the jobs work for a while. Returns the diagnosis if one of them stays where it is.
    private string? Work(SoakWorld world, SoakJob[] jobs, TimeSpan time, long begin)
    {
        isWorking = true;
        Thread[] threads = [.. jobs.Select(j => new Thread(() => j.Run(() => isWorking)) { IsBackground = true, Name = $"soak {j.Number}" })];
        Array.ForEach(threads, t => t.Start());
        long start = Stopwatch.GetTimestamp();
        while (threads.Any(t => t.IsAlive))
        {
            Thread.Sleep(Look);
            isWorking = isWorking && Stopwatch.GetElapsedTime(start) < time && !cancellation.IsCancellationRequested && jobs.All(j => j.Fault is null);
            progress(
                string.Create(CultureInfo.InvariantCulture, $"{plan.Profile.Name}: {Sum(jobs)} operations, {world.Waits.SleeperCount} asleep"),
                Math.Min(1, Stopwatch.GetElapsedTime(begin) / plan.Duration));
            if (jobs.Where((j, i) => threads[i].IsAlive).Any(j => j.SinceProgress > plan.Watchdog))
            {
                return Diagnose(world, jobs);
            }
        }

        return null;
    }

    private string Diagnose(SoakWorld world, SoakJob[] jobs)
    {
        WaitGraph graph = WaitGraph.Capture(
            world.Waits,
            [world.Mapping.Locker],
            threadName: id => jobs.FirstOrDefault(j => j.ManagedThreadId == id) is { } job ? $"job {job.Number}" : null);
        var text = new StringBuilder();
        foreach (SoakJob job in jobs.Where(j => j.SinceProgress > plan.Watchdog))
        {
            text.Append(CultureInfo.InvariantCulture, $"job {job.Number} (thread {job.ManagedThreadId}) {job.Doing}, for {job.SinceProgress.TotalSeconds:0.0} s\n");
        }

        return Describe("hang", text.ToString() + graph);
    }

    private string Describe(string what, string details) => $"{what} under profile {plan.Profile.Name}, seed {plan.Seed}\n{details}\nagain: {plan.Command}";
}
