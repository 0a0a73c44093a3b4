namespace DaxEmu.Bench.Engines;

/// <summary>The units that a job touches in a pass, each once: a run of them, or a shuffled list.</summary>
/// <param name="First">First unit, counted from the start of the job's mapping.</param>
/// <param name="Count">How many.</param>
/// <param name="Shuffled">Their order; null for ascending.</param>
internal sealed record UnitOrder(long First, long Count, uint[]? Shuffled)
{
    /// <summary>Shares units among jobs: each gets its own slice, all of one mapping or each of its own.</summary>
    public static IReadOnlyList<UnitOrder> Share(long unitCount, FaultCase load, int seed)
    {
        long each = unitCount / load.JobCount;
        var orders = new UnitOrder[load.JobCount];
        for (int job = 0; job < orders.Length; job++)
        {
            long first = load.IsSeparate ? 0 : job * each;
            orders[job] = new UnitOrder(first, each, load.IsRandom ? Shuffle(first, each, seed + job) : null);
        }

        return orders;
    }

    private static uint[] Shuffle(long first, long count, int seed)
    {
        var units = new uint[count];
        for (int i = 0; i < units.Length; i++)
        {
            units[i] = (uint)(first + i);
        }

#pragma warning disable CA5394 // A benchmark's order must be the same in every run, not secret.
        new Random(seed).Shuffle(units);
#pragma warning restore CA5394
        return units;
    }
}
