using System.Diagnostics;
using System.Globalization;
using System.Text;
using DaxEmu.Core.Dax.Waiting.Policies;
using DaxEmu.Core.Units;

namespace DaxEmu.Core.Dax.Waiting;

/// <summary>
/// Who sleeps in a wait table, for what, and why nobody has woken him: what a watchdog prints when nothing goes on. The picture that
/// took Williams hand-made instruments in 2019: no locked entry, one sleeper, a 2 MiB fault.
/// </summary>
/// <remarks>
/// Taken queue by queue while others run, so a sleeper of a busy table may be awake again by the time it is printed. A verdict is only as
/// good as the stillness around it: take two graphs and trust what both say.
/// </remarks>
internal sealed class WaitGraph
{
    private const int ShownPerGroup = 4;

    private readonly long takenTimestamp;

    private WaitGraph(IReadOnlyList<WaitGraphWaiter> sleepers, long takenTimestamp)
    {
        Sleepers = sleepers;
        this.takenTimestamp = takenTimestamp;
    }

    /// <summary>Every sleeper, the one who sleeps longest first.</summary>
    public IReadOnlyList<WaitGraphWaiter> Sleepers { get; }

    /// <summary>Whether somebody sleeps whom nobody will wake.</summary>
    public bool HasLostSleeper => Sleepers.Any(s => s.IsLost);

    /// <summary>Takes the graph.</summary>
    /// <param name="waits">The table in which they sleep.</param>
    /// <param name="sources">The mappings that can be asked about their entries.</param>
    /// <param name="holderOf">Who holds the entry whose owner wakes that key, as far as the caller knows; null for unknown.</param>
    /// <param name="threadName">The name of a thread, given its managed id, as far as the caller knows.</param>
    public static WaitGraph Capture(
        WaitTable waits,
        IEnumerable<IWaitGraphSource> sources,
        Func<WaitKey, string?>? holderOf = null,
        Func<int, string?>? threadName = null)
    {
        Dictionary<long, IWaitGraphSource> mappings = sources.ToDictionary(s => s.MappingId);

        // First the nodes, under the locks of their queues; whatever asks others comes after those are dropped.
        var nodes = new List<WaitNode>();
        waits.ForEachSleeper((in WaitNode node) => nodes.Add(node));
        nodes.Sort((a, b) => a.SinceTimestamp.CompareTo(b.SinceTimestamp));

        var sleepers = new List<WaitGraphWaiter>(nodes.Count);
        foreach (WaitNode node in nodes)
        {
            sleepers.Add(Look(waits, node, mappings.GetValueOrDefault(node.Mapping), holderOf, threadName));
        }

        return new WaitGraph(sleepers, Stopwatch.GetTimestamp());
    }

    /// <summary>The sleepers, grouped by the entry that they sleep for and by key; a handful of lines a group.</summary>
    public override string ToString()
    {
        if (Sleepers.Count == 0)
        {
            return "Nobody sleeps for an entry.";
        }

        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{Sleepers.Count} {(Sleepers.Count == 1 ? "thread sleeps" : "threads sleep")} for an entry:");
        foreach (IGrouping<(WaitKey Key, PageIndex Start, PageOrder Order), WaitGraphWaiter> group in
            Sleepers.GroupBy(s => (s.Key, s.Reason.EntryStart, s.Reason.EntryOrder)))
        {
            AppendGroup(text, [.. group]);
        }

        return text.ToString().TrimEnd();
    }

    private static WaitGraphWaiter Look(
        WaitTable waits, in WaitNode node, IWaitGraphSource? mapping, Func<WaitKey, string?>? holderOf, Func<int, string?>? threadName)
    {
        var reason = new SleepReason(new PageIndex(node.SearchedIndex), node.SearchedOrder, new PageIndex(node.EntryStart), node.EntryOrder);
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
            mapping?.StateOf(reason.EntryStart, reason.EntryOrder) ?? SleptForState.Unknown,
            holderOf?.Invoke(ownerKey));
    }

    private void AppendGroup(StringBuilder text, List<WaitGraphWaiter> group)
    {
        WaitGraphWaiter first = group[0];
        string order = first.Reason.EntryOrder == PageOrder.Pmd ? "2 MiB" : "4 KiB";
        string state = first.State switch
        {
            SleptForState.Locked => first.Holder is { } holder ? $"locked by {holder}" : "locked",
            SleptForState.Unlocked => "not locked",
            SleptForState.Gone => "gone",
            _ => "unknown",
        };
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"  mapping {first.Key.Mapping}, entry at page {first.Reason.EntryStart}, {order}, {state}; slept on under key {first.Key.Start}:");
        foreach (WaitGraphWaiter sleeper in group.Take(ShownPerGroup))
        {
            text.Append("    ").AppendLine(sleeper.Describe(takenTimestamp));
        }

        if (group.Count > ShownPerGroup)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"    and {group.Count - ShownPerGroup} more");
        }

        text.Append("    last wake-up of key ").Append(first.OwnerKey.Start).Append(": ").AppendLine(DescribeWake(first));
        text.Append("    ").Append(first.Explain()).AppendLine(".");
    }

    private string DescribeWake(WaitGraphWaiter sleeper)
    {
        if (sleeper.LastWake is not { } wake)
        {
            return "none known";
        }

        double ms = Stopwatch.GetElapsedTime(wake.Timestamp, takenTimestamp).TotalMilliseconds;
        string mode = wake.Mode == WakeMode.All ? "all" : "next";
        string when = wake.Timestamp >= sleeper.SinceTimestamp ? "after this thread went to sleep" : "before this thread went to sleep";
        return string.Create(CultureInfo.InvariantCulture, $"{mode}, by thread {wake.ManagedThreadId}, {ms:F0} ms ago, {when}");
    }
}
