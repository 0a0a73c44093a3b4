using DaxEmu.Core;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>Faults by their results. Only what is out of the ordinary is counted one by one.</summary>
internal sealed class FaultCounts
{
    private readonly SortedDictionary<FallbackReason, long> fallbacks = [];

    /// <summary>Served at 4 KiB.</summary>
    public long Pte { get; private set; }

    /// <summary>Served at 2 MiB.</summary>
    public long Pmd { get; private set; }

    /// <summary>Those that allocated.</summary>
    public long Major { get; private set; }

    /// <summary>Those that could not be served.</summary>
    public long Failed { get; private set; }

    /// <summary>2 MiB faults that fell back, by reason.</summary>
    public IReadOnlyDictionary<FallbackReason, long> Fallbacks => fallbacks;

    /// <summary>All that were served.</summary>
    public long Total => Pte + Pmd;

    /// <summary>Units that were accessed. Where one fault maps several, as the host's may, there are fewer faults.</summary>
    public long Touches { get; private set; }

    /// <summary>Whether each access was one fault, but for one of a hundred.</summary>
    public bool IsFaultPerTouch => Math.Abs(Touches - Total) * 100 <= Touches;

    /// <summary>What was loaded, so that no load is left out as useless.</summary>
    public long Loaded { get; private set; }

    /// <summary>Keeps a sum of what was loaded.</summary>
    public void Keep(long sum) => Loaded += sum;

    /// <summary>Units were accessed, and each access was a fault that was served.</summary>
    public void Served(PageOrder order, long count) => Served(order, count, count);

    /// <summary>Units were accessed.</summary>
    /// <param name="order">Their size.</param>
    /// <param name="faults">Faults that were served.</param>
    /// <param name="touches">Units.</param>
    public void Served(PageOrder order, long faults, long touches)
    {
        Touches += touches;
        Count(order, faults);
    }

    /// <summary>The host waited for a device in so many faults.</summary>
    public void WaitedForDevice(long count) => Major += count;

    /// <summary>Counts an outcome that is not plainly served.</summary>
    public void Note(FaultOutcome outcome)
    {
        Major += (outcome.Result & FaultResult.Major) != 0 ? 1 : 0;
        Failed += outcome.IsError ? 1 : 0;
        if ((outcome.Result & FaultResult.Fallback) != 0)
        {
            fallbacks[outcome.Reason] = fallbacks.GetValueOrDefault(outcome.Reason) + 1;
        }
    }

    public void Add(FaultCounts other)
    {
        Touches += other.Touches;
        Pte += other.Pte;
        Pmd += other.Pmd;
        Major += other.Major;
        Failed += other.Failed;
        foreach ((FallbackReason reason, long count) in other.fallbacks)
        {
            fallbacks[reason] = fallbacks.GetValueOrDefault(reason) + count;
        }
    }

    private void Count(PageOrder order, long count)
    {
        if (order == PageOrder.Pmd)
        {
            Pmd += count;
        }
        else
        {
            Pte += count;
        }
    }
}
