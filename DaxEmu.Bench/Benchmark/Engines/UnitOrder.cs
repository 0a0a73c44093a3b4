using DaxEmu.Bench.Cli;

namespace DaxEmu.Bench.Benchmark.Engines;

/// <summary>The units that a job accesses in a pass, each once: a run of them, or a shuffled list.</summary>
/// <param name="First">First unit, counted from the start of the job's mapping.</param>
/// <param name="Count">How many.</param>
/// <param name="Shuffled">Their order; null for ascending.</param>
internal sealed record UnitOrder(long First, long Count, uint[]? Shuffled)
{
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
        if (load.IsRandom && slice * load.JobCount > uint.MaxValue)
        {
            throw new ArgumentException(
                $"{load.PhaseName} at random places counts them in units of {unitBytes} bytes, and {SizeText.Format(load.SizeBytes)} has too many. Use a smaller --size.");
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
            orders[job] = new UnitOrder(first, count, load.IsRandom ? Sample(first, slice, count, seed + job) : null) { SliceCount = slice };
        }

        return orders;
    }

    /// <summary>The units in their order.</summary>
    public IEnumerable<long> All()
    {
        for (long i = 0; i < Count; i++)
        {
            yield return Shuffled is { } shuffled ? shuffled[i] : First + i;
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
}
