using DaxEmu.Core.Atomics;
using DaxEmu.Native;
using DaxEmu.Native.Cpu;

namespace DaxEmu.Core.Checking;

/// <summary>
/// A scheduler's place among those of the process: a range of thread numbers of its own, and the core that all of its threads
/// stay on. Only one of them runs at a time, and handing the turn to a thread on another core costs three times as much.
/// </summary>
internal sealed class SchedulerPlace : IDisposable
{
    private static readonly Lock Gate = new();
    private static readonly SemaphoreSlim Free = new(ThreadSlots.SchedulerCount, ThreadSlots.SchedulerCount);
    private static readonly bool[] IsTaken = new bool[ThreadSlots.SchedulerCount];

    private readonly int number;
    private readonly int cpu;

    private SchedulerPlace(int number)
    {
        this.number = number;
        IReadOnlyList<int> allowed = Topology.AllowedCpus();
        cpu = allowed[number % allowed.Count];
    }

    /// <summary>The first number of the range in <see cref="ThreadSlots"/>.</summary>
    public int FirstSlot => number * ThreadSlots.SchedulerCapacity;

    /// <summary>The lowest place that is free; waits until there is one.</summary>
    public static SchedulerPlace Take()
    {
        Free.Wait();
        lock (Gate)
        {
            int number = Array.IndexOf(IsTaken, false);
            IsTaken[number] = true;
            return new SchedulerPlace(number);
        }
    }

    /// <summary>Keeps the calling thread on the place's core; null where that is not allowed, which costs time and nothing else.</summary>
    public CpuPin? Pin()
    {
        try
        {
            return Topology.Pin(cpu);
        }
        catch (DaxEnvironmentException)
        {
            return null;
        }
    }

    /// <summary>Gives the place back; its numbers are no longer in use.</summary>
    public void Dispose()
    {
        lock (Gate)
        {
            IsTaken[number] = false;
        }

        Free.Release();
    }
}
