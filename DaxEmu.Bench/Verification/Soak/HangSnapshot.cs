using System.Globalization;
using System.Text;
using DaxEmu.Core.Dax.Waiting;

namespace DaxEmu.Bench.Verification.Soak;

/// <summary>The threads that hang, with their operations, entries and keys: what a watchdog reports.</summary>
internal sealed class HangSnapshot(SoakFixture fixture, IReadOnlyList<SoakJob> jobs, long beginTimestamp)
{
    /// <summary>Draws it.</summary>
    /// <param name="stuck">Those that make no progress.</param>
    /// <param name="stillFor">How long each of them has not.</param>
    public string Describe(IReadOnlyList<SoakJob> stuck, Func<SoakJob, TimeSpan> stillFor)
    {
        HashSet<int> waiters = [];
        fixture.Waits.ForEachWaiter((in WaitNode node) => waiters.Add(node.ManagedThreadId));
        WaitGraph graph = WaitGraph.Capture(
            fixture.Waits, fixture.Files.Select(f => f.Mapping.Locker), fixture.Files.SelectMany(f => f.WaitTargets), key => HolderOf(key, waiters), NameOf);
        var text = new StringBuilder();
        foreach (SoakJob job in stuck)
        {
            string where = waiters.Contains(job.ManagedThreadId) ? "it waits for an entry"
                : graph.Blocked.FirstOrDefault(b => b.ManagedThreadId == job.ManagedThreadId) is { } blocked ? $"it waits at the {blocked.Target.Name}"
                : "it waits for nothing that the graph knows";
            text.Append(
                CultureInfo.InvariantCulture,
                $"job {job.Number} (thread {job.ManagedThreadId}) {job.Log.Last.Describe(beginTimestamp)}, for {stillFor(job).TotalSeconds:0.0} s: {where}\n");
        }

        return text.Append(graph).ToString();
    }

    /// <summary>The threads that may hold the entry whose owner wakes a key: those at work on its page, waiters left out.</summary>
    /// <remarks>The owner of an entry is not recorded: that would cost every fault.</remarks>
    public string? HolderOf(WaitKey key, IReadOnlySet<int> waiters)
    {
        if (fixture.Files.All(f => f.Mapping.Id != key.Mapping))
        {
            return null;
        }

        return HolderAmong(jobs.Where(j => j.IsWorking && !waiters.Contains(j.ManagedThreadId)), key.Start.Value, beginTimestamp);
    }

    /// <summary>Those of some threads that are at work on a page.</summary>
    public static string HolderAmong(IEnumerable<SoakJob> awake, long page, long beginTimestamp)
    {
        string[] candidates =
        [
            .. awake.Where(j => j.Log.Last.Covers(page))
                .Select(j => $"job {j.Number} (thread {j.ManagedThreadId}), which is at {j.Log.Last.Describe(beginTimestamp)}"),
        ];
        return candidates.Length == 0 ? "no thread at work on that page" : string.Join(", or ", candidates);
    }

    private string? NameOf(int managedThreadId) =>
        jobs.FirstOrDefault(j => j.ManagedThreadId == managedThreadId) is { } job ? $"job {job.Number}" : null;
}
