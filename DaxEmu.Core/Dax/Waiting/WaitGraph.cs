using System.Diagnostics;
using System.Globalization;
using System.Text;
using DaxEmu.Core.Atomics;
using DaxEmu.Core.Dax.Waiting.Policies;

namespace DaxEmu.Core.Dax.Waiting;

/// <summary>
/// Every thread that waits: for an entry, for a lock of a mapping or an inode, for the pins of a page; which threads hold what it waits for;
/// and whether any thread will wake it. A watchdog prints it when nothing makes progress. In 2019 Williams had to build such instruments by
/// hand to see one waiter, a 2 MiB fault, and no locked entry.
/// </summary>
/// <remarks>
/// Captured queue by queue while others run, so a waiter of a busy table may be awake again by the time it is printed. A verdict holds only
/// while nothing moves: capture two graphs and trust what both say.
/// </remarks>
internal sealed class WaitGraph
{
    private const int ShownPerGroup = 4;
    private const int BlockedShown = 16;

    private readonly long takenTimestamp;
    private readonly Func<int, string?>? threadName;

    private WaitGraph(IReadOnlyList<WaitGraphWaiter> waiters, IReadOnlyList<BlockedThread> blocked, Func<int, string?>? threadName)
    {
        Waiters = waiters;
        Blocked = blocked;
        this.threadName = threadName;
        takenTimestamp = Stopwatch.GetTimestamp();
    }

    /// <summary>Every waiter for an entry, the one that waits longest first.</summary>
    public IReadOnlyList<WaitGraphWaiter> Waiters { get; }

    /// <summary>Every thread that waits for a lock or for a page's pins, the one that waits longest first.</summary>
    public IReadOnlyList<BlockedThread> Blocked { get; }

    /// <summary>Whether a waiter will never be woken.</summary>
    public bool HasLostWaiter => Waiters.Any(w => w.IsLost);

    /// <summary>Captures the graph.</summary>
    /// <param name="waits">The table in which threads wait for entries.</param>
    /// <param name="sources">The mappings that can be asked about their entries.</param>
    /// <param name="targets">The locks and devices to show waiters of; null for all of the process.</param>
    /// <param name="holderOf">Describes the holder of the entry whose owner wakes that key; null if unknown.</param>
    /// <param name="threadName">The name of a thread, given its managed id; null if unknown.</param>
    public static WaitGraph Capture(
        WaitTable waits,
        IEnumerable<IWaitGraphSource> sources,
        IEnumerable<IWaitTarget>? targets = null,
        Func<WaitKey, string?>? holderOf = null,
        Func<int, string?>? threadName = null)
    {
        Dictionary<long, IWaitGraphSource> mappings = sources.ToDictionary(s => s.MappingId);

        // First copy the nodes, under the locks of their queues; the callbacks and sources are called after those are dropped.
        var nodes = new List<WaitNode>();
        waits.ForEachWaiter((in WaitNode node) => nodes.Add(node));
        nodes.Sort((a, b) => a.SinceTimestamp.CompareTo(b.SinceTimestamp));

        var waiters = new List<WaitGraphWaiter>(nodes.Count);
        foreach (WaitNode node in nodes)
        {
            waiters.Add(WaiterOf(waits, node, mappings.GetValueOrDefault(node.Mapping), holderOf, threadName));
        }

        HashSet<IWaitTarget>? wanted = targets is null ? null : [.. targets];
        BlockedThread[] blocked =
        [
            .. WaitRegistry.Snapshot()
                .Where(wait => wanted is null || wanted.Contains(wait.Target))
                .Select(wait => new BlockedThread(
                    wait.ManagedThreadId,
                    threadName?.Invoke(wait.ManagedThreadId),
                    wait.SinceTimestamp,
                    wait.Kind,
                    wait.Target.StateOf(wait.Kind, wait.Detail))),
        ];
        return new WaitGraph(waiters, blocked, threadName);
    }

