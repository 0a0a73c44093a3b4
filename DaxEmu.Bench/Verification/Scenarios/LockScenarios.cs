using DaxEmu.Core;
using DaxEmu.Core.Checking;
using DaxEmu.Core.Checking.Strategies;
using DaxEmu.Core.Mm;

namespace DaxEmu.Bench.Verification.Scenarios;

/// <summary>A historic wake-up bug with its smallest case.</summary>
/// <param name="Id">Its number in the list of historic bugs.</param>
/// <param name="Scenario">The scenario's name.</param>
/// <param name="Profile">The profile that has the bug.</param>
/// <param name="Commit">The commit that fixed it, or when.</param>
internal sealed record HistoricBug(string Id, string Scenario, WaitProfile Profile, string Commit);

/// <summary>Small scenarios over the real entry table: those of the historic bugs by name, and all of a size.</summary>
internal static class LockScenarios
{
    private static readonly LockOperation[] Operations =
    [
        LockOperation.PteFault(0), LockOperation.PteFault(1), LockOperation.PmdFault, LockOperation.Invalidate(1),
        LockOperation.Writeback, LockOperation.LockByPage(1), LockOperation.GiveUp(1), LockOperation.Truncate,
    ];

    private static readonly (string Name, string Description, LockFixtureState State, LockOperation[][] Threads)[] Scenarios =
    [
        ("pmd-behind-pte", "A 2 MiB fault meets the locked 4 KiB entry of another fault: the hang of 2019.", LockFixtureState.Empty,
            [[LockOperation.PteFault(1)], [LockOperation.PmdFault]]),
        ("put-wakes", "A woken thread that leaves the entry as it is must wake the next one.", LockFixtureState.RealPte,
            [[LockOperation.PteFault(1)], [LockOperation.Keep(1)], [LockOperation.Keep(1)]]),
        ("three-invalidators", "Three invalidations of one entry: the second finds nothing, the third must be woken all the same.", LockFixtureState.Empty,
            [[LockOperation.PteFault(1)], [LockOperation.Invalidate(1)], [LockOperation.Invalidate(1)], [LockOperation.Invalidate(1)]]),
        ("give-up", "A thread that waits for an entry through its page may abandon the wait.", LockFixtureState.RealPte,
            [[LockOperation.PteFault(1)], [LockOperation.GiveUp(1)], [LockOperation.Keep(1)]]),
        ("unlock-by-page", "A 2 MiB entry is unlocked through a page inside it.", LockFixtureState.RealPmd,
            [[LockOperation.LockByPage(9)], [LockOperation.Keep(1)]]),
        ("downgrade", "A 2 MiB zero entry makes way for 4 KiB ones while others sleep for it.", LockFixtureState.ZeroPmd,
            [[LockOperation.PteFault(0)], [LockOperation.PteFault(1)], [LockOperation.PteFault(2)]]),
        ("pass-on", "A 2 MiB waiter is woken and finds another locked entry first.", LockFixtureState.Empty,
            [[LockOperation.PteFault(0)], [LockOperation.PteFault(1)], [LockOperation.PmdFault], [LockOperation.PteFault(1)]]),
        ("close-or-insert", "A 2 MiB fault on a table of empty slots meets a 4 KiB fault that fills one, and another that waits for that one.", LockFixtureState.EmptyTable,
            [[LockOperation.PteFault(1)], [LockOperation.PmdFault], [LockOperation.Keep(1)]]),
        ("close-or-split", "A table of empty slots becomes a 2 MiB zero entry, and a table again, while a 4 KiB fault fills a slot.", LockFixtureState.EmptyTable,
            [[LockOperation.PteFault(1)], [LockOperation.ZeroPmdFault, LockOperation.PteFault(1)]]),
        ("first-pmd", "A 2 MiB fault on an empty range.", LockFixtureState.Empty,
            [[LockOperation.LonePmdFault]]),
    ];

    // A table of empty slots comes about in those of two operations, which remove entries.
    private static readonly LockFixtureState[] GeneratedStates = [.. Enum.GetValues<LockFixtureState>().Where(state => state != LockFixtureState.EmptyTable)];

    /// <summary>The historic wake-up bugs, each with the scenario and the profile that show it.</summary>
    public static IReadOnlyList<HistoricBug> Bugs { get; } =
    [
        new("B07", "downgrade", WaitProfiles.V4_10Holes, "965d004af540"),
        new("B14", "unlock-by-page", WaitProfiles.V4_19, "fda490d39fc0"),
        new("B17/B19", "give-up", WaitProfiles.V4_19, "merged for 4.20"),
        new("B21", "pmd-behind-pte", WaitProfiles.V4_20, "23c84eb78375"),
        new("B22", "put-wakes", WaitProfiles.V5_3Rc1, "61c30c98ef17"),
        new("B23", "first-pmd", WaitProfiles.V5_3, "6370740e5f8e"),
        new("B25", "three-invalidators", WaitProfiles.V5_4, "237388320def"),
        new("key-found", "pass-on", WaitProfiles.KeyFound, "never merged"),
    ];

