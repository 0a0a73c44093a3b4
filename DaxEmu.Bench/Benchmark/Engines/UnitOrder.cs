using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>The units that a job accesses in a pass, each once: a run of them, or a shuffled list.</summary>
/// <param name="First">First unit, counted from the start of the job's mapping.</param>
/// <param name="Count">How many.</param>
/// <param name="Shuffled">Their order; null for ascending. Of a mix, <see cref="WriteBit"/> says which of them are written.</param>
internal sealed record UnitOrder(long First, long Count, uint[]? Shuffled)
{
    /// <summary>In <see cref="Shuffled"/> of a mix: the unit is written.</summary>
    public const uint WriteBit = 1u << 31;

    /// <summary>In <see cref="Shuffled"/> of a mix: which unit it is.</summary>
    public const uint PlaceBits = WriteBit - 1;

    /// <summary>Whether some units are read and others written.</summary>
    public bool IsMixed { get; private init; }

    /// <summary>Units of a mix that are read.</summary>
    public long ReadCount { get; private init; }

    /// <summary>Units from <see cref="First"/> to the end of the job's slice: what a call for the whole slice is about.</summary>
    public long SliceCount { get; private init; } = Count;

    /// <summary>The most units of a pass: over more it would take seconds, and show nothing that a random sample of as many places does not.</summary>
    public const long LargestPass = 1 << 19;

    /// <summary>Shares a case's units among its jobs: each gets its own slice, of one mapping or of its own.</summary>
    /// <param name="load">The case.</param>
    /// <param name="seed">Seed of the shuffled orders.</param>
    /// <param name="mostUnits">The most units that all jobs together access in a pass.</param>
    public static IReadOnlyList<UnitOrder> Share(FaultCase load, int seed, long mostUnits = LargestPass)
    {
        long unitBytes = load.UnitBytes;
        long slice = load.MappingBytes / unitBytes / (load.IsSeparate ? 1 : load.JobCount);
        if (slice * load.JobCount > (load.ReadPercent is not null ? PlaceBits : load.IsRandom ? uint.MaxValue : long.MaxValue))
        {
            throw new ArgumentException(
                $"{load.Pattern} of {load.PhaseName} counts places in units of {unitBytes} bytes, and {SizeText.Format(load.SizeBytes)} has too many. Use a smaller --size.");
        }

        if (slice == 0)
        {
            throw new ArgumentException(
                $"{load.JobCount} jobs have less than one {load.BlockSize} each in {load.SizeBytes} bytes. Use a larger --size.");
        }

        long count = Math.Min(slice, Math.Max(1, mostUnits / load.JobCount));
        var orders = new UnitOrder[load.JobCount];
        for (int job = 0; job < orders.Length; job++)
        {
            long first = load.IsSeparate ? 0 : job * slice;
            uint[]? places = load.Distribution is { } distribution ? Draw(load, distribution, first, slice, count, seed + job)
                : load.IsRandom ? Sample(first, slice, count, seed + job)
                : load.ReadPercent is not null ? [.. Enumerable.Range(0, (int)count).Select(i => (uint)(first + i))]
                : null;
            orders[job] = new UnitOrder(first, places?.Length ?? count, places) { SliceCount = slice };
            if (load.ReadPercent is { } percent)
            {
                orders[job] = Mix(orders[job], percent, seed + job);
            }
        }

        return orders;
    }

    /// <summary>The units in their order.</summary>
    public IEnumerable<long> All()
    {
        for (long i = 0; i < Count; i++)
        {
            yield return Shuffled is { } shuffled ? shuffled[i] & (IsMixed ? PlaceBits : uint.MaxValue) : First + i;
        }
    }

    // As many different units of the slice as asked for, in random order: one from each of as many equal parts, then shuffled.
    private static uint[] Sample(long first, long slice, long count, int seed)
    {
#pragma warning disable CA5394 // A benchmark's order must be the same in every run, not secret.
        var random = new Random(seed);
        var units = new uint[count];
        for (long i = 0; i < count; i++)
        {
            long from = slice * i / count;
            units[i] = (uint)(first + random.NextInt64(from, slice * (i + 1) / count));
        }

        random.Shuffle(units);
#pragma warning restore CA5394
        return units;
    }

#pragma warning disable CA5394 // A benchmark's order must be the same in every run, not secret.
    // A fault takes a unit's translation away from the others: of what is drawn, the first access alone is one.
    private static uint[] Draw(FaultCase load, PlaceDistribution distribution, long first, long slice, long count, int seed)
    {
        IEnumerable<long> drawn = distribution.Draw(slice, new Random(seed)).Take((int)count);
        return [.. (PhaseFacts.IsFault(load.Phase) ? drawn.Distinct() : drawn).Select(unit => (uint)(first + unit))];
    }

    private static UnitOrder Mix(UnitOrder order, int readPercent, int seed)
    {
        var random = new Random(seed ^ int.MaxValue); // not the numbers that the places were drawn by
        uint[] mixed = [.. order.Shuffled!.Select(unit => random.Next(100) < readPercent ? unit : unit | WriteBit)];
        return order with { Shuffled = mixed, IsMixed = true, ReadCount = mixed.LongCount(unit => (unit & WriteBit) == 0) };
    }
#pragma warning restore CA5394
}
