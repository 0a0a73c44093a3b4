using DaxEmu.Core.Checking;
using Samples.KeyValueStore;

const int Capacity = 6;

// Each step changes one key, or some together; so many that the areas take turns.
(long Key, long Value)[][] steps =
[
    [(1, 10)], [(2, 20), (3, 30), (1, 11)], [(2, long.MinValue)], [(3, 31), (4, 40)], [(1, long.MinValue), (4, 41)],
];

PowerCutTest<PersistentStore> TestOf(StoreFlaw flaw) => new()
{
    Name = "key-value-store",
    Workload = (device, progress) =>
    {
        var store = new PersistentStore(device, Capacity, flaw);
        foreach ((long Key, long Value)[] step in steps)
        {
            progress.Step($"{step.Length} changes", () => store.Change(step));
        }
    },
    Recover = image => new PersistentStore(image, Capacity, flaw),
    Verify = (store, cut) =>
    {
        // All that was acknowledged, and the first changes of the step that was under way.
        (long Key, long Value)[] underWay = cut.BegunSteps > cut.AcknowledgedSteps ? steps[cut.AcknowledgedSteps] : [];
        (long Key, long Value)[] promised = [.. steps.Take(cut.AcknowledgedSteps).SelectMany(s => s)];
        if (!Enumerable.Range(0, underWay.Length + 1).Any(count => Holds(store, [.. promised, .. underWay.Take(count)])))
        {
            return $"the store has {string.Join(", ", store.Values)}";
        }

        // The same step again must come to the same as without a cut: nothing that was lost comes back.
        store.Change(underWay.Length > 0 ? [underWay[0]] : [(9, 90)]);
        Dictionary<long, long> before = new(store.Values);
        IReadOnlyDictionary<long, long> again = store.Reopen().Values;
        return before.Count == again.Count && before.All(v => again.TryGetValue(v.Key, out long value) && value == v.Value)
            ? null
            : $"opened once more it has {string.Join(", ", again)}, not {string.Join(", ", before)}";
    },
};

bool isAsExpected = true;
foreach (StoreFlaw flaw in Enum.GetValues<StoreFlaw>())
{
    PowerCutReport report = PowerCutRunner.Explore(TestOf(flaw));
    Console.WriteLine($"{flaw}: {report.CutCount} cuts, {report.DistinctStates} states run of {report.PossibleStates}, {report.Failures.Count} failures");
    foreach (PowerCutFailure failure in report.Failures)
    {
        Console.WriteLine(failure);
    }

    isAsExpected &= report.Failures.Count == (flaw == StoreFlaw.None ? 0 : 1);
}

return isAsExpected ? 0 : 1;

static bool Holds(PersistentStore store, IEnumerable<(long Key, long Value)> changes)
{
    Dictionary<long, long> expected = [];
    foreach ((long key, long value) in changes)
    {
        if (value == long.MinValue)
        {
            expected.Remove(key);
        }
        else
        {
            expected[key] = value;
        }
    }

    return expected.Count == store.Values.Count && expected.All(e => store.Values.TryGetValue(e.Key, out long value) && value == e.Value);
}
