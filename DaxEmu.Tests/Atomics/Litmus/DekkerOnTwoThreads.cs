using DaxEmu.Core.Atomics;
using DaxEmu.Native.Cpu;
using DaxEmu.Native.Memory;

namespace DaxEmu.Tests.Atomics.Litmus;

/// <summary>
/// The store-buffer pair on two real threads, a CPU each: in every round each stores the round's number to its word, then looks at
/// the other's word. A round in which neither sees the other's store is a miss. Steps go through <see cref="Atomic"/>, as the core's do.
/// </summary>
internal sealed unsafe class DekkerOnTwoThreads : IDisposable
{
    private const int RoundsPerBatch = 1024;
    private const int SpinsBeforeYield = 2000;

    // Lines 0 and 1: the words of the pair. Lines 2 and 3: the round that each thread has come to.
    private readonly ReservedRegion memory = ReservedRegion.Reserve(4 * ThreadSlots.LineBytes);
    private readonly ulong[][] seen = [new ulong[RoundsPerBatch], new ulong[RoundsPerBatch]];
    private readonly bool hasBarrier;

    /// <param name="hasBarrier">Whether a process-wide barrier follows the second thread's store. Without it, misses are to be expected.</param>
    public DekkerOnTwoThreads(bool hasBarrier) => this.hasBarrier = hasBarrier;

    public long Rounds { get; private set; }

    public long Misses { get; private set; }

    /// <summary>Runs rounds until the time is over, or, if asked for, until one missed.</summary>
    public void Run(TimeSpan time, bool stopsAtMiss)
    {
        IReadOnlyList<int> cpus = Topology.AllowedCpus();
        using Barrier batch = new(2);
        bool isOver = false;
        Thread second = new(() =>
        {
            using CpuPin pin = Topology.Pin(cpus[^1]);
            while (true)
            {
                batch.SignalAndWait();
                if (isOver)
                {
                    return;
                }

                Play(side: 1, hasBarrier);
                batch.SignalAndWait();
            }
        });
        second.Start();
        using (Topology.Pin(cpus[0]))
        {
            long end = Environment.TickCount64 + (long)time.TotalMilliseconds;
            while (!isOver)
            {
                batch.SignalAndWait();
                Play(side: 0, isFenced: false);
                batch.SignalAndWait();
                Count();
                isOver = Environment.TickCount64 >= end || (stopsAtMiss && Misses > 0);
            }

            batch.SignalAndWait();
        }

        second.Join();
    }

    public void Dispose() => memory.Dispose();

    private void Play(int side, bool isFenced)
    {
        ref ulong mine = ref Line(side);
        ref ulong other = ref Line(1 - side);
        for (int i = 0; i < RoundsPerBatch; i++)
        {
            ulong round = (ulong)(Rounds + i + 1);
            Meet(side, round);
            Thread.SpinWait((side == 0 ? i : i / 8) % 8);
            Atomic.Store(ref mine, round, Site.Other);
            if (isFenced)
            {
                Atomic.ProcessWideBarrier(Site.Other);
            }

            seen[side][i] = Atomic.Load(ref other, Site.Other);
        }
    }

    // Both begin a round at about the same time.
    private void Meet(int side, ulong round)
    {
        Atomic.Exchange(ref Line(2 + side), round, Site.Other);
        for (int spins = 0; Atomic.Load(ref Line(3 - side), Site.Other) < round; spins++)
        {
            if (spins >= SpinsBeforeYield)
            {
                Thread.Yield();
            }
        }
    }

    private void Count()
    {
        for (int i = 0; i < RoundsPerBatch; i++)
        {
            ulong round = (ulong)(Rounds + i + 1);
            Misses += seen[0][i] < round && seen[1][i] < round ? 1 : 0;
        }

        Rounds += RoundsPerBatch;
    }

    // SAFETY: the region has four lines.
    private ref ulong Line(int line) => ref *(ulong*)(memory.Base + (line * ThreadSlots.LineBytes));
}