    /// <summary>The waiters for entries, grouped by entry and key, a handful of lines a group; then the other blocked threads, a line each.</summary>
    public override string ToString()
    {
        if (Waiters.Count + Blocked.Count == 0)
        {
            return "No thread waits.";
        }

        var text = new StringBuilder();
        if (Waiters.Count > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{Count(Waiters.Count)} for an entry:");
            foreach (IGrouping<(WaitKey Key, PageIndex Start, PageOrder Order), WaitGraphWaiter> group in
                Waiters.GroupBy(w => (w.Key, w.Reason.EntryStart, w.Reason.EntryOrder)))
            {
                AppendGroup(text, [.. group]);
            }
        }

        if (Blocked.Count > 0)
        {
            AppendBlocked(text);
        }

        return text.ToString().TrimEnd();
    }

    private static string Count(int count) => count == 1 ? "1 thread waits" : string.Create(CultureInfo.InvariantCulture, $"{count} threads wait");

    private static WaitGraphWaiter WaiterOf(
        WaitTable waits, in WaitNode node, IWaitGraphSource? mapping, Func<WaitKey, string?>? holderOf, Func<int, string?>? threadName)
    {
        var reason = new WaitReason(new PageIndex(node.SearchedIndex), node.SearchedOrder, new PageIndex(node.EntryStart), node.EntryOrder);
        IWaitKeying? keying = mapping?.Keying;
        PageIndex ownerPage = keying?.KeyFor(reason.EntryStart, reason.EntryStart, reason.EntryOrder) ?? reason.EntryStart;
        var ownerKey = new WaitKey(node.Mapping, ownerPage);
        return new WaitGraphWaiter(
            node.ManagedThreadId,
            threadName?.Invoke(node.ManagedThreadId),
            node.SinceTimestamp,
            node.IsExclusive,
            reason,
            new WaitKey(node.Mapping, new PageIndex(node.KeyStart)),
            ownerKey,
            waits.LastWakeOf(ownerKey),
            mapping?.StateOf(reason.EntryStart, reason.EntryOrder) ?? AwaitedState.Unknown,
            holderOf?.Invoke(ownerKey));
    }

    private void AppendGroup(StringBuilder text, List<WaitGraphWaiter> group)
    {
        WaitGraphWaiter first = group[0];
        string order = first.Reason.EntryOrder == PageOrder.Pmd ? "2 MiB" : "4 KiB";
        string state = first.State switch
        {
            AwaitedState.Locked => first.Holder is { } holder ? $"locked by {holder}" : "locked",
            AwaitedState.Unlocked => "not locked",
            AwaitedState.Gone => "gone",
            _ => "unknown",
        };
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"  mapping {first.Key.Mapping}, entry at page {first.Reason.EntryStart}, {order}, {state}; slept on under key {first.Key.Start}:");
        foreach (WaitGraphWaiter waiter in group.Take(ShownPerGroup))
        {
            text.Append("    ").AppendLine(waiter.Describe(takenTimestamp));
        }

        if (group.Count > ShownPerGroup)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"    and {group.Count - ShownPerGroup} more");
        }

        text.Append("    last wake-up of key ").Append(first.OwnerKey.Start).Append(": ").AppendLine(DescribeWake(first));
        text.Append("    ").Append(first.Explain()).AppendLine(".");
    }

    private void AppendBlocked(StringBuilder text)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"{Count(Blocked.Count)} for a lock or a page:");
        HashSet<int> waiting = [.. Waiters.Select(w => w.ManagedThreadId), .. Blocked.Select(b => b.ManagedThreadId)];
        string Holder(int id) =>
            WaitGraphWaiter.DescribeThread(id, threadName?.Invoke(id)) + (waiting.Contains(id) ? ", which waits itself" : string.Empty);
        foreach (BlockedThread thread in Blocked.Take(BlockedShown))
        {
            text.Append("  ").AppendLine(thread.Describe(takenTimestamp, Holder));
        }

        if (Blocked.Count > BlockedShown)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"  and {Blocked.Count - BlockedShown} more");
        }
    }

    private string DescribeWake(WaitGraphWaiter waiter)
    {
        if (waiter.LastWake is not { } wake)
        {
            return "none known";
        }

        double ms = Stopwatch.GetElapsedTime(wake.Timestamp, takenTimestamp).TotalMilliseconds;
        string mode = wake.Mode == WakeMode.All ? "all" : "next";
        string when = wake.Timestamp >= waiter.SinceTimestamp ? "after this thread went to sleep" : "before this thread went to sleep";
        return string.Create(CultureInfo.InvariantCulture, $"{mode}, by thread {wake.ManagedThreadId}, {ms:F0} ms ago, {when}");
    }
}
