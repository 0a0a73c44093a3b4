using System.Numerics;
using DaxEmu.Core.Atomics;

namespace DaxEmu.Core.Dax.Faults;

/// <summary>What the page faults at real addresses came to, in this process. Counting costs a fault of microseconds a few nanoseconds.</summary>
internal sealed class HostFaultCounts
{
    /// <summary>Latencies are counted by powers of two of nanoseconds, each in this many steps.</summary>
    public const int StepsPerPower = 8;

    private const int Singles = 9;
    private const int Powers = 40;
    private const int Reasons = 32;

    // Pinned: Atomic takes the address of a word.
    private readonly ulong[] words = GC.AllocateArray<ulong>(Singles + Reasons + (Powers * StepsPerPower), pinned: true);

    /// <summary>Faults served at 4 KiB.</summary>
    public long Pte => Read(0);

    /// <summary>Faults served at 2 MiB.</summary>
    public long Pmd => Read(1);

    /// <summary>Of both, those that allocated a block.</summary>
    public long Major => Read(2);

    /// <summary>Accesses that got SIGBUS.</summary>
    public long Bus => Read(3);

    /// <summary>How often a whole mapping was dropped because the process had too many.</summary>
    public long Evictions => Read(4);

    /// <summary>Signals that were served.</summary>
    public long Signals => Read(5);

    /// <summary>Faults of all that were stores.</summary>
    public long Stores => Read(6);

    /// <summary>Calls of mmap that showed pages.</summary>
    public long MapCalls => Read(7);

    /// <summary>Calls that took pages away again.</summary>
    public long DropCalls => Read(8);

    /// <summary>Why faults at 2 MiB fell back.</summary>
    public IReadOnlyDictionary<FallbackReason, long> Fallbacks => Enum.GetValues<FallbackReason>()
        .Where(r => r != FallbackReason.None && Read(Singles + (int)r) > 0)
        .ToDictionary(r => r, r => Read(Singles + (int)r));

    /// <summary>How many faults took from a number of nanoseconds up to that of the next step, for each step that has some.</summary>
    public IEnumerable<(long Nanoseconds, long Count)> Latencies
    {
        get
        {
            for (int step = 0; step < Powers * StepsPerPower; step++)
            {
                if (Read(Singles + Reasons + step) is > 0 and long count)
                {
                    yield return (LowerEnd(step), count);
                }
            }
        }
    }

    public void Count(in FaultOutcome outcome, PageOrder order)
    {
        if ((outcome.Result & FaultResult.Fallback) != 0)
        {
            Add(Singles + (int)outcome.Reason);
        }
        else if (!outcome.IsError && (outcome.Result & (FaultResult.Nopage | FaultResult.DoneCow)) != 0)
        {
            Add(order == PageOrder.Pmd ? 1 : 0);
            if ((outcome.Result & FaultResult.Major) != 0)
            {
                Add(2);
            }
        }
    }

    public void CountBus() => Add(3);

    public void CountEviction() => Add(4);

    public void CountMapCall() => Add(7);

    public void CountDropCall() => Add(8);

    public void CountSignal(bool isWrite, long nanoseconds)
    {
        Add(5);
        if (isWrite)
        {
            Add(6);
        }

        Add(Singles + Reasons + StepOf(nanoseconds));
    }

    private static int StepOf(long nanoseconds)
    {
        ulong value = (ulong)Math.Max(1, nanoseconds);
        int power = BitOperations.Log2(value);
        int part = power >= 3 ? (int)(value >> (power - 3)) & (StepsPerPower - 1) : 0;
        return Math.Min((power * StepsPerPower) + part, (Powers * StepsPerPower) - 1);
    }

    private static long LowerEnd(int step)
    {
        int power = step / StepsPerPower;
        return power >= 3 ? (long)(StepsPerPower + (step % StepsPerPower)) << (power - 3) : 1L << power;
    }

    private long Read(int at) => (long)Atomic.Load(ref words[at], Site.Other);

    private void Add(int at) => Atomic.Add(ref words[at], 1, Site.Other);
}
