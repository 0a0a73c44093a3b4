using System.Globalization;
using DaxEmu.Bench.Cli;
using DaxEmu.Bench.Verification.Scenarios;
using DaxEmu.Core;
using DaxEmu.Core.Checking;

namespace DaxEmu.Bench.Verification.Checks;

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
    /// <summary>A scenario that is known to fail with a profile, to see that the search sees anything.</summary>
    private const string ControlScenario = "pmd-behind-pte";

    private const int SampledScenarios = 256;
    private const int MostScenarios = 200_000;
    private const long LeastControlSchedules = 10_000;

    // Several times what any historic bug needs.
    private const long QuickPassSchedules = 2_000;

    /// <summary>The profile.</summary>
    public required WaitProfile Profile { get; init; }

    /// <summary>A scenario's name; null for all, generated ones included.</summary>
    public string? Scenario { get; init; }

    /// <summary>How schedules are chosen.</summary>
    public required SearchStrategy Strategy { get; init; }

    /// <summary>The sizes of generated scenarios.</summary>
    public required IReadOnlyList<ScenarioSize> Sizes { get; init; }

    /// <summary>The most preemptions of a schedule of an exhaustive search.</summary>
    public required int Preemptions { get; init; }

    /// <summary>The most schedules: of each scenario for an exhaustive search, else of all together.</summary>
    public required long MostSchedules { get; init; }

    /// <summary>Seed of random schedules and of the sample of large scenarios.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Which part of the scenarios.</summary>
    public Shard Shard { get; init; } = Shard.Whole;

    /// <summary>Refuses sizes of which there are more scenarios than an exhaustive search can hold, let alone search.</summary>
    /// <exception cref="ArgumentException">There are too many; the message names the size.</exception>
    public void Check()
    {
        foreach (ScenarioSize size in Strategy == SearchStrategy.Exhaustive && Scenario is null ? Sizes : [])
        {
            double count = LockScenarios.Count(size.ThreadCount, size.OperationCount);
            if (count > MostScenarios)
            {
                throw new ArgumentException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"--scenario-size {size}: of this size there are {count:0.###e0} scenarios, and an exhaustive search takes at most {MostScenarios}. Use smaller ones, or --strategy pct, which takes a sample."));
            }
        }
    }

    /// <summary>
    /// The scenarios: named ones first, then generated ones, all of a size for an exhaustive search, else a sample. Stores are buffered in
    /// those of two threads with one operation each and in the smaller mapping scenarios: a search with buffered stores takes many times as
    /// long.
    /// </summary>
    public IReadOnlyList<Scenario> Scenarios()
    {
        IEnumerable<Scenario> generated = Scenario is not null ? [] : Sizes.SelectMany(s => Strategy == SearchStrategy.Exhaustive
            ? LockScenarios.All(Profile, s.ThreadCount, s.OperationCount)
            : LockScenarios.Sample(Profile, s.ThreadCount, s.OperationCount, SampledScenarios, Seed));
        IEnumerable<Scenario> buffered = Scenario is null ? LockScenarios.All(Profile, 2, 1).Concat(MappingScenarios.Buffered(Profile)) : [];
        return [.. Named(), .. generated.Select(WithoutBuffering), .. buffered];
    }

    /// <summary>The scenarios of a quick pass, before any is searched to its end, so that a failing profile fails at once.</summary>
    public IReadOnlyList<Scenario> QuickPassScenarios() => Strategy == SearchStrategy.Exhaustive ? [.. Named()] : [];

    /// <summary>Searches the first schedules of a scenario. Only a failure says anything.</summary>
    public CheckOutcome QuickPass(Scenario scenario, CancellationToken cancellation) => Search(scenario, Math.Min(MostSchedules, QuickPassSchedules), cancellation);

    /// <summary>Searches a scenario.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="scenarioCount">How many share the schedules.</param>
    /// <param name="cancellation">Ends it early.</param>
    public CheckOutcome Search(Scenario scenario, int scenarioCount, CancellationToken cancellation) =>
        Search(scenario, Strategy == SearchStrategy.Exhaustive ? MostSchedules : Math.Max(1, MostSchedules / scenarioCount), cancellation);

    /// <summary>Searches the hang of 2019 in the same way; it must be found, and a random search gets schedules enough for that.</summary>
    public CheckOutcome SearchControl(CancellationToken cancellation) => Search(
        WithoutBuffering(SmallScenarios.Named(ControlScenario, WaitProfiles.V4_20)),
        Math.Max(MostSchedules, LeastControlSchedules),
        cancellation);

    private static Scenario WithoutBuffering(Scenario scenario) => scenario with { Model = MemoryModel.SequentiallyConsistent };

    private IEnumerable<Scenario> Named() => (Scenario is null ? SmallScenarios.Names : [Scenario]).Select(n => WithoutBuffering(SmallScenarios.Named(n, Profile)));

    private CheckOutcome Search(Scenario scenario, long most, CancellationToken cancellation)
    {
        var limits = new RunLimits(most, TimeSpan.MaxValue);
        return Strategy switch
        {
            SearchStrategy.Exhaustive => CheckRunner.Exhaust(scenario, limits, Preemptions, cancellation),
            SearchStrategy.Pct => CheckRunner.SamplePct(scenario, limits, Seed, cancellation: cancellation),
            _ => CheckRunner.SampleRandom(scenario, limits, Seed, cancellation),
        };
    }
}