    /// <summary>The names of the scenarios.</summary>
    public static IEnumerable<string> Names => Scenarios.Select(s => s.Name);

    /// <summary>A scenario under a profile.</summary>
    /// <exception cref="ArgumentException">There is none of that name; the message lists them.</exception>
    public static Scenario Named(string name, WaitProfile profile)
    {
        foreach ((string scenario, string description, LockFixtureState state, LockOperation[][] threads) in Scenarios)
        {
            if (scenario == name)
            {
                return Make(scenario, description, profile, state, threads);
            }
        }

        string[] parts = name.Split("--");
        bool isGenerated = parts.Length is > 1 and <= Choice.MaxThreads + 1;
        return isGenerated && !char.IsAsciiDigit(parts[0].FirstOrDefault()) && Enum.TryParse(parts[0], ignoreCase: true, out LockFixtureState generated)
                && Enum.IsDefined(generated)
            ? Make(name, string.Empty, profile, generated, [.. parts[1..].Select(p => p.Split('-').Select(ByCode).ToArray())])
            : throw new ArgumentException($"there is no scenario '{name}'. Choose one of: {string.Join(", ", Names)}.", nameof(name));
    }

    /// <summary>Every scenario of so many threads and so many operations each, from every state; threads are alike, so their order does not count.</summary>
    public static IEnumerable<Scenario> All(WaitProfile profile, int threadCount, int operationCount)
    {
        LockOperation[][] sequences = [.. Sequences(operationCount)];
        return from state in GeneratedStates
               from choice in Multisets(sequences.Length, threadCount)
               select Generated(profile, state, [.. choice.Select(c => sequences[c])]);
    }

    /// <summary>How many <see cref="All"/> are: they grow with powers.</summary>
    public static double Count(int threadCount, int operationCount)
    {
        double sequences = Math.Pow(Operations.Length, operationCount);
        double multisets = 1;
        for (int i = 0; i < threadCount; i++)
        {
            multisets = multisets * (sequences + i) / (i + 1);
        }

        return GeneratedStates.Length * Math.Round(multisets);
    }

    /// <summary>Some of <see cref="All"/>, chosen at random; the same ones for the same seed.</summary>
    public static IEnumerable<Scenario> Sample(WaitProfile profile, int threadCount, int operationCount, int scenarioCount, ulong seed)
    {
        var random = new SeededRandom(seed);
        for (int scenario = 0; scenario < scenarioCount; scenario++)
        {
            LockFixtureState state = GeneratedStates[random.Below(GeneratedStates.Length)];
            var threads = new LockOperation[threadCount][];
            for (int thread = 0; thread < threadCount; thread++)
            {
                threads[thread] = new LockOperation[operationCount];
                for (int i = 0; i < operationCount; i++)
                {
                    threads[thread][i] = Operations[random.Below(Operations.Length)];
                }
            }

            yield return Generated(profile, state, threads);
        }
    }

    private static Scenario Generated(WaitProfile profile, LockFixtureState state, LockOperation[][] threads)
    {
        string name = state.ToString().ToLowerInvariant() + string.Concat(threads.Select(t => "--" + string.Join('-', t.Select(o => o.Code))));
        return Make(name, string.Empty, profile, state, threads);
    }

    private static LockOperation ByCode(string code) => Operations.FirstOrDefault(o => o.Code == code)
        ?? throw new ArgumentException(
            $"there is no operation '{code}' of a generated scenario. Choose of: {string.Join(", ", Operations.Select(o => o.Code))}.", nameof(code));

    private static Scenario Make(string name, string description, WaitProfile profile, LockFixtureState state, LockOperation[][] threads) =>
        new(name, profile.Name, description, () => new Run(profile, state, threads)) { IsInPlace = true };

    private static IEnumerable<LockOperation[]> Sequences(int length) => length == 0
        ? [[]]
        : Sequences(length - 1).SelectMany(s => Operations.Select(o => (LockOperation[])[.. s, o]));

    private static IEnumerable<int[]> Multisets(int kinds, int size, int least = 0) => size == 0
        ? [[]]
        : Enumerable.Range(least, kinds - least).SelectMany(first => Multisets(kinds, size - 1, first).Select(rest => (int[])[first, .. rest]));

    private sealed class Run : IScenarioRun
    {
        private readonly LockFixture fixture;

        public Run(WaitProfile profile, LockFixtureState state, LockOperation[][] threads)
        {
            fixture = LockFixture.Rent(profile, state);
            Threads = [.. threads.Select((operations, number) => new ScenarioThread(
                string.Join(", then ", operations.Select(o => o.Name)),
                () => Array.ForEach(operations, o => o.Run(fixture, number)),
                AsymmetricLock.Forget))];
        }

        public IReadOnlyList<ScenarioThread> Threads { get; }

        public void Check() => fixture.Check();

        public void Dispose() => fixture.Dispose();
    }
}
