using System.Globalization;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Checking.Worlds;
using DaxEmu.Core.Waiting.Profiles;

namespace DaxEmu.Bench.Checking;

/// <summary>How schedules are chosen.</summary>
internal enum SearchStrategy
{
    /// <summary>Every one, depth first, up to a number of preemptions.</summary>
    Exhaustive,

    /// <summary>With random priorities.</summary>
    Pct,

    /// <summary>At random, step by step.</summary>
    Random,
}

/// <summary>What is to be checked, and how.</summary>
internal sealed record CheckPlan
{
    /// <summary>The scenario of which a profile is known to be guilty, to see that the search sees anything.</summary>
    private const string ControlScenario = "pmd-behind-pte";

    private const int SampledWorlds = 256;
    private const int MostWorlds = 200_000;
    private const long LeastControlSchedules = 10_000;

    // Several times what any bug of history needs.
    private const long GlanceSchedules = 2_000;

    /// <summary>The profile.</summary>
    public required WaitProfile Profile { get; init; }

    /// <summary>A scenario's name; null for all, and for the generated worlds.</summary>
    public string? Scenario { get; init; }

    /// <summary>How schedules are chosen.</summary>
    public required SearchStrategy Strategy { get; init; }

    /// <summary>The sizes of generated worlds.</summary>
    public required IReadOnlyList<WorldSize> Sizes { get; init; }

    /// <summary>The most preemptions of a schedule of an exhaustive search.</summary>
    public required int Preemptions { get; init; }

    /// <summary>The most schedules: of each world for an exhaustive search, else of all together.</summary>
    public required long MostSchedules { get; init; }

    /// <summary>Seed of random schedules and of the sample of large worlds.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Refuses sizes of which there are more scenarios than an exhaustive search can hold, let alone search.</summary>
    /// <exception cref="ArgumentException">There are too many; the message names the size.</exception>
    public void Check()
    {
        foreach (WorldSize size in Strategy == SearchStrategy.Exhaustive && Scenario is null ? Sizes : [])
        {
            double count = LockWorlds.Count(size.ThreadCount, size.OperationCount);
            if (count > MostWorlds)
            {
                throw new ArgumentException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"--worlds {size}: of this size there are {count:0.###e0} scenarios, and an exhaustive search takes at most {MostWorlds}. Use smaller ones, or --strategy pct, which takes a sample."));
            }
        }
    }

    /// <summary>
    /// The worlds: scenarios first, then generated ones - all of a size for an exhaustive search, else a sample. Stores linger
    /// where each thread has one operation and there are two threads, and in the smaller scenarios: a search with lingering stores takes
    /// many times as long.
    /// </summary>
    public IReadOnlyList<World> Worlds()
    {
        IEnumerable<World> generated = Scenario is not null ? [] : Sizes.SelectMany(s => Strategy == SearchStrategy.Exhaustive
            ? LockWorlds.All(Profile, s.ThreadCount, s.OperationCount)
            : LockWorlds.Sample(Profile, s.ThreadCount, s.OperationCount, SampledWorlds, Seed));
        IEnumerable<World> buffered = Scenario is null ? LockWorlds.All(Profile, 2, 1).Concat(MappingWorlds.Buffered(Profile)) : [];
        return [.. Named(), .. generated.Select(WithoutLingering), .. buffered];
    }

    /// <summary>The scenarios to glance at before anything is searched to its end, so that a guilty profile is told at once.</summary>
    public IReadOnlyList<World> WorldsToGlanceAt() => Strategy == SearchStrategy.Exhaustive ? [.. Named()] : [];

    /// <summary>Searches the first schedules of a world. Only a failure says anything.</summary>
    public CheckOutcome Glance(World world, CancellationToken cancellation) => Search(world, Math.Min(MostSchedules, GlanceSchedules), cancellation);

    /// <summary>Searches a world.</summary>
    /// <param name="world">The world.</param>
    /// <param name="worldCount">How many share the schedules.</param>
    /// <param name="cancellation">Ends it early.</param>
    public CheckOutcome Search(World world, int worldCount, CancellationToken cancellation) =>
        Search(world, Strategy == SearchStrategy.Exhaustive ? MostSchedules : Math.Max(1, MostSchedules / worldCount), cancellation);

    /// <summary>Searches the hang of 2019 in the same way; it must be found. A random search gets schedules enough for that.</summary>
    public CheckOutcome SearchControl(CancellationToken cancellation) => Search(
        WithoutLingering(CheckWorlds.Named(ControlScenario, WaitProfiles.V4_20)),
        Math.Max(MostSchedules, LeastControlSchedules),
        cancellation);

    private static World WithoutLingering(World world) => world with { Model = MemoryModel.SequentiallyConsistent };

    private IEnumerable<World> Named() => (Scenario is null ? CheckWorlds.Names : [Scenario]).Select(n => WithoutLingering(CheckWorlds.Named(n, Profile)));

    private CheckOutcome Search(World world, long most, CancellationToken cancellation)
    {
        var limits = new RunLimits(most, TimeSpan.MaxValue);
        return Strategy switch
        {
            SearchStrategy.Exhaustive => CheckRunner.Exhaust(world, limits, Preemptions, cancellation),
            SearchStrategy.Pct => CheckRunner.Prioritise(world, limits, Seed, cancellation: cancellation),
            _ => CheckRunner.Walk(world, limits, Seed, cancellation),
        };
    }
}
