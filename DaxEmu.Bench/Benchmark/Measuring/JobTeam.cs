using System.Diagnostics;
using DaxEmu.Native.Cpu;

namespace DaxEmu.Bench.Benchmark.Measuring;

/// <summary>Threads that start a piece of work at the same moment, each on a CPU of its own where there are enough.</summary>
internal sealed class JobTeam : IDisposable
{
    private readonly Thread[] threads;
    private readonly Barrier gate;
    private readonly long[] starts;
    private readonly long[] ends;
    private readonly bool isPinned;
    private Action<int>? work;
    private Exception? failure;
    private int arrived;

    /// <summary>A team of <paramref name="count"/> threads.</summary>
    /// <param name="count">How many.</param>
    /// <param name="choice">The CPUs that they may use; null for all that the process may.</param>
    public JobTeam(int count, CpuChoice? choice = null)
    {
        IReadOnlyList<int> cpus = choice?.Cpus ?? Topology.AllowedCpus();
        isPinned = choice is not { IsShared: true } && count <= cpus.Count;
        starts = new long[count];
        ends = new long[count];
        gate = new Barrier(count + 1);
        threads = new Thread[count];
        for (int i = 0; i < count; i++)
        {
            int job = i;
            threads[i] = new Thread(() => Serve(job, isPinned ? [cpus[job]] : choice?.Cpus)) { IsBackground = true, Name = $"job {job}" };
            threads[i].Start();
        }
    }

    /// <summary>Runs <paramref name="action"/> on every thread, with the job's number.</summary>
    /// <returns>From the first start to the last end.</returns>
    public TimeSpan Run(Action<int> action)
    {
        work = action;
        arrived = 0;
        gate.SignalAndWait();
        gate.SignalAndWait();
        return failure is null
            ? Stopwatch.GetElapsedTime(starts.Min(), ends.Max())
            : throw new InvalidOperationException($"A job of the benchmark failed: {failure.Message}", failure);
    }

    public void Dispose()
    {
        work = null;
        gate.SignalAndWait();
        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        gate.Dispose();
    }

    private void Serve(int job, IReadOnlyList<int>? cpus)
    {
        using CpuPin? pin = cpus is null ? null : Topology.Pin(cpus);
        while (true)
        {
            gate.SignalAndWait();
            if (work is not { } action)
            {
                return;
            }

            AwaitOthers();
            starts[job] = Stopwatch.GetTimestamp();
            try
            {
                action(job);
            }
#pragma warning disable CA1031 // Run throws it, on the caller's thread.
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = e;
            }

            ends[job] = Stopwatch.GetTimestamp();
            gate.SignalAndWait();
        }
    }

    // The barrier lets threads go one after the other; the last few microseconds are spun away where each has a CPU.
    private void AwaitOthers()
    {
        Interlocked.Increment(ref arrived);
        while (isPinned && Volatile.Read(ref arrived) < threads.Length)
        {
            Thread.SpinWait(1);
        }
    }
}
